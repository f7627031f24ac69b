package element

import (
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/chappe-e2ee/chappe/events"
	"github.com/chappe-e2ee/chappe/megolm"
)

// Element's client takes a device over that its libolm had: here, the libolm
// pickles are ours. It reads what comes in the sessions, answers in them, and
// others see the device that they knew.
func TestMigration(t *testing.T) {
	w := newWorld(t)
	w.say(t, 2)
	w.answer(t, 2)
	w.say(t, 1)
	w.answer(t, 1)
	w.her.whisper(ours, ourID, "org.example.note", object{"n": 2}) // overtaken by the next
	overtaken := w.chappe.toDevice
	w.chappe.toDevice = nil
	w.answer(t, 1)
	group := megolm.NewOutboundSession()
	w.chappe.whisper(w.herKeys(), must(events.NewRoomKey(group, room, true)))
	w.her.pump()
	w.her.share(room, "Shared", "allDevices", ours)
	w.chappe.receive()
	w.her.say(room, "m.room.message", message(0))
	known := w.chappe.events()
	w.her.whisper(ours, ourID, "org.example.note", object{"n": 3}) // waits for the migrated device

	pickleKey := []byte("a pickle key")
	from := w.herKeys()
	var sessions, groups []object
	for _, s := range w.chappe.sessions[from.Curve25519()] {
		sessions = append(sessions, object{"pickle": string(must(s.ExportLibolm(pickleKey))), "sender_key": from.Curve25519().String()})
	}
	for _, g := range w.chappe.groups {
		groups = append(groups, object{
			"pickle": string(must(g.Session.ExportLibolm(pickleKey))), "room": room,
			"sender_key": from.Curve25519().String(), "signing_key": from.Ed25519().String(),
		})
	}
	equal(t, "sessions", len(sessions), 1)
	equal(t, "groups", len(groups), 1)
	machines++
	m := &machine{client: w.chappe.client, t: t, p: theirs, s: w.server, name: fmt.Sprint("machine", machines)}
	migrate := object{
		"user": ours, "device": ourID, "key": base64.StdEncoding.EncodeToString(pickleKey),
		"account": string(must(w.chappe.account.ExportLibolm(pickleKey))), "sessions": sessions, "groups": groups,
	}
	m.call("migrate", migrate, &m.keys)
	equal(t, "Curve25519 key", m.keys.Curve25519, w.chappe.keys.Curve25519().String())
	equal(t, "Ed25519 key", m.keys.Ed25519, w.chappe.keys.Ed25519().String())
	m.call("track", object{"users": []string{ours, hers}}, nil)
	m.flush()
	w.her.whisper(ours, ourID, "org.example.note", object{"n": 4})
	m.toDevice = append(overtaken, m.toDevice...)
	got := m.pump()
	equal(t, "events", len(got), 3)
	for _, e := range got {
		equal(t, "kind of "+e.Event, e.Kind, "Decrypted")
	}
	h := must(m.hear(known[0]))
	checkMessage(t, decode[roomEvent](t, []byte(h.Event)).Content, 0)
	m.whisper(hers, herID, "org.example.note", object{"n": 5})
	got = w.her.pump()
	equal(t, "events", len(got), 1)
	equal(t, "kind", got[0].Kind, "Decrypted")
	equal(t, "sender key", got[0].SenderKey, m.keys.Curve25519)

	// A one-time key that we made is still good for a session.
	w.two.claim(ours)
	w.two.whisper(ours, ourID, "org.example.note", object{"n": 6})
	got = m.pump()
	equal(t, "events", len(got), 1)
	equal(t, "kind", got[0].Kind, "Decrypted")

	// Pickles under another key are refused.
	migrate["key"] = base64.StdEncoding.EncodeToString([]byte("another key"))
	holds(t, "another pickle key is refused", theirs.call("refused", "migrate", migrate, nil) != nil)
	counted("migrated pickles", 2+len(sessions))
}
