package events_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/events"
	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
)

func TestRoomKey(t *testing.T) {
	t.Parallel()
	a, b := newDevice(t, alice, "ALICE"), newDevice(t, bob, "BOB")
	out, _ := group(t)
	_, err := out.Encrypt([]byte("before"))
	require.NoError(t, err)
	event, err := events.NewRoomKey(out, room, true)
	require.NoError(t, err)
	require.Equal(t, events.TypeRoomKey, event.Type())
	content := decode(t, event.SecretContent())
	key, err := out.SessionKey()
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(object{"algorithm": megolmV1, "room_id": room, "session_id": out.ID(),
		"session_key": string(key.SecretText()), "shared_history": true}, content))

	p := open(t, a, b, knows(a.keys), event)
	k, err := p.RoomKey()
	require.NoError(t, err)
	p.Close()
	require.Equal(t, room, k.RoomID())
	require.Equal(t, out.ID(), k.SessionID())
	require.True(t, k.SharedHistory())
	require.Equal(t, events.Known, k.Sender().Origin())
	require.JSONEq(t, string(event.SecretContent()), string(k.SecretJSON()))
	in, err := megolm.NewInboundSession(k.SessionKey())
	require.NoError(t, err)
	m, err := out.Encrypt([]byte("hello"))
	require.NoError(t, err)
	d, err := in.Decrypt(m)
	require.NoError(t, err)
	require.Equal(t, "hello", string(d.Plaintext))
	require.Equal(t, uint32(1), d.Index)

	closed := k.SessionKey()
	k.Close()
	require.True(t, k.IsZero() && closed.IsZero())
	require.Nil(t, k.SecretJSON())
	event, err = events.NewRoomKey(out, room, false)
	require.NoError(t, err)
	require.NotContains(t, decode(t, event.SecretContent()), "shared_history")
	of := failtest.Secret(key.SecretText())
	for _, bad := range []string{"", "\xff"} {
		wrong(t, "a text is empty", func() error { return errOf(events.NewRoomKey(out, bad, false)) }, of, moves{out})
	}
	out.Close()
	failtest.RefusedWith(t, megolm.ErrClosed, func() error { return errOf(events.NewRoomKey(out, room, false)) }, of, moves{out})
}

// Row I7: three names; a contradiction or another value means no.
func TestSharedHistory(t *testing.T) {
	t.Parallel()
	a, b := newDevice(t, alice, "ALICE"), newDevice(t, bob, "BOB")
	out, _ := group(t)
	event, err := events.NewRoomKey(out, room, false)
	require.NoError(t, err)
	const spec, short, long = "shared_history", "m.shared_history", "org.matrix.msc3061.shared_history"
	for _, test := range []struct {
		members object
		want    bool
	}{
		{object{}, false},
		{object{spec: true}, true}, {object{short: true}, true}, {object{long: true}, true},
		{object{spec: true, short: true, long: true}, true},
		{object{spec: false}, false}, {object{spec: nil}, false}, {object{spec: "true"}, false}, {object{spec: 1}, false},
		{object{spec: true, short: false}, false}, {object{spec: false, long: true}, false}, {object{short: true, long: "yes"}, false},
		{object{"Shared_History": true}, false},
	} {
		content := decode(t, event.SecretContent())
		for name, v := range test.members {
			content[name] = v
		}
		k, err := open(t, a, b, nil, outgoing(t, events.TypeRoomKey, content)).RoomKey()
		require.NoError(t, err)
		require.Equal(t, test.want, k.SharedHistory(), test.members)
	}
}

func TestRoomKeyRefuses(t *testing.T) {
	t.Parallel()
	a, b := newDevice(t, alice, "ALICE"), newDevice(t, bob, "BOB")
	out, _ := group(t)
	event, err := events.NewRoomKey(out, room, false)
	require.NoError(t, err)
	good := decode(t, event.SecretContent())
	read := carries(t, a, b, events.TypeRoomKey, getRoomKey)
	read.wrongMembers(t, "events: m.room_key", good, "algorithm", "room_id", "session_id", "session_key")
	for _, algorithm := range []string{"m.megolm.v2.aes-sha2", olmV1, "m.megolm.v1.AES-sha2", "none"} {
		read.refuses(t, events.ErrAlgorithm, but(good, func(o object) { o["algorithm"] = algorithm }))
	}
	text := []byte(good["session_key"].(string))
	text[300] = map[bool]byte{true: 'B', false: 'A'}[text[300] == 'A'] // another symbol of base64
	read.refuses(t, megolm.ErrSignature, but(good, func(o object) { o["session_key"] = string(text) }))
	read.wrong(t, "events: m.room_key: megolm: session key: ", but(good, func(o object) { o["session_key"] = "AAAA" }))
}

// P29: the id that is announced is the key's, so that no key stands under the
// id of another's session.
func TestAttack_P29_SessionIDIsTheKeys(t *testing.T) {
	t.Parallel()
	a, b := newDevice(t, alice, "ALICE"), newDevice(t, alice, "BOB")
	out, _ := group(t)
	other, in := group(t)
	export, err := in.Export()
	require.NoError(t, err)
	event, err := events.NewRoomKey(out, room, false)
	require.NoError(t, err)
	forwarded, err := events.NewForwardedRoomKey(export, forwarding(a))
	require.NoError(t, err)
	for _, id := range []string{other.ID(), out.ID() + "=", "x" + out.ID()} {
		content := decode(t, event.SecretContent())
		content["session_id"] = id
		getRefused(t, events.ErrSessionID, open(t, a, b, knows(a.keys), outgoing(t, events.TypeRoomKey, content)), getRoomKey)
	}
	content := decode(t, forwarded.SecretContent())
	content["session_id"] = out.ID()
	p := open(t, a, b, knows(a.keys), outgoing(t, events.TypeForwardedRoomKey, content))
	getRefused(t, events.ErrSessionID, p, getForwardedRoomKey)
}

func forwarding(d *device) events.Forwarding {
	return events.Forwarding{RoomID: room, SenderKey: d.keys.Curve25519(), ClaimedEd25519: d.keys.Ed25519()}
}

// Row I11.
func TestForwardedRoomKey(t *testing.T) {
	t.Parallel()
	one, two, maker := newDevice(t, alice, "ONE"), newDevice(t, alice, "TWO"), newDevice(t, bob, "BOB")
	out, in := group(t)
	export, err := in.Export()
	require.NoError(t, err)
	f := forwarding(maker)
	f.Chain = []keys.Curve25519{one.keys.Curve25519()}
	f.SharedHistory = true
	f.Withheld = &events.WithheldReason{Code: events.Unverified, Reason: "not verified"}
	event, err := events.NewForwardedRoomKey(export, f)
	require.NoError(t, err)
	want := object{"algorithm": megolmV1, "room_id": room, "session_id": out.ID(), "session_key": string(export.SecretText()),
		"sender_key": maker.keys.Curve25519().String(), "sender_claimed_ed25519_key": maker.keys.Ed25519().String(),
		"forwarding_curve25519_key_chain": []any{one.keys.Curve25519().String()}, "shared_history": true,
		"withheld": object{"code": "m.unverified", "reason": "not verified"}}
	require.Empty(t, cmp.Diff(want, decode(t, event.SecretContent())))

	p := open(t, one, two, knows(one.keys), event)
	k, err := p.ForwardedRoomKey()
	require.NoError(t, err)
	require.Equal(t, f, k.Forwarding())
	k.Forwarding().Chain[0] = keys.Curve25519{}
	k.Forwarding().Withheld.Code = ""
	require.Equal(t, f, k.Forwarding(), "a copy")
	require.Equal(t, out.ID(), k.SessionID())
	require.Same(t, one.keys, k.Sender().Device())
	require.JSONEq(t, string(marshal(t, want)), string(k.SecretJSON()))
	_, err = megolm.ImportInboundSession(k.Export())
	require.NoError(t, err)
	closed := k.Export()
	k.Close()
	require.True(t, k.IsZero() && k.Export().IsZero() && k.SecretJSON() == nil && closed.IsZero())

	delete(want, "withheld")
	const what = "events: m.forwarded_room_key"
	read := carries(t, one, two, events.TypeForwardedRoomKey, getForwardedRoomKey)
	read.wrongMembers(t, what, want, "algorithm", "room_id", "session_id", "session_key", "sender_key", "sender_claimed_ed25519_key")
	for name, bad := range map[string]map[string]any{
		"session_key":                {": megolm: exported session: ": "AAAA"},
		"sender_key":                 {": sender_key: keys: ": "AAAA"},
		"sender_claimed_ed25519_key": {": sender_claimed_ed25519_key: keys: ": "AAAA"},
		"forwarding_curve25519_key_chain": {
			"_chain is not a list": object{}, "_chain: a number": 1.5, "_chain: keys: ": []any{one.keys.Curve25519(), "AAAA"},
		},
		"withheld": {
			": withheld is not an object": "m.unverified", "withheld: code is not ": object{}, "withheld: reason is not ": object{"code": "a", "reason": 1},
		},
	} {
		for words, value := range bad {
			read.wrong(t, words, but(want, func(o object) { o[name] = value }))
		}
	}
	read.wrong(t, "_chain is not a list", but(want, func(o object) { delete(o, "forwarding_curve25519_key_chain") }))
	read.takes(t, but(want, func(o object) { o["withheld"] = nil }))

	of := failtest.Secret(export.SecretText())
	for _, change := range []func(f *events.Forwarding){
		func(f *events.Forwarding) { f.SenderKey = keys.Curve25519{} },
		func(f *events.Forwarding) { f.ClaimedEd25519 = keys.Ed25519{} },
		func(f *events.Forwarding) { f.Chain = make([]keys.Curve25519, 1) },
	} {
		bad := forwarding(maker)
		change(&bad)
		absent(t, func() error { return errOf(events.NewForwardedRoomKey(export, bad)) }, of)
	}
	absent(t, func() error { return errOf(events.NewForwardedRoomKey(megolm.ExportedSession{}, f)) }, of)
	f.RoomID = ""
	wrong(t, what+": a text is empty", func() error { return errOf(events.NewForwardedRoomKey(export, f)) }, of)
}

// Row G12.
func TestSecretSend(t *testing.T) {
	t.Parallel()
	one, two := newDevice(t, alice, "ONE"), newDevice(t, alice, "TWO")
	const value = "a \"word\" for two\\/\x01\u2028\U0001f600"
	event, err := events.NewSecretSend("id", []byte(value))
	require.NoError(t, err)
	require.Equal(t, object{"request_id": "id", "secret": value}, decode(t, event.SecretContent()))
	s, err := open(t, one, two, knows(one.keys), event).SecretSend()
	require.NoError(t, err)
	require.Equal(t, "id", s.RequestID())
	require.Equal(t, value, string(s.Secret()))
	require.Same(t, one.keys, s.Sender().Device())
	require.JSONEq(t, string(event.SecretContent()), string(s.SecretJSON()))
	s.Close()
	require.True(t, s.IsZero() && s.Secret() == nil && s.SecretJSON() == nil)

	read := carries(t, one, two, events.TypeSecretSend, getSecretSend)
	read.wrongMembers(t, "events: m.secret.send", decode(t, event.SecretContent()), "request_id", "secret")
	absent(t, func() error { return errOf(events.NewSecretSend("id", nil)) })
	for _, bad := range [][2]string{{"", value}, {"\xff", value}, {"id", value + "\xff"}} {
		text := []byte(bad[1])
		wrong(t, "a text is empty", func() error { return errOf(events.NewSecretSend(bad[0], text)) }, failtest.Secret(text))
	}
}

// C02: keys and secrets come out of a checked Olm payload only, of the type that
// it says, and those of our own user from our own known devices.
func TestAttack_C02_OnlyAnOpenedOlmPayloadCarriesKeys(t *testing.T) {
	t.Parallel()
	one, two, stranger := newDevice(t, alice, "ONE"), newDevice(t, alice, "TWO"), newDevice(t, bob, "BOB")
	out, in := group(t)
	export, err := in.Export()
	require.NoError(t, err)
	roomKey, err := events.NewRoomKey(out, room, false)
	require.NoError(t, err)
	forwarded, err := events.NewForwardedRoomKey(export, forwarding(stranger))
	require.NoError(t, err)
	secret, err := events.NewSecretSend("id", []byte("secret"))
	require.NoError(t, err)
	read := map[string]func(p events.Plaintext) error{
		events.TypeRoomKey: getRoomKey, events.TypeForwardedRoomKey: getForwardedRoomKey, events.TypeSecretSend: getSecretSend,
	}
	all := []events.Outgoing{roomKey, forwarded, secret, events.NewDummy()}
	for _, event := range all {
		p := open(t, one, two, knows(one.keys), event)
		foreign := open(t, stranger, two, knows(stranger.keys), event)
		unknown := open(t, one, two, nil, event)
		for typ, get := range read {
			if typ != event.Type() {
				getRefused(t, events.ErrType, p, get)
				continue
			}
			require.NoError(t, get(p))
			if typ == events.TypeRoomKey {
				require.NoError(t, get(foreign))
				require.NoError(t, get(unknown), "row I3: deferred until use")
			} else {
				getRefused(t, events.ErrNotOurUser, foreign, get)
				getRefused(t, events.ErrUnknownDevice, unknown, get)
			}
			getRefused(t, events.ErrClosed, events.Plaintext{}, get)
			unknown.Close()
			getRefused(t, events.ErrClosed, unknown, get)
		}
		// In clear, the same content is not an encrypted one.
		asOlm, asMegolm := parses(t, events.ParseOlm), parses(t, events.ParseMegolm)
		asOlm.fails(t, event.SecretContent())
		// Encrypted with Megolm, as a to-device event.
		content, err := events.SealMegolm(out, one.keys, room, event.Type(), event.SecretContent())
		require.NoError(t, err)
		asOlm.refuses(t, events.ErrAlgorithm, content)
		disguised := decode(t, content)
		disguised["algorithm"] = olmV1
		asOlm.wrong(t, "ciphertext is not an object", disguised)
		// Encrypted with Olm, in a room's timeline.
		olm, err := events.SealOlm(one.session(t, two), one.keys, two.keys, event)
		require.NoError(t, err)
		asMegolm.refuses(t, events.ErrAlgorithm, olm)
	}
}

// others opens an event to TWO, of Alice, from everyone who may not send it.
func others(t *testing.T, event events.Outgoing) map[string]events.Plaintext {
	t.Helper()
	one, two := newDevice(t, alice, "ONE"), newDevice(t, alice, "TWO")
	stranger := newDevice(t, bob, "ONE")
	return map[string]events.Plaintext{
		"another user":             open(t, stranger, two, knows(stranger.keys), event),
		"another user, unknown":    open(t, stranger, two, nil, event),
		"a device of unknown keys": open(t, one, two, nil, event),
		"known under other keys":   open(t, one, two, knows(newDevice(t, alice, "ONE").keys), event),
	}
}

// V14: a forwarded key comes from a known device of our own user. That it was
// asked for, and that the device is verified, the program checks.
func TestAttack_V14_ForwardedByOthers(t *testing.T) {
	t.Parallel()
	_, in := group(t)
	export, err := in.Export()
	require.NoError(t, err)
	event, err := events.NewForwardedRoomKey(export, forwarding(newDevice(t, bob, "BOB")))
	require.NoError(t, err)
	for name, p := range others(t, event) {
		err := failtest.Refused(t, func() error {
			k, err := p.ForwardedRoomKey()
			require.True(t, k.IsZero() && k.Export().IsZero() && k.SecretJSON() == nil, name)
			return err
		}, plaintextSubject{p})
		require.True(t, errors.Is(err, events.ErrNotOurUser) || errors.Is(err, events.ErrUnknownDevice), name)
	}
}

// V17: so does a secret.
func TestAttack_V17_SecretByOthers(t *testing.T) {
	t.Parallel()
	event, err := events.NewSecretSend("id", []byte("poison"))
	require.NoError(t, err)
	for name, p := range others(t, event) {
		err := failtest.Refused(t, func() error {
			s, err := p.SecretSend()
			require.True(t, s.IsZero() && s.Secret() == nil && s.RequestID() == "", name)
			return err
		}, plaintextSubject{p})
		require.True(t, errors.Is(err, events.ErrNotOurUser) || errors.Is(err, events.ErrUnknownDevice), name)
	}
}

// C28: what is said to be withheld changes nothing for a key that is there.
func TestAttack_C28_WithheldIsAHint(t *testing.T) {
	t.Parallel()
	a, b := newDevice(t, alice, "ALICE"), newDevice(t, bob, "BOB")
	c := newConversation(t)
	event, err := events.NewRoomKey(c.out, room, false)
	require.NoError(t, err)
	w, err := events.NewWithheld(events.Blacklisted, "", room, c.out.ID(), a.keys.Curve25519())
	require.NoError(t, err)
	_, err = events.ParseWithheld(marshal(t, w))
	require.NoError(t, err)
	k, err := open(t, a, b, knows(a.keys), event).RoomKey()
	require.NoError(t, err)
	require.Equal(t, w.SessionID(), k.SessionID())
	// In an Olm payload it is an event like any other, and no key.
	getRefused(t, events.ErrType, open(t, a, b, knows(a.keys), outgoing(t, events.TypeWithheld, decode(t, w))), getRoomKey)
}
