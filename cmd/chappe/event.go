package main

import (
	"encoding/json"

	"github.com/chappe-e2ee/chappe/events"
	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
)

// What became of an event. The texts are part of the interface.
const (
	statusDecrypted   = "decrypted"
	statusPlaintext   = "plaintext"    // it was not encrypted, or the exporter had decrypted it
	statusRedacted    = "redacted"     // its content was removed
	statusNotExported = "not-exported" // the exporter could not decrypt it, and left the ciphertext out
	statusMissingKey  = "missing-key"
	statusIndex       = "unknown-index" // the key begins at a later message
	statusRoom        = "wrong-room"    // the key, or the plaintext, is of another room
	statusReplay      = "replay"        // the message came before, as another event
	statusSignature   = "wrong-signature"
	statusDecrypt     = "does-not-decrypt"
	statusAlgorithm   = "unknown-algorithm"
	statusMalformed   = "malformed"
)

// isGood says whether nothing is amiss with an event of a status.
func isGood(status string) bool {
	return status == statusDecrypted || status == statusPlaintext || status == statusRedacted
}

// A mark is what the output says of an event, in its member "chappe".
type mark struct {
	Status        string           `json:"status"`
	Reason        string           `json:"reason,omitempty"` // for people
	SessionID     string           `json:"session_id,omitempty"`
	Index         *uint32          `json:"index,omitempty"`
	FirstKnown    *uint32          `json:"first_known_index,omitempty"`    // of the key, for unknown-index
	ClearRelation json.RawMessage  `json:"unencrypted_relation,omitempty"` // m.relates_to beside the ciphertext, which the server can change
	Attachments   []attachmentMark `json:"attachments,omitempty"`
	Raw           string           `json:"raw,omitempty"` // what stands in the place of an event
}

// An event is a room event taken apart.
type event struct {
	list    []canonicaljson.RawMember // in the order of the input
	members members
	place   events.RoomEvent
	kind    string // its type
}

// parseEvent takes an event apart. roomID is what is known of its room otherwise.
func parseEvent(raw []byte, roomID string) (*event, error) {
	if raw == nil {
		return nil, failf(exitDamaged, "larger than %d bytes", maxEvent)
	}
	m, err := parseMembers(raw)
	if err != nil {
		return nil, err
	}
	if inner := m["encrypted"]; m["content"] == nil && len(inner) > 0 && inner[0] == '{' { // as a client holds it in memory
		raw = inner
		if m, err = parseMembers(raw); err != nil {
			return nil, err
		}
	}
	list, err := canonicaljson.Split(raw)
	if err != nil {
		return nil, err
	}
	e := &event{list: list, members: m}
	e.kind, _ = m.text("type")
	e.place.RoomID, _ = m.text("room_id")
	e.place.EventID, _ = m.text("event_id")
	e.place.Sender, _ = m.text("sender")
	if ts, err := canonicaljson.Parse(m["origin_server_ts"]); err == nil {
		e.place.Timestamp, _ = ts.Int()
	}
	if e.place.RoomID == "" {
		e.place.RoomID = roomID
	}
	return e, nil
}

// content returns the members of the content, none when it is no object.
func (e *event) content() members {
	m, err := parseMembers(e.members["content"])
	if err != nil {
		return nil
	}
	return m
}

// unencrypted returns the status of an event that has no ciphertext.
func (e *event) unencrypted(content members) (status string, ok bool) {
	if e.kind != events.TypeEncrypted {
		if msgtype, _ := content.text("msgtype"); msgtype == "m.bad.encrypted" {
			return statusNotExported, true
		}
		return statusPlaintext, true
	}
	unsigned, _ := parseMembers(e.members["unsigned"])
	if content["algorithm"] == nil && content["ciphertext"] == nil && (len(content) == 0 || unsigned["redacted_because"] != nil) && e.members["content"] != nil {
		return statusRedacted, true
	}
	return "", false
}

// appendLine appends the event as a line of the output: with what it says once
// decrypted in the place of its type and content, and the mark.
func (e *event) appendLine(dst []byte, kind string, content []byte, m mark) ([]byte, error) {
	dst = append(dst, '{')
	for _, member := range e.list {
		value := member.Value
		switch {
		case member.Name == "chappe":
			continue
		case member.Name == "type" && content != nil:
			value = canonicaljson.Text(kind).AppendTo(nil)
		case member.Name == "content" && content != nil:
			value = content
		}
		dst = canonicaljson.Text(member.Name).AppendTo(dst)
		dst = append(dst, ':')
		dst = append(appendCompact(dst, value), ',')
	}
	return appendMark(dst, m)
}

func appendMark(dst []byte, m mark) ([]byte, error) {
	text, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	dst = append(dst, `"chappe":`...)
	return append(append(dst, text...), "}\n"...), nil
}
