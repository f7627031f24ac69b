//go:build linux && !purego

package secretstorage_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/secretstorage"
)

// Where the Go runtime forbids a salt, no key is derived with it.
func TestForbiddenSalt(t *testing.T) {
	failtest.UnderFIPS(t, func() {
		passphrase := []byte("correct horse battery staple")
		err := mustFail(t, func() error {
			k, err := secretstorage.PBKDF2{Salt: "short", Iterations: 1}.Key(passphrase)
			require.Nil(t, k)
			return err
		}, failtest.Secret(passphrase))
		require.ErrorContains(t, err, "secretstorage: crypto/pbkdf2: ")
	})
}
