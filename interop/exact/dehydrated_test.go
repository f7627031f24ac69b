package exact

import (
	"maps"
	"slices"
	"testing"

	"github.com/chappe-e2ee/chappe/interop/conversation"
	"github.com/chappe-e2ee/chappe/interop/peer"
	"github.com/chappe-e2ee/chappe/interop/tally"
	"github.com/chappe-e2ee/chappe/olm"
)

const device = "DEHYDRATED"

// A dehydrated device that chappe made wakes up in vodozemac, and one that
// vodozemac made in chappe, in both versions: with the same identity keys, the
// same signatures, and all keys for sessions.
func TestDehydrated(t *testing.T) {
	check(t, conversation.WithEntropy(13, func() error {
		for n := range 20 {
			ours, err := olm.GenerateAccount()
			check(t, err)
			owner := furnish(t, peer.ChappeAccount(ours), n)
			d, err := ours.Dehydrate(key32)
			check(t, err)
			owner.awake(t, "dehydrated in chappe, version 2", func() (peer.Account, error) {
				return peer.Vodozemac{}.Rehydrate(d.DevicePickle, d.Nonce, key32)
			})
			d, err = ours.DehydrateV1(key32, device)
			check(t, err)
			owner.awake(t, "dehydrated in chappe, version 1", func() (peer.Account, error) {
				return peer.Vodozemac{}.RehydrateV1(d.DevicePickle, key32, device)
			})

			theirs := vodozemacAccount(t).(*peer.VodozemacAccount)
			owner = furnish(t, theirs, n)
			d = olm.DehydratedDevice{Algorithm: olm.DehydrationV2}
			d.DevicePickle, d.Nonce, err = theirs.Dehydrate(key32)
			check(t, err)
			owner.awake(t, "dehydrated in vodozemac, version 2", func() (peer.Account, error) {
				a, err := olm.RehydrateAccount(d, key32, "")
				return peer.ChappeAccount(a), err
			})
			d = olm.DehydratedDevice{Algorithm: olm.DehydrationV1}
			d.DevicePickle, err = theirs.DehydrateV1(key32, device)
			check(t, err)
			owner.awake(t, "dehydrated in vodozemac, version 1", func() (peer.Account, error) {
				a, err := olm.RehydrateAccount(d, key32, device)
				return peer.ChappeAccount(a), err
			})
		}
		return nil
	}))
}

// owner is what is known of an account that is dehydrated.
type owner struct {
	curve, ed, signature string
	published            []string
}

// furnish gives an account keys.
func furnish(t *testing.T, a peer.Account, n int) (o owner) {
	t.Helper()
	check(t, a.GenerateOneTimeKeys(n))
	if n%3 > 0 {
		check(t, a.GenerateFallbackKey())
	}
	oneTime, err := a.OneTimeKeys()
	check(t, err)
	fallback, err := a.FallbackKey()
	check(t, err)
	o.published = append(slices.Sorted(maps.Values(oneTime)), slices.Sorted(maps.Values(fallback))...)
	o.curve, o.ed, err = a.IdentityKeys()
	check(t, err)
	o.signature, err = a.Sign([]byte("m"))
	check(t, err)
	return o
}

// awake checks an account: its identity, and that a session can be made with
// each of its keys.
func (o owner) awake(t *testing.T, row string, rehydrate func() (peer.Account, error)) {
	t.Helper()
	a, err := rehydrate()
	check(t, err)
	curve, ed, err := a.IdentityKeys()
	check(t, err)
	signature, err := a.Sign([]byte("m"))
	check(t, err)
	if curve != o.curve || ed != o.ed || signature != o.signature {
		t.Fatalf("%s: another identity", row)
	}
	sender, err := peer.Chappe{}.NewAccount()
	check(t, err)
	from, _, err := sender.IdentityKeys()
	check(t, err)
	for _, k := range o.published {
		s, err := sender.Outbound(curve, k)
		check(t, err)
		_, body, err := s.Encrypt([]byte("a room key"))
		check(t, err)
		_, plaintext, err := a.Inbound(from, body)
		check(t, err)
		if string(plaintext) != "a room key" {
			t.Fatalf("%s: another plaintext", row)
		}
		tally.Add(row, "keys", 1)
	}
	tally.Add(row, "devices", 1)
}
