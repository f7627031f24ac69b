package megolm

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
	snapshot, err := other.snapshot()
	if err != nil {
		return 0, err
	}
	defer snapshot.ratchet.wipe()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.live {
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
// trusted source may replace an earlier one is the caller's to decide first.
func (s *InboundSession) Merge(other *InboundSession) (Ordering, error) {
	snapshot, err := other.snapshot()
	if err != nil {
		return 0, err
	}
	defer snapshot.ratchet.wipe()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.live {
		return 0, ErrClosed
	}
	order := s.compare(&snapshot.material)
	if order == Unconnected {
		return order, nil
	}
	verified := s.verified || snapshot.verified
	if order != Worse && verified == s.verified {
		return order, nil
	}
	if order == Worse {
		if s.latest == nil {
			s.latest = new(ratchet)
			*s.latest = s.initial
		}
		s.initial = snapshot.ratchet
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
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.live {
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
