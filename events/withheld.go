package events

import (
	"bytes"
	"fmt"

	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
	"github.com/chappe-e2ee/chappe/keys"
)

const withheldName = "events: m.room_key.withheld"

// Code says why a key was withheld. Programs may use codes of their own.
type Code string

// The codes of the specification.
const (
	Blacklisted      Code = "m.blacklisted"        // the user or device was blocked
	Unverified       Code = "m.unverified"         // keys go to verified devices only
	Unauthorised     Code = "m.unauthorised"       // the device may not have the key
	Unavailable      Code = "m.unavailable"        // the device that was asked does not have it
	NoOlm            Code = "m.no_olm"             // no Olm session could be made; names no session
	HistoryNotShared Code = "m.history_not_shared" // in key bundles only
)

// Withheld is the content of an m.room_key.withheld event. It is not encrypted:
// anyone can have written it. It is a hint for a person, and no reason to give up
// a key. It is immutable.
type Withheld struct {
	raw               []byte
	code              Code
	reason            string
	roomID, sessionID string
	senderKey         keys.Curve25519
}

// ParseWithheld returns the content of an event of type [TypeWithheld] or
// [TypeLegacyWithheld]. It returns a [*MalformedError], or [ErrAlgorithm] when
// it is not about Megolm.
func ParseWithheld(content []byte) (*Withheld, error) {
	o, err := copyObject(withheldName, content)
	if err != nil {
		return nil, err
	}
	if err := o.algorithm(megolmAlgorithm); err != nil {
		return nil, err
	}
	w := &Withheld{raw: o.raw}
	text, err := o.text("sender_key")
	if err != nil {
		return nil, err
	}
	if w.senderKey, err = keys.ParseCurve25519(text); err != nil {
		return nil, malformed(withheldName, err.Error())
	}
	if text, err = o.text("code"); err != nil {
		return nil, err
	}
	w.code = Code(text)
	if w.reason, err = o.optional("reason"); err != nil {
		return nil, err
	}
	read := o.text
	if w.code == NoOlm {
		read = o.optional
	}
	if w.roomID, err = read("room_id"); err != nil {
		return nil, err
	}
	if w.sessionID, err = read("session_id"); err != nil {
		return nil, err
	}
	return w, nil
}

// NewWithheld returns the content that says that our device, which has
// senderKey, does not share a session. reason is for people and may be empty.
// With [NoOlm], room and session are empty: it is sent once for all of them. It
// returns [keys.ErrAbsent] or a [*MalformedError].
func NewWithheld(code Code, reason, roomID, sessionID string, senderKey keys.Curve25519) (*Withheld, error) {
	if senderKey.IsZero() {
		return nil, fmt.Errorf("%s: %w", withheldName, keys.ErrAbsent)
	}
	if code == NoOlm && (roomID != "" || sessionID != "") {
		return nil, malformed(withheldName, "m.no_olm with a room or session")
	}
	members := []canonicaljson.Member{
		textMember("algorithm", megolmAlgorithm),
		textMember("code", string(code)),
		textMember("sender_key", senderKey.String()),
	}
	if reason != "" {
		members = append(members, textMember("reason", reason))
	}
	if code != NoOlm {
		members = append(members, textMember("room_id", roomID), textMember("session_id", sessionID))
	}
	return ParseWithheld(canonicaljson.Object(members...).AppendTo(nil))
}

// Code returns why the key was withheld.
func (w *Withheld) Code() Code { return w.code }

// Reason returns the sender's words, which are to be shown only for a code that
// the program does not know.
func (w *Withheld) Reason() string { return w.reason }

// RoomID returns the room of the session; it may be empty with [NoOlm].
func (w *Withheld) RoomID() string { return w.roomID }

// SessionID returns the id of the session; it may be empty with [NoOlm].
func (w *Withheld) SessionID() string { return w.sessionID }

// SenderKey returns the key of the device that withholds, as the event says.
func (w *Withheld) SenderKey() keys.Curve25519 { return w.senderKey }

// MarshalJSON returns the content with all its members.
func (w *Withheld) MarshalJSON() ([]byte, error) {
	if w.raw == nil {
		return nil, fmt.Errorf("%s: %w", withheldName, keys.ErrAbsent)
	}
	return bytes.Clone(w.raw), nil
}
