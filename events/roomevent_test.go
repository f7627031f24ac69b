package events_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/events"
)

// roomEvent returns a room event as a server has it.
func (c *conversation) roomEvent(id string) object {
	e := event(id)
	return object{"type": events.TypeEncrypted, "room_id": e.RoomID, "event_id": e.EventID, "sender": e.Sender,
		"origin_server_ts": e.Timestamp, "content": c.seal(object{"body": "hello"}), "unsigned": object{"age": 1.5}}
}

func TestParseRoomEvent(t *testing.T) {
	t.Parallel()
	c := newConversation(t)
	good := c.roomEvent("$1")
	for _, roomID := range []string{room, ""} {
		place, content, err := events.ParseRoomEvent(marshal(t, good), roomID)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(event("$1"), place))
		d, err := c.in.Open(place, content)
		require.NoError(t, err)
		require.JSONEq(t, `{"body":"hello"}`, string(d.Content()))
	}
	// As an answer to /sync has it.
	bare := marshal(t, but(good, func(o object) { delete(o, "room_id") }))
	place, _, err := events.ParseRoomEvent(bare, room)
	require.NoError(t, err)
	require.Equal(t, event("$1"), place)
	readRoomEvent(t, "").wrong(t, "events: room event: room_id is not", bare)
}

// readRoomEvent is the reading of an event that was found in a room.
func readRoomEvent(t *testing.T, roomID string) reading {
	return parses(t, func(text []byte) (*events.MegolmEncrypted, error) {
		place, content, err := events.ParseRoomEvent(text, roomID)
		if err != nil {
			require.Zero(t, place)
			require.Nil(t, content)
		}
		return content, err
	})
}

func TestParseRoomEventRefuses(t *testing.T) {
	t.Parallel()
	good := newConversation(t).roomEvent("$1")
	const what = "events: room event"
	read := readRoomEvent(t, room)
	readRoomEvent(t, "").wrongMembers(t, what, good, "type", "event_id", "sender", "room_id")
	read.wrongMembers(t, what, good, "type", "event_id", "sender")
	for _, bad := range []any{nil, 1, 1.5, "", true, object{"a": 1}, object{}, []any{1}} {
		read.wrong(t, "events: m.room.encrypted (Megolm): ", but(good, func(o object) { o["content"] = bad }))
	}
	read.wrong(t, "events: m.room.encrypted (Megolm): ", but(good, func(o object) { delete(o, "content") }))
	for _, bad := range []any{nil, "1", true, object{}, []any{1}} {
		read.wrong(t, what+": origin_server_ts is not an integer", but(good, func(o object) { o["origin_server_ts"] = bad }))
	}
	for _, bad := range []float64{1.5, 1e300} {
		read.wrong(t, what+": origin_server_ts: a number", but(good, func(o object) { o["origin_server_ts"] = bad }))
	}
	read.wrong(t, what+": origin_server_ts is not an integer", but(good, func(o object) { delete(o, "origin_server_ts") }))
	read.wrong(t, what+": not valid JSON", []byte(strings.Replace(string(marshal(t, good)), "1700000000000", "01", 1)))
	for _, kind := range []string{"m.room.message", "M.room.encrypted", "m.room.encrypted "} {
		read.refuses(t, events.ErrType, but(good, func(o object) { o["type"] = kind }))
	}
	read.refuses(t, events.ErrAlgorithm, but(good, func(o object) { o["content"] = object{"algorithm": olmV1} }))
	for _, text := range []string{``, `[]`, `null`, `{`, string(marshal(t, good)) + "x"} {
		read.wrong(t, what+": not ", []byte(text))
	}
}

// C06: what the server says around an event and in it is the same room, and each
// member stands once, so that no two readers of the event see another one.
func TestAttack_C06_RoomOfAnEvent(t *testing.T) {
	t.Parallel()
	good := newConversation(t).roomEvent("$1")
	text := string(marshal(t, good))
	read := readRoomEvent(t, room)
	for _, bad := range []any{"!other:example.org", "", nil, 1, room + " "} {
		read.wrong(t, "events: room event: room_id is not ", but(good, func(o object) { o["room_id"] = bad }))
	}
	for _, name := range []string{"room_id", "event_id", "sender", "origin_server_ts", "type", "content", "other"} {
		for _, twice := range []string{`{"` + name + `":1,`, `{"` + name + `":1,"` + name + `":2,`} {
			if name == "other" && !strings.Contains(twice, "2") {
				continue
			}
			read.wrong(t, "stands twice", []byte(strings.Replace(text, "{", twice, 1)))
		}
	}
}
