package olm

import (
	"fmt"
	"slices"

	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
)

// Decrypt decrypts a message of this session. Messages may come out of order,
// within the bounds of [MaxMessageGap], [MaxSkippedKeys] and
// [MaxReceiverChains], and each once.
//
// It returns [ErrDecrypt], [ErrWrongSession], [ErrUnknownChain],
// [ErrIndexExhausted], a [*MessageGapError], a [*MessageKeyGoneError],
// [ErrKeyMismatch], [keys.ErrAbsent] or [ErrClosed]; the session is then as
// before.
func (s *Session) Decrypt(m Message) ([]byte, error) {
	return secret.Call(func() ([]byte, error) { return s.doDecrypt(m) })
}

func (s *Session) doDecrypt(m Message) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.sessionState == nil:
		return nil, ErrClosed
	case m.IsZero():
		return nil, fmt.Errorf("%s: %w", messageName, keys.ErrAbsent)
	case m.typ == PreKey && m.sessionKeys != s.keys:
		return nil, ErrWrongSession
	}
	return s.decrypt(&m)
}

func (s *Session) decrypt(m *Message) (plaintext []byte, err error) {
	if r := s.receiver(m.ratchetKey); r == nil {
		plaintext, err = s.decryptNewChain(m)
	} else if m.index < r.chain.index {
		plaintext, err = decryptSkipped(r, m)
	} else {
		plaintext, err = s.decryptAhead(r, m)
	}
	if err != nil {
		return nil, err
	}
	s.received = true
	s.revision++
	return plaintext, nil
}

func (s *sessionState) receiver(ratchetKey keys.Curve25519) *receiverChain {
	for _, r := range s.receivers {
		if r.ratchetKey == ratchetKey {
			return r
		}
	}
	return nil
}

// decryptSkipped decrypts a message that was overtaken, and forgets its key.
func decryptSkipped(r *receiverChain, m *Message) ([]byte, error) {
	i := r.find(m.index)
	if i < 0 {
		return nil, &MessageKeyGoneError{Index: m.index}
	}
	plaintext, err := openMessage(&r.skipped[i].key, m)
	if err != nil {
		return nil, err
	}
	r.remove(i)
	return plaintext, nil
}

// decryptAhead decrypts a message at r's index or beyond, and moves r behind it.
func (s *Session) decryptAhead(r *receiverChain, m *Message) ([]byte, error) {
	var key [keySize]byte
	defer secret.Wipe(key[:])
	var c chain
	defer c.wipe()
	skipped, err := r.ahead(&c, &key, m.index, s.serial)
	if err != nil {
		return nil, err
	}
	plaintext, err := openMessage(&key, m)
	if err != nil {
		if !sameSlice(skipped, r.skipped) {
			wipeSkipped(skipped)
		}
		return nil, err
	}
	s.serial += uint64(min(m.index-r.chain.index, MaxSkippedKeys))
	r.replace(&c, skipped)
	return plaintext, nil
}

// decryptNewChain decrypts a message under a ratchet key that is new: the peer
// has answered our newest one. Our sender chain ends with it.
func (s *Session) decryptNewChain(m *Message) ([]byte, error) {
	if s.sender == nil {
		return nil, ErrUnknownChain
	}
	var shared [keySize]byte
	defer secret.Wipe(shared[:])
	if err := s.sender.agree(shared[:], m.ratchetKey); err != nil {
		return nil, err
	}
	root := s.root
	defer secret.Wipe(root[:])
	r := &receiverChain{ratchetKey: m.ratchetKey}
	rootStep(&root, &r.chain, &shared)
	plaintext, err := s.decryptAhead(r, m)
	if err != nil {
		r.wipe()
		return nil, err
	}
	s.root = root
	s.receivers = slices.Insert(s.receivers, 0, r)
	for len(s.receivers) > MaxReceiverChains {
		last := len(s.receivers) - 1
		s.orphans += uint32(len(s.receivers[last].skipped))
		s.receivers[last].wipe()
		s.receivers[last] = nil
		s.receivers = s.receivers[:last]
	}
	s.sender.wipe()
	s.sender = nil
	s.count.n++
	return plaintext, nil
}
