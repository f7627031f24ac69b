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

func (b broken) Merge(x, y peer.InboundGroup) (string, peer.InboundGroup, error) {
	order, merged, err := b.Chappe.Merge(x.(*brokenGroup).InboundGroup, y.(*brokenGroup).InboundGroup)
	if b.fault == "merges strangers" && merged == nil && err == nil {
		order, merged = "equal", x
	}
	if b.fault == "keeps the worse copy" && order == "better" {
		return order, y, err
	}
	return order, merged, err
}

func (b broken) ImportInboundGroup(export string) (peer.InboundGroup, error) {
	g, err := b.Chappe.ImportInboundGroup(export)
	return &brokenGroup{g, b.fault}, err
}

func (b broken) NewSAS() (peer.SAS, error) {
	s, err := b.Chappe.NewSAS()
	return brokenSAS{s, b.fault}, err
}

func (b broken) UnpickleBoxKey(pickle, key []byte) (peer.BoxKey, error) {
	k, err := b.Chappe.UnpickleBoxKey(pickle, key)
	return &brokenBoxKey{BoxKey: k, fault: b.fault}, err
}

func (b broken) SignBySeed(seed, message []byte) (public, signature string, err error) {
	if b.fault == "signs something else" {
		message = append(message, 0)
	}
	return b.Chappe.SignBySeed(seed, message)
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

type brokenSAS struct {
	peer.SAS
	fault string
}

func (s brokenSAS) Agree(theirs string) (peer.Agreed, error) {
	a, err := s.SAS.Agree(theirs)
	return brokenAgreed{a, s.fault}, err
}

type brokenAgreed struct {
	peer.Agreed
	fault string
}

func (a brokenAgreed) Code(info string) (emoji [7]int, decimals [3]int, err error) {
	emoji, decimals, err = a.Agreed.Code(info)
	if a.fault == "shows other numbers" {
		decimals[2]--
	}
	return emoji, decimals, err
}

func (a brokenAgreed) Bytes(info string, n int) ([]byte, error) {
	if a.fault == "binds no more than 60 bytes" {
		info = info[:min(len(info), 60)]
	}
	return a.Agreed.Bytes(info, n)
}

func (a brokenAgreed) Verify(method, input, info, mac string) error {
	err := a.Agreed.Verify(method, input, info, mac)
	if a.fault == "takes a shortened MAC" && len(mac) < 20 {
		return nil
	}
	return err
}

type brokenBoxKey struct {
	peer.BoxKey
	fault string
	read  []byte
}

func (k *brokenBoxKey) Open(b peer.Box) ([]byte, error) {
	plaintext, err := k.BoxKey.Open(b)
	if err == nil {
		k.read = plaintext
	} else if k.fault == "opens every box" {
		return k.read, nil
	}
	return plaintext, err
}

func TestFaults(t *testing.T) {
	for fault, play := range map[string]func(Script) (Counts, error){
		"decrypts twice": Olm, "alters a plaintext": Olm, "changes on a failure": Olm,
		"tells another index": Megolm, "knows every index": Megolm,
		"merges strangers": Megolm, "keeps the worse copy": Megolm,
		"shows other numbers": SAS, "binds no more than 60 bytes": SAS, "takes a shortened MAC": SAS,
		"opens every box": PK, "signs something else": PK,
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
