package megolm

import (
	"reflect"

	"github.com/chappe-e2ee/chappe/internal/layout"
)

// State returns the plaintext encoding of the whole session, nil for one that
// is closed or zero. Two sessions with one state behave alike, for ever.
func (s *OutboundSession) State() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.outboundState == nil {
		return nil
	}
	w := layout.NewWriter(make([]byte, 0, s.stateLen()))
	s.writeState(w)
	return w.Result()
}

// State returns the plaintext encoding of the whole session, nil for one that
// is closed or zero.
func (s *InboundSession) State() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inboundState == nil {
		return nil
	}
	w := layout.NewWriter(make([]byte, 0, s.stateLen()))
	s.writeState(w)
	return w.Result()
}

// LatestIndex returns the index of the latest ratchet, if the session holds
// one beside that at the first known index.
func (s *InboundSession) LatestIndex() (uint32, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inboundState == nil || s.latest == nil {
		return 0, false
	}
	return s.latest.index, true
}

// InboundObjectSize returns the size of all that an inbound session is while
// it holds no latest ratchet.
func InboundObjectSize() uintptr {
	return reflect.TypeFor[InboundSession]().Size() + reflect.TypeFor[inboundState]().Size()
}

// The own bytes of what must be wiped.

func (s *InboundSession) LatestParts() []byte   { return s.latest.parts[:] }
func (s *InboundSession) RatchetParts() []byte  { return s.initial.parts[:] }
func (s *OutboundSession) RatchetParts() []byte { return s.ratchet.parts[:] }
func (s *OutboundSession) SigningParts() []byte { return s.signing.Expanded()[:] }

func (k SessionKey) RatchetParts() []byte      { return k.p.ratchet.parts[:] }
func (e ExportedSession) RatchetParts() []byte { return e.p.ratchet.parts[:] }

// Ratchet is the ratchet alone.
type Ratchet struct{ r ratchet }

func NewRatchet(parts [ratchetSize]byte, index uint32) *Ratchet {
	return &Ratchet{ratchet{parts, index}}
}

func (r *Ratchet) Advance()                 { r.r.advance() }
func (r *Ratchet) AdvanceTo(index uint32)   { r.r.advanceTo(index) }
func (r *Ratchet) Index() uint32            { return r.r.index }
func (r *Ratchet) Parts() [ratchetSize]byte { return r.r.parts }

const MaxMessageSize = maxMessageSize
