package events_test

import (
	"bytes"
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
	_, err = events.NewRoomKey(out, "", false)
	requireMalformed(t, err)
	_, err = events.NewRoomKey(out, "\xff", false)
	requireMalformed(t, err)
	out.Close()
	_, err = events.NewRoomKey(out, room, false)
	require.ErrorIs(t, err, megolm.ErrClosed)
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

// refuses demands that contents with one member changed are refused.
func refuses(t *testing.T, good object, names []string, read func(content object) error) {
	t.Helper()
	require.NoError(t, read(good))
	require.NoError(t, read(but(good, func(o object) { o["org.example"] = object{"float": -1.5e300} })))
	for _, name := range names {
		for _, bad := range []any{nil, 1, 1.5, "", true, object{"a": 1}, []any{1}} {
			requireMalformed(t, read(but(good, func(o object) { o[name] = bad })), name)
		}
		requireMalformed(t, read(but(good, func(o object) { delete(o, name) })), name)
		upper := string(bytes.ToUpper([]byte(name)))
		requireMalformed(t, read(but(good, func(o object) { o[upper] = o[name]; delete(o, name) })), name)
	}
}

func TestRoomKeyRefuses(t *testing.T) {
	t.Parallel()
	a, b := newDevice(t, alice, "ALICE"), newDevice(t, bob, "BOB")
	out, _ := group(t)
	event, err := events.NewRoomKey(out, room, false)
	require.NoError(t, err)
	good := decode(t, event.SecretContent())
	read := func(content object) error {
		_, err := open(t, a, b, nil, outgoing(t, events.TypeRoomKey, content)).RoomKey()
		return err
	}
	refuses(t, good, []string{"algorithm", "room_id", "session_id", "session_key"}, read)
	for _, algorithm := range []string{"m.megolm.v2.aes-sha2", olmV1, "m.megolm.v1.AES-sha2", "none"} {
		require.ErrorIs(t, read(but(good, func(o object) { o["algorithm"] = algorithm })), events.ErrAlgorithm)
	}
	text := []byte(good["session_key"].(string))
	text[300] ^= 1
	require.Error(t, read(but(good, func(o object) { o["session_key"] = string(text) })))
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
	for _, id := range []string{other.ID(), out.ID() + "=", "x" + out.ID()[1:]} {
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
	read := func(content object) error {
		_, err := open(t, one, two, knows(one.keys), outgoing(t, events.TypeForwardedRoomKey, content)).ForwardedRoomKey()
		return err
	}
	refuses(t, want, []string{"algorithm", "room_id", "session_id", "session_key", "sender_key", "sender_claimed_ed25519_key",
		"forwarding_curve25519_key_chain"}, read)
	for _, bad := range []any{1, "m.unverified", object{}, object{"code": 1}, object{"code": "a", "reason": 1}} {
		requireMalformed(t, read(but(want, func(o object) { o["withheld"] = bad })))
	}
	require.NoError(t, read(but(want, func(o object) { o["withheld"] = nil })))

	for name, change := range map[string]func(f *events.Forwarding){
		"sender key": func(f *events.Forwarding) { f.SenderKey = keys.Curve25519{} },
		"Ed25519":    func(f *events.Forwarding) { f.ClaimedEd25519 = keys.Ed25519{} },
		"chain":      func(f *events.Forwarding) { f.Chain = make([]keys.Curve25519, 1) },
	} {
		bad := forwarding(maker)
		change(&bad)
		_, err = events.NewForwardedRoomKey(export, bad)
		require.ErrorIs(t, err, keys.ErrAbsent, name)
	}
	_, err = events.NewForwardedRoomKey(megolm.ExportedSession{}, f)
	require.ErrorIs(t, err, keys.ErrAbsent)
	_, err = events.NewForwardedRoomKey(export, events.Forwarding{SenderKey: f.SenderKey, ClaimedEd25519: f.ClaimedEd25519})
	requireMalformed(t, err)
}

// Row G12.
func TestSecretSend(t *testing.T) {
	t.Parallel()
	one, two := newDevice(t, alice, "ONE"), newDevice(t, alice, "TWO")
	const value = "a \"secret\"\\/\x01\u2028\U0001f600"
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

	refuses(t, decode(t, event.SecretContent()), []string{"request_id", "secret"}, func(content object) error {
		_, err := open(t, one, two, knows(one.keys), outgoing(t, events.TypeSecretSend, content)).SecretSend()
		return err
	})
	_, err = events.NewSecretSend("id", nil)
	require.ErrorIs(t, err, keys.ErrAbsent)
	for _, bad := range [][2]string{{"", "a"}, {"\xff", "a"}, {"id", "\xff"}} {
		_, err = events.NewSecretSend(bad[0], []byte(bad[1]))
		requireMalformed(t, err)
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
		parseRefused(t, events.ParseOlm, event.SecretContent())
		// Encrypted with Megolm, as a to-device event.
		content, err := events.SealMegolm(out, one.keys, room, event.Type(), event.SecretContent())
		require.NoError(t, err)
		require.ErrorIs(t, parseRefused(t, events.ParseOlm, marshal(t, content)), events.ErrAlgorithm)
		disguised := decode(t, content)
		disguised["algorithm"] = olmV1
		requireMalformed(t, parseRefused(t, events.ParseOlm, marshal(t, disguised)), "the ciphertext is no map")
		// Encrypted with Olm, in a room's timeline.
		olm, err := events.SealOlm(one.session(t, two), one.keys, two.keys, event)
		require.NoError(t, err)
		require.ErrorIs(t, parseRefused(t, events.ParseMegolm, marshal(t, olm)), events.ErrAlgorithm)
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
