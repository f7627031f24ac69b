package element

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"github.com/chappe-e2ee/chappe/backup"
	"github.com/chappe-e2ee/chappe/events"
	"github.com/chappe-e2ee/chappe/megolm"
)

const passphrase = "correct horse é battery"

// talk lets both sides share several sessions, each with one message, and returns
// the events.
func (w *world) talk(n int) (list []roomEvent) {
	w.t.Helper()
	for i := range n {
		if i%2 == 0 {
			group := megolm.NewOutboundSession()
			w.chappe.whisper(w.herKeys(), must(events.NewRoomKey(group, room, i%4 == 0)))
			w.her.pump()
			session := must(megolm.NewInboundSession(must(group.SessionKey())))
			w.chappe.groups[session.ID()] = &events.RoomSession{
				Session: session, Guard: events.NewReplayGuard(session), RoomID: room, Owner: ours,
			}
			w.chappeSays(group, message(i))
		} else {
			w.her.call("forgetRoom", object{"room": room}, nil)
			w.her.share(room, "Shared", "allDevices", ours)
			w.chappe.receive()
			w.her.say(room, "m.room.message", message(i))
		}
	}
	w.chappe.events()
	return w.her.events()
}

// entries are what our side would export.
func (w *world) entries() (list []backup.Entry) {
	for _, id := range slices.Sorted(maps.Keys(w.chappe.groups)) {
		g := w.chappe.groups[id]
		from := w.chappe.keys
		if g.Owner == hers {
			from = w.herKeys()
		}
		list = append(list, backup.Entry{
			RoomID: room, Session: must(g.Session.Export()), SenderKey: from.Curve25519(), ClaimedEd25519: from.Ed25519(), SharedHistory: true,
		})
	}
	return list
}

// restored is a device of ours that has nothing but restored keys.
func (w *world) restored(list []*backup.RestoredSession) *party {
	p := newParty(w.server, ours, "RESTORED")
	for _, r := range list {
		s := r.Session()
		p.groups[s.ID()] = &events.RoomSession{Session: s, Guard: events.NewReplayGuard(s), RoomID: room}
	}
	return p
}

// readAll decrypts events with restored keys.
func readAll(t *testing.T, p *party, list []roomEvent) {
	t.Helper()
	for i, e := range list {
		d := must(p.hear(e))
		holds(t, "the owner of a restored session is not known", !d.KnownOwner())
		checkMessage(t, d.Content(), i)
	}
	counted("Megolm events", len(list))
}

// herReadsAll is readAll of a machine.
func herReadsAll(t *testing.T, m *machine, list []roomEvent) {
	t.Helper()
	for i, e := range list {
		h := must(m.hear(e))
		checkMessage(t, decode[roomEvent](t, []byte(h.Event)).Content, i)
	}
	counted("Megolm events", len(list))
}

// A key file of each side is read by the other.
func TestKeyFile(t *testing.T) {
	w := newWorld(t)
	const n = 12
	said := w.talk(n)

	// Theirs. She has all keys.
	for _, rounds := range []int{10_000, 100_000} {
		var export, file string
		w.her.call("exportKeys", nil, &export)
		check(t, theirs.call("", "encryptKeyFile", object{"keys": export, "passphrase": passphrase, "rounds": rounds}, &file))
		opened := must(backup.OpenKeyFile(bytes.NewReader([]byte(file)), []byte(passphrase)))
		equal(t, "rounds", opened.Rounds(), rounds)
		var list []*backup.RestoredSession
		for entry, err := range opened.Entries() {
			check(t, err)
			equal(t, "room", entry.RoomID, room)
			holds(t, "the sender key is ours or hers", entry.SenderKey == w.chappe.keys.Curve25519() || entry.SenderKey == w.herKeys().Curve25519())
			list = append(list, must(entry.Import()))
		}
		equal(t, "keys", len(list), n)
		readAll(t, w.restored(list), said)
		_, err := backup.OpenKeyFile(bytes.NewReader([]byte(file)), []byte("wrong"))
		holds(t, "another passphrase is refused", err != nil)
		counted("key files", 1)
		counted("keys in files", n)
	}

	// Ours.
	var file bytes.Buffer
	writer := must(backup.NewKeyFileWriter(&file, []byte(passphrase), backup.MinNewRounds))
	for _, entry := range w.entries() {
		check(t, writer.WriteEntry(entry))
	}
	check(t, writer.Finish())
	var export string
	check(t, theirs.call("", "decryptKeyFile", object{"file": file.String(), "passphrase": passphrase}, &export))
	var result struct{ Imported, Total int }
	w.two.call("importKeys", object{"keys": export}, &result)
	equal(t, "imported", result.Imported, n)
	herReadsAll(t, w.two, said)
	holds(t, "another passphrase is refused",
		theirs.call("", "decryptKeyFile", object{"file": file.String(), "passphrase": "wrong"}, nil) != nil)
	counted("key files", 1)
	counted("keys in files", n)
}
