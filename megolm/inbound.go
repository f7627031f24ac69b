package megolm

import (
	"fmt"
	"sync"

	"github.com/chappe-e2ee/chappe/internal/aessha2"
	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
)

// InboundSession decrypts the messages of one sender's session, from its first
// known index on. It is safe for concurrent use.
//
// It is one object of at most 208 bytes while no message beyond the first known
// index was decrypted.
type InboundSession struct {
	secret.Redacted
	mu            sync.Mutex
	public        keys.Ed25519
	*inboundState // nil once closed, and in the zero value
}

// inboundState is what an inbound session has to hide and to change; see
// outboundState for the pointer to it.
type inboundState struct {
	initial  ratchet // at the first known index
	latest   *later  // at the highest index that was decrypted; nil when that is the first
	revision uint64
	verified bool
}

// newInboundSession returns a session with an empty state. Both are one object:
// a program holds many thousands.
func newInboundSession() *InboundSession {
	o := new(struct {
		session InboundSession
		state   inboundState
	})
	o.session.inboundState = &o.state
	return &o.session
}

// NewInboundSession returns the session that a session key describes. The key
// must have come in an Olm message of a known device. It returns
// [keys.ErrAbsent] when key is absent or closed.
func NewInboundSession(key SessionKey) (*InboundSession, error) {
	return secret.Call(func() (*InboundSession, error) { return doNewInboundSession(key) })
}

func doNewInboundSession(key SessionKey) (*InboundSession, error) {
	if key.IsZero() {
		return nil, fmt.Errorf("%s: %w", sessionKeyName, keys.ErrAbsent)
	}
	s := newInboundSession()
	s.initial, s.public, s.verified = key.p.ratchet, key.p.public, true
	return s, nil
}

// ImportInboundSession returns the session that an export describes. Nothing
// shows where an export comes from: SigningKeyVerified is false until a message
// was decrypted. It returns [keys.ErrAbsent] when export is absent or closed.
func ImportInboundSession(export ExportedSession) (*InboundSession, error) {
	return secret.Call(func() (*InboundSession, error) { return doImportInboundSession(export) })
}

func doImportInboundSession(export ExportedSession) (*InboundSession, error) {
	if export.IsZero() {
		return nil, fmt.Errorf("%s: %w", exportName, keys.ErrAbsent)
	}
	s := newInboundSession()
	s.initial, s.public = export.p.ratchet, export.p.public
	return s, nil
}

// ID returns the id of the session: its Ed25519 public key in unpadded base64,
// 43 characters.
func (s *InboundSession) ID() string { return s.public.String() }

// Suite returns the version of Megolm that the session speaks.
func (s *InboundSession) Suite() Suite { return V1 }

// SigningKey returns the public key that signs the session's messages.
func (s *InboundSession) SigningKey() keys.Ed25519 { return s.public }

// FirstKnownIndex returns the first message index that the session can decrypt.
func (s *InboundSession) FirstKnownIndex() uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inboundState == nil {
		return 0
	}
	return s.initial.index
}

// SigningKeyVerified says whether it was seen that ratchet and signing key
// belong together: the session key was signed, or a message decrypted. It is
// libolm's flag, and says that the messages match this key, never whose key it
// is.
func (s *InboundSession) SigningKeyVerified() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.inboundState != nil && s.verified
}

// Revision counts the changes of the session's state since it was made. A store
// holds the latest state when it holds the latest revision. Losing a change
// costs no key: an older state decrypts the same messages, more slowly.
func (s *InboundSession) Revision() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inboundState == nil {
		return 0
	}
	return s.revision
}

// Decrypted is a decrypted message.
type Decrypted struct {
	Plaintext []byte
	// Index is the message's index in the session. A program that keeps
	// (session id, index) with the event id notices replays.
	Index uint32
}

// Decrypt decrypts a message: the signature is checked first, then index, MAC
// and padding. Messages may come in any order and more than once. The cost of a
// message that follows the latest one is constant; others need up to
// about a thousand hashes more.
//
// It returns [ErrSignature], an [*UnknownIndexError], [ErrDecrypt],
// [keys.ErrAbsent] or [ErrClosed]; the session is then as before.
func (s *InboundSession) Decrypt(m Message) (Decrypted, error) {
	return secret.Call(func() (Decrypted, error) { return s.doDecrypt(m) })
}

func (s *InboundSession) doDecrypt(m Message) (Decrypted, error) {
	if m.IsZero() {
		return Decrypted{}, fmt.Errorf("%s: %w", messageName, keys.ErrAbsent)
	}
	// The public key never changes: the costliest step needs no lock.
	public := s.public.Array()
	verified := curve.Verify(&public, m.signed(), m.signature())

	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inboundState == nil {
		return Decrypted{}, ErrClosed
	}
	if !verified {
		return Decrypted{}, ErrSignature
	}
	var r ratchet
	defer r.wipe()
	if err := s.at(&r, m.index); err != nil {
		return Decrypted{}, err
	}
	var c aessha2.Cipher
	defer c.Wipe()
	c.Derive(r.parts[:], cipherLabel)
	if !c.Verify(m.authenticated(), m.mac()) {
		return Decrypted{}, ErrDecrypt
	}
	plaintext, ok := c.Decrypt(m.ciphertext)
	if !ok {
		return Decrypted{}, ErrDecrypt
	}
	s.commit(&r)
	return Decrypted{Plaintext: plaintext, Index: m.index}, nil
}

// at sets r to the ratchet at index.
func (s *inboundState) at(r *ratchet, index uint32) error {
	if index < s.initial.index {
		return &UnknownIndexError{FirstKnown: s.initial.index, Got: index}
	}
	*r = s.initial
	if s.latest != nil && s.latest.index <= index {
		s.latestRatchet(r)
	}
	r.advanceTo(index)
	return nil
}

// commit notes that a message decrypted under r.
func (s *inboundState) commit(r *ratchet) {
	changed := !s.verified
	s.verified = true
	latest := s.initial.index
	if s.latest != nil {
		latest = s.latest.index
	}
	if r.index > latest {
		s.setLatest(r)
		changed = true
	}
	if changed {
		s.revision++
	}
}

// ExportAt returns the session from index on, for a backup or another device.
// The session itself does not change. It returns an [*UnknownIndexError] when
// index is before the first known one, or [ErrClosed].
func (s *InboundSession) ExportAt(index uint32) (ExportedSession, error) {
	return secret.Call(func() (ExportedSession, error) { return s.doExportAt(index) })
}

func (s *InboundSession) doExportAt(index uint32) (ExportedSession, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inboundState == nil {
		return ExportedSession{}, ErrClosed
	}
	return s.exportAt(index)
}

// Export returns the session from its first known index on. It returns
// [ErrClosed].
func (s *InboundSession) Export() (ExportedSession, error) {
	return secret.Call(func() (ExportedSession, error) { return s.doExport() })
}

func (s *InboundSession) doExport() (ExportedSession, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inboundState == nil {
		return ExportedSession{}, ErrClosed
	}
	return s.exportAt(s.initial.index)
}

func (s *InboundSession) exportAt(index uint32) (ExportedSession, error) {
	e := newExportedSession()
	if err := s.at(&e.ratchet, index); err != nil {
		return ExportedSession{}, err
	}
	e.public = s.public
	return ExportedSession{p: e}, nil
}

// AdvanceTo makes index the first known one: the session forgets how to decrypt
// what came before. It returns an [*UnknownIndexError] when index is before the
// first known one, or [ErrClosed].
func (s *InboundSession) AdvanceTo(index uint32) (err error) {
	secret.Do(func() { err = s.doAdvanceTo(index) })
	return err
}

func (s *InboundSession) doAdvanceTo(index uint32) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inboundState == nil {
		return ErrClosed
	}
	var r ratchet
	defer r.wipe()
	if err := s.at(&r, index); err != nil {
		return err
	}
	if index == s.initial.index {
		return nil
	}
	var latest ratchet
	defer latest.wipe()
	s.latestRatchet(&latest)
	s.initial = r
	s.setLatest(&latest)
	s.revision++
	return nil
}

// Close wipes the session's secrets. Later calls return [ErrClosed]; id and
// public key stay readable.
func (s *InboundSession) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inboundState != nil {
		s.wipe()
		s.inboundState = nil
	}
}

func (s *inboundState) wipe() {
	s.initial.wipe()
	s.dropLatest()
}
