package olm

import (
	"github.com/chappe-e2ee/chappe/internal/layout"
	"github.com/chappe-e2ee/chappe/keys"
)

// State returns the one plain encoding of the account's whole state, or nothing
// for the zero value and for a closed one.
func (a *Account) State() []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.accountState == nil {
		return nil
	}
	w := layout.NewWriter(make([]byte, 0, a.stateLen()))
	a.writeState(w)
	return w.Result()
}

// State returns the one plain encoding of the session's whole state, or nothing
// for the zero value and for a closed one.
func (s *Session) State() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sessionState == nil {
		return nil
	}
	w := layout.NewWriter(make([]byte, 0, s.stateLen()))
	s.writeState(w)
	return w.Result()
}

// Buffers returns the memory in which the account holds its secrets.
func (a *Account) Buffers() [][]byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.accountState == nil {
		return nil
	}
	list := [][]byte{a.signing.Expanded()[:], a.private[:]}
	if seed := a.signing.Seed(); seed != nil {
		list = append(list, seed[:])
	}
	for _, l := range [][]oneTimeKey{a.oneTime, a.fallback} {
		for i := range l {
			list = append(list, l[i].private[:])
		}
	}
	return list
}

// Secrets returns copies of all secrets of the account.
func (a *Account) Secrets() [][]byte { return clones(a.Buffers()) }

// Buffers returns the memory in which the session holds its secrets.
func (s *Session) Buffers() [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sessionState == nil {
		return nil
	}
	list := [][]byte{s.root[:]}
	if s.sender != nil {
		list = append(list, s.sender.private[:], s.sender.chain.key[:])
	}
	for _, r := range s.receivers {
		list = append(list, r.chain.key[:])
		for i := range r.skipped {
			list = append(list, r.skipped[i].key[:])
		}
	}
	return list
}

// Secrets returns copies of all secrets of the session.
func (s *Session) Secrets() [][]byte { return clones(s.Buffers()) }

func clones(list [][]byte) [][]byte {
	var out [][]byte
	for _, b := range list {
		out = append(out, append([]byte(nil), b...))
	}
	return out
}

// SenderMessageKey returns the key of the message at index of the sender chain,
// which must not have passed it.
func SenderMessageKey(s *Session, index uint32) (key [keySize]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.sender.chain
	for c.index != index {
		c.advance()
	}
	c.messageKey(&key)
	return key
}

// SenderRatchetKey returns the public ratchet key of the sender chain.
func SenderRatchetKey(s *Session) keys.Curve25519 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sender.public
}

// ZeroPeerRatchetKey sets the peer's newest ratchet key to the zero value, a
// point of low order that no constructor lets through.
func ZeroPeerRatchetKey(s *Session) { s.receivers[0].ratchetKey = keys.Curve25519{} }

// ZeroRatchetKey returns m with a ratchet key of low order.
func ZeroRatchetKey(m Message) Message {
	m.ratchetKey = keys.Curve25519{}
	return m
}

// ZeroBaseKey returns m with a base key of low order.
func ZeroBaseKey(m Message) Message {
	m.sessionKeys.BaseKey = keys.Curve25519{}
	return m
}

// SetLastID sets the highest key id that was given out.
func SetLastID(a *Account, id uint32) { a.lastID = id }
