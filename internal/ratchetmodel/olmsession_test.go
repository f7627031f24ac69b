package ratchetmodel

import (
	"crypto/sha256"
	"maps"
	"math"
	"slices"
)

// Bounds of a session, which the specification leaves open.
const (
	MaxGap     = 2000
	MaxSkipped = 40 // for each receiver chain
	MaxChains  = 5
)

// A MessageID names a message key.
type MessageID struct {
	RatchetKey Key
	Index      uint32
}

// chainAndMessageKey are C(i,j) and M(i,j).
type chainAndMessageKey struct{ chain, message []byte }

// A Chain is one party's messages between two changes of direction. Its keys are
// in the session's map.
type Chain struct {
	RatchetKey Key
	Next       uint32
	filled     uint32 // the map has the keys up to and including this index
}

// A Session is one side of an Olm session.
type Session struct {
	Keys      SessionKeys
	Received  bool
	Sending   *Chain
	Receiving []Chain     // oldest first
	Skipped   []MessageID // that a session with bounded memory still has, in the order of coming to know them

	Orphans int // skipped keys of dropped chains: libolm's form would hold them

	Changes uint64 // of direction
	Counted bool   // false when Changes went through a form that does not hold it

	root    []byte
	private []byte // of Sending's ratchet key
	all     map[MessageID]chainAndMessageKey
}

// Clone returns a copy that shares nothing that changes.
func (s *Session) Clone() *Session {
	c := *s
	if s.Sending != nil {
		sending := *s.Sending
		c.Sending = &sending
	}
	c.Receiving, c.Skipped, c.all = slices.Clone(s.Receiving), slices.Clone(s.Skipped), maps.Clone(s.all)
	return &c
}

// ID is the base64 of a hash over the three keys.
func (s *Session) ID() string {
	h := sha256.Sum256(join(s.Keys.Identity[:], s.Keys.Base[:], s.Keys.OneTime[:]))
	return Text(h[:])
}

// begin enters the first key of a chain in the map.
func (s *Session) begin(ratchetKey Key, index uint32, chainKey []byte) Chain {
	s.all[MessageID{ratchetKey, index}] = chainAndMessageKey{chainKey, mac(chainKey, 1)}
	return Chain{ratchetKey, index, index}
}

// at returns the keys of a message, and enters all before it in the map.
func (s *Session) at(c *Chain, index uint32) chainAndMessageKey {
	for ; c.filled < index; c.filled++ {
		chain := mac(s.all[MessageID{c.RatchetKey, c.filled}].chain, 2)
		s.all[MessageID{c.RatchetKey, c.filled + 1}] = chainAndMessageKey{chain, mac(chain, 1)}
	}
	return s.all[MessageID{c.RatchetKey, index}]
}

// SendingKey returns the message key of any index of the sender chain from the
// index on at which the model knows it, and false when there is none.
func (s *Session) SendingKey(index uint32) ([]byte, bool) {
	if s.Sending == nil {
		return nil, false
	}
	k := s.at(s.Sending, index).message
	return k, k != nil
}

// newSession derives the first root and chain key from the three agreements.
func newSession(k SessionKeys, secret []byte) (s *Session, chainKey []byte) {
	out := derive(nil, secret, "OLM_ROOT", 64)
	return &Session{Keys: k, root: out[:32], Counted: true, all: map[MessageID]chainAndMessageKey{}}, out[32:]
}

// NewOutbound is Alice's side of a new session.
func NewOutbound(random Random, identityPrivate []byte, theirIdentity, theirOneTime Key) *Session {
	base, ratchet := random(32), random(32)
	secret := join(agree(identityPrivate, theirOneTime[:]), agree(base, theirIdentity[:]), agree(base, theirOneTime[:]))
	s, chainKey := newSession(SessionKeys{Key(Public(identityPrivate)), Key(Public(base)), theirOneTime}, secret)
	sending := s.begin(Key(Public(ratchet)), 0, chainKey)
	s.Sending, s.private = &sending, ratchet
	return s
}

// newInbound is Bob's side, before anything was decrypted.
func newInbound(m OlmMessage, identityPrivate, oneTimePrivate []byte) *Session {
	k := m.Keys
	secret := join(agree(oneTimePrivate, k.Identity[:]), agree(identityPrivate, k.Base[:]), agree(oneTimePrivate, k.Base[:]))
	s, chainKey := newSession(k, secret)
	s.Receiving = []Chain{s.begin(m.RatchetKey, 0, chainKey)}
	return s
}

// advance is a step of the root key.
func (s *Session) advance(private []byte, public Key) (root, chainKey []byte) {
	out := derive(s.root, agree(private, public[:]), "OLM_RATCHET", 64)
	return out[:32], out[32:]
}

// Encrypt returns the next message and its type.
func (s *Session) Encrypt(random Random, plaintext []byte) (int, []byte, *Refusal) {
	if s.Sending == nil {
		ratchet := random(32)
		root, chainKey := s.advance(ratchet, s.Receiving[len(s.Receiving)-1].RatchetKey)
		sending := s.begin(Key(Public(ratchet)), 0, chainKey)
		s.root, s.private, s.Sending = root, ratchet, &sending
		s.Changes++
	}
	index := s.Sending.Next
	if index == math.MaxUint32 {
		return 0, nil, refuse(Exhausted)
	}
	key, _ := s.SendingKey(index)
	message := SealOlm(key, s.Sending.RatchetKey, index, plaintext)
	s.Sending.Next++
	if s.Received {
		return Normal, message, nil
	}
	return PreKey, Wrap(s.Keys, message), nil
}

// Decrypt returns the plaintext of a message. On a refusal the session is as
// before.
func (s *Session) Decrypt(m OlmMessage) ([]byte, *Refusal) {
	if m.Type == PreKey && m.Keys != s.Keys {
		return nil, refuse(WrongSession)
	}
	t := s.Clone()
	i := slices.IndexFunc(t.Receiving, func(c Chain) bool { return c.RatchetKey == m.RatchetKey })
	if i < 0 {
		if t.Sending == nil {
			return nil, refuse(NoChain)
		}
		root, chainKey := t.advance(t.private, m.RatchetKey)
		t.Receiving = append(t.Receiving, t.begin(m.RatchetKey, 0, chainKey))
		t.root, t.private, t.Sending = root, nil, nil
		t.Changes++
		i = len(t.Receiving) - 1
	}
	chain := &t.Receiving[i]
	id := MessageID{m.RatchetKey, m.Index}
	switch {
	case m.Index == math.MaxUint32:
		return nil, refuse(Exhausted)
	case m.Index < chain.Next:
		old := slices.Index(t.Skipped, id)
		if old < 0 {
			return nil, refuse(Gone, m.Index)
		}
		t.Skipped = slices.Delete(t.Skipped, old, old+1)
	case m.Index-chain.Next > MaxGap:
		return nil, refuse(Gap, chain.Next, m.Index)
	}
	plaintext, ok := m.open(t.at(chain, m.Index).message)
	if !ok {
		return nil, refuse(BadMessage)
	}
	for ; chain.Next <= m.Index; chain.Next++ {
		if chain.Next < m.Index {
			t.Skipped = append(t.Skipped, MessageID{m.RatchetKey, chain.Next})
		}
	}
	t.Received = true
	t.forget()
	*s = *t
	return plaintext, nil
}

// forget drops what bounded memory does not keep: the oldest chains, and the
// oldest skipped keys of each chain.
func (s *Session) forget() {
	if n := len(s.Receiving); n > MaxChains {
		s.Receiving = s.Receiving[n-MaxChains:]
	}
	kept := map[Key]int{}
	for i := len(s.Skipped) - 1; i >= 0; i-- {
		id := s.Skipped[i]
		alive := slices.ContainsFunc(s.Receiving, func(c Chain) bool { return c.RatchetKey == id.RatchetKey })
		if !alive {
			s.Orphans++
		}
		if kept[id.RatchetKey]++; !alive || kept[id.RatchetKey] > MaxSkipped {
			s.Skipped = slices.Delete(s.Skipped, i, i+1)
		}
	}
}
