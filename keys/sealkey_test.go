package keys_test

import (
	"bytes"
	"encoding"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
)

func sealKeyBytes() []byte {
	b := make([]byte, keys.SealKeySize)
	for i := range b {
		b[i] = byte(0xe5 - 5*i)
	}
	return b
}

func newSealKey(t testing.TB) keys.SealKey {
	k, err := keys.NewSealKey(sealKeyBytes())
	require.NoError(t, err)
	return k
}

func TestSealKey(t *testing.T) {
	in := sealKeyBytes()
	k, err := keys.NewSealKey(in)
	require.NoError(t, err)
	clear(in)
	out := k.Secret()
	require.Equal(t, sealKeyBytes(), out[:])
	clear(out[:])
	out = k.Secret()
	require.Equal(t, sealKeyBytes(), out[:], "the caller got the key's own bytes")

	a, b := keys.GenerateSealKey(), keys.GenerateSealKey()
	require.NotEqual(t, a.Secret(), b.Secret())
	require.NotZero(t, a.Secret())
	again := a.Secret()
	c, err := keys.NewSealKey(again[:])
	require.NoError(t, err)
	require.Equal(t, a.Secret(), c.Secret())
}

func TestSealKeyRefusals(t *testing.T) {
	for n := range 70 {
		b := bytes.Repeat([]byte{0x9d}, n)
		if n == keys.SealKeySize {
			continue
		}
		err := mustFail(t, b, nothing, func() error {
			k, err := keys.NewSealKey(b)
			require.Zero(t, k.Secret())
			return err
		})
		require.ErrorIs(t, err, keys.ErrLength)
	}
	zero := make([]byte, keys.SealKeySize)
	err := mustFail(t, zero, nothing, func() error { _, err := keys.NewSealKey(zero); return err })
	require.ErrorIs(t, err, keys.ErrAbsent)
	require.Zero(t, keys.SealKey{}.Secret())
	keys.SealKey{}.Close()
}

func TestSealKeyCloseReachesCopies(t *testing.T) {
	k := newSealKey(t)
	c := k
	k.Close()
	require.Zero(t, k.Secret())
	require.Zero(t, c.Secret())
	c.Close()
}

// holder is a caller's struct, with a field that fmt cannot call methods of.
type holder struct {
	Public  keys.SealKey
	private keys.SealKey
}

func TestAttack_G05_SealKeyIsRedacted(t *testing.T) {
	k := newSealKey(t)
	secret := sealKeyBytes()
	for _, v := range []any{k, &k, []keys.SealKey{k}, map[string]keys.SealKey{"k": k}, struct{ K keys.SealKey }{k}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%o", "%b", "%c", "%U", "%e", "%t", "%p"} {
			failtest.NoSecret(t, fmt.Sprintf(verb, v), secret)
		}
	}
	require.Equal(t, "[redacted] [redacted]", fmt.Sprintf("%v %+v", k, &k))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
		require.Equal(t, "[redacted]", fmt.Sprintf(verb, k))
	}

	var out bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("m", "k", k, "p", &k, "h", holder{k, k}, "l", []keys.SealKey{k})
	}
	failtest.NoSecret(t, out.String(), secret)

	for _, v := range []any{k, &k, holder{k, k}, []keys.SealKey{k}} {
		out.Reset()
		for _, call := range []func() error{
			func() error { b, err := json.Marshal(v); out.Write(b); return err },
			func() error { return gob.NewEncoder(&out).Encode(v) },
			func() error { return xml.NewEncoder(&out).Encode(v) },
		} {
			mustFail(t, secret, nothing, call)
		}
		failtest.NoSecret(t, out.String(), secret)
	}
	mustFail(t, secret, nothing, func() error { _, err := encoding.TextMarshaler(k).MarshalText(); return err })
	mustFail(t, secret, nothing, func() error { _, err := encoding.BinaryMarshaler(k).MarshalBinary(); return err })
}

// TestAttack_G05_SealKeyInUnexportedField: fmt reads the fields of a caller's
// struct by reflection, and where it cannot call methods, only the shape of
// the value protects it. Under a verb that does not fit a pointer, fmt prints
// what the pointer points to.
func TestAttack_G05_SealKeyInUnexportedField(t *testing.T) {
	k := newSealKey(t)
	for _, v := range []any{holder{private: k}, &holder{private: k}, []holder{{private: k}}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%o", "%b", "%c", "%U", "%e", "%t", "%p"} {
			failtest.NoSecret(t, fmt.Sprintf(verb, v), sealKeyBytes())
		}
	}
}
