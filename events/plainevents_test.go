package events_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/events"
	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
)

// Row I13.
func TestRoomKeyRequest(t *testing.T) {
	t.Parallel()
	r, err := events.NewRoomKeyRequest("id", "DEVICE", room, "session")
	require.NoError(t, err)
	want := object{"action": "request", "request_id": "id", "requesting_device_id": "DEVICE",
		"body": object{"algorithm": megolmV1, "room_id": room, "session_id": "session"}}
	require.Equal(t, want, decode(t, r))
	require.Equal(t, []string{"id", "DEVICE", megolmV1, room, "session"},
		[]string{r.RequestID(), r.DeviceID(), r.Algorithm(), r.RoomID(), r.SessionID()})
	require.False(t, r.IsCancellation())
	c, err := r.Cancellation()
	require.NoError(t, err)
	require.True(t, c.IsCancellation())
	require.Equal(t, object{"action": "request_cancellation", "request_id": "id", "requesting_device_id": "DEVICE"}, decode(t, c))

	const what = "events: m.room_key_request"
	read := parses(t, events.ParseRoomKeyRequest)
	read.wrongMembers(t, what, want, "action", "request_id", "requesting_device_id")
	read.wrongMembers(t, what, decode(t, c), "action", "request_id", "requesting_device_id")
	withBody := func(body any) object { return but(want, func(o object) { o["body"] = body }) }
	reading(func(body any) (func() error, failtest.Subject) { return read(withBody(body)) }).
		wrongMembers(t, what+": body", want["body"].(object), "algorithm", "room_id", "session_id")
	for _, body := range []any{nil, 1, 1.5, "", true, []any{1}} {
		read.wrong(t, what+": body is not an object", withBody(body))
	}
	// sender_key is not read, whatever it is.
	read.takes(t, withBody(but(want["body"].(object), func(o object) { o["sender_key"] = 1 })))
	for _, bad := range [][4]string{{"", "D", room, "s"}, {"i", "", room, "s"}, {"i", "D", "", "s"}, {"i", "D", room, ""}, {"\xff", "D", room, "s"}} {
		wrong(t, what, func() error { return errOf(events.NewRoomKeyRequest(bad[0], bad[1], bad[2], bad[3])) })
	}
	read.wrong(t, what+": unknown action", but(want, func(o object) { o["action"] = "Request" }))
	read.wrong(t, what+": not an object", []byte("[]"))
	absent(t, func() error { return errOf(json.Marshal(&events.RoomKeyRequest{})) })
}

func TestSecretRequest(t *testing.T) {
	t.Parallel()
	r, err := events.NewSecretRequest("id", "DEVICE", "m.megolm_backup.v1")
	require.NoError(t, err)
	want := object{"action": "request", "request_id": "id", "requesting_device_id": "DEVICE", "name": "m.megolm_backup.v1"}
	require.Equal(t, want, decode(t, r))
	require.Equal(t, []string{"id", "DEVICE", "m.megolm_backup.v1"}, []string{r.RequestID(), r.DeviceID(), r.Name()})
	require.False(t, r.IsCancellation())
	c, err := r.Cancellation()
	require.NoError(t, err)
	require.True(t, c.IsCancellation())
	require.Equal(t, object{"action": "request_cancellation", "request_id": "id", "requesting_device_id": "DEVICE"}, decode(t, c))
	const what = "events: m.secret.request"
	read := parses(t, events.ParseSecretRequest)
	read.wrongMembers(t, what, want, "action", "request_id", "requesting_device_id", "name")
	read.wrongMembers(t, what, decode(t, c), "action", "request_id", "requesting_device_id")
	read.wrong(t, what+": name: a number", but(want, func(o object) { o["name"] = 1.5 }))
	wrong(t, what+": name is not", func() error { return errOf(events.NewSecretRequest("id", "DEVICE", "")) })
	absent(t, func() error { return errOf(json.Marshal(&events.SecretRequest{})) })
}

// Row I14.
func TestWithheld(t *testing.T) {
	t.Parallel()
	key := newDevice(t, alice, "ALICE").keys.Curve25519()
	const what = "events: m.room_key.withheld"
	read := parses(t, events.ParseWithheld)
	for _, code := range []events.Code{events.Blacklisted, events.Unverified, events.Unauthorised, events.Unavailable,
		events.HistoryNotShared, "org.example.mood"} {
		w, err := events.NewWithheld(code, "because", room, "session", key)
		require.NoError(t, err)
		want := object{"algorithm": megolmV1, "sender_key": key.String(), "code": string(code), "reason": "because",
			"room_id": room, "session_id": "session"}
		require.Equal(t, want, decode(t, w))
		require.Equal(t, []string{string(code), "because", room, "session"}, []string{string(w.Code()), w.Reason(), w.RoomID(), w.SessionID()})
		require.Equal(t, key, w.SenderKey())
		delete(want, "reason")
		read.wrongMembers(t, what, want, "algorithm", "sender_key", "code", "room_id", "session_id")
	}
	w, err := events.NewWithheld(events.NoOlm, "", "", "", key)
	require.NoError(t, err)
	want := object{"algorithm": megolmV1, "sender_key": key.String(), "code": "m.no_olm"}
	require.Equal(t, want, decode(t, w))
	require.Empty(t, w.RoomID()+w.SessionID()+w.Reason())
	read.wrongMembers(t, what, want, "algorithm", "sender_key", "code")
	for _, name := range []string{"reason", "room_id", "session_id"} {
		read.wrong(t, what+": "+name+" is not a string", but(want, func(o object) { o[name] = 1 }))
		read.takes(t, but(want, func(o object) { o[name] = nil }))
	}
	read.refuses(t, events.ErrAlgorithm, but(want, func(o object) { o["algorithm"] = olmV1 }))
	read.wrong(t, what+": keys: ", but(want, func(o object) { o["sender_key"] = "AAAA" }))
	read.wrong(t, what+": not an object", []byte("[]"))
	wrong(t, what+": session_id is not", func() error { return errOf(events.NewWithheld(events.Unverified, "", room, "", key)) })
	absent(t, func() error {
		return errOf(events.NewWithheld(events.Unverified, "", room, "session", keys.Curve25519{}))
	})
	absent(t, func() error { return errOf(json.Marshal(&events.Withheld{})) })
}

// G10: names stand once and are taken to the letter; text is Unicode; the bytes
// that came are the bytes that are kept.
func TestAttack_G10_HostileJSON(t *testing.T) {
	t.Parallel()
	const good = `{"action":"request","request_id":"id","requesting_device_id":"D","name":"n"`
	read := parses(t, events.ParseSecretRequest)
	read.takes(t, []byte(good+`,"x":{"a":1,"a":1.50,"b":[null]} } `))
	for _, more := range []string{
		`,"name":"n"}`, `,"\u006eame":"n"}`, `,"x":1,"x":2}`, `,"\ud800":1}`, `,"x":"` + "\xff" + `"}`, `} x`, `,}`, ``, `,"x":01}`, `,"x":nul}`,
	} {
		read.wrong(t, "", []byte(good+more))
	}
	for _, name := range []string{`"\ud800"`, `"\udc00\ud800"`, `"\ud800x"`, `"` + "\xed\xa0\x80" + `"`} {
		read.wrong(t, "", []byte(`{"action":"request","request_id":"id","requesting_device_id":"D","name":`+name+`}`))
	}
	const escaped = ` {"action":"reque\u0073t","request_id":"\/","requesting_device_id":"D","name":"\ud83d\ude00","float":1.0 }`
	r, err := events.ParseSecretRequest([]byte(escaped))
	require.NoError(t, err)
	require.Equal(t, "/\U0001f600", r.RequestID()+r.Name())
	b, err := r.MarshalJSON()
	require.NoError(t, err)
	require.Equal(t, escaped, string(b))
}
