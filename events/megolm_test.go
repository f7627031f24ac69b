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
	"github.com/chappe-e2ee/chappe/megolm"
)

// conversation is a Megolm session from Alice to a room.
type conversation struct {
	t     testing.TB
	alice *device
	out   *megolm.OutboundSession
	in    events.RoomSession
}

func newConversation(t testing.TB) *conversation {
	t.Helper()
	out, in := group(t)
	return &conversation{t, newDevice(t, alice, "ALICE"), out,
		events.RoomSession{Session: in, Guard: events.NewReplayGuard(in), RoomID: room, Owner: alice}}
}

func (c *conversation) seal(content any) *events.MegolmEncrypted {
	c.t.Helper()
	e, err := events.SealMegolm(c.out, c.alice.keys, room, "m.room.message", marshal(c.t, content))
	require.NoError(c.t, err)
	return e
}

// encrypt encrypts what need not be a payload.
func (c *conversation) encrypt(plaintext []byte) *events.MegolmEncrypted {
	c.t.Helper()
	m, err := c.out.Encrypt(plaintext)
	require.NoError(c.t, err)
	return c.content(object{"algorithm": megolmV1, "session_id": c.out.ID(), "ciphertext": m.String()})
}

func (c *conversation) content(content object) *events.MegolmEncrypted {
	c.t.Helper()
	e, err := events.ParseMegolm(marshal(c.t, content))
	require.NoError(c.t, err)
	return e
}

func (c *conversation) state() []byte {
	b, err := c.in.Guard.State()
	require.NoError(c.t, err)
	return b
}

func event(id string) events.RoomEvent {
	return events.RoomEvent{RoomID: room, EventID: id, Sender: alice, Timestamp: 1700000000000}
}

func TestMegolm(t *testing.T) {
	t.Parallel()
	c := newConversation(t)
	relation := object{"rel_type": "m.thread", "event_id": "$a"}
	sent := c.seal(object{"body": "hello", "float": 1.5, "m.relates_to": relation})
	want := object{"algorithm": megolmV1, "sender_key": c.alice.keys.Curve25519().String(), "device_id": "ALICE",
		"session_id": c.out.ID(), "ciphertext": sent.Message().String(), "m.relates_to": relation}
	require.Empty(t, cmp.Diff(want, decode(t, sent)))
	d, err := c.in.Open(event("$1"), c.content(decode(t, sent)))
	require.NoError(t, err)
	require.Equal(t, "m.room.message", d.Type())
	require.JSONEq(t, string(marshal(t, object{"body": "hello", "float": 1.5, "m.relates_to": relation})), string(d.Content()))
	require.Zero(t, d.Index())
	require.True(t, d.KnownOwner())
	d, err = c.in.Open(event("$2"), c.seal(object{}))
	require.NoError(t, err)
	require.Equal(t, uint32(1), d.Index())
	require.True(t, events.Decrypted{}.IsZero())
}

func TestSealMegolmRefuses(t *testing.T) {
	t.Parallel()
	c := newConversation(t)
	seal := func(s *megolm.OutboundSession, from *crosssigning.DeviceKeys, roomID, eventType, content string) func() error {
		return func() error { return errOf(events.SealMegolm(s, from, roomID, eventType, []byte(content))) }
	}
	for content, words := range map[string]string{``: "not valid JSON", `[]`: "not an object", `{"a":1,"a":2}`: "a name stands twice", `null`: "not an object",
		`{"m.relates_to":1.5}`: "m.relates_to: a number", `{"m.relates_to":{"a":1,"a":1}}`: "m.relates_to: a name stands twice"} {
		wrong(t, "events: Megolm payload: "+words, seal(c.out, c.alice.keys, room, "m.test", content), c, moves{c.out})
	}
	const content = `{"body":"` + marker + `"}`
	for _, bad := range [][2]string{{"", "m.test"}, {room, ""}, {"\xff", "m.test"}, {room, "\xff"}} {
		wrong(t, "a text is empty", seal(c.out, c.alice.keys, bad[0], bad[1], content), c, moves{c.out})
	}
	absent(t, seal(nil, c.alice.keys, room, "m.test", content), c)
	absent(t, seal(c.out, nil, room, "m.test", content), c, moves{c.out})
	require.Zero(t, c.out.Index(), "nothing was encrypted")
	c.out.Close()
	failtest.RefusedWith(t, megolm.ErrClosed, seal(c.out, c.alice.keys, room, "m.test", content), c, moves{c.out})
}

// Row B16.
func TestParseMegolm(t *testing.T) {
	t.Parallel()
	c := newConversation(t)
	good := decode(t, c.seal(object{}))
	delete(good, "sender_key")
	delete(good, "device_id")
	const what = "events: m.room.encrypted (Megolm)"
	read := parses(t, events.ParseMegolm)
	read.wrongMembers(t, what, good, "algorithm", "session_id", "ciphertext")
	read.wrong(t, what+": not valid JSON", []byte("{"))
	read.wrong(t, what+": megolm: message: ", but(good, func(o object) { o["ciphertext"] = "A" }))
	for _, algorithm := range []string{olmV1, "m.megolm.v2.aes-sha2", "M.megolm.v1.aes-sha2"} {
		read.refuses(t, events.ErrAlgorithm, but(good, func(o object) { o["algorithm"] = algorithm }))
	}
	absent(t, func() error { return errOf(json.Marshal(&events.MegolmEncrypted{})) })
}

// C05: the fields that the server can write say nothing.
func TestAttack_C05_SenderKeyAndDeviceIDIgnored(t *testing.T) {
	t.Parallel()
	c := newConversation(t)
	content := decode(t, c.seal(object{"body": "hello"}))
	var first events.Decrypted
	for i, value := range []any{"x", c.out.ID(), 1, 1.5, nil, object{"a": 1}, []any{}, "", true} {
		content["sender_key"], content["device_id"] = value, value
		d, err := c.in.Open(event("$1"), c.content(content))
		require.NoError(t, err)
		if i == 0 {
			first = d
		}
		require.Equal(t, first.Type(), d.Type())
		require.Equal(t, first.Content(), d.Content())
		require.Equal(t, first.Index(), d.Index())
	}
	require.Equal(t, 1, c.in.Guard.Len())
}

// C06: an event of one room does not pass in another, whichever of the two
// places the server could change.
func TestAttack_C06_Room(t *testing.T) {
	t.Parallel()
	c := newConversation(t)
	const other = "!other:example.org"
	moved := event("$1")
	moved.RoomID = other
	sent := c.seal(object{"body": marker})
	require.ErrorIs(t, c.refused(c.in, moved, sent), events.ErrSessionRoom)
	elsewhere := c.in
	elsewhere.RoomID = other
	require.ErrorIs(t, c.refused(elsewhere, event("$1"), sent), events.ErrSessionRoom)
	require.ErrorIs(t, c.refused(elsewhere, moved, sent), events.ErrRoom)
	for _, payload := range []string{`{"type":"a","content":{}}`, `{"type":"a","content":{"a":"` + marker + `"},"Room_id":"` + room + `"}`,
		`{"type":"a","content":{"a":"` + marker + `"},"room_id":1}`, `{"type":"a","content":{},"room_id":""}`,
		`{"type":"a","content":{},"room_id":"` + room + `","room_id":"` + room + `"}`,
		`{"type":1,"content":{},"room_id":"` + room + `"}`, `{"content":{},"room_id":"` + room + `"}`,
		`{"type":"a","content":["` + marker + `"],"room_id":"` + room + `"}`, `{"type":"a","room_id":"` + room + `"}`, `not JSON: ` + marker, ``} {
		c.wrong("events: Megolm payload: ", c.encrypt([]byte(payload)))
	}
	_, err := c.in.Open(event("$1"), sent)
	require.NoError(t, err)
}

// C03: a session is its owner's: nobody else's event passes under it.
func TestAttack_C03_SessionOwner(t *testing.T) {
	t.Parallel()
	c := newConversation(t)
	posed := event("$1")
	posed.Sender = bob
	sent := c.seal(object{"body": marker})
	require.ErrorIs(t, c.refused(c.in, posed, sent), events.ErrSessionOwner)
	require.Zero(t, c.in.Guard.Len())
	c.in.Owner = ""
	d, err := c.in.Open(posed, sent)
	require.NoError(t, err)
	require.False(t, d.KnownOwner())
}

func TestOpenRoomEventRefuses(t *testing.T) {
	t.Parallel()
	c, other := newConversation(t), newConversation(t)
	sent := c.seal(object{})
	for name, change := range map[string]func(s *events.RoomSession){
		"no session": func(s *events.RoomSession) { s.Session = nil },
		"no guard":   func(s *events.RoomSession) { s.Guard = nil },
		"no room":    func(s *events.RoomSession) { s.RoomID = "" },
	} {
		s := c.in
		change(&s)
		require.ErrorIs(t, c.refused(s, event("$1"), sent), keys.ErrAbsent, name)
	}
	sessions := map[string]events.RoomSession{}
	require.ErrorIs(t, c.refused(sessions["other"], event("$1"), sent), events.ErrNoRoomSession)
	require.ErrorIs(t, c.refused(events.RoomSession{}, events.RoomEvent{}, nil), events.ErrNoRoomSession)
	require.ErrorIs(t, c.refused(events.RoomSession{RoomID: room}, event("$1"), sent), keys.ErrAbsent)
	require.ErrorIs(t, c.refused(c.in, event(""), sent), keys.ErrAbsent)
	require.ErrorIs(t, c.refused(c.in, event("$1"), nil), keys.ErrAbsent)
	s := c.in
	s.Guard = other.in.Guard
	require.ErrorIs(t, c.refused(s, event("$1"), sent), events.ErrForeignSession)
	s.Guard = new(events.ReplayGuard)
	require.ErrorIs(t, c.refused(s, event("$1"), sent), events.ErrForeignSession)
	require.ErrorIs(t, c.refused(c.in, event("$1"), other.seal(object{})), events.ErrForeignSession)

	// The id of one session over a message of another.
	content := decode(t, other.seal(object{}))
	content["session_id"] = c.out.ID()
	require.ErrorIs(t, c.refused(c.in, event("$1"), c.content(content)), megolm.ErrSignature)
	require.Zero(t, c.in.Guard.Len())
	c.in.Session.Close()
	failtest.RefusedWith(t, megolm.ErrClosed, func() error { return errOf(c.in.Open(event("$1"), sent)) },
		failtest.Input(c.state()), failtest.Input(marshal(t, sent)))
}
