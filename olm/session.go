package olm

import (
	"crypto/rand"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/chappe-e2ee/chappe/internal/aessha2"
	"github.com/chappe-e2ee/chappe/internal/b64"
	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/internal/wire"
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

// Encrypt encrypts plaintext, of at most [MaxPlaintextSize] bytes. Store the
// session before the message leaves the program. It returns [ErrTooLong],
// [ErrIndexExhausted] or [ErrClosed]; the session is then as before.
func (s *Session) Encrypt(plaintext []byte) (Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var m Message
	if err := s.encrypt(&m, plaintext); err != nil {
		return Message{}, err
	}
	return m, nil
}

// AppendEncrypt is [Session.Encrypt] for many messages: it appends the body,
// unpadded base64, to dst, and returns the type beside it.
func (s *Session) AppendEncrypt(dst, plaintext []byte) ([]byte, MessageType, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var m Message
	if err := s.encrypt(&m, plaintext); err != nil {
		return dst, 0, err
	}
	if dst == nil {
		dst = make([]byte, 0, b64.EncodedLen(len(m.raw)))
	}
	return b64.AppendEncode(dst, m.raw), m.typ, nil
}

func (s *Session) encrypt(m *Message, plaintext []byte) error {
	if s.sessionState == nil {
		return ErrClosed
	}
	if len(plaintext) > MaxPlaintextSize {
		return ErrTooLong
	}
	if s.sender == nil {
		if err := s.newSender(); err != nil {
			return err
		}
	}
	sender := s.sender
	index := sender.chain.index
	if index == math.MaxUint32 {
		return ErrIndexExhausted
	}

	var key [keySize]byte
	defer secret.Wipe(key[:])
	sender.chain.messageKey(&key)
	var c aessha2.Cipher
	defer c.Wipe()
	c.Derive(key[:], cipherLabel)

	inner := messageLen(index, len(plaintext))
	m.typ, m.sessionKeys, m.ratchetKey, m.index = Normal, SessionKeys{}, sender.public, index
	outer := 0
	if !s.received {
		m.typ, m.sessionKeys = PreKey, s.keys
		outer = preKeyLen(inner)
	}
	raw := make([]byte, 0, outer+inner)
	if m.typ == PreKey {
		raw = append(raw, messageVersion)
		raw = appendKey(raw, oneTimeKeyField, s.keys.OneTimeKey)
		raw = appendKey(raw, baseKeyField, s.keys.BaseKey)
		raw = appendKey(raw, identityKeyField, s.keys.IdentityKey)
		raw = wire.AppendBytesHeader(raw, innerField, inner)
	}
	raw = append(raw, messageVersion)
	raw = appendKey(raw, ratchetKeyField, sender.public)
	raw = wire.AppendVarint(raw, chainIndexField, index)
	raw = wire.AppendBytesHeader(raw, ciphertextField, aessha2.CiphertextLen(len(plaintext)))
	start := len(raw)
	raw = c.AppendEncrypt(raw, plaintext)
	m.ciphertext = raw[start:len(raw):len(raw)]
	mac := c.MAC(raw[outer:])
	raw = append(raw, mac[:]...)
	m.raw, m.inner = raw, raw[outer:]

	sender.chain.advance()
	s.revision++
	return nil
}

func appendKey(dst []byte, field uint32, key keys.Curve25519) []byte {
	b := key.Array()
	return wire.AppendBytes(dst, field, b[:])
}

// newSender makes a ratchet key and the sender chain that follows from it and
// the peer's newest one. It takes 32 bytes from crypto/rand.
func (s *Session) newSender() error {
	sender := new(senderChain)
	rand.Read(sender.private[:])
	parsed, err := curve.ParsePrivateKey(&sender.private)
	if err != nil {
		return err
	}
	sender.parsed = parsed
	b := parsed.PublicKey()
	if sender.public, err = keys.NewCurve25519(b[:]); err != nil {
		return err
	}
	var shared [keySize]byte
	defer secret.Wipe(shared[:])
	if err := sender.agree(shared[:], s.receivers[0].ratchetKey); err != nil {
		return err
	}
	rootStep(&s.root, &sender.chain, &shared)
	s.sender = sender
	s.count.n++
	return nil
}

// Decrypt decrypts a message of this session. Messages may come out of order,
// within the bounds of [MaxMessageGap], [MaxSkippedKeys] and
// [MaxReceiverChains], and each once.
//
// It returns [ErrDecrypt], [ErrWrongSession], [ErrUnknownChain],
// [ErrIndexExhausted], a [*MessageGapError], a [*MessageKeyGoneError],
// [keys.ErrAbsent] or [ErrClosed]; the session is then as before.
func (s *Session) Decrypt(m Message) ([]byte, error) {
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
