package olm_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/b64"
	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/internal/libolm"
	"github.com/chappe-e2ee/chappe/olm"
)

// A fault of a message's length is told as what it is, at its very bound.
func TestMessageLengths(t *testing.T) {
	const most = olm.MaxPlaintextSize + 256
	short, long := make([]byte, 9), make([]byte, most+1)
	short[0], long[0] = 3, 3
	for why, b := range map[string][]byte{
		"empty":                        {},
		"shorter than version and MAC": short[:8],
		"field 1 is missing":           short,
		"bad field tag":                long[:most],
		"too long":                     long,
	} {
		text := b64.Encode(b)
		for _, parse := range []func() error{
			func() error { _, err := olm.NewMessage(olm.Normal, b); return err },
			func() error { _, err := olm.ParseMessage(olm.Normal, text); return err },
		} {
			malformed := failtest.RefusedAs[*olm.MalformedError](t, parse, failtest.Input(b))
			require.Equal(t, why, malformed.Why, "%d bytes", len(b))
		}
	}
}

// All one-time keys that an account may have are made at once, and a fallback key
// that is forgotten is one change more.
func TestAccountCounts(t *testing.T) {
	a := newAccount(t, 0)
	_, err := a.GenerateOneTimeKeys(olm.MaxOneTimeKeys)
	require.NoError(t, err)
	failtest.RefusedWith(t, olm.ErrKeyCount, func() error { _, err := a.GenerateOneTimeKeys(olm.MaxOneTimeKeys + 1); return err }, a)
	for range 2 {
		_, err = a.GenerateFallbackKey()
		require.NoError(t, err)
	}
	before := a.Revision()
	had, err := a.ForgetPreviousFallbackKey()
	require.NoError(t, err)
	require.True(t, had)
	require.Equal(t, before+1, a.Revision())
}

// vodozemac's pickle of an account names both fallback keys, also where there is
// none.
func TestVodozemacFallbackMembers(t *testing.T) {
	key := make([]byte, 32)
	a := newAccount(t, 0)
	for n, want := range []string{`"fallback_key":null,"previous_fallback_key":null}`, `,"previous_fallback_key":null}`, `"published":false}}`} {
		pickle, err := a.ExportVodozemac(key)
		require.NoError(t, err)
		text, err := libolm.Decrypt("test", pickle, key)
		require.NoError(t, err)
		require.Contains(t, string(text), want, "%d fallback keys", n)
		require.True(t, json.Valid(text))
		_, err = a.GenerateFallbackKey()
		require.NoError(t, err)
	}
}

// A session whose ratchets are counted names the ratchet key that its sender's
// follows, in vodozemac's pickle.
func TestVodozemacParentRatchetKey(t *testing.T) {
	key := make([]byte, 32)
	c := newConversation(t)
	pickle, err := c.bob.ExportVodozemac(key)
	require.NoError(t, err)
	text, err := libolm.Decrypt("test", pickle, key)
	require.NoError(t, err)
	require.Contains(t, string(text), `"active","parent_ratchet_key":[`)
}
