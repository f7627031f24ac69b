package events

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
)

// MaxReplayEntries is how many indexes a guard remembers. Programs make a new
// session after about a hundred messages; whoever makes this many in one spoils
// that session alone.
const MaxReplayEntries = 1 << 20

// ReplayGuard remembers which event came under which index of one Megolm session
// (specification, "m.megolm.v1.aes-sha2": replay attacks). A server that shows a
// message a second time, as another event, is noticed.
//
// It belongs to the session's id, not to a copy of the session: keep it when a
// better copy comes. It takes at most about 100 bytes for each message that was
// opened, of whatever length the event ids are, and at most [MaxReplayEntries].
//
// It is safe for concurrent use, and must not be copied.
type ReplayGuard struct {
	mu       sync.Mutex
	session  keys.Ed25519
	revision uint64
	seen     map[uint32]eventDigest
}

// eventDigest stands for an event id and a timestamp.
type eventDigest [sha256.Size]byte

// NewReplayGuard returns a guard for a session of which no message was opened.
func NewReplayGuard(session *megolm.InboundSession) *ReplayGuard {
	return &ReplayGuard{session: session.SigningKey(), seen: map[uint32]eventDigest{}}
}

// SessionID returns the id of the session.
func (g *ReplayGuard) SessionID() string { return g.session.String() }

// Len returns how many indexes the guard remembers.
func (g *ReplayGuard) Len() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.seen)
}

// Revision counts the changes of the guard's state since it was made. A store
// holds the latest state when it holds the latest revision.
func (g *ReplayGuard) Revision() uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.revision
}

// Remember fills the guard from an older store, which kept the event id and the
// timestamp, in milliseconds, of the event that came under an index of the
// session: mautrix-go has them in crypto_message_index, others in tables like it.
// Call it before the first [RoomSession.Open]; the same event may be remembered
// again. It returns a [*ReplayError] when another event came under the index,
// [ErrGuardFull], or [keys.ErrAbsent] when the event id is empty, or for a guard
// that [NewReplayGuard] did not make. The guard is then as before.
func (g *ReplayGuard) Remember(index uint32, eventID string, timestamp int64) error {
	if eventID == "" {
		return fmt.Errorf("events: event id: %w", keys.ErrAbsent)
	}
	return g.note(index, RoomEvent{EventID: eventID, Timestamp: timestamp})
}

// note remembers an event that was decrypted, or says that another one came
// before.
func (g *ReplayGuard) note(index uint32, event RoomEvent) error {
	digest := digestOf(event)
	g.mu.Lock()
	defer g.mu.Unlock()
	if before, ok := g.seen[index]; ok {
		if before != digest {
			return &ReplayError{SessionID: g.session.String(), Index: index}
		}
		return nil
	}
	if g.seen == nil || g.session.IsZero() {
		return fmt.Errorf("events: replay guard: %w", keys.ErrAbsent)
	}
	if len(g.seen) >= MaxReplayEntries {
		return ErrGuardFull
	}
	g.seen[index] = digest
	g.revision++
	return nil
}

// digestOf hashes label, length of the event id, event id, and timestamp.
func digestOf(event RoomEvent) eventDigest {
	b := []byte("chappe replay 1")
	b = binary.BigEndian.AppendUint64(b, uint64(len(event.EventID)))
	b = append(b, event.EventID...)
	b = binary.BigEndian.AppendUint64(b, uint64(event.Timestamp))
	return sha256.Sum256(b)
}
