package events_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/events"
	"github.com/chappe-e2ee/chappe/keys"
)

// C10: Eve publishes Alice's Curve25519 key. A device is asked for by user and
// key, so that Alice's message is Alice's; and an answer that is Eve's device is
// refused.
func TestAttack_C10_KeyOfTwoUsers(t *testing.T) {
	t.Parallel()
	const eve = "@eve:example.org"
	a, b, e := newDevice(t, alice, "ALICE"), newDevice(t, bob, "BOB"), newDevice(t, eve, "EVE")
	posed := e.with(t, func(l *crosssigning.LocalDevice) { l.Curve25519 = a.local.Curve25519 })
	// The same with Alice's Ed25519 key: Eve relays what Alice's device signs.
	relayed := e.with(t, func(l *crosssigning.LocalDevice) {
		l.Curve25519, l.Ed25519, l.Signer = a.local.Curve25519, a.local.Ed25519, a.local.Signer
	})
	for _, eves := range []*crosssigning.DeviceKeys{posed, relayed} {
		p := open(t, a, b, knows(eves, a.keys), events.NewDummy())
		require.Equal(t, alice, p.Sender().UserID())
		require.Same(t, a.keys, p.Sender().Device())
		require.Equal(t, events.Known, p.Sender().Origin())

		content, err := events.SealOlm(a.session(t, b), a.keys, b.keys, outgoing(t, "m.test", object{"a": marker}))
		require.NoError(t, err)
		byKeyAlone := func(string, keys.Curve25519) *crosssigning.DeviceKeys { return eves }
		b.openRefused(t, events.ErrLookup, byKeyAlone, alice, content)
	}
}

// C30: sessions and messages of other algorithms are named as such, and not read
// as Megolm.
func TestAttack_C30_OtherAlgorithms(t *testing.T) {
	t.Parallel()
	one, two := newDevice(t, alice, "ONE"), newDevice(t, alice, "TWO")
	c := newConversation(t)
	message := decode(t, c.seal(object{}))
	roomKey, err := events.NewRoomKey(c.out, room, false)
	require.NoError(t, err)
	export, err := c.in.Session.Export()
	require.NoError(t, err)
	forwarded, err := events.NewForwardedRoomKey(export, forwarding(one))
	require.NoError(t, err)
	for _, algorithm := range []string{"m.megolm.v2.aes-sha2", "m.megolm.v1.AES-sha2", "m.megolm.v1.aes-sha2 ", olmV1, "x"} {
		other := func(o object) { o["algorithm"] = algorithm }
		parses(t, events.ParseMegolm).refuses(t, events.ErrAlgorithm, but(message, other))
		for _, event := range []events.Outgoing{roomKey, forwarded} {
			p := open(t, one, two, knows(one.keys), outgoing(t, event.Type(), but(decode(t, event.SecretContent()), other)))
			get := getRoomKey
			if event.Type() == events.TypeForwardedRoomKey {
				get = getForwardedRoomKey
			}
			getRefused(t, events.ErrAlgorithm, p, get)
		}
	}
}
