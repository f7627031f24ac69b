package pk

import (
	"fmt"

	"github.com/chappe-e2ee/chappe/internal/aessha2"
	"github.com/chappe-e2ee/chappe/internal/b64"
	"github.com/chappe-e2ee/chappe/keys"
)

// MACSize is the length of a message's MAC in bytes.
const MACSize = aessha2.MACSize

// MaxPlaintextSize is the length in bytes of the longest plaintext that is
// encrypted and, but for padding, of the longest that is decrypted. A backed-up
// room key has less than 2 KiB.
const MaxPlaintextSize = 16 << 20

const (
	messageName = "pk: message"

	blockSize         = 16
	maxCiphertextSize = MaxPlaintextSize + blockSize
)

// Message is an encrypted message, in the three parts that libolm returns. All
// are public, and none is authentic. The zero value is absent.
type Message struct {
	Ciphertext []byte          // one block of 16 bytes or more
	MAC        [MACSize]byte   // over the empty string: the same for every ciphertext of these keys
	Ephemeral  keys.Curve25519 // the sender's key for this message
}

// ParseMessage parses the three texts of a message, each in base64, padded or
// not. The MAC has exactly 11 characters, or 12 with padding. It returns a
// [*MalformedError].
func ParseMessage(ciphertext, mac, ephemeral string) (Message, error) {
	malformed := func(why string) (Message, error) {
		return Message{}, &MalformedError{What: messageName, Why: why}
	}
	var m Message
	n := b64.DecodedLen(ciphertext)
	switch {
	case n < 0:
		return malformed("ciphertext: " + b64.ErrBase64.Error())
	case n > maxCiphertextSize:
		return malformed("ciphertext: too long")
	case b64.DecodedLen(mac) != MACSize:
		return malformed("mac: not 8 bytes long")
	}
	if err := b64.Decode(m.MAC[:], []byte(mac)); err != nil {
		return malformed("mac: " + err.Error())
	}
	if err := m.Ephemeral.UnmarshalText([]byte(ephemeral)); err != nil {
		return malformed("ephemeral: " + err.Error())
	}
	m.Ciphertext = make([]byte, n)
	if err := b64.Decode(m.Ciphertext, []byte(ciphertext)); err != nil {
		return malformed("ciphertext: " + err.Error())
	}
	if err := m.check(); err != nil {
		return Message{}, err
	}
	return m, nil
}

// check says whether m is of a form that can be decrypted: its fields are
// anybody's to set.
func (m Message) check() error {
	if m.Ephemeral.IsZero() {
		return fmt.Errorf("%s: ephemeral: %w", messageName, keys.ErrAbsent)
	}
	why := ""
	switch n := len(m.Ciphertext); {
	case n == 0:
		why = "ciphertext: empty"
	case n%blockSize != 0:
		why = "ciphertext: not whole blocks of 16 bytes"
	case n > maxCiphertextSize:
		why = "ciphertext: too long"
	default:
		return nil
	}
	return &MalformedError{What: messageName, Why: why}
}

// IsZero says whether m is absent: it has no ephemeral key.
func (m Message) IsZero() bool { return m.Ephemeral.IsZero() }

// Text returns the three parts in unpadded base64, as libolm does.
func (m Message) Text() (ciphertext, mac, ephemeral string) {
	return b64.Encode(m.Ciphertext), b64.Encode(m.MAC[:]), m.Ephemeral.String()
}
