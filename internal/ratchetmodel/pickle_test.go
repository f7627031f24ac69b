package ratchetmodel

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// The pickles of libolm 3.2.13 are the harness's view of a state: nothing in
// them is random.

// What libolm's forms have room for.
const (
	LibolmSkipped = 40  // message keys of a session
	LibolmOneTime = 100 // keys of an account
)

func u32(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }

func flag(b bool) []byte {
	if b {
		return []byte{1}
	}
	return []byte{0}
}

// Pickle encrypts the content of a pickle.
func Pickle(key, content []byte) []byte {
	k := newCipherKeys(key, "Pickle")
	ciphertext := k.encrypt(content)
	return []byte(Text(join(ciphertext, k.tag(ciphertext))))
}

// Unpickle returns the content of a pickle, for messages about a difference.
func Unpickle(key, pickle []byte) []byte {
	b, _ := ParseText(string(pickle))
	if len(b) < MACSize {
		return nil
	}
	content, _ := newCipherKeys(key, "Pickle").decrypt(b[:len(b)-MACSize])
	return content
}

func pickledKeys(keys []OneTimeKey) []byte {
	var out []byte
	for _, k := range keys {
		out = append(out, join(u32(k.ID), flag(k.Published), k.Public[:], k.private)...)
	}
	return out
}

// Content is version 4 of an account's pickle, with the newest one-time keys.
func (a *Account) Content() []byte {
	return a.with(a.OneTime[:len(a.OneTime)-a.Lost()])
}

// State is the same with all one-time keys.
func (a *Account) State() []byte { return a.with(a.OneTime) }

func (a *Account) with(held []OneTimeKey) []byte {
	return join(u32(4), a.Signing[:], expanded(a.seed), a.Identity[:], a.private,
		u32(uint32(len(held))), pickledKeys(held),
		[]byte{byte(len(a.Fallback))}, pickledKeys(a.Fallback), u32(a.LastID))
}

// Lost is how many one-time keys libolm's form cannot hold.
func (a *Account) Lost() int { return max(0, len(a.OneTime)-LibolmOneTime) }

// ThroughLibolm is what a trip through libolm's form does to an account.
func (a *Account) ThroughLibolm() { a.OneTime = a.OneTime[:len(a.OneTime)-a.Lost()] }

// Content is version 1 of a session's pickle, with the skipped keys that
// libolm's form has room for.
func (s *Session) Content() []byte {
	out := join(u32(1), flag(s.Received), s.Keys.Identity[:], s.Keys.Base[:], s.Keys.OneTime[:], s.root)
	if s.Sending == nil {
		out = join(out, u32(0))
	} else {
		c := s.Sending
		out = join(out, u32(1), c.RatchetKey[:], s.private, s.at(c, c.Next).chain, u32(c.Next))
	}
	out = join(out, u32(uint32(len(s.Receiving))))
	for i := range s.Receiving {
		c := &s.Receiving[len(s.Receiving)-1-i]
		out = join(out, c.RatchetKey[:], s.at(c, c.Next).chain, u32(c.Next))
	}
	held := s.newestSkipped()
	out = join(out, u32(uint32(len(held))))
	for _, id := range slices.Backward(held) {
		out = join(out, id.RatchetKey[:], s.all[id].message, u32(id.Index))
	}
	return out
}

func (s *Session) newestSkipped() []MessageID {
	return s.Skipped[max(0, len(s.Skipped)-LibolmSkipped):]
}

// Lost is how many skipped keys libolm's form cannot hold.
func (s *Session) Lost() int { return max(0, len(s.Skipped)-LibolmSkipped) }

// ThroughLibolm is what a trip through libolm's form does to a session.
func (s *Session) ThroughLibolm() {
	s.Skipped = slices.Clone(s.newestSkipped())
	s.Counted, s.Orphans = false, 0
}

// ThroughVodozemac is what a trip through vodozemac's form does: it keeps the
// skipped keys by chain, and takes a session with a receiver chain for one that
// has decrypted a message.
func (s *Session) ThroughVodozemac() {
	var skipped []MessageID
	for _, c := range s.Receiving {
		for _, id := range s.Skipped {
			if id.RatchetKey == c.RatchetKey {
				skipped = append(skipped, id)
			}
		}
	}
	s.Skipped, s.Orphans = skipped, 0
	s.Received = s.Received || len(s.Receiving) > 0
}

// Describe is the line that libolm writes about a session.
func (s *Session) Describe() string {
	var b strings.Builder
	next := uint32(0)
	if s.Sending != nil {
		next = s.Sending.Next
	}
	fmt.Fprintf(&b, "sender chain index: %d receiver chain indices:", next)
	for _, c := range slices.Backward(s.Receiving) {
		fmt.Fprintf(&b, " %d", c.Next)
	}
	b.WriteString(" skipped message keys:")
	for _, id := range slices.Backward(s.Skipped) {
		fmt.Fprintf(&b, " %d", id.Index)
	}
	return b.String()
}

// Shift makes index the next one of the chain with this ratchet key, in both
// directions, and this the chain key there. The harness reaches the ends of the
// index with it, through pickles.
func (s *Session) Shift(ratchetKey Key, index uint32, chainKey []byte) {
	if c := s.Sending; c != nil && c.RatchetKey == ratchetKey && c.Next <= index {
		*c = s.begin(ratchetKey, index, chainKey)
	}
	for i := range s.Receiving {
		if c := &s.Receiving[i]; c.RatchetKey == ratchetKey && c.Next <= index {
			*c = s.begin(ratchetKey, index, chainKey)
		}
	}
}

// NextChainKey is the chain key of the next message to send, nil when there is
// no sender chain.
func (s *Session) NextChainKey() []byte {
	if s.Sending == nil {
		return nil
	}
	return s.at(s.Sending, s.Sending.Next).chain
}

// Has says whether the session has a chain with this ratchet key.
func (s *Session) Has(ratchetKey Key) bool {
	return s.Sending != nil && s.Sending.RatchetKey == ratchetKey ||
		slices.ContainsFunc(s.Receiving, func(c Chain) bool { return c.RatchetKey == ratchetKey })
}
