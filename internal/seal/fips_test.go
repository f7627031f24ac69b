//go:build linux && !purego

package seal_test

import (
	"crypto/fips140"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/internal/layout"
	"github.com/chappe-e2ee/chappe/internal/seal"
)

// Where the Go runtime forbids AES-GCM with a nonce of our own, nothing is
// sealed, and nothing that was sealed elsewhere opens.
func TestForbiddenGCM(t *testing.T) {
	failtest.UnderFIPS(t, func() {
		var sealed []byte
		fips140.WithoutEnforcement(func() { sealed = sealValue(t, nil, seal.OlmAccount, "c", "the plaintext") })
		err := mustNotOpen(t, sealed, seal.OlmAccount, testKey(), "c")
		require.NotErrorIs(t, err, seal.ErrOpen)
		require.ErrorContains(t, err, "olm: sealed account: crypto/cipher: ")

		dst, key := []byte("head"), testKey()
		failtest.Refused(t, func() error {
			out, err := seal.Append(dst, seal.OlmAccount, key, nil, 3, func(w *layout.Writer) { t.Error("written all the same") })
			require.Equal(t, dst, out)
			return err
		}, failtest.Input(dst), failtest.Secret(key[:]))
	})
}
