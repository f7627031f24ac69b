package events_test

import (
	"encoding/json"
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
	_, _, err = events.ParseRoomEvent(bare, "")
	requireMalformed(t, err)
}

func TestParseRoomEventRefuses(t *testing.T) {
	t.Parallel()
	good := newConversation(t).roomEvent("$1")
	read := func(roomID string) func(object) error {
		return func(o object) error {
			place, content, err := events.ParseRoomEvent(marshal(t, o), roomID)
			if err != nil {
				require.Zero(t, place)
				require.Nil(t, content)
			}
			return err
		}
	}
	refuses(t, good, []string{"type", "event_id", "sender", "content", "room_id"}, read(""))
	refuses(t, good, []string{"type", "event_id", "sender", "content"}, read(room))
	for _, bad := range []any{nil, "1", 1.5, 1e300, true, object{}, []any{1}, json.RawMessage("01")} {
		if raw, ok := bad.(json.RawMessage); ok {
			text := strings.Replace(string(marshal(t, good)), "1700000000000", string(raw), 1)
			_, _, err := events.ParseRoomEvent([]byte(text), room)
			requireMalformed(t, err)
			continue
		}
		requireMalformed(t, read(room)(but(good, func(o object) { o["origin_server_ts"] = bad })))
	}
	requireMalformed(t, read(room)(but(good, func(o object) { delete(o, "origin_server_ts") })))
	for _, kind := range []string{"m.room.message", "M.room.encrypted", "m.room.encrypted "} {
		require.ErrorIs(t, read(room)(but(good, func(o object) { o["type"] = kind })), events.ErrType)
	}
	require.ErrorIs(t, read(room)(but(good, func(o object) { o["content"] = object{"algorithm": olmV1} })), events.ErrAlgorithm)
	requireMalformed(t, read(room)(but(good, func(o object) { o["content"] = object{} })), "redacted")
	for _, text := range []string{``, `[]`, `null`, `{`, string(marshal(t, good)) + "x"} {
		_, _, err := events.ParseRoomEvent([]byte(text), room)
		requireMalformed(t, err, text)
	}
}

// C06: what the server says around an event and in it is the same room, and each
// member stands once, so that no two readers of the event see another one.
func TestAttack_C06_RoomOfAnEvent(t *testing.T) {
	t.Parallel()
	good := newConversation(t).roomEvent("$1")
	text := string(marshal(t, good))
	parse := func(text []byte) (*events.MegolmEncrypted, error) {
		_, content, err := events.ParseRoomEvent(text, room)
		return content, err
	}
	for _, bad := range []any{"!other:example.org", "", nil, 1, room + " "} {
		requireMalformed(t, parseRefused(t, parse, marshal(t, but(good, func(o object) { o["room_id"] = bad }))))
	}
	for _, name := range []string{"room_id", "event_id", "sender", "origin_server_ts", "type", "content", "other"} {
		for _, twice := range []string{`{"` + name + `":1,`, `{"` + name + `":1,"` + name + `":2,`} {
			if name == "other" && !strings.Contains(twice, "2") {
				continue
			}
			requireMalformed(t, parseRefused(t, parse, []byte(strings.Replace(text, "{", twice, 1))), twice)
		}
	}
}
