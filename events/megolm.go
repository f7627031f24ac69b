package events

import (
	"bytes"
	"fmt"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
)

const (
	megolmName      = "events: m.room.encrypted (Megolm)"
	roomPayloadName = "events: Megolm payload"
)

// MegolmEncrypted is the content of an m.room.encrypted event under Megolm. Of
// its members, sender_key and device_id are the server's to invent; they are
// kept, and never read. It is immutable.
type MegolmEncrypted struct {
	raw       []byte
	sessionID string
	message   megolm.Message
}

// ParseMegolm returns the content of a room event of type [TypeEncrypted]. It
// returns a [*MalformedError], [ErrAlgorithm] when the content is not under
// Megolm, or what [megolm.ParseMessage] returns.
func ParseMegolm(content []byte) (*MegolmEncrypted, error) {
	o, err := copyObject(megolmName, content)
	if err != nil {
		return nil, err
	}
	if err := o.algorithm(megolmAlgorithm); err != nil {
		return nil, err
	}
	c := &MegolmEncrypted{raw: o.raw}
	if c.sessionID, err = o.text("session_id"); err != nil {
		return nil, err
	}
	ciphertext, err := o.text("ciphertext")
	if err != nil {
		return nil, err
	}
	if c.message, err = megolm.ParseMessage(ciphertext); err != nil {
		return nil, fmt.Errorf("%s: %w", megolmName, err)
	}
	return c, nil
}

// SessionID returns the id of the session. With the room, it finds the session.
func (c *MegolmEncrypted) SessionID() string { return c.sessionID }

// Message returns the message.
func (c *MegolmEncrypted) Message() megolm.Message { return c.message }

// MarshalJSON returns the content with all its members.
func (c *MegolmEncrypted) MarshalJSON() ([]byte, error) {
	if c.raw == nil {
		return nil, fmt.Errorf("%s: %w", megolmName, keys.ErrAbsent)
	}
	return bytes.Clone(c.raw), nil
}

// SealMegolm encrypts an event to a room: the content of a room event of type
// [TypeEncrypted]. content is a JSON object. from are our own device's keys,
// which the specification still wants to stand in the event. A member
// m.relates_to of the content is repeated in clear, where servers look for it.
//
// Store the session before the content leaves the program. It returns a
// [*MalformedError], [keys.ErrAbsent], or what [megolm.OutboundSession.Encrypt]
// returns; the session is then as before.
func SealMegolm(session *megolm.OutboundSession, from *crosssigning.DeviceKeys, roomID, eventType string, content []byte) (*MegolmEncrypted, error) {
	return secret.Call(func() (*MegolmEncrypted, error) { return doSealMegolm(session, from, roomID, eventType, content) })
}

func doSealMegolm(session *megolm.OutboundSession, from *crosssigning.DeviceKeys, roomID, eventType string, content []byte) (*MegolmEncrypted, error) {
	if session == nil || from == nil {
		return nil, fmt.Errorf("%s: %w", roomPayloadName, keys.ErrAbsent)
	}
	o, err := readObject(roomPayloadName, content)
	if err != nil {
		return nil, err
	}
	relation, err := o.value("m.relates_to")
	if err != nil {
		return nil, err
	}
	head := canonicaljson.Object(textMember("type", eventType), textMember("room_id", roomID))
	if head.IsZero() || eventType == "" || roomID == "" {
		return nil, malformed(roomPayloadName, "a text is empty or not valid UTF-8")
	}
	payload := appendMember(head, "content", content)
	defer secret.Wipe(payload)
	m, err := session.Encrypt(payload)
	if err != nil {
		return nil, err
	}
	members := []canonicaljson.Member{
		textMember("algorithm", session.Suite().Algorithm()),
		textMember("sender_key", from.Curve25519().String()),
		textMember("device_id", from.DeviceID()),
		textMember("session_id", session.ID()),
		textMember("ciphertext", m.String()),
	}
	if !relation.IsZero() {
		members = append(members, canonicaljson.Member{Name: "m.relates_to", Value: relation})
	}
	return ParseMegolm(canonicaljson.Object(members...).AppendTo(nil))
}
