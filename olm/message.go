package olm

import (
	"crypto/sha256"
	"fmt"

	"github.com/chappe-e2ee/chappe/internal/aessha2"
	"github.com/chappe-e2ee/chappe/internal/b64"
	"github.com/chappe-e2ee/chappe/internal/wire"
	"github.com/chappe-e2ee/chappe/keys"
)

// MaxPlaintextSize is the length in bytes of the longest plaintext that is
// encrypted. A Matrix event has at most 65536 bytes; the bound is far above,
// and keeps lengths within 32 bits.
const MaxPlaintextSize = 16 << 20

// maxMessageSize is the length in bytes of the longest message that is read:
// the longest plaintext, padding, and less than 256 bytes of fields.
const maxMessageSize = MaxPlaintextSize + 256

// MessageType is the type of a message, with the number that stands for it in
// m.room.encrypted.
type MessageType int

// The message types (specification, "m.olm.v1.curve25519-aes-sha2").
const (
	// PreKey messages carry what the recipient needs to make the session. All
	// messages of the session's maker are pre-key messages until it has
	// decrypted one.
	PreKey MessageType = 0
	// Normal messages are all others.
	Normal MessageType = 1
)

const (
	messageName    = "olm: message"
	preKeyName     = "olm: pre-key message"
	messageVersion = 3

	ratchetKeyField = 1
	chainIndexField = 2
	ciphertextField = 4

	oneTimeKeyField  = 1
	baseKeyField     = 2
	identityKeyField = 3
	innerField       = 4

	keyFieldLen = 1 + 1 + keys.PublicKeySize
)

var (
	messageFields = []wire.Spec{
		{Number: ratchetKeyField, Type: wire.Bytes, Len: keys.PublicKeySize},
		{Number: chainIndexField, Type: wire.Varint},
		{Number: ciphertextField, Type: wire.Bytes, Len: wire.Any},
	}
	preKeyFields = []wire.Spec{
		{Number: oneTimeKeyField, Type: wire.Bytes, Len: keys.PublicKeySize},
		{Number: baseKeyField, Type: wire.Bytes, Len: keys.PublicKeySize},
		{Number: identityKeyField, Type: wire.Bytes, Len: keys.PublicKeySize},
		{Number: innerField, Type: wire.Bytes, Len: wire.Any},
	}
)

// SessionKeys are the three public keys that a session was made from. They
// stand in every pre-key message, and name the session.
type SessionKeys struct {
	IdentityKey keys.Curve25519 // of the session's maker
	BaseKey     keys.Curve25519 // of the session's maker, made for this session
	OneTimeKey  keys.Curve25519 // of the other side: a one-time or fallback key
}

// ID returns the id of the session: the unpadded base64, 43 characters, of
// SHA-256 over identity, base and one-time key. The specification has no session
// ids; this is libolm's, and vodozemac's.
func (k SessionKeys) ID() string {
	var b [3 * keys.PublicKeySize]byte
	k.append(b[:0])
	digest := sha256.Sum256(b[:])
	return b64.Encode(digest[:])
}

func (k SessionKeys) append(dst []byte) []byte {
	for _, key := range [...]keys.Curve25519{k.IdentityKey, k.BaseKey, k.OneTimeKey} {
		b := key.Array()
		dst = append(dst, b[:]...)
	}
	return dst
}

// Message is an encrypted message (specification, "The Olm message format" and
// "Pre-key messages"). What its methods return is public, and authenticated
// only once the message was decrypted. The zero value is absent.
type Message struct {
	raw         []byte // binary form, as received
	inner       []byte // the normal message in it, or all of it; the MAC covers these bytes
	ciphertext  []byte // a part of inner
	sessionKeys SessionKeys
	ratchetKey  keys.Curve25519
	index       uint32
	typ         MessageType
}

// NewMessage parses the binary form of a message of the given type. It keeps a
// copy. It returns a [*MalformedError], a [*VersionError] or [ErrMessageType].
func NewMessage(t MessageType, b []byte) (Message, error) {
	if len(b) > maxMessageSize {
		return Message{}, &MalformedError{What: messageName, Why: "too long"}
	}
	return parse(t, append([]byte(nil), b...))
}

// ParseMessage parses the base64 form of a message of the given type, padded or
// not: the type and body members of the ciphertext in m.room.encrypted. It
// returns a [*MalformedError], a [*VersionError] or [ErrMessageType].
func ParseMessage(t MessageType, body string) (Message, error) {
	n := b64.DecodedLen(body)
	if n > maxMessageSize {
		return Message{}, &MalformedError{What: messageName, Why: "too long"}
	}
	if n < 0 {
		return Message{}, &MalformedError{What: messageName, Why: b64.ErrBase64.Error()}
	}
	raw := make([]byte, n)
	if err := b64.DecodeString(raw, body); err != nil {
		return Message{}, &MalformedError{What: messageName, Why: err.Error()}
	}
	return parse(t, raw)
}

func parse(t MessageType, raw []byte) (m Message, err error) {
	switch t {
	case PreKey:
		err = m.parsePreKey(raw)
	case Normal:
		err = m.parseNormal(raw)
	default:
		err = fmt.Errorf("%s of type %d: %w", messageName, t, ErrMessageType)
	}
	if err != nil {
		return Message{}, err
	}
	m.typ, m.raw = t, raw
	return m, nil
}

func (m *Message) parsePreKey(raw []byte) error {
	if len(raw) == 0 {
		return &MalformedError{What: preKeyName, Why: "empty"}
	}
	if raw[0] != messageVersion {
		return &VersionError{What: preKeyName, Got: uint32(raw[0])}
	}
	var v [4]wire.Value
	if err := wire.Decode(preKeyName, raw[1:], preKeyFields, v[:]); err != nil {
		return err
	}
	for i, key := range []*keys.Curve25519{&m.sessionKeys.OneTimeKey, &m.sessionKeys.BaseKey, &m.sessionKeys.IdentityKey} {
		if err := parseKey(key, preKeyName, v[i].Bytes); err != nil {
			return err
		}
	}
	return m.parseNormal(v[3].Bytes)
}

func (m *Message) parseNormal(raw []byte) error {
	if len(raw) == 0 {
		return &MalformedError{What: messageName, Why: "empty"}
	}
	if raw[0] != messageVersion {
		return &VersionError{What: messageName, Got: uint32(raw[0])}
	}
	if len(raw) < 1+aessha2.MACSize {
		return &MalformedError{What: messageName, Why: "shorter than version and MAC"}
	}
	var v [3]wire.Value
	if err := wire.Decode(messageName, raw[1:len(raw)-aessha2.MACSize], messageFields, v[:]); err != nil {
		return err
	}
	if err := parseKey(&m.ratchetKey, messageName, v[0].Bytes); err != nil {
		return err
	}
	if len(v[2].Bytes) == 0 {
		return &MalformedError{What: messageName, Why: "empty ciphertext"}
	}
	m.inner, m.index, m.ciphertext = raw, v[1].Uint32, v[2].Bytes
	return nil
}

func parseKey(key *keys.Curve25519, what string, b []byte) (err error) {
	if *key, err = keys.NewCurve25519(b); err != nil {
		return &MalformedError{What: what, Why: err.Error()}
	}
	return nil
}

// authenticated returns what the MAC covers.
func (m *Message) authenticated() []byte { return m.inner[:len(m.inner)-aessha2.MACSize] }

func (m *Message) mac() []byte { return m.inner[len(m.inner)-aessha2.MACSize:] }

// messageLen is the length of the normal message that encrypts n bytes at index.
func messageLen(index uint32, n int) int {
	c := aessha2.CiphertextLen(n)
	return 1 + keyFieldLen + 1 + wire.UvarintLen(uint64(index)) +
		1 + wire.UvarintLen(uint64(c)) + c + aessha2.MACSize
}

// preKeyLen is what a pre-key message adds to an inner message of n bytes.
func preKeyLen(n int) int { return 1 + 3*keyFieldLen + 1 + wire.UvarintLen(uint64(n)) }

// IsZero says whether m is absent.
func (m Message) IsZero() bool { return m.raw == nil }

// Type returns the type of the message.
func (m Message) Type() MessageType { return m.typ }

// RatchetKey returns the sender's ratchet key, which names the chain.
func (m Message) RatchetKey() keys.Curve25519 { return m.ratchetKey }

// ChainIndex returns the index of the message in its chain.
func (m Message) ChainIndex() uint32 { return m.index }

// CiphertextLen returns the length of the ciphertext in bytes: the plaintext
// has 1 to 16 fewer.
func (m Message) CiphertextLen() int { return len(m.ciphertext) }

// SessionKeys returns the three keys that a pre-key message carries, and false
// for a normal message.
func (m Message) SessionKeys() (SessionKeys, bool) {
	return m.sessionKeys, m.typ == PreKey && !m.IsZero()
}

// Bytes returns a copy of the binary form.
func (m Message) Bytes() []byte { return append([]byte(nil), m.raw...) }

// Body returns the base64 form, unpadded.
func (m Message) Body() string { return b64.Encode(m.raw) }
