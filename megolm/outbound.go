package megolm

import (
	"crypto/rand"
	"math"
	"sync"

	"github.com/chappe-e2ee/chappe/internal/aessha2"
	"github.com/chappe-e2ee/chappe/internal/b64"
	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/internal/wire"
	"github.com/chappe-e2ee/chappe/keys"
)

const cipherLabel = "MEGOLM_KEYS"

// OutboundSession encrypts messages for a group. It is safe for concurrent use.
type OutboundSession struct {
	secret.Redacted
	mu             sync.Mutex
	public         keys.Ed25519
	*outboundState // nil once closed, and in the zero value
}

// outboundState is what an outbound session has to hide and to change. fmt
// follows one pointer of a caller's struct, whatever methods there are: what is
// behind a second one it does not reach.
type outboundState struct {
	ratchet  ratchet // at the index of the next message
	signing  *curve.SigningKey
	revision uint64
}

// NewOutboundSession returns a session with a fresh ratchet and signing key, at
// index 0. It takes 128 and then 32 bytes from crypto/rand, in libolm's order.
func NewOutboundSession() (v *OutboundSession) {
	secret.Do(func() { v = doNewOutboundSession() })
	return v
}

func doNewOutboundSession() *OutboundSession {
	s := &OutboundSession{outboundState: new(outboundState)}
	rand.Read(s.ratchet.parts[:])
	var seed [curve.Size]byte
	rand.Read(seed[:])
	s.signing = curve.SigningKeyFromSeed(&seed)
	secret.Wipe(seed[:])
	s.public = keys.Ed25519(s.signing.VerificationKey())
	return s
}

// ID returns the id of the session: its Ed25519 public key in unpadded base64,
// 43 characters.
func (s *OutboundSession) ID() string { return s.public.String() }

// Suite returns the version of Megolm that the session speaks.
func (s *OutboundSession) Suite() Suite { return V1 }

// SigningKey returns the public key that signs the session's messages.
func (s *OutboundSession) SigningKey() keys.Ed25519 { return s.public }

// Index returns the index of the message that is encrypted next.
func (s *OutboundSession) Index() uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.outboundState == nil {
		return 0
	}
	return s.ratchet.index
}

// Revision counts the changes of the session's state since it was made. A store
// holds the latest state when it holds the latest revision.
func (s *OutboundSession) Revision() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.outboundState == nil {
		return 0
	}
	return s.revision
}

// SessionKey returns the key with which the messages from the present index on
// can be decrypted. It returns [ErrClosed].
func (s *OutboundSession) SessionKey() (SessionKey, error) {
	return secret.Call(func() (SessionKey, error) { return s.doSessionKey() })
}

func (s *OutboundSession) doSessionKey() (SessionKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.outboundState == nil {
		return SessionKey{}, ErrClosed
	}
	k := newSessionKey()
	k.ratchet, k.public = s.ratchet, s.public
	var raw [exportSize]byte
	defer secret.Wipe(raw[:])
	s.signing.Sign(&k.signature, k.appendTo(raw[:0], sessionKeyVersion))
	return SessionKey{p: k}, nil
}

// Encrypt encrypts plaintext, of at most [MaxPlaintextSize] bytes, and moves the
// session to the next index. Store the session before the message leaves the
// program. It returns [ErrTooLong], [ErrIndexExhausted] or [ErrClosed]; the
// session is then as before.
func (s *OutboundSession) Encrypt(plaintext []byte) (Message, error) {
	return secret.Call(func() (Message, error) { return s.doEncrypt(plaintext) })
}

func (s *OutboundSession) doEncrypt(plaintext []byte) (Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	raw, index, err := s.encrypt(plaintext, false)
	if err != nil {
		return Message{}, err
	}
	n := aessha2.CiphertextLen(len(plaintext))
	end := len(raw) - trailerSize
	return Message{raw: raw, index: index, ciphertext: raw[end-n : end : end]}, nil
}

// AppendEncrypt is [OutboundSession.Encrypt] for many messages: it appends the
// message in unpadded base64 to dst.
func (s *OutboundSession) AppendEncrypt(dst, plaintext []byte) ([]byte, error) {
	return secret.Call(func() ([]byte, error) { return s.doAppendEncrypt(dst, plaintext) })
}

func (s *OutboundSession) doAppendEncrypt(dst, plaintext []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	raw, _, err := s.encrypt(plaintext, dst == nil)
	if err != nil {
		return dst, err
	}
	if dst == nil {
		return b64.EncodeInPlace(raw), nil
	}
	return b64.AppendEncode(dst, raw), nil
}

// encrypt returns the binary form of the message, with room for its base64 form
// when it is asked for.
func (s *OutboundSession) encrypt(plaintext []byte, forText bool) (raw []byte, index uint32, err error) {
	switch {
	case s.outboundState == nil:
		return nil, 0, ErrClosed
	case len(plaintext) > MaxPlaintextSize:
		return nil, 0, ErrTooLong
	case s.ratchet.index == math.MaxUint32:
		return nil, 0, ErrIndexExhausted
	}
	index = s.ratchet.index
	var c aessha2.Cipher
	defer c.Wipe()
	c.Derive(s.ratchet.parts[:], cipherLabel)
	// Nothing fails from here on, and the MAC overwrites what this leaves on the
	// stack.
	s.ratchet.advance()
	s.revision++

	size := messageLen(index, len(plaintext))
	if forText {
		size = b64.EncodedLen(size)
	}
	raw = make([]byte, 0, size)
	raw = append(raw, messageVersion)
	raw = wire.AppendVarint(raw, indexField, index)
	raw = wire.AppendBytesHeader(raw, ciphertextField, aessha2.CiphertextLen(len(plaintext)))
	raw = c.AppendEncrypt(raw, plaintext)
	mac := c.MAC(raw)
	raw = append(raw, mac[:]...)
	n := len(raw)
	raw = raw[:n+curve.SignatureSize]
	s.signing.Sign((*[curve.SignatureSize]byte)(raw[n:]), raw[:n])
	return raw, index, nil
}

// Close wipes the session's secrets. Later calls return [ErrClosed]; id and
// public key stay readable.
func (s *OutboundSession) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.outboundState != nil {
		s.wipe()
		s.outboundState = nil
	}
}

func (s *outboundState) wipe() {
	s.ratchet.wipe()
	if s.signing != nil {
		s.signing.Wipe()
	}
}
