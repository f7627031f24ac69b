package olm

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
)

// Session is a double ratchet with one other device. It is safe for concurrent
// use.
type Session struct {
	secret.Redacted
	mu            sync.Mutex
	keys          SessionKeys
	*sessionState // nil once closed, and in the zero value
}

// sessionState is what a session has to hide and to change; see accountState for
// the pointer to it.
type sessionState struct {
	received  bool
	root      [keySize]byte
	sender    *senderChain     // nil from the peer's new ratchet key until we send
	receivers []*receiverChain // newest first
	count     ratchetCount
	serial    uint64 // of the next skipped key
	orphans   uint32 // skipped keys that were lost with their chains
	revision  uint64
}

// newSession returns a session with an empty state. Both are one object.
func newSession(k SessionKeys) *Session {
	o := new(struct {
		session Session
		state   sessionState
	})
	o.session.keys, o.session.sessionState = k, &o.state
	return &o.session
}

// ratchetCount is the number of steps of the root ratchet. libolm's pickles do
// not hold it.
type ratchetCount struct {
	n     uint64
	known bool
}

// ID returns the id of the session, 43 characters; see [SessionKeys.ID].
func (s *Session) ID() string { return s.keys.ID() }

// SessionKeys returns the public keys that the session was made from.
func (s *Session) SessionKeys() SessionKeys { return s.keys }

// Suite returns the version of Olm that the session speaks.
func (s *Session) Suite() Suite { return V1 }

// Matches says whether m is a pre-key message of this session.
func (s *Session) Matches(m Message) bool {
	k, ok := m.SessionKeys()
	return ok && k == s.keys
}

// HasReceivedMessage says whether the session has decrypted a message. Until
// then it sends pre-key messages.
func (s *Session) HasReceivedMessage() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessionState != nil && s.received
}

// RatchetCount returns how often the conversation changed direction: 0 for the
// first messages, 1 from the first answer on. It is not known for sessions that
// came from a libolm pickle.
func (s *Session) RatchetCount() (n uint64, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sessionState == nil {
		return 0, false
	}
	return s.count.n, s.count.known
}

// Revision counts the changes of the session's state since it was made. A store
// holds the latest state when it holds the latest revision.
func (s *Session) Revision() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sessionState == nil {
		return 0
	}
	return s.revision
}

// Describe returns a line about the session for a log, in libolm's words and
// without secrets: the index of the sender chain, 0 when there is none, and
// newest first those of the receiver chains and of the skipped messages. It
// returns nothing for a closed session.
func (s *Session) Describe() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sessionState == nil {
		return ""
	}
	var b strings.Builder
	index := uint32(0)
	if s.sender != nil {
		index = s.sender.chain.index
	}
	fmt.Fprintf(&b, "sender chain index: %d receiver chain indices:", index)
	for _, r := range s.receivers {
		fmt.Fprintf(&b, " %d", r.chain.index)
	}
	b.WriteString(" skipped message keys:")
	for _, k := range s.skippedNewestFirst() {
		fmt.Fprintf(&b, " %d", k.index)
	}
	return b.String()
}

// chainKey is a skipped key with the chain that it belongs to.
type chainKey struct {
	*skippedKey
	ratchetKey keys.Curve25519
}

func (s *sessionState) skippedNewestFirst() []chainKey {
	var all []chainKey
	for _, r := range s.receivers {
		for i := range r.skipped {
			all = append(all, chainKey{&r.skipped[i], r.ratchetKey})
		}
	}
	slices.SortFunc(all, func(a, b chainKey) int {
		if a.serial > b.serial {
			return -1
		}
		return 1
	})
	return all
}

// Close wipes the session's secrets, except copies that crypto/ecdh made for
// agreements, which the garbage collector frees. Later calls return [ErrClosed]; id and
// session keys stay readable.
func (s *Session) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sessionState != nil {
		s.wipe()
		s.sessionState = nil
	}
}

func (s *sessionState) wipe() {
	secret.Wipe(s.root[:])
	if s.sender != nil {
		s.sender.wipe()
	}
	for _, r := range s.receivers {
		r.wipe()
	}
	s.sender, s.receivers = nil, nil
}
