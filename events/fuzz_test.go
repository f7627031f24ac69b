package events_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/events"
)

// fuzzContent: what is read keeps its bytes, and is read again as the same.
func fuzzContent[T json.Marshaler](f *testing.F, parse func([]byte) (T, error), seeds ...any) {
	for _, s := range seeds {
		f.Add(marshal(f, s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		before := bytes.Clone(text)
		c, err := parse(text)
		require.Equal(t, before, text)
		if err != nil {
			return
		}
		kept, err := c.MarshalJSON()
		require.NoError(t, err)
		require.Equal(t, text, kept)
		again, err := parse(kept)
		require.NoError(t, err)
		require.Equal(t, c, again)
	})
}

func FuzzOlmContent(f *testing.F) {
	a, b := newDevice(f, alice, "ALICE"), newDevice(f, bob, "BOB")
	c, err := events.SealOlm(a.session(f, b), a.keys, b.keys, events.NewDummy())
	require.NoError(f, err)
	fuzzContent(f, func(text []byte) (*events.OlmEncrypted, error) {
		c, err := events.ParseOlm(text)
		if err == nil {
			c.Message(b.keys.Curve25519())
		}
		return c, err
	}, c)
}

func FuzzMegolmContent(f *testing.F) {
	fuzzContent(f, events.ParseMegolm, newConversation(f).seal(object{"a": 1}))
}

// FuzzRoomEvent: what is taken says, read by encoding/json, the same, and is of
// the room that it is asked for.
func FuzzRoomEvent(f *testing.F) {
	good := newConversation(f).roomEvent("$1")
	f.Add(marshal(f, good), room)
	f.Add(marshal(f, good), "")
	f.Add(marshal(f, but(good, func(o object) { delete(o, "room_id"); delete(o, "unsigned") })), room)
	f.Add(marshal(f, but(good, func(o object) { o["content"] = object{} })), room)
	f.Add([]byte(`{"type":"m.room.encrypted","room_id":"a","room_id":"b","event_id":"c","sender":"d","origin_server_ts":-1,"content":{}}`), "")
	f.Fuzz(func(t *testing.T, text []byte, roomID string) {
		before := bytes.Clone(text)
		e, content, err := events.ParseRoomEvent(text, roomID)
		require.Equal(t, before, text)
		if err != nil {
			require.Zero(t, e)
			require.Nil(t, content)
			return
		}
		var want map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(text, &want))
		says := func(name string, value any) {
			t.Helper()
			require.JSONEq(t, string(marshal(t, value)), string(want[name]), name)
		}
		says("type", events.TypeEncrypted)
		says("event_id", e.EventID)
		says("sender", e.Sender)
		says("origin_server_ts", e.Timestamp)
		if roomID == "" || want["room_id"] != nil {
			says("room_id", e.RoomID)
		}
		require.True(t, roomID == "" || e.RoomID == roomID)
		kept, err := content.MarshalJSON()
		require.NoError(t, err)
		require.Equal(t, string(want["content"]), string(kept))
	})
}

func FuzzRoomKeyRequest(f *testing.F) {
	r, err := events.NewRoomKeyRequest("id", "DEVICE", room, "session")
	require.NoError(f, err)
	c, err := r.Cancellation()
	require.NoError(f, err)
	fuzzContent(f, events.ParseRoomKeyRequest, r, c)
}

func FuzzSecretRequest(f *testing.F) {
	r, err := events.NewSecretRequest("id", "DEVICE", "name")
	require.NoError(f, err)
	fuzzContent(f, events.ParseSecretRequest, r)
}

func FuzzWithheld(f *testing.F) {
	k := newDevice(f, alice, "ALICE").keys.Curve25519()
	one, err := events.NewWithheld(events.Unverified, "reason", room, "session", k)
	require.NoError(f, err)
	two, err := events.NewWithheld(events.NoOlm, "", "", "", k)
	require.NoError(f, err)
	fuzzContent(f, events.ParseWithheld, one, two)
}

// FuzzOlmPayload: behind the encryption. What passes all checks says, read by
// encoding/json, what the checks demand.
func FuzzOlmPayload(f *testing.F) {
	a, b := newDevice(f, alice, "ALICE"), newDevice(f, bob, "BOB")
	good := payload(f, a, b, outgoing(f, "m.test", object{"a": 1}))
	f.Add(marshal(f, good))
	f.Add(marshal(f, but(good, func(o object) { delete(o, "sender_device_keys") })))
	content := parseOlm(f, olmContent(a, b, object{}))
	r := b.receiver(f, knows(a.keys))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := r.Check(alice, content, bytes.Clone(text))
		if err != nil {
			require.True(t, p.IsZero())
			return
		}
		o := decode(t, text)
		require.Equal(t, alice, o["sender"])
		require.Equal(t, bob, o["recipient"])
		require.Equal(t, p.Type(), o["type"])
		require.Equal(t, events.Known, p.Sender().Origin())
		require.Same(t, a.keys, p.Sender().Device())
		require.Equal(t, o["content"], any(decode(t, p.SecretContent())))
	})
}

// fuzzCarried: a content that passed the checks of the payload, and what it
// carries.
func fuzzCarried(f *testing.F, event events.Outgoing, read func(p events.Plaintext) (secretJSON []byte, err error)) {
	one, two := newDevice(f, alice, "ONE"), newDevice(f, alice, "TWO")
	content := parseOlm(f, olmContent(one, two, object{}))
	r := two.receiver(f, knows(one.keys))
	f.Add(event.SecretContent())
	f.Fuzz(func(t *testing.T, text []byte) {
		event, err := events.NewOutgoing(event.Type(), text)
		if err != nil {
			return
		}
		b, err := events.Payload(one.keys, two.keys, events.EventOf(event))
		require.NoError(t, err)
		p, err := r.Check(alice, content, b)
		require.NoError(t, err)
		raw, err := read(p)
		if err == nil {
			require.Equal(t, bytes.TrimSpace(text), bytes.TrimSpace(raw))
		}
	})
}

func FuzzRoomKey(f *testing.F) {
	out, _ := group(f)
	event, err := events.NewRoomKey(out, room, true)
	require.NoError(f, err)
	fuzzCarried(f, event, func(p events.Plaintext) ([]byte, error) {
		k, err := p.RoomKey()
		if err == nil && (k.SessionID() != k.SessionKey().SessionID() || k.RoomID() == "") {
			panic("accepted")
		}
		return k.SecretJSON(), err
	})
}

func FuzzForwardedRoomKey(f *testing.F) {
	_, in := group(f)
	export, err := in.Export()
	require.NoError(f, err)
	event, err := events.NewForwardedRoomKey(export, forwarding(newDevice(f, bob, "BOB")))
	require.NoError(f, err)
	fuzzCarried(f, event, func(p events.Plaintext) ([]byte, error) {
		k, err := p.ForwardedRoomKey()
		return k.SecretJSON(), err
	})
}

func FuzzSecretSend(f *testing.F) {
	event, err := events.NewSecretSend("id", []byte("secret \" \\ \u00e9"))
	require.NoError(f, err)
	fuzzCarried(f, event, func(p events.Plaintext) ([]byte, error) {
		s, err := p.SecretSend()
		return s.SecretJSON(), err
	})
}

// FuzzMegolmPayload: behind the encryption.
func FuzzMegolmPayload(f *testing.F) {
	f.Add([]byte(`{"type":"m.room.message","content":{"body":"a"},"room_id":"` + room + `"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		c := newConversation(t)
		d, err := c.in.Open(event("$1"), c.encrypt(text))
		if err != nil {
			require.Zero(t, c.in.Guard.Len())
			return
		}
		o := decode(t, text)
		require.Equal(t, room, o["room_id"])
		require.Equal(t, d.Type(), o["type"])
		require.Equal(t, o["content"], any(decode(t, d.Content())))
	})
}

func FuzzReplayGuard(f *testing.F) {
	c := newConversation(f)
	for _, id := range []string{"$1", "$2"} {
		f.Add(c.state())
		_, err := c.in.Open(event(id), c.seal(object{}))
		require.NoError(f, err)
	}
	f.Fuzz(func(t *testing.T, state []byte) {
		g, err := events.ReadReplayGuard(state)
		if err != nil {
			return
		}
		again, err := g.State()
		require.NoError(t, err)
		require.Equal(t, state, again)
	})
}

// FuzzUnquote: the reader of secret strings agrees with encoding/json wherever
// that does not mend what is broken.
func FuzzUnquote(f *testing.F) {
	for _, s := range []string{`"a"`, `""`, `"\ud83d\ude00"`, `"\ud83d"`, `"\"\\\/\b\f\n\r\t\u00E9"`, `1`, `"\ud83dx"`, `"\ude00\ud83d"`, `"\ud83d\u0041"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		raw = bytes.TrimSpace(raw)
		if !utf8.Valid(raw) || !json.Valid(raw) {
			return
		}
		got, ok := events.Unquote(raw)
		var want string
		if json.Unmarshal(raw, &want) != nil || raw[0] != '"' {
			require.False(t, ok)
			return
		}
		if !ok {
			require.Contains(t, want, "\ufffd")
			return
		}
		require.Equal(t, want, string(got))
		again, ok := events.Unquote(events.Quote(got))
		require.True(t, ok)
		require.Equal(t, got, again)
		require.True(t, json.Valid(events.Quote(got)))
	})
}
