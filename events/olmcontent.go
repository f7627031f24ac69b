package events

import (
	"bytes"
	"fmt"

	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/olm"
)

const olmName = "events: m.room.encrypted (Olm)"

// OlmEncrypted is the content of an m.room.encrypted event under Olm. Nothing
// in it is authenticated. It is immutable.
type OlmEncrypted struct {
	raw         []byte
	senderKey   keys.Curve25519
	ciphertexts object
}

// ParseOlm returns the content of a to-device event of type [TypeEncrypted]. It
// returns a [*MalformedError], or [ErrAlgorithm] when the content is not under
// Olm. The ciphertexts are looked into by [OlmEncrypted.Message].
func ParseOlm(content []byte) (*OlmEncrypted, error) {
	o, err := copyObject(olmName, content)
	if err != nil {
		return nil, err
	}
	if err := o.algorithm(olmAlgorithm); err != nil {
		return nil, err
	}
	text, err := o.text("sender_key")
	if err != nil {
		return nil, err
	}
	c := &OlmEncrypted{raw: o.raw}
	if c.senderKey, err = keys.ParseCurve25519(text); err != nil {
		return nil, malformed(olmName, err.Error())
	}
	if c.ciphertexts, err = o.object("ciphertext"); err != nil {
		return nil, err
	}
	return c, nil
}

// newOlm returns the content with one message to one device.
func newOlm(algorithm string, from, to keys.Curve25519, m olm.Message) (*OlmEncrypted, error) {
	text, err := m.MarshalJSON()
	if err != nil {
		return nil, err
	}
	message, err := canonicaljson.Parse(text)
	if err != nil {
		return nil, err
	}
	return ParseOlm(canonicaljson.Object(
		textMember("algorithm", algorithm),
		textMember("sender_key", from.String()),
		canonicaljson.Member{Name: "ciphertext", Value: canonicaljson.Object(
			canonicaljson.Member{Name: to.String(), Value: message})},
	).AppendTo(nil))
}

// SenderKey returns the Curve25519 key of the device that is said to have sent
// the event: the sessions with this device are to be tried.
func (c *OlmEncrypted) SenderKey() keys.Curve25519 { return c.senderKey }

// Message returns the message for the device with a Curve25519 key. It returns
// [ErrNotForUs] when there is none, or what [olm.ParseMessage] returns.
func (c *OlmEncrypted) Message(to keys.Curve25519) (olm.Message, error) {
	raw := c.ciphertexts.get(to.String())
	if raw == nil {
		return olm.Message{}, ErrNotForUs
	}
	var m olm.Message
	if err := m.UnmarshalJSON(raw); err != nil {
		return olm.Message{}, fmt.Errorf("%s: %w", olmName, err)
	}
	return m, nil
}

// MarshalJSON returns the content with all its members.
func (c *OlmEncrypted) MarshalJSON() ([]byte, error) {
	if c.raw == nil {
		return nil, fmt.Errorf("%s: %w", olmName, keys.ErrAbsent)
	}
	return bytes.Clone(c.raw), nil
}
