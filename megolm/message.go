package megolm

import (
	"fmt"

	"github.com/chappe-e2ee/chappe/internal/aessha2"
	"github.com/chappe-e2ee/chappe/internal/b64"
	"github.com/chappe-e2ee/chappe/internal/curve"
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

const (
	messageName    = "megolm: message"
	messageVersion = 3

	indexField      = 1
	ciphertextField = 2

	trailerSize = aessha2.MACSize + curve.SignatureSize
)

var messageFields = []wire.Spec{
	{Number: indexField, Type: wire.Varint},
	{Number: ciphertextField, Type: wire.Bytes, Len: wire.Any},
}

// Message is an encrypted message (specification, "Megolm: Message format"). It
// is public: anybody can read its index and length. The zero value is absent.
type Message struct {
	raw        []byte // as received: the MAC and the signature cover these bytes
	index      uint32
	ciphertext []byte // a part of raw
}

// NewMessage parses the binary form of a message. It keeps a copy. It returns a
// [*MalformedError] or a [*VersionError].
func NewMessage(b []byte) (Message, error) {
	if len(b) > maxMessageSize {
		return Message{}, &MalformedError{What: messageName, Why: "too long"}
	}
	return parseMessage(append([]byte(nil), b...))
}

// ParseMessage parses the base64 form of a message, padded or not, as it stands
// in the ciphertext member of m.room.encrypted. It returns a [*MalformedError]
// or a [*VersionError].
func ParseMessage(text string) (Message, error) {
	raw, err := decodedRoom(b64.DecodedLen(text))
	if err != nil {
		return Message{}, err
	}
	if err := b64.DecodeString(raw, text); err != nil {
		return Message{}, &MalformedError{What: messageName, Why: err.Error()}
	}
	return parseMessage(raw)
}

// decodedRoom returns a slice for n decoded bytes, where n may be -1 for text of
// an impossible length.
func decodedRoom(n int) ([]byte, error) {
	if n > maxMessageSize {
		return nil, &MalformedError{What: messageName, Why: "too long"}
	}
	if n < 0 {
		return nil, &MalformedError{What: messageName, Why: b64.ErrBase64.Error()}
	}
	return make([]byte, n), nil
}

// UnmarshalText sets m as [ParseMessage] does. When it fails, m is as before.
func (m *Message) UnmarshalText(text []byte) error {
	raw, err := decodedRoom(b64.DecodedLen(text))
	if err != nil {
		return err
	}
	if err := b64.Decode(raw, text); err != nil {
		return &MalformedError{What: messageName, Why: err.Error()}
	}
	parsed, err := parseMessage(raw)
	if err != nil {
		return err
	}
	*m = parsed
	return nil
}

func parseMessage(raw []byte) (Message, error) {
	if len(raw) == 0 {
		return Message{}, &MalformedError{What: messageName, Why: "empty"}
	}
	if raw[0] != messageVersion {
		return Message{}, &VersionError{What: messageName, Got: uint32(raw[0])}
	}
	if len(raw) < 1+trailerSize {
		return Message{}, &MalformedError{What: messageName, Why: "shorter than version, MAC and signature"}
	}
	var v [2]wire.Value
	if err := wire.Decode(messageName, raw[1:len(raw)-trailerSize], messageFields, v[:]); err != nil {
		return Message{}, err
	}
	if len(v[1].Bytes) == 0 {
		return Message{}, &MalformedError{What: messageName, Why: "empty ciphertext"}
	}
	return Message{raw: raw, index: v[0].Uint32, ciphertext: v[1].Bytes}, nil
}

// messageLen is the length of the message that encrypts n bytes at index.
func messageLen(index uint32, n int) int {
	c := aessha2.CiphertextLen(n)
	return 1 + 1 + wire.UvarintLen(uint64(index)) + 1 + wire.UvarintLen(uint64(c)) + c + trailerSize
}

// IsZero says whether m is absent.
func (m Message) IsZero() bool { return m.raw == nil }

// Index returns the message's index in its session. It is authenticated only
// once the message was decrypted.
func (m Message) Index() uint32 { return m.index }

// CiphertextLen returns the length of the ciphertext in bytes: the plaintext
// has 1 to 16 fewer.
func (m Message) CiphertextLen() int { return len(m.ciphertext) }

// Bytes returns a copy of the binary form.
func (m Message) Bytes() []byte { return append([]byte(nil), m.raw...) }

// String returns the message in unpadded base64.
func (m Message) String() string { return b64.Encode(m.raw) }

// MarshalText returns the message in unpadded base64, or [keys.ErrAbsent].
func (m Message) MarshalText() ([]byte, error) {
	if m.IsZero() {
		return nil, fmt.Errorf("%s: %w", messageName, keys.ErrAbsent)
	}
	return b64.AppendEncode(make([]byte, 0, b64.EncodedLen(len(m.raw))), m.raw), nil
}

// signed returns what the signature covers: all that stands before it.
func (m Message) signed() []byte { return m.raw[:len(m.raw)-curve.SignatureSize] }

func (m Message) signature() *[curve.SignatureSize]byte {
	return (*[curve.SignatureSize]byte)(m.raw[len(m.raw)-curve.SignatureSize:])
}

// authenticated returns what the MAC covers: version and fields.
func (m Message) authenticated() []byte { return m.raw[:len(m.raw)-trailerSize] }

func (m Message) mac() []byte {
	return m.raw[len(m.raw)-trailerSize : len(m.raw)-curve.SignatureSize]
}
