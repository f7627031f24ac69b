package mautrixolm_test

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"maunium.net/go/mautrix/crypto/olm"

	"github.com/chappe-e2ee/chappe/keys"
)

// TestSigning compares signatures with goolm's: Ed25519 leaves no choice, so
// what is signed is the same.
func TestSigning(t *testing.T) {
	chappe.register()
	ours := must(olm.NewPKSigning())
	seed := ours.Seed()
	peer.register()
	theirs := must(olm.NewPKSigningFromSeed(bytes.Clone(seed)))
	require.Equal(t, theirs.PublicKey(), ours.PublicKey())
	require.Equal(t, must(theirs.Sign([]byte("m"))), must(ours.Sign([]byte("m"))))
	verifies := must(keys.ParseEd25519(string(ours.PublicKey())))
	require.NoError(t, verifies.Verify([]byte("m"), must(keys.ParseSignature(string(must(ours.Sign([]byte("m"))))))))

	for _, object := range []any{
		map[string]any{},
		map[string]any{"b": 1, "a": []any{"<&>\u2028\u00e9\U0001f600", nil, true}, "signatures": map[string]any{"x": 1}},
		json.RawMessage(`{"unsigned": {"a": 1}, "z": "\u0041\n\"", "y": {"signatures": {"kept": 1}, "unsigned": 0}, "x": -5}`),
		struct {
			B string `json:"b"`
			A int    `json:"a,omitempty"`
		}{B: "text"},
	} {
		require.Equal(t, must(theirs.SignJSON(object)), must(ours.SignJSON(object)), "%v", object)
	}

	seed[0] ^= 1
	require.NotEqual(t, seed, ours.Seed())
	leaked := ours.Seed()
	leaked[0] ^= 1
	require.NotEqual(t, leaked, ours.Seed(), "Seed gave its own bytes away")
}

func TestSigningErrors(t *testing.T) {
	chappe.register()
	for _, seed := range [][]byte{nil, {}, make([]byte, 31), make([]byte, 33), make([]byte, 64), make([]byte, 32)} {
		k, err := olm.NewPKSigningFromSeed(seed)
		require.Error(t, err)
		require.True(t, k == nil, "a typed nil")
	}
	k := must(olm.NewPKSigning())
	for _, object := range []any{nil, "text", []int{1}, math.NaN(), func() {}, map[string]any{"a": 1.5}, json.RawMessage(`{"a":1,"a":2}`)} {
		signature, err := k.SignJSON(object)
		require.Error(t, err, "%T", object)
		require.Empty(t, signature)
	}
}
