package exact

import (
	"errors"
	"testing"

	"github.com/chappe-e2ee/chappe/interop/conversation"
	"github.com/chappe-e2ee/chappe/interop/libolm"
	"github.com/chappe-e2ee/chappe/interop/peer"
	"github.com/chappe-e2ee/chappe/interop/tally"
	"github.com/chappe-e2ee/chappe/olm"
)

// A message may be 2000 ahead, and not 2001, in every implementation.
func TestGap(t *testing.T) {
	check(t, conversation.WithEntropy(9, func() error {
		alice, bob := newAccount(t), newAccount(t)
		check(t, bob.GenerateOneTimeKeys(1))
		oneTime, err := bob.OneTimeKeys()
		check(t, err)
		curve, _, err := bob.IdentityKeys()
		check(t, err)
		from, _, err := alice.IdentityKeys()
		check(t, err)
		for _, k := range oneTime {
			out, err := alice.Outbound(curve, k)
			check(t, err)
			var bodies []string
			for range 2003 {
				_, body, err := out.Encrypt([]byte("x"))
				check(t, err)
				bodies = append(bodies, body)
			}
			in, _, err := bob.Inbound(from, bodies[0])
			check(t, err)
			state := pickled(t, in)
			for _, by := range peer.All() {
				s, err := by.UnpickleSession(state, key)
				check(t, err)
				if _, err := s.Decrypt(peer.PreKey, bodies[2002]); err == nil {
					t.Errorf("%s: a gap of 2001", by.Name())
				}
				_, err = s.Decrypt(peer.PreKey, bodies[2001])
				check(t, err)
				tally.Add("bounds", by.Name(), 2)
			}
		}
		return nil
	}))
}

// An account with more one-time keys than libolm keeps says so, and its export
// holds the newest: what libolm holds after the same calls.
func TestManyKeys(t *testing.T) {
	var ours *olm.Account
	var theirs *libolm.Account
	check(t, conversation.WithEntropy(10, func() (err error) {
		ours, err = olm.GenerateAccount()
		check(t, err)
		_, err = ours.GenerateOneTimeKeys(130)
		return err
	}))
	check(t, conversation.WithEntropy(10, func() (err error) {
		theirs, err = libolm.NewAccount()
		check(t, err)
		return theirs.GenerateOneTimeKeys(130)
	}))
	_, err := ours.ExportLibolm(key)
	if lossy := new(olm.LossyPickleError); !errors.As(err, &lossy) || lossy.OneTimeKeys != 30 {
		t.Fatalf("the export of 130 one-time keys: %v", err)
	}
	a, err := ours.ExportLibolmLossy(key)
	check(t, err)
	equal(t, "account pickle of the newest keys", string(a), string(pickled(t, theirs)))
}
