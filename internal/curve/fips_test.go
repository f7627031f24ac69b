//go:build linux && !purego

package curve_test

import (
	"bytes"
	"crypto/fips140"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/internal/failtest"
)

// Where the Go runtime forbids X25519, no agreement is made, also not with a key
// that was parsed before.
func TestForbiddenX25519(t *testing.T) {
	failtest.UnderFIPS(t, func() {
		private, out := &[curve.Size]byte{9}, bytes.Repeat([]byte{0xaa}, curve.Size)
		public := curve.PublicFromPrivate(private)
		failtest.Refused(t, curve.X25519Available)
		failtest.Refused(t, func() error {
			key, err := curve.ParsePrivateKey(private)
			require.Nil(t, key)
			return err
		}, failtest.Secret(private[:]))
		var key *curve.PrivateKey
		fips140.WithoutEnforcement(func() {
			var err error
			key, err = curve.ParsePrivateKey(private)
			require.NoError(t, err)
		})
		failtest.Refused(t, func() error { return key.Agree(out, &public) },
			failtest.Secret(private[:]), failtest.Input(public[:]), failtest.Input(out))
	})
}
