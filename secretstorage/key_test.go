package secretstorage_test

import (
	"bytes"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/secretstorage"
)

func TestGenerateKey(t *testing.T) {
	a, b := secretstorage.GenerateKey(), secretstorage.GenerateKey()
	require.NotEqual(t, a.State(), b.State())
	require.True(t, a.Confirmed())
}

func TestNewKeyRefuses(t *testing.T) {
	for n := range 100 {
		if n == secretstorage.KeySize {
			continue
		}
		require.ErrorIs(t, newKeyFails(t, bytes.Repeat([]byte{1}, n)), keys.ErrLength)
	}
	require.ErrorIs(t, newKeyFails(t, make([]byte, secretstorage.KeySize)), keys.ErrAbsent)
}

func newKeyFails(t testing.TB, b []byte) error {
	t.Helper()
	return mustFail(t, func() error {
		k, err := secretstorage.NewKey(b)
		require.Nil(t, k)
		return err
	}, failtest.Secret(b))
}

func TestNewKeyCopies(t *testing.T) {
	b := unhex(t, knownKey)
	k, err := secretstorage.NewKey(b)
	require.NoError(t, err)
	clear(b)
	got, err := k.Secret()
	require.NoError(t, err)
	require.Equal(t, unhex(t, knownKey), got[:])
	clear(got[:])
	require.Equal(t, confirmed(t).State(), k.State())
}

// Every call on a closed key, and on the zero value, says so.
func TestClosed(t *testing.T) {
	sealed, err := confirmed(t).Seal("x", []byte("y"))
	require.NoError(t, err)
	d, err := confirmed(t).Describe("")
	require.NoError(t, err)
	for _, k := range []*secretstorage.Key{closed(t), new(secretstorage.Key)} {
		for name, call := range map[string]func() error{
			"Secret":         func() error { _, err := k.Secret(); return err },
			"RecoveryKey":    func() error { _, err := k.RecoveryKey(); return err },
			"Describe":       func() error { _, err := k.Describe(""); return err },
			"WithCheck":      func() error { _, err := d.WithCheck(k); return err },
			"Check":          func() error { return d.Check(k) },
			"Seal":           func() error { _, err := k.Seal("x", []byte("y")); return err },
			"Open":           func() error { _, err := k.Open("x", sealed); return err },
			"SealPrivateKey": func() error { _, err := k.SealPrivateKey(secretstorage.MasterKey, unhex(t, seed)); return err },
			"OpenSigningKey": func() error {
				_, err := k.OpenSigningKey(secretstorage.MasterKey, sealed, seedPublic(t))
				return err
			},
			"OpenBackupKey": func() error { _, err := k.OpenBackupKey(sealed, curvePublic(t)); return err },
		} {
			require.ErrorIs(t, keyFails(t, k, call), secretstorage.ErrClosed, name)
		}
		k.Close()
	}
}

func TestAttack_G06_CloseWipes(t *testing.T) {
	k := confirmed(t)
	b := k.Buffer()
	k.Close()
	require.Equal(t, [secretstorage.KeySize]byte{}, *b)

	p := privateKey(t)
	b = p.Buffer()
	require.NotEqual(t, [secretstorage.KeySize]byte{}, *b)
	p.Close()
	require.Equal(t, [secretstorage.KeySize]byte{}, *b)
	for _, p := range []*secretstorage.PrivateKey{p, new(secretstorage.PrivateKey)} {
		require.ErrorIs(t, mustFail(t, func() error { _, err := p.Secret(); return err }), secretstorage.ErrClosed)
	}
	p.Close()
	new(secretstorage.PrivateKey).Close()
}

func TestConcurrent(t *testing.T) {
	k := typed(t)
	d, err := confirmed(t).Describe("")
	require.NoError(t, err)
	sealed, err := confirmed(t).Seal("x", []byte("y"))
	require.NoError(t, err)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 20 {
				d.Check(k)
				k.Open("x", sealed)
				k.Seal("x", []byte("y"))
				k.Describe("")
				k.Confirmed()
				k.RecoveryKey()
			}
			k.Close()
		})
	}
	group.Wait()
	require.Equal(t, [secretstorage.KeySize]byte{}, *k.Buffer())
}
