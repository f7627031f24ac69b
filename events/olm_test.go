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

	answer, other := send(toAlice, b, a, 3), a.session(t, b)
	unopened(t, events.ErrNoSession, ra, bob, answer)
	unopened(t, olm.ErrDecrypt, ra, bob, answer, other)
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
	unresolved := func(is error, s events.Sender, device *crosssigning.DeviceKeys) {
		t.Helper()
		failtest.RefusedWith(t, is, func() error { return errOf(s.Resolve(device)) }, failtest.Input(marshal(t, device)))
	}
	for _, s := range []events.Sender{claimed, unknown} {
		known, err := s.Resolve(a.keys)
		require.NoError(t, err)
		require.Equal(t, events.Known, known.Origin())
		require.Same(t, a.keys, known.Device())
		unresolved(events.ErrLookup, s, m.keys)
		unresolved(events.ErrSigningKey, s, otherEd)
		unresolved(keys.ErrAbsent, s, nil)
	}
	unresolved(events.ErrDeviceID, claimed, otherID)
	unresolved(events.ErrLookup, events.Sender{}, a.keys)
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
	event := outgoing(t, "m.test", object{"a": marker})
	refused := func(is error, s *olm.Session, from, to *crosssigning.DeviceKeys, event events.Outgoing) {
		t.Helper()
		of := moves{a.account}
		if s != nil {
			of = append(of, s)
		}
		failtest.RefusedWith(t, is, func() error { return errOf(events.SealOlm(s, from, to, event)) }, of, failtest.Secret(event.SecretContent()))
	}
	refused(events.ErrForeignSession, s, m.keys, b.keys, event)
	refused(keys.ErrAbsent, s, nil, b.keys, event)
	refused(keys.ErrAbsent, s, a.keys, nil, event)
	refused(keys.ErrAbsent, nil, a.keys, b.keys, event)
	refused(keys.ErrAbsent, s, new(crosssigning.DeviceKeys), a.keys, event)
	refused(keys.ErrAbsent, s, a.keys, new(crosssigning.DeviceKeys), event)
	refused(events.ErrClosed, s, a.keys, b.keys, events.Outgoing{})
	closed := events.NewDummy()
	closed.Close()
	refused(events.ErrClosed, s, a.keys, b.keys, closed)
	require.Zero(t, s.Revision(), "nothing was encrypted")
	s.Close()
	refused(olm.ErrClosed, s, a.keys, b.keys, event)

	for _, other := range []*crosssigning.DeviceKeys{b.keys,
		a.with(t, func(l *crosssigning.LocalDevice) { l.Curve25519 = b.local.Curve25519 }),
		a.with(t, func(l *crosssigning.LocalDevice) { l.Ed25519, l.Signer = b.local.Ed25519, b.local.Signer })} {
		failtest.RefusedWith(t, events.ErrOwnDevice, func() error { return errOf(events.NewReceiver(a.account, other, nil)) }, moves{a.account})
	}
	absent(t, func() error { return errOf(events.NewReceiver(nil, b.keys, nil)) })
	absent(t, func() error { return errOf(events.NewReceiver(a.account, nil, nil)) }, moves{a.account})
	for _, content := range []string{``, `1`, `[]`, `{`, `{}x`, `{"a":1,"a":1}`, "{\"a\":\"\xff\"}", `{"\ud800":1}`, `null`} {
		text := []byte(content)
		wrong(t, "events: outgoing content: ", func() error { return errOf(events.NewOutgoing("m.test", text)) }, failtest.Input(text))
	}
	for _, typ := range []string{"", "\xff"} {
		wrong(t, "the type is empty", func() error { return errOf(events.NewOutgoing(typ, []byte("{}"))) })
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
	r := b.receiver(t, nil)
	unopened(t, events.ErrForeignSession, r, alice, content, m.session(t, a))
	unopened(t, keys.ErrAbsent, r, alice, nil)
	absent(t, func() error { return errOf(r.Open(alice, content, s, nil)) }, moves{s, b.account})

	posed := decode(t, content)
	posed["sender_key"] = m.keys.Curve25519().String()
	unopened(t, olm.ErrIdentityKey, r, alice, parseOlm(t, posed))
	require.Equal(t, 1, b.account.OneTimeKeyCount())

	opened, err := r.Open(alice, content)
	require.NoError(t, err)
	again, err := events.SealOlm(s, a.keys, b.keys, events.NewDummy())
	require.NoError(t, err)
	posed = decode(t, again)
	posed["sender_key"] = m.keys.Curve25519().String()
	unopened(t, events.ErrForeignSession, r, alice, parseOlm(t, posed), opened.Session)
}

// A failed check uses the key of the message, of a new session too, and nothing
// is left to act upon.
func TestOpenFailedCheckInKnownSession(t *testing.T) {
	a, b := newDevice(t, alice, "ALICE"), newDevice(t, bob, "BOB")
	s, r := a.session(t, b), b.receiver(t, knows(a.keys))
	content, err := events.SealOlm(s, a.keys, b.keys, events.NewDummy())
	require.NoError(t, err)
	opened, err := r.Open(alice, content)
	require.NoError(t, err)
	bad := encrypt(t, s, a, b, []byte("not a payload"))
	of := failtest.Input(marshal(t, bad))
	err = failtest.Bounded(t, func() error { return errOf(r.Open(alice, bad, opened.Session)) }, of)
	require.EqualError(t, err, "events: Olm payload: not valid JSON")
	failtest.RefusedAs[*olm.MessageKeyGoneError](t, func() error { return errOf(r.Open(alice, bad, opened.Session)) }, of, moves{opened.Session})
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
	absent(t, func() error { return errOf(json.Marshal(&events.OlmEncrypted{})) })

	const what = "events: m.room.encrypted (Olm)"
	read := parses(t, events.ParseOlm)
	for _, algorithm := range []string{megolmV1, "m.olm.v2", "M.OLM.V1.CURVE25519-AES-SHA2"} {
		read.refuses(t, events.ErrAlgorithm, but(good, func(o object) { o["algorithm"] = algorithm }))
	}
	read.wrongMembers(t, what, good, "algorithm", "sender_key")
	read.wrong(t, what+": not valid JSON", []byte("{"))
	read.wrong(t, what+": keys: ", but(good, func(o object) { o["sender_key"] = "AAAA" }))
	for _, bad := range []any{nil, 1, 1.5, "", []any{}, true} {
		read.wrong(t, what+": ciphertext is not an object", but(good, func(o object) { o["ciphertext"] = bad }))
	}
	c = parseOlm(t, olmContent(a, b, object{"type": 0, "body": "A"}))
	wrong(t, what+": olm: message: not valid base64", func() error { return errOf(c.Message(b.keys.Curve25519())) }, failtest.Input(marshal(t, c)))
}

// After a failed check, the payload is wiped and a new session closed.
func TestOpenFailedCheckLeavesNothing(t *testing.T) {
	a, b := newDevice(t, alice, "ALICE"), newDevice(t, bob, "BOB")
	text := marshal(t, payload(t, a, b, events.NewDummy()))
	s := a.session(t, b)
	content := parseOlm(t, olmContent(a, b, object{}))
	require.ErrorIs(t, failtest.Bounded(t, func() error { return errOf(b.receiver(t, nil).Finish(s, bob, content, text)) },
		payloadSubject(text)), events.ErrSender)
	require.Equal(t, make([]byte, len(text)), text)
	failtest.RefusedWith(t, olm.ErrClosed, func() error { return errOf(s.Encrypt(nil)) }, moves{s})
}
