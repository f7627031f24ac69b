package pk_test

import (
	"bytes"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/pk"
)

func signer(t testing.TB) *pk.SigningKey {
	t.Helper()
	k, err := pk.NewSigningKey(unhex(t, alicePrivate))
	require.NoError(t, err)
	return k
}

func TestSignAsLibolm(t *testing.T) {
	k := signer(t)
	require.Equal(t, signingPublic, k.PublicKey().String())
	signature, err := k.Sign([]byte(signingMessage))
	require.NoError(t, err)
	require.Equal(t, signingSignature, signature.String())
	require.NoError(t, k.PublicKey().Verify([]byte(signingMessage), signature))

	// libolm answers BAD_MESSAGE_MAC: tests/test_pk.cpp, line 243, and
	// javascript/test/pk.spec.js, line 98.
	for _, text := range []string{
		signingSignature[:5] + "m" + signingSignature[6:],
		"p" + signingSignature[1:],
	} {
		bad, err := keys.ParseSignature(text)
		require.NoError(t, err)
		err = mustFail(t, func() error { return k.PublicKey().Verify([]byte(signingMessage), bad) }, k)
		require.ErrorIs(t, err, keys.ErrSignature)
	}
}

func TestGenerateSigningKeyTakesLibolmsBytes(t *testing.T) {
	replay(t, unhex(t, alicePrivate))
	k := pk.GenerateSigningKey()
	require.Equal(t, signer(t).State(), k.State())
}

func TestSigningKeyForms(t *testing.T) {
	seed := unhex(t, alicePrivate)
	k, err := pk.NewSigningKey(seed)
	require.NoError(t, err)
	clear(seed) // the key is a copy
	text, err := k.SecretText()
	require.NoError(t, err)
	require.Len(t, text, 43)
	for _, form := range [][]byte{text, append(bytes.Clone(text), '=')} {
		again, err := pk.ParseSigningKey(form)
		require.NoError(t, err)
		require.Equal(t, k.State(), again.State())
	}
	got, err := k.Secret()
	require.NoError(t, err)
	require.Equal(t, unhex(t, alicePrivate), got[:])
	clear(got[:])
	require.Contains(t, string(k.State()), alicePrivate)
}

func TestNewSigningKeyRefuses(t *testing.T) {
	for n := range 70 {
		if n == pk.SeedSize {
			continue
		}
		b := bytes.Repeat([]byte{0xc5, 0x17}, 35)[:n]
		require.ErrorIs(t, newKeyFails(t, pk.NewSigningKey, b), keys.ErrLength)
	}
	require.ErrorIs(t, newKeyFails(t, pk.NewSigningKey, make([]byte, pk.SeedSize)), keys.ErrAbsent)
	require.ErrorIs(t, newKeyFails(t, pk.ParseSigningKey, bytes.Repeat([]byte{'A'}, 43)), keys.ErrAbsent)
	for text, want := range badSecretTexts {
		require.ErrorIs(t, newKeyFails(t, pk.ParseSigningKey, []byte(text)), want, "%q", text)
	}
}

func TestClosedSigningKey(t *testing.T) {
	closed := signer(t)
	public := closed.PublicKey()
	closed.Close()
	closed.Close()
	require.Equal(t, public, closed.PublicKey())
	zero := new(pk.SigningKey)
	zero.Close()
	for _, k := range []*pk.SigningKey{closed, zero, new(pk.SigningKey)} {
		for _, call := range []func() error{
			func() error { signature, err := k.Sign(nil); require.True(t, signature.IsZero()); return err },
			func() error { seed, err := k.Secret(); require.Zero(t, seed); return err },
			func() error { _, err := k.SecretText(); return err },
		} {
			require.ErrorIs(t, mustFail(t, call, k), pk.ErrClosed)
		}
	}
}

func TestAttack_G06_CloseWipesTheSigningKey(t *testing.T) {
	k := signer(t)
	seed, expanded := k.Buffers()
	require.NotZero(t, *expanded)
	k.Close()
	require.Zero(t, *seed)
	require.Zero(t, *expanded)
}

func TestSigningKeyIsSafeForConcurrentUse(t *testing.T) {
	k := signer(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				k.Sign([]byte("x"))
				k.SecretText()
				k.Secret()
			}
		})
	}
	wg.Go(k.Close)
	wg.Wait()
}
