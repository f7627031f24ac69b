package megolm_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/chappe-e2ee/chappe/internal/libolm"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
)

// fuzzPeers are sessions in the places where something changes.
func fuzzPeers() []*peer {
	p := newPeer(100)
	return []*peer{p, p.at(1), p.at(255), p.at(256), p.at(1 << 24), p.at(0xffffffff), newPeer(101)}
}

func FuzzMessage(f *testing.F) {
	for _, p := range fuzzPeers() {
		f.Add(p.encrypt([]byte("text")))
		f.Add(p.encrypt(nil))
	}
	p := newPeer(100)
	f.Add(p.finish([]byte("\x03\x12\x10aaaaaaaaaaaaaaaa\x08\x05\x20\x01")))
	f.Add(p.finish([]byte("\x03\x08\x80\x00\x12\x10aaaaaaaaaaaaaaaa")))
	f.Add([]byte{3})
	f.Fuzz(func(t *testing.T, b []byte) {
		in := bytes.Clone(b)
		m, err := megolm.NewMessage(b)
		again, textErr := megolm.ParseMessage(string(text(b)))
		if (err == nil) != (textErr == nil) {
			t.Fatalf("binary: %v, text: %v", err, textErr)
		}
		if !bytes.Equal(in, b) {
			t.Fatal("the input was changed")
		}
		if err != nil {
			if !m.IsZero() {
				t.Fatal("error and message")
			}
			return
		}
		if !bytes.Equal(m.Bytes(), b) || again.String() != m.String() || m.Index() != again.Index() {
			t.Fatal("encodes as something else")
		}
		if m.CiphertextLen() < 1 || m.CiphertextLen() > len(b) {
			t.Fatalf("ciphertext of %d bytes", m.CiphertextLen())
		}
	})
}

// fuzzShared is for both forms in which a session is handed on.
func fuzzShared[T interface {
	IsZero() bool
	SecretText() []byte
	Index() uint32
	SessionID() string
}](f *testing.F, parse func([]byte) (T, error)) {
	f.Fuzz(func(t *testing.T, s []byte) {
		in := bytes.Clone(s)
		k, err := parse(s)
		if !bytes.Equal(in, s) {
			t.Fatal("the input was changed")
		}
		if err != nil {
			if !k.IsZero() {
				t.Fatal("error and value")
			}
			return
		}
		again := k.SecretText()
		if string(again) != strings.TrimRight(string(s), "=") {
			t.Fatalf("%q encodes as %q", s, again)
		}
		l, err := parse(again)
		if err != nil || l.Index() != k.Index() || l.SessionID() != k.SessionID() || !bytes.Equal(l.SecretText(), again) {
			t.Fatalf("%q: %v", again, err)
		}
	})
}

func FuzzSessionKey(f *testing.F) {
	for _, p := range fuzzPeers() {
		f.Add(text(p.sessionKey()))
		f.Add(append(text(p.sessionKey()), "=="...))
		f.Add(text(p.sign(p.shared(1))))
	}
	f.Add([]byte("A"))
	fuzzShared(f, megolm.ParseSessionKey)
}

func FuzzExportedSession(f *testing.F) {
	for _, p := range fuzzPeers() {
		f.Add(text(p.export()))
		f.Add(text(p.shared(2)))
	}
	f.Add([]byte("A"))
	fuzzShared(f, megolm.ParseExportedSession)
}

// FuzzImportLibolmOutboundSession fuzzes what stands under a right key and MAC.
// What imports, exports; what that gives, imports to the same and exports to
// the same; and a plaintext of canonical form comes out as it went in.
func FuzzImportLibolmOutboundSession(f *testing.F) {
	for _, p := range fuzzPeers() {
		f.Add(p.outboundPlaintext())
		f.Add(p.inboundPlaintext(p, 1))
	}
	f.Fuzz(func(t *testing.T, plaintext []byte) {
		s, err := megolm.ImportLibolmOutboundSession(libolm.Encrypt(plaintext, pickleKey), pickleKey)
		if err != nil {
			if s != nil {
				t.Fatal("error and session")
			}
			return
		}
		pickle, err := s.ExportLibolm(pickleKey)
		if err != nil {
			t.Fatal(err)
		}
		again, err := megolm.ImportLibolmOutboundSession(pickle, pickleKey)
		if err != nil || !bytes.Equal(again.State(), s.State()) {
			t.Fatalf("not stable: %v", err)
		}
		canonical := bytes.Clone(plaintext)
		canonical[168] &= 248 // clamped, as libolm writes it
		canonical[199] = canonical[199]&63 | 64
		if !bytes.Equal(pickle, libolm.Encrypt(canonical, pickleKey)) {
			t.Fatal("another pickle than the one that was imported")
		}
		if _, err := s.Encrypt(nil); err != nil && !errors.Is(err, megolm.ErrIndexExhausted) {
			t.Fatal(err)
		}
	})
}

func FuzzImportLibolmInboundSession(f *testing.F) {
	for _, p := range fuzzPeers() {
		f.Add(p.inboundPlaintext(p, 1))
		f.Add(p.inboundPlaintext(p.at(max(p.index, 1<<25)), 0))
		old := p.inboundPlaintext(p, 1)
		old[3] = 1
		f.Add(old[:len(old)-1])
		f.Add(p.outboundPlaintext())
	}
	f.Fuzz(func(t *testing.T, plaintext []byte) {
		s, err := megolm.ImportLibolmInboundSession(libolm.Encrypt(plaintext, pickleKey), pickleKey)
		if err != nil {
			if s != nil {
				t.Fatal("error and session")
			}
			return
		}
		pickle, err := s.ExportLibolm(pickleKey)
		if err != nil {
			t.Fatal(err)
		}
		again, err := megolm.ImportLibolmInboundSession(pickle, pickleKey)
		if err != nil || !bytes.Equal(again.State(), s.State()) {
			t.Fatalf("not stable: %v", err)
		}
		canonical := bytes.Clone(plaintext)
		if plaintext[3] == 1 { // the newest version is written
			canonical[3] = 2
			canonical = append(canonical, 1)
		}
		if !bytes.Equal(pickle, libolm.Encrypt(canonical, pickleKey)) {
			t.Fatal("another pickle than the one that was imported")
		}
		if _, err := s.Export(); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzOpenOutboundSession fuzzes the state under a right seal: what opens has
// exactly this state.
func FuzzOpenOutboundSession(f *testing.F) {
	fuzzState(f, "outbound", func(p *peer) [][]byte {
		return [][]byte{outboundState(p, 0, false), outboundState(p, 77, true)}
	})
}

// FuzzOpenInboundSession does the same.
func FuzzOpenInboundSession(f *testing.F) {
	fuzzState(f, "inbound", func(p *peer) [][]byte {
		return [][]byte{inboundState(p, nil, 0, 1), inboundState(p, p.at(max(p.index, 1<<25)), 77, 0)}
	})
}

func fuzzState(f *testing.F, kind string, states func(*peer) [][]byte) {
	for _, p := range fuzzPeers() {
		for _, state := range states(p) {
			f.Add(state)
			f.Add(state[:len(state)-1])
		}
	}
	f.Fuzz(func(t *testing.T, state []byte) {
		s, err := sealedKinds[kind].open(sealState(t, sealedKinds[kind].kind, state), sealKey(t), sealContext)
		if err != nil {
			return
		}
		got := s.State()
		if kind == "outbound" && state[142] == 2 { // the expanded key is clamped
			state = slices.Clone(state)
			state[143] &= 248
			state[174] = state[174]&63 | 64
		}
		if !bytes.Equal(state, got) {
			t.Fatalf("opened as another state:\n%x\n%x", state, got)
		}
		sealed, err := s.Seal(sealKey(t), nil)
		if err != nil {
			t.Fatal(err)
		}
		again, err := sealedKinds[kind].open(sealed, sealKey(t), nil)
		if err != nil || !bytes.Equal(again.State(), got) {
			t.Fatalf("not stable: %v", err)
		}
	})
}

// FuzzDecrypt decrypts messages that carry a right signature, and where repair
// says so a right MAC too, so that nothing that follows is out of reach.
func FuzzDecrypt(f *testing.F) {
	p := newPeer(100).at(9)
	for _, index := range []uint32{0, 8, 9, 10, 256, 0xffffffff} {
		q := newPeer(100).at(index)
		for _, b := range [][]byte{q.encrypt([]byte("text")), q.finish(fields(uint64(index), q.crypt(make([]byte, 32))))} {
			f.Add(b[:len(b)-keys.SignatureSize], false)
			f.Add(b[:len(b)-keys.SignatureSize], true)
		}
	}
	key, err := megolm.ParseExportedSession(text(p.export()))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte, repair bool) {
		m, err := megolm.NewMessage(p.sign(b))
		if err != nil {
			return
		}
		if repair && m.Index() >= p.index && len(b) > 8 {
			_, macKey, _ := p.at(m.Index()).cipherKeys()
			body := b[:len(b)-8]
			if m, err = megolm.NewMessage(p.sign(append(bytes.Clone(body), hmacSHA256(macKey, body)[:8]...))); err != nil {
				t.Fatal(err)
			}
		}
		s, err := megolm.ImportInboundSession(key)
		if err != nil {
			t.Fatal(err)
		}
		before := s.State()
		d, err := s.Decrypt(m)
		if err != nil {
			if _, ok := err.(*megolm.UnknownIndexError); !ok && err != megolm.ErrDecrypt {
				t.Fatalf("%T: %v", err, err)
			}
			if !bytes.Equal(before, s.State()) || d.Plaintext != nil {
				t.Fatal("a failed decryption changed the session or returned something")
			}
			return
		}
		if d.Index != m.Index() || len(d.Plaintext) >= m.CiphertextLen() || !s.SigningKeyVerified() {
			t.Fatalf("decrypted at %d to %d bytes", d.Index, len(d.Plaintext))
		}
		// The same bytes again, from the changed session.
		after := s.State()
		again, err := s.Decrypt(m)
		if err != nil || !bytes.Equal(again.Plaintext, d.Plaintext) || !bytes.Equal(after, s.State()) {
			t.Fatalf("the second time: %v", err)
		}
	})
}
