package element

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/chappe-e2ee/chappe/events"
	"github.com/chappe-e2ee/chappe/megolm"
)

// message is the content of a message, with what a careless encoder changes.
func message(n int) object {
	return object{"msgtype": "m.text", "body": "é <&> \u2028", "n": n}
}

// checkMessage compares what was decrypted with message.
func checkMessage(t *testing.T, content []byte, n int) {
	t.Helper()
	got := decode[struct {
		Type string `json:"msgtype"`
		Body string
		N    int
	}](t, content)
	equal(t, "number", got.N, n)
	equal(t, "body", got.Body, "é <&> \u2028")
}

// chappeSays encrypts and sends a message of ours.
func (w *world) chappeSays(group *megolm.OutboundSession, content object) {
	sealed := must(events.SealMegolm(group, w.chappe.keys, room, "m.room.message", encode(w.t, content)))
	w.roomSend(ours, room, events.TypeEncrypted, must(sealed.MarshalJSON()))
}

// herHears decrypts the newest events in a machine.
func herHears(t *testing.T, m *machine, from, n int) {
	t.Helper()
	list := m.events()
	equal(t, "events", len(list), n)
	for i, e := range list {
		h := must(m.hear(e))
		read := decode[struct {
			Type, Sender string
			Content      json.RawMessage
		}](t, []byte(h.Event))
		equal(t, "type", read.Type, "m.room.message")
		equal(t, "sender", h.Sender, ours)
		equal(t, "device", h.Device, ourID)
		checkMessage(t, read.Content, from+i)
	}
	counted("Megolm events", n)
}

// Room keys and room events, both ways.
func TestRoom(t *testing.T) {
	w := newWorld(t)

	group := megolm.NewOutboundSession()
	for n := range 3 {
		w.chappeSays(group, message(n))
	}
	for _, m := range []*machine{w.her, w.two} {
		w.chappe.whisper(w.chappe.users[hers].Device(m.device), must(events.NewRoomKey(group, room, true)))
		got := m.pump()
		equal(t, "events", len(got), 1)
		equal(t, "kind", got[0].Kind, "Decrypted")
		counted("room keys", 1)
		// What was said before the key was given stays closed.
		for _, e := range m.events() {
			_, err := m.hear(e)
			holds(t, "messages before the key are refused", err != nil)
		}
	}
	for n := range 10 {
		w.chappeSays(group, message(n))
	}
	herHears(t, w.her, 0, 10)
	herHears(t, w.two, 0, 10)

	w.chappe.events()
	for _, visibility := range []string{"Joined", "Shared"} {
		w.her.call("forgetRoom", object{"room": room}, nil)
		w.her.share(room, visibility, "allDevices", ours)
		got := w.chappe.receive()
		equal(t, "events", len(got), 1)
		key := must(got[0].Plaintext.RoomKey())
		equal(t, "room", key.RoomID(), room)
		equal(t, "shared history", key.SharedHistory(), visibility == "Shared")
		equal(t, "origin", key.Sender().Origin(), events.Known)
		counted("room keys", 1)
		for n := range 10 {
			w.her.say(room, "m.room.message", message(n))
		}
		list := w.chappe.events()
		for n, e := range list {
			d := must(w.chappe.hear(e))
			equal(t, "index", int(d.Index()), n)
			holds(t, "the owner is known", d.KnownOwner())
			checkMessage(t, d.Content(), n)
			// The same message as another event.
			e.EventID += "again"
			_, err := w.chappe.hear(e)
			holds(t, "a replay is refused", err != nil)
			_, err = w.two.hear(e)
			holds(t, "a device without the key does not read", err != nil)
		}
		counted("Megolm events", len(list))
	}
}

// A relation stands in the clear part of an event, and in what it says.
func TestRelation(t *testing.T) {
	w := newWorld(t)
	relation := object{"rel_type": "m.thread", "event_id": "$root"}
	group := megolm.NewOutboundSession()
	w.chappe.whisper(w.herKeys(), must(events.NewRoomKey(group, room, false)))
	w.her.pump()
	w.her.share(room, "Joined", "allDevices", ours)
	w.chappe.receive()

	w.chappeSays(group, object{"body": "in a thread", "m.relates_to": relation})
	h := must(w.her.hear(w.her.events()[0]))
	equal(t, "relation", relationOf(t, decode[roomEvent](t, []byte(h.Event)).Content), "m.thread $root")

	w.chappe.events()
	w.her.say(room, "m.room.message", object{"body": "in a thread", "m.relates_to": relation})
	e := w.chappe.events()[0]
	equal(t, "clear relation", relationOf(t, e.Content), "m.thread $root")
	d := must(w.chappe.hear(e))
	equal(t, "relation", relationOf(t, d.Content()), "m.thread $root")
	counted("Megolm events", 2)
}

func relationOf(t *testing.T, content []byte) string {
	t.Helper()
	r := decode[struct {
		Relates struct {
			Type string `json:"rel_type"`
			ID   string `json:"event_id"`
		} `json:"m.relates_to"`
	}](t, content).Relates
	return r.Type + " " + r.ID
}

// A key that is not shared with us is withheld, and says why.
func TestWithheld(t *testing.T) {
	w := newWorld(t)
	w.her.bootstrap()
	w.her.share(room, "Joined", "onlyTrustedDevices", ours)
	got := w.chappe.receive()
	equal(t, "events", len(got), 1)
	equal(t, "type", got[0].Type, events.TypeWithheld)
	withheld := must(events.ParseWithheld(got[0].Content))
	equal(t, "code", withheld.Code(), events.Unverified)
	equal(t, "room", withheld.RoomID(), room)
	equal(t, "sender key", withheld.SenderKey().String(), w.her.keys.Curve25519)

	// And ours: the machine shows our code with what it cannot decrypt.
	group := megolm.NewOutboundSession()
	w.chappeSays(group, message(0))
	note := must(events.NewWithheld(events.Blacklisted, "", room, group.ID(), w.chappe.keys.Curve25519()))
	w.sendToDevice(ours, events.TypeWithheld, encode(t, object{"messages": object{hers: object{herID: note}}}))
	w.her.pump()
	_, err := w.her.hear(w.her.events()[0])
	holds(t, "it does not decrypt, and says why", err != nil && strings.Contains(err.Error(), string(events.Blacklisted)))
	counted("withheld notes", 2)
}
