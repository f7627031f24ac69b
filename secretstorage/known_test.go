package secretstorage_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/secretstorage"
)

// opener opens a sealed private key under one of the four names, against its
// right public key.
type opener struct {
	name    string
	private string
	open    func(*secretstorage.Key, secretstorage.Sealed) (*secretstorage.PrivateKey, error)
}

func openers(t testing.TB) []opener {
	t.Helper()
	list := []opener{{secretstorage.BackupKey, backupPrivate, func(k *secretstorage.Key, s secretstorage.Sealed) (*secretstorage.PrivateKey, error) {
		return k.OpenBackupKey(s, curvePublic(t))
	}}}
	for _, name := range []string{secretstorage.MasterKey, secretstorage.SelfSigningKey, secretstorage.UserSigningKey} {
		list = append(list, opener{name, seed, func(k *secretstorage.Key, s secretstorage.Sealed) (*secretstorage.PrivateKey, error) {
			return k.OpenSigningKey(name, s, seedPublic(t))
		}})
	}
	return list
}

func requireMismatch(t testing.TB, name string, err error) {
	t.Helper()
	var mismatch *secretstorage.MismatchError
	require.ErrorAs(t, err, &mismatch)
	require.Equal(t, name, mismatch.Name)
}

func TestPrivateKeys(t *testing.T) {
	for _, o := range openers(t) {
		private := unhex(t, o.private)
		sealed, err := confirmed(t).SealPrivateKey(o.name, private)
		require.NoError(t, err)
		require.Equal(t, unhex(t, o.private), private)
		require.Len(t, sealed.Ciphertext, 43) // unpadded base64
		k := typed(t)
		p, err := o.open(k, sealed)
		require.NoError(t, err)
		require.True(t, k.Confirmed())
		b, err := p.Secret()
		require.NoError(t, err)
		require.Equal(t, private, b[:])
		p.Close()

		k = secretstorage.GenerateKey()
		err = keyFails(t, k, func() error { _, err := o.open(k, sealed); return err })
		require.ErrorIs(t, err, secretstorage.ErrOpen)
		k = typed(t)
		err = keyFails(t, k, func() error { _, err := o.open(k, secretstorage.Sealed{}); return err })
		require.ErrorIs(t, err, keys.ErrAbsent)
	}
}

// What others store: with padding and without.
func TestPrivateKeyTexts(t *testing.T) {
	for _, o := range openers(t) {
		b := unhex(t, o.private)
		raw := base64.RawStdEncoding.EncodeToString(b)
		for _, text := range []string{raw, raw + "="} {
			_, err := o.open(typed(t), confirmed(t).SealAny(o.name, []byte(text)))
			require.NoError(t, err)
		}
		bits := []byte(raw)
		bits[42]++ // other bits than zero behind the last byte
		for _, text := range []string{
			string(bits), raw[:42], raw + "A", raw + "==", raw + "\n", "\n" + raw, raw[:20] + "\n" + raw[20:], " " + raw,
			"", "x", o.private, string(b), base64.StdEncoding.EncodeToString([]byte(raw)),
			strings.NewReplacer("+", "-", "/", "_").Replace(raw),
			base64.RawStdEncoding.EncodeToString(b[:31]), base64.RawStdEncoding.EncodeToString(append(b, 0)),
			base64.RawStdEncoding.EncodeToString(make([]byte, 32)),
			strings.Repeat("A", 1000),
		} {
			if text == raw {
				continue // it has neither + nor /
			}
			k := typed(t)
			err := keyFails(t, k, func() error {
				p, err := o.open(k, confirmed(t).SealAny(o.name, []byte(text)))
				require.Nil(t, p)
				return err
			})
			if text == "" {
				require.ErrorIs(t, err, keys.ErrAbsent)
			} else {
				requireMismatch(t, o.name, err)
			}
		}
	}
}

// Any other private key is refused, however it came there.
func TestPrivateKeyMismatch(t *testing.T) {
	for _, o := range openers(t) {
		flips(unhex(t, o.private), func(b []byte) {
			sealed, err := confirmed(t).SealPrivateKey(o.name, b)
			require.NoError(t, err)
			k := typed(t)
			if o.name == secretstorage.BackupKey {
				if p, err := o.open(k, sealed); err == nil {
					// The five bits that X25519 sets itself.
					got, err := p.Secret()
					require.NoError(t, err)
					got[0], got[31] = got[0]&248, got[31]&127|64
					want := [32]byte(unhex(t, backupPrivate))
					want[0], want[31] = want[0]&248, want[31]&127|64
					require.Equal(t, want, got)
					return
				}
			}
			err = keyFails(t, k, func() error {
				p, err := o.open(k, sealed)
				require.Nil(t, p)
				return err
			})
			requireMismatch(t, o.name, err)
		})
	}
}

func TestOpenPrivateKeyRefuses(t *testing.T) {
	sealed, err := confirmed(t).SealPrivateKey(secretstorage.MasterKey, unhex(t, seed))
	require.NoError(t, err)
	k := typed(t)
	for _, name := range []string{"", "x", "m.cross_signing", "M.cross_signing.master", secretstorage.BackupKey} {
		err := keyFails(t, k, func() error { _, err := k.OpenSigningKey(name, sealed, seedPublic(t)); return err })
		require.ErrorIs(t, err, secretstorage.ErrName)
	}
	err = keyFails(t, k, func() error {
		_, err := k.OpenSigningKey(secretstorage.MasterKey, sealed, keys.Ed25519{})
		return err
	})
	require.ErrorIs(t, err, keys.ErrAbsent)
	err = keyFails(t, k, func() error { _, err := k.OpenBackupKey(sealed, keys.Curve25519{}); return err })
	require.ErrorIs(t, err, keys.ErrAbsent)
	// Each name has its own keys.
	err = keyFails(t, k, func() error {
		_, err := k.OpenSigningKey(secretstorage.UserSigningKey, sealed, seedPublic(t))
		return err
	})
	require.ErrorIs(t, err, secretstorage.ErrOpen)
}

func TestSealPrivateKeyRefuses(t *testing.T) {
	k := confirmed(t)
	seal := func(k *secretstorage.Key, name string, b []byte) error {
		return keyFails(t, k, func() error {
			sealed, err := k.SealPrivateKey(name, b)
			require.True(t, sealed.IsZero())
			return err
		})
	}
	require.ErrorIs(t, seal(k, "", unhex(t, seed)), secretstorage.ErrName)
	require.ErrorIs(t, seal(k, "org.example", unhex(t, seed)), secretstorage.ErrName)
	for _, n := range []int{0, 31, 33, 43, 64} {
		require.ErrorIs(t, seal(k, secretstorage.MasterKey, make([]byte, n)), keys.ErrLength)
	}
	require.ErrorIs(t, seal(k, secretstorage.MasterKey, make([]byte, 32)), keys.ErrAbsent)
	require.ErrorIs(t, seal(typed(t), secretstorage.MasterKey, unhex(t, seed)), secretstorage.ErrUnconfirmed)
}
