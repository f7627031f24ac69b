package element

import (
	"fmt"
	"os"
	"testing"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/events"
	"github.com/chappe-e2ee/chappe/interop/tally"
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	var err error
	if theirs, err = startPeer(); err != nil {
		fmt.Println("element:", err)
		return 1
	}
	code := tally.Run(m, "element")
	if err := theirs.close(); err != nil {
		fmt.Println("element:", err)
		return 1
	}
	return code
}

// counted counts what was done.
func counted(what string, n int) { tally.Add("chappe-matrix-sdk-crypto", what, n) }

// world is a chappe device and one or two machines of another user, who know each
// other.
type world struct {
	*server
	chappe   *party
	her, two *machine
}

func newWorld(t *testing.T) *world {
	t.Helper()
	s := newServer(t)
	w := &world{server: s, chappe: newParty(s, ours, ourID), her: newMachine(s, hers, herID), two: newMachine(s, hers, herID2)}
	w.meet()
	return w
}

// meet lets everybody ask for everybody's keys.
func (w *world) meet() {
	w.t.Helper()
	w.chappe.ask(ours, hers)
	for _, m := range []*machine{w.her, w.two} {
		m.track(ours, hers)
	}
}

func (w *world) herKeys() *crosssigning.DeviceKeys { return w.chappe.users[hers].Device(herID) }

// Device keys and one-time keys of each side are read by the other.
func TestDeviceKeys(t *testing.T) {
	w := newWorld(t)
	for _, m := range []*machine{w.her, w.two} {
		d := w.chappe.users[hers].Device(m.device)
		equal(t, "Ed25519 key", d.Ed25519().String(), m.keys.Ed25519)
		equal(t, "Curve25519 key", d.Curve25519().String(), m.keys.Curve25519)
		holds(t, "it speaks Megolm", d.Supports("m.megolm.v1.aes-sha2"))
		saw := m.see(ours, ourID)
		if saw == nil {
			t.Fatal("the machine does not take our device")
		}
		equal(t, "our Ed25519 key", saw.Ed25519, w.chappe.keys.Ed25519().String())
		equal(t, "our Curve25519 key", saw.Curve25519, w.chappe.keys.Curve25519().String())
		counted("device keys", 2)
	}
	// Claimed until only the fallback key is left.
	held := w.counts(w.her.client)["signed_curve25519"]
	for n := range held + 2 {
		key := w.chappe.claim(w.herKeys())
		equal(t, "it is a fallback key", key.Fallback, n >= held)
		counted("signed one-time keys", 1)
	}
	held = w.counts(w.chappe.client)["signed_curve25519"]
	for range held + 2 {
		m := newMachine(w.server, fmt.Sprintf("@other%d:example.org", machines), "OTHER")
		m.track(ours)
		m.claim(ours)
		m.whisper(ours, ourID, events.TypeDummy, object{})
		got := w.chappe.receive()
		equal(t, "events", len(got), 1)
		equal(t, "type", got[0].Type, events.TypeDummy)
		equal(t, "origin", got[0].Plaintext.Sender().Origin(), events.Claimed)
		counted("signed one-time keys", 1)
	}
}

// A conversation under Olm, begun by each side.
func TestOlm(t *testing.T) {
	for _, weBegin := range []bool{true, false} {
		w := newWorld(t)
		if weBegin {
			w.say(t, 1)
		} else {
			w.her.claim(ours)
			w.answer(t, 1)
			w.say(t, 1)
		}
		for n := range 5 {
			w.answer(t, n+1)
			w.say(t, n+1)
		}
		equal(t, "sessions", len(w.chappe.sessions[w.herKeys().Curve25519()]), 1)
		// A dummy in a session of its own.
		w.chappe.claim(w.herKeys())
		w.chappe.whisper(w.herKeys(), events.NewDummy())
		got := w.her.pump()
		equal(t, "events", len(got), 1)
		equal(t, "kind", got[0].Kind, "Decrypted")
		equal(t, "type", decode[struct{ Type string }](t, []byte(got[0].Event)).Type, events.TypeDummy)
		counted("Olm messages", 1)
	}
}

// say sends some messages to the machine, which must read them.
func (w *world) say(t *testing.T, n int) {
	t.Helper()
	for i := range n {
		content := object{"n": i, "text": "é <&> \u2028"}
		w.chappe.whisper(w.herKeys(), must(events.NewOutgoing("org.example.note", encode(t, content))))
	}
	got := w.her.pump()
	equal(t, "events", len(got), n)
	for i, e := range got {
		equal(t, "kind", e.Kind, "Decrypted")
		equal(t, "sender key", e.SenderKey, w.chappe.keys.Curve25519().String())
		read := decode[struct {
			Type, Sender string
			Content      struct {
				N    int
				Text string
			}
		}](t, []byte(e.Event))
		equal(t, "type", read.Type, "org.example.note")
		equal(t, "sender", read.Sender, ours)
		equal(t, "number", read.Content.N, i)
		equal(t, "text", read.Content.Text, "é <&> \u2028")
	}
	counted("Olm messages", n)
}

// answer is say of the machine to us.
func (w *world) answer(t *testing.T, n int) {
	t.Helper()
	for i := range n {
		w.her.whisper(ours, ourID, "org.example.note", object{"n": i, "text": "é <&> \u2028"})
	}
	got := w.chappe.receive()
	equal(t, "events", len(got), n)
	for i, e := range got {
		equal(t, "type", e.Type, "org.example.note")
		equal(t, "origin", e.Plaintext.Sender().Origin(), events.Known)
		equal(t, "device", e.Plaintext.Sender().Device().DeviceID(), herID)
		read := decode[struct {
			N    int
			Text string
		}](t, e.Content)
		equal(t, "number", read.N, i)
		equal(t, "text", read.Text, "é <&> \u2028")
	}
	counted("Olm messages", n)
}
