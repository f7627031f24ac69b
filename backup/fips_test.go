//go:build linux && !purego

package backup_test

import (
	"crypto/fips140"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/backup"
	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
)

// Where the Go runtime forbids X25519, nothing is encrypted.
func TestForbiddenX25519(t *testing.T) {
	failtest.UnderFIPS(t, func() {
		var r backup.Recipient
		var e backup.Entry
		fips140.WithoutEnforcement(func() {
			r, e = recipient(t, backupKey(t, 1)), entry(t, 1)
			sessionText(t)
		})
		err := mustFail(t, func() error { return errOf(r.Encrypt(e, true)) })
		require.NotErrorIs(t, err, keys.ErrAbsent)
	})
}
