package events_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/events"
	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/olm"
)

func TestOlmConversation(t *testing.T) {
	t.Parallel()
	a, b := newDevice(t, alice, "ALICE"), newDevice(t, bob, "BOB")
	toBob := a.session(t, b)
	ra, rb := a.receiver(t, knows(b.keys)), b.receiver(t, knows(a.keys))

	send := func(s *olm.Session, from, to *device, n int) *events.OlmEncrypted {
		c, err := events.SealOlm(s, from.keys, to.keys, outgoing(t, "m.test", object{"n": n, "float": 1.5}))
		require.NoError(t, err)
		return parseOlm(t, c) // through JSON
	}
	received := func(o events.Opened, from *device, n int) {
		require.Equal(t, "m.test", o.Plaintext.Type())
		require.JSONEq(t, string(marshal(t, object{"n": n, "float": 1.5})), string(o.Plaintext.SecretContent()))
		require.Equal(t, from.keys.UserID(), o.Plaintext.Sender().UserID())
		require.Equal(t, from.keys.Curve25519(), o.Plaintext.Sender().Curve25519())
		require.Equal(t, from.keys.Ed25519(), o.Plaintext.Sender().Ed25519())
		require.Same(t, from.keys, o.Plaintext.Sender().Device())
		require.Equal(t, events.Known, o.Plaintext.Sender().Origin())
	}
	first, second := send(toBob, a, b, 1), send(toBob, a, b, 2)
	opened, err := rb.Open(alice, first)
	require.NoError(t, err)
	require.True(t, opened.New)
	require.Equal(t, olm.OneTime, opened.Used.Kind)
	received(opened, a, 1)
	toAlice := opened.Session

	// Row A12: the session that the message belongs to is used, no new one.
	revision := b.account.Revision()
	opened, err = rb.Open(alice, second, b.session(t, a), toAlice)
	require.NoError(t, err)
	require.False(t, opened.New)
	require.Same(t, toAlice, opened.Session)
	received(opened, a, 2)
	require.Equal(t, revision, b.account.Revision())

	answer := send(toAlice, b, a, 3)
	_, err = ra.Open(bob, answer)
	require.ErrorIs(t, err, events.ErrNoSession, "a normal message makes no session")
	other := a.session(t, b)
	_, err = ra.Open(bob, answer, other)
	require.ErrorIs(t, err, olm.ErrDecrypt)
	opened, err = ra.Open(bob, answer, other, toBob)
	require.NoError(t, err)
	require.Same(t, toBob, opened.Session)
	received(opened, b, 3)
}

// Row I3: a device that is unknown yet, with and without its keys in the
// message.
func TestOriginAndResolve(t *testing.T) {
	t.Parallel()
	a, b, m := newDevice(t, alice, "ALICE"), newDevice(t, bob, "BOB"), newDevice(t, alice, "MALLORY")
	p := open(t, a, b, nil, events.NewDummy())
	claimed := p.Sender()
	p.Close() // the device's keys are no part of what is wiped
	require.Equal(t, events.Claimed, claimed.Origin())
	require.True(t, a.keys.SameKeys(claimed.Device()))

	bare := but(payload(t, a, b, events.NewDummy()), func(o object) { delete(o, "sender_device_keys") })
	opened, err := b.receiver(t, knows(m.keys)).Open(alice, encrypt(t, a.session(t, b), a, b, marshal(t, bare)))
	require.NoError(t, err)
	unknown := opened.Plaintext.Sender()
	require.Equal(t, events.Unknown, unknown.Origin())
	require.Nil(t, unknown.Device())

	otherEd := a.with(t, func(l *crosssigning.LocalDevice) { l.Ed25519, l.Signer = m.local.Ed25519, m.local.Signer })
	otherID := a.with(t, func(l *crosssigning.LocalDevice) { l.DeviceID = "OTHER" })
	for _, s := range []events.Sender{claimed, unknown} {
		known, err := s.Resolve(a.keys)
		require.NoError(t, err)
		require.Equal(t, events.Known, known.Origin())
		require.Same(t, a.keys, known.Device())
		_, err = s.Resolve(m.keys)
		require.ErrorIs(t, err, events.ErrLookup)
		_, err = s.Resolve(otherEd)
		require.ErrorIs(t, err, events.ErrSigningKey)
		_, err = s.Resolve(nil)
		require.ErrorIs(t, err, keys.ErrAbsent)
	}
	_, err = claimed.Resolve(otherID)
	require.ErrorIs(t, err, events.ErrDeviceID)
	_, err = events.Sender{}.Resolve(a.keys)
	require.ErrorIs(t, err, events.ErrLookup)
	require.Equal(t, []string{"unknown", "claimed", "known", "invalid"},
		[]string{events.Unknown.String(), events.Claimed.String(), events.Known.String(), events.Origin(9).String()})
}

// Row I1: the payload's members, and of our device keys all but unsigned.
func TestPayload(t *testing.T) {
	t.Parallel()
	a, b := newDevice(t, alice, "ALICE"), newDevice(t, bob, "BOB")
	o := decode(t, a.keys)
	o["unsigned"] = object{"device_display_name": "Alice's phone"}
	o["signatures"].(object)[alice].(object)["ed25519:selfsigning"] = "kept"
	var err error
	a.keys, err = crosssigning.ParseDeviceKeys(marshal(t, o))
	require.NoError(t, err)
	delete(o, "unsigned")
	got := payload(t, a, b, outgoing(t, "m.test", object{"a": "b"}))
	want := object{
		"type": "m.test", "content": object{"a": "b"}, "sender": alice, "recipient": bob,
		"recipient_keys": object{"ed25519": b.keys.Ed25519().String()}, "keys": object{"ed25519": a.keys.Ed25519().String()},
		"sender_device_keys": o,
	}
	require.Empty(t, cmp.Diff(want, got))
}

func TestSealOlmRefuses(t *testing.T) {
	t.Parallel()
	a, b, m := newDevice(t, alice, "ALICE"), newDevice(t, bob, "BOB"), newDevice(t, alice, "MALLORY")
	s := a.session(t, b)
	_, err := events.SealOlm(s, m.keys, b.keys, events.NewDummy())
	require.ErrorIs(t, err, events.ErrForeignSession)
	_, err = events.SealOlm(s, nil, b.keys, events.NewDummy())
	require.ErrorIs(t, err, keys.ErrAbsent)
	_, err = events.SealOlm(s, a.keys, nil, events.NewDummy())
	require.ErrorIs(t, err, keys.ErrAbsent)
	_, err = events.SealOlm(nil, a.keys, b.keys, events.NewDummy())
	require.ErrorIs(t, err, keys.ErrAbsent)
	_, err = events.SealOlm(s, a.keys, b.keys, events.Outgoing{})
	require.ErrorIs(t, err, events.ErrClosed)
	closed := events.NewDummy()
	closed.Close()
	_, err = events.SealOlm(s, a.keys, b.keys, closed)
	require.ErrorIs(t, err, events.ErrClosed)
	require.Zero(t, s.Revision(), "nothing was encrypted")
	s.Close()
	_, err = events.SealOlm(s, a.keys, b.keys, events.NewDummy())
	require.ErrorIs(t, err, olm.ErrClosed)

	for _, other := range []*crosssigning.DeviceKeys{b.keys,
		a.with(t, func(l *crosssigning.LocalDevice) { l.Curve25519 = b.local.Curve25519 }),
		a.with(t, func(l *crosssigning.LocalDevice) { l.Ed25519, l.Signer = b.local.Ed25519, b.local.Signer })} {
		_, err = events.NewReceiver(a.account, other, nil)
		require.ErrorIs(t, err, events.ErrOwnDevice)
	}
	_, err = events.NewReceiver(nil, b.keys, nil)
	require.ErrorIs(t, err, keys.ErrAbsent)
	_, err = events.NewReceiver(a.account, nil, nil)
	require.ErrorIs(t, err, keys.ErrAbsent)
	for _, content := range []string{``, `1`, `[]`, `{`, `{}x`, `{"a":1,"a":1}`, "{\"a\":\"\xff\"}", `{"\ud800":1}`, `null`} {
		_, err = events.NewOutgoing("m.test", []byte(content))
		requireMalformed(t, err, content)
	}
	for _, typ := range []string{"", "\xff"} {
		_, err = events.NewOutgoing(typ, []byte("{}"))
		requireMalformed(t, err, typ)
	}
}

// Sessions of others are refused before anything is decrypted, and a sender_key
// that is not the session's finds none.
func TestOpenForeignSession(t *testing.T) {
	t.Parallel()
	a, b, m := newDevice(t, alice, "ALICE"), newDevice(t, bob, "BOB"), newDevice(t, alice, "MALLORY")
	s := a.session(t, b)
	content, err := events.SealOlm(s, a.keys, b.keys, events.NewDummy())
	require.NoError(t, err)
	_, err = b.receiver(t, nil).Open(alice, content, m.session(t, a))
	require.ErrorIs(t, err, events.ErrForeignSession)
	_, err = b.receiver(t, nil).Open(alice, content, s, nil)
	require.ErrorIs(t, err, keys.ErrAbsent)
	_, err = b.receiver(t, nil).Open(alice, nil)
	require.ErrorIs(t, err, keys.ErrAbsent)

	posed := decode(t, content)
	posed["sender_key"] = m.keys.Curve25519().String()
	_, err = b.receiver(t, nil).Open(alice, parseOlm(t, posed))
	require.ErrorIs(t, err, olm.ErrIdentityKey)
	require.Equal(t, 1, b.account.OneTimeKeyCount())

	opened, err := b.receiver(t, nil).Open(alice, content)
	require.NoError(t, err)
	again, err := events.SealOlm(s, a.keys, b.keys, events.NewDummy())
	require.NoError(t, err)
	posed = decode(t, again)
	posed["sender_key"] = m.keys.Curve25519().String()
	_, err = b.receiver(t, nil).Open(alice, parseOlm(t, posed), opened.Session)
	require.ErrorIs(t, err, events.ErrForeignSession)
}

// A failed check uses the key of the message, of a new session too, and nothing
// is left to act upon.
func TestOpenFailedCheckInKnownSession(t *testing.T) {
	t.Parallel()
	a, b := newDevice(t, alice, "ALICE"), newDevice(t, bob, "BOB")
	s, r := a.session(t, b), b.receiver(t, knows(a.keys))
	content, err := events.SealOlm(s, a.keys, b.keys, events.NewDummy())
	require.NoError(t, err)
	opened, err := r.Open(alice, content)
	require.NoError(t, err)
	bad := encrypt(t, s, a, b, []byte("not a payload"))
	_, err = r.Open(alice, bad, opened.Session)
	requireMalformed(t, err)
	var gone *olm.MessageKeyGoneError
	_, err = r.Open(alice, bad, opened.Session)
	require.ErrorAs(t, err, &gone)
	content, err = events.SealOlm(s, a.keys, b.keys, events.NewDummy())
	require.NoError(t, err)
	_, err = r.Open(alice, content, opened.Session)
	require.NoError(t, err, "the session goes on")
}

// P15: our own pre-key message comes back to us, as the other device's.
func TestAttack_P15_Reflection(t *testing.T) {
	t.Parallel()
	a, b := newDevice(t, alice, "ALICE"), newDevice(t, bob, "BOB")
	s := a.session(t, b)
	content, err := events.SealOlm(s, a.keys, b.keys, events.NewDummy())
	require.NoError(t, err)
	m, err := content.Message(b.keys.Curve25519())
	require.NoError(t, err)
	r, reflected := a.receiver(t, knows(b.keys)), parseOlm(t, olmContent(b, a, m))
	failtest.RefusedWith(t, olm.ErrIdentityKey, func() error {
		_, err := r.Open(bob, reflected, s)
		return err
	}, moves{s, a.account}, failtest.Input(marshal(t, reflected)))
}

// Row A26, with members that nobody knows.
func TestParseOlm(t *testing.T) {
	t.Parallel()
	a, b := newDevice(t, alice, "ALICE"), newDevice(t, bob, "BOB")
	good := olmContent(a, b, object{"type": 0, "body": "AAAA"})
	text := marshal(t, but(good, func(o object) { o["org.example"] = object{"float": 1.5} }))
	c, err := events.ParseOlm(text)
	require.NoError(t, err)
	require.Equal(t, a.keys.Curve25519(), c.SenderKey())
	require.Equal(t, text, marshal(t, c))
	text[0] = 'x'
	require.NotEqual(t, text, marshal(t, c), "a copy is kept")
	_, err = json.Marshal(&events.OlmEncrypted{})
	require.ErrorIs(t, err, keys.ErrAbsent)

	for _, algorithm := range []string{megolmV1, "m.olm.v2", "M.OLM.V1.CURVE25519-AES-SHA2"} {
		_, err = events.ParseOlm(marshal(t, but(good, func(o object) { o["algorithm"] = algorithm })))
		require.ErrorIs(t, err, events.ErrAlgorithm)
	}
	for _, name := range []string{"algorithm", "sender_key", "ciphertext"} {
		for _, bad := range []any{nil, 1, 1.5, "", []any{}, true} {
			_, err = events.ParseOlm(marshal(t, but(good, func(o object) { o[name] = bad })))
			requireMalformed(t, err, name)
		}
	}
}

// After a failed check, the payload is wiped and a new session closed.
func TestOpenFailedCheckLeavesNothing(t *testing.T) {
	t.Parallel()
	a, b := newDevice(t, alice, "ALICE"), newDevice(t, bob, "BOB")
	text := marshal(t, payload(t, a, b, events.NewDummy()))
	s := a.session(t, b)
	_, err := b.receiver(t, nil).Finish(s, bob, parseOlm(t, olmContent(a, b, object{})), text)
	require.ErrorIs(t, err, events.ErrSender)
	require.Equal(t, make([]byte, len(text)), text)
	_, err = s.Encrypt(nil)
	require.ErrorIs(t, err, olm.ErrClosed)
}
