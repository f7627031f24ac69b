package events_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/events"
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

	read := func(content object) error { _, err := events.ParseRoomKeyRequest(marshal(t, content)); return err }
	refuses(t, want, []string{"action", "request_id", "requesting_device_id", "body"}, read)
	refuses(t, decode(t, c), []string{"action", "request_id", "requesting_device_id"}, read)
	refuses(t, want["body"].(object), []string{"algorithm", "room_id", "session_id"}, func(body object) error {
		return read(but(want, func(o object) { o["body"] = body }))
	})
	// sender_key is not read, whatever it is.
	require.NoError(t, read(but(want, func(o object) { o["body"] = but(want["body"].(object), func(o object) { o["sender_key"] = 1 }) })))
	for _, bad := range [][4]string{{"", "D", room, "s"}, {"i", "", room, "s"}, {"i", "D", "", "s"}, {"i", "D", room, ""}, {"\xff", "D", room, "s"}} {
		_, err = events.NewRoomKeyRequest(bad[0], bad[1], bad[2], bad[3])
		requireMalformed(t, err)
	}
	requireMalformed(t, read(but(want, func(o object) { o["action"] = "Request" })))
	_, err = json.Marshal(&events.RoomKeyRequest{})
	require.ErrorIs(t, err, keys.ErrAbsent)
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
	read := func(content object) error { _, err := events.ParseSecretRequest(marshal(t, content)); return err }
	refuses(t, want, []string{"action", "request_id", "requesting_device_id", "name"}, read)
	refuses(t, decode(t, c), []string{"action", "request_id", "requesting_device_id"}, read)
	_, err = events.NewSecretRequest("id", "DEVICE", "")
	requireMalformed(t, err)
	_, err = json.Marshal(&events.SecretRequest{})
	require.ErrorIs(t, err, keys.ErrAbsent)
}

// Row I14.
func TestWithheld(t *testing.T) {
	t.Parallel()
	key := newDevice(t, alice, "ALICE").keys.Curve25519()
	read := func(content object) error { _, err := events.ParseWithheld(marshal(t, content)); return err }
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
		refuses(t, want, []string{"algorithm", "sender_key", "code", "room_id", "session_id"}, read)
	}
	w, err := events.NewWithheld(events.NoOlm, "", "", "", key)
	require.NoError(t, err)
	want := object{"algorithm": megolmV1, "sender_key": key.String(), "code": "m.no_olm"}
	require.Equal(t, want, decode(t, w))
	require.Empty(t, w.RoomID()+w.SessionID()+w.Reason())
	refuses(t, want, []string{"algorithm", "sender_key", "code"}, read)
	for _, name := range []string{"reason", "room_id", "session_id"} {
		requireMalformed(t, read(but(want, func(o object) { o[name] = 1 })))
		require.NoError(t, read(but(want, func(o object) { o[name] = nil })))
	}
	require.ErrorIs(t, read(but(want, func(o object) { o["algorithm"] = olmV1 })), events.ErrAlgorithm)
	_, err = events.NewWithheld(events.NoOlm, "", room, "session", key)
	requireMalformed(t, err)
	_, err = events.NewWithheld(events.Unverified, "", room, "", key)
	requireMalformed(t, err)
	_, err = events.NewWithheld(events.Unverified, "", room, "session", keys.Curve25519{})
	require.ErrorIs(t, err, keys.ErrAbsent)
	_, err = json.Marshal(&events.Withheld{})
	require.ErrorIs(t, err, keys.ErrAbsent)
}

// G10: names stand once and are taken to the letter; text is Unicode; the bytes
// that came are the bytes that are kept.
func TestAttack_G10_HostileJSON(t *testing.T) {
	t.Parallel()
	const good = `{"action":"request","request_id":"id","requesting_device_id":"D","name":"n"`
	_, err := events.ParseSecretRequest([]byte(good + `,"x":{"a":1,"a":1.50,"b":[null]} } `))
	require.NoError(t, err)
	for _, more := range []string{
		`,"name":"n"}`, `,"\u006eame":"n"}`, `,"x":1,"x":2}`, `,"\ud800":1}`, `,"x":"` + "\xff" + `"}`, `} x`, `,}`, ``, `,"x":01}`, `,"x":nul}`,
	} {
		requireMalformed(t, parseRefused(t, events.ParseSecretRequest, []byte(good+more)), more)
	}
	for _, name := range []string{`"\ud800"`, `"\udc00\ud800"`, `"\ud800x"`, `"` + "\xed\xa0\x80" + `"`} {
		text := `{"action":"request","request_id":"id","requesting_device_id":"D","name":` + name + `}`
		requireMalformed(t, parseRefused(t, events.ParseSecretRequest, []byte(text)), name)
	}
	const escaped = ` {"action":"reque\u0073t","request_id":"\/","requesting_device_id":"D","name":"\ud83d\ude00","float":1.0 }`
	r, err := events.ParseSecretRequest([]byte(escaped))
	require.NoError(t, err)
	require.Equal(t, "/\U0001f600", r.RequestID()+r.Name())
	b, err := r.MarshalJSON()
	require.NoError(t, err)
	require.Equal(t, escaped, string(b))
}
