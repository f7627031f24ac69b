package megolm

import (
	"fmt"

	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
)

// Ordering says how one copy of a session relates to another.
type Ordering int

// The orderings. The zero value is none of them.
const (
	// Equal: both begin at the same index with the same ratchet.
	Equal Ordering = iota + 1
	// Better: this copy begins earlier and leads to the other.
	Better
	// Worse: the other copy begins earlier and leads to this one.
	Worse
	// Unconnected: the copies are of different sessions, or their ratchets do
	// not meet. One of them is not what it says.
	Unconnected
)

// String returns the name of the ordering.
func (o Ordering) String() string {
	switch o {
	case Equal:
		return "equal"
	case Better:
		return "better"
	case Worse:
		return "worse"
	case Unconnected:
		return "unconnected"
	}
	return "unknown"
}

// Compare says how this copy of a session relates to another. Copies connect
// when the earlier one, advanced to where the later one begins, is the same
// there. It returns [ErrClosed] when one of them is closed.
func (s *InboundSession) Compare(other *InboundSession) (Ordering, error) {
	return secret.Call(func() (Ordering, error) { return s.doCompare(other) })
}

func (s *InboundSession) doCompare(other *InboundSession) (Ordering, error) {
	snapshot, err := other.snapshot()
	if err != nil {
		return 0, err
	}
	defer snapshot.ratchet.wipe()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inboundState == nil {
		return 0, ErrClosed
	}
	return s.compare(&snapshot.material), nil
}

// Merge takes over what another copy of the same session knows more: an earlier
// first index, and that the signing key was verified. It returns how the copies
// related before: after [Better], [Equal] and [Worse] this copy can decrypt all
// that either could. [Unconnected] copies do not mix, and nothing changes. It
// returns [ErrClosed] when one of them is closed.
//
// Where the copies came from is not considered: whether a copy from a less
// trusted source may replace another is the caller's to decide first. For the
// ratchet is reseeded every 256 messages: that copies connect says nothing about
// the messages before the last multiple of 256 that is not above the later
// copy's first index. Whoever knows an earlier true key can make a copy that
// connects and yet fails on these. SigningKeyVerified is taken over from a later
// copy only where the copies agree in all parts.
func (s *InboundSession) Merge(other *InboundSession) (Ordering, error) {
	return secret.Call(func() (Ordering, error) { return s.doMerge(other) })
}

func (s *InboundSession) doMerge(other *InboundSession) (Ordering, error) {
	snapshot, err := other.snapshot()
	if err != nil {
		return 0, err
	}
	defer snapshot.ratchet.wipe()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inboundState == nil {
		return 0, ErrClosed
	}
	order := s.compare(&snapshot.material)
	if order == Unconnected {
		return order, nil
	}
	first := min(s.initial.index, snapshot.ratchet.index)
	later := max(s.initial.index, snapshot.ratchet.index)
	verified, also := s.verified, snapshot.verified
	if order == Worse {
		verified, also = also, verified
	}
	// That one copy's ratchet goes with the signing key shows it for the other
	// copy too, where both are the same in all parts.
	verified = verified || also && first>>8 == later>>8
	if order != Worse && verified == s.verified {
		return order, nil
	}
	if order == Worse {
		var latest ratchet
		defer latest.wipe()
		s.latestRatchet(&latest)
		s.initial = snapshot.ratchet
		s.setLatest(&latest)
	}
	s.verified = verified
	s.revision++
	return order, nil
}

// snapshot is a copy of what a comparison needs, so that no two locks are ever
// held at once.
type snapshot struct {
	material
	verified bool
}

func (s *InboundSession) snapshot() (*snapshot, error) {
	if s == nil {
		return nil, fmt.Errorf("megolm: session: %w", keys.ErrAbsent)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inboundState == nil {
		return nil, ErrClosed
	}
	return &snapshot{material{s.initial, s.public}, s.verified}, nil
}

func (s *InboundSession) compare(other *material) Ordering {
	if s.public != other.public {
		return Unconnected
	}
	mine, theirs := s.initial, other.ratchet
	defer mine.wipe()
	defer theirs.wipe()
	order := Equal
	switch {
	case mine.index < theirs.index:
		order = Better
		mine.advanceTo(theirs.index)
	case mine.index > theirs.index:
		order = Worse
		theirs.advanceTo(mine.index)
	}
	if !mine.equal(&theirs) {
		return Unconnected
	}
	return order
}
