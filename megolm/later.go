package megolm

import (
	"crypto/subtle"

	"github.com/chappe-e2ee/chappe/internal/secret"
)

// later is a ratchet beyond a session's initial one. It holds the parts that
// differ from the initial ratchet's: for 256 messages, more than most sessions
// have, that is one of four.
type later struct {
	index uint32
	parts []byte // the last of the ratchet's
}

func (l *later) wipe() { secret.Wipe(l.parts) }

// latestRatchet sets r to the ratchet at the highest index that was decrypted.
func (s *inboundState) latestRatchet(r *ratchet) {
	*r = s.initial
	if s.latest != nil {
		r.index = s.latest.index
		copy(r.parts[ratchetSize-len(s.latest.parts):], s.latest.parts)
	}
}

// setLatest notes r as the latest ratchet, unless the initial one has caught up
// with it. It is called again when the initial one changes.
func (s *inboundState) setLatest(r *ratchet) {
	if r.index <= s.initial.index {
		s.dropLatest()
		return
	}
	same := 0
	for same < ratchetParts && subtle.ConstantTimeCompare(r.part(same)[:], s.initial.part(same)[:]) == 1 {
		same++
	}
	own := r.parts[same*partSize:]
	if s.latest == nil || len(s.latest.parts) != len(own) {
		s.dropLatest()
		s.latest = &later{parts: make([]byte, len(own))}
	}
	s.latest.index = r.index
	copy(s.latest.parts, own)
}

func (s *inboundState) dropLatest() {
	if s.latest != nil {
		s.latest.wipe()
		s.latest = nil
	}
}
