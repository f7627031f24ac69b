package conversation

import (
	"errors"
	"testing"

	"github.com/chappe-e2ee/chappe/interop/peer"
	"github.com/chappe-e2ee/chappe/interop/tally"
)

// broken is an implementation with one fault. The engine must notice each.
type broken struct {
	peer.Chappe
	fault string
}

func (b broken) Name() string { return "broken (" + b.fault + ")" }

func (b broken) UnpickleSession(pickle, key []byte) (peer.Session, error) {
	s, err := b.Chappe.UnpickleSession(pickle, key)
	return &brokenSession{Session: s, fault: b.fault}, err
}

func (b broken) UnpickleInboundGroup(pickle, key []byte) (peer.InboundGroup, error) {
	g, err := b.Chappe.UnpickleInboundGroup(pickle, key)
	return &brokenGroup{g, b.fault}, err
}

type brokenSession struct {
	peer.Session
	fault string
	read  map[string][]byte
}

func (s *brokenSession) Decrypt(kind int, body string) ([]byte, error) {
	if got := s.read[body]; got != nil && s.fault == "decrypts twice" {
		return got, nil
	}
	plaintext, err := s.Session.Decrypt(kind, body)
	if err == nil && s.fault == "alters a plaintext" && len(plaintext) > 40 {
		plaintext[40] ^= 1
	}
	if err != nil && s.fault == "changes on a failure" {
		_, _, _ = s.Encrypt([]byte("x"))
	}
	if s.read == nil {
		s.read = map[string][]byte{}
	}
	s.read[body] = plaintext
	return plaintext, err
}

type brokenGroup struct {
	peer.InboundGroup
	fault string
}

func (g *brokenGroup) Decrypt(message string) ([]byte, uint32, error) {
	plaintext, index, err := g.InboundGroup.Decrypt(message)
	switch g.fault {
	case "tells another index":
		return plaintext, index + 1, err
	case "knows every index":
		if errors.Is(err, peer.ErrUnknownIndex) {
			return nil, 0, nil
		}
	}
	return plaintext, index, err
}

func TestFaults(t *testing.T) {
	for fault, play := range map[string]func(Script) (Counts, error){
		"decrypts twice": Olm, "alters a plaintext": Olm, "changes on a failure": Olm,
		"tells another index": Megolm, "knows every index": Megolm,
	} {
		script := Script{Pair: [2]peer.Implementation{peer.Chappe{}, broken{fault: fault}}, Seed: 1, Steps: length}
		_, err := play(script)
		if failure := new(Failure); !errors.As(err, &failure) {
			t.Errorf("nothing noticed that a party %s: %v", fault, err)
			continue
		}
		_, again := play(script)
		if again == nil || again.Error() != err.Error() {
			t.Errorf("the same script fails differently:\n%v\n%v", err, again)
		}
		t.Logf("%v; needs %v", err, shrink(script, play))
		tally.Add("faults", "noticed", 1)
	}
}
