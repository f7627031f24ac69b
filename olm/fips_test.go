//go:build linux && !purego

package olm_test

import (
	"crypto/fips140"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/olm"
)

// Where the Go runtime forbids X25519, no account is made, no session begins, and
// none takes a new ratchet key, also with keys that were parsed before.
func TestForbiddenX25519(t *testing.T) {
	failtest.UnderFIPS(t, func() {
		var fresh *olm.Account
		var c, answered *conversation
		var otk keys.Curve25519
		var first, turned olm.Message
		fips140.WithoutEnforcement(func() {
			fresh, c, answered = newAccount(t, 1), newConversation(t), newConversation(t)
			otk = claim(t, c.bobAccount)
			first = encrypt(t, newOutbound(t, c.aliceAccount, c.bobAccount), "hello")
			turned = encrypt(t, c.alice, "ping")
		})
		bob, alice := c.bobAccount.IdentityKeys().Curve25519, c.aliceAccount.IdentityKeys().Curve25519
		failtest.Refused(t, func() error { a, err := olm.GenerateAccount(); require.Nil(t, a); return err })
		for _, a := range []*olm.Account{fresh, c.aliceAccount} {
			failtest.Refused(t, func() error {
				s, err := a.NewOutboundSession(bob, otk)
				require.Nil(t, s)
				return err
			}, a)
		}
		failtest.Refused(t, func() error { _, err := c.bobAccount.NewInboundSession(alice, first); return err }, c.bobAccount)
		failtest.Refused(t, func() error { _, err := answered.alice.Encrypt(nil); return err }, answered.alice)
		require.NotErrorIs(t, failtest.Refused(t, decryption(c.bob, turned), c.bob), olm.ErrDecrypt)
	})
}
