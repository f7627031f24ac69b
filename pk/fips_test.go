//go:build linux && !purego

package pk_test

import (
	"crypto/fips140"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/pk"
)

// Where the Go runtime forbids X25519, no key is made, and nothing is encrypted
// or decrypted, also not with a key that was made before.
func TestForbiddenX25519(t *testing.T) {
	failtest.UnderFIPS(t, func() {
		var fresh, used *pk.DecryptionKey
		m := vectorMessage(t)
		fips140.WithoutEnforcement(func() {
			fresh, used = alice(t), alice(t)
			_, err := used.Decrypt(m) // parses the key
			require.NoError(t, err)
		})
		require.NotErrorIs(t, decryptFails(t, fresh, m), pk.ErrDecrypt)
		require.False(t, fresh.Parsed())
		require.NotErrorIs(t, decryptFails(t, used, m), pk.ErrDecrypt)
		mustFail(t, func() error {
			m, err := pk.Encrypt(fresh.PublicKey(), []byte("plaintext"))
			require.Equal(t, pk.Message{}, m)
			return err
		}, failtest.Secret("plaintext"))

		generate := func([]byte) (*pk.DecryptionKey, error) { return pk.GenerateDecryptionKey() }
		newKeyFails(t, generate, nil)
		newKeyFails(t, pk.NewDecryptionKey, unhex(t, alicePrivate))
		newKeyFails(t, pk.ParseDecryptionKey, []byte("dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo"))
		importFails(t, []byte(pickle), []byte(pickleKey))
	})
}
