package olm

import (
	"crypto/rand"
	"math"

	"github.com/chappe-e2ee/chappe/internal/aessha2"
	"github.com/chappe-e2ee/chappe/internal/b64"
	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/internal/wire"
	"github.com/chappe-e2ee/chappe/keys"
)

// Encrypt encrypts plaintext, of at most [MaxPlaintextSize] bytes. Store the
// session before the message leaves the program. It returns [ErrTooLong],
// [ErrIndexExhausted] or [ErrClosed]; the session is then as before.
func (s *Session) Encrypt(plaintext []byte) (Message, error) {
	return secret.Call(func() (Message, error) { return s.doEncrypt(plaintext) })
}

func (s *Session) doEncrypt(plaintext []byte) (Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var m Message
	if err := s.encrypt(&m, plaintext, false); err != nil {
		return Message{}, err
	}
	return m, nil
}

// AppendEncrypt is [Session.Encrypt] for many messages: it appends the body,
// unpadded base64, to dst, and returns the type beside it.
func (s *Session) AppendEncrypt(dst, plaintext []byte) (message []byte, typ MessageType, err error) {
	secret.Do(func() { message, typ, err = s.doAppendEncrypt(dst, plaintext) })
	return message, typ, err
}

func (s *Session) doAppendEncrypt(dst, plaintext []byte) ([]byte, MessageType, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var m Message
	if err := s.encrypt(&m, plaintext, dst == nil); err != nil {
		return dst, 0, err
	}
	if dst == nil {
		return b64.EncodeInPlace(m.raw), m.typ, nil
	}
	return b64.AppendEncode(dst, m.raw), m.typ, nil
}

// encrypt sets m. Its binary form has room for its base64 form when it is asked
// for.
func (s *Session) encrypt(m *Message, plaintext []byte, forText bool) error {
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
	// Nothing fails from here on, and the MAC overwrites what this leaves on the
	// stack.
	sender.chain.advance()
	s.revision++
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
	size := outer + inner
	if forText {
		size = b64.EncodedLen(size)
	}
	raw := make([]byte, 0, size)
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
