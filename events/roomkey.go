package events

import (
	"fmt"

	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
)

const roomKeyName = "events: m.room_key"

// RoomKey is an m.room_key event: a device lets ours read its Megolm session.
// A value comes from [Plaintext.RoomKey] only. The zero value is absent.
//
// It does not print and does not marshal; [RoomKey.SecretJSON] lets the content
// out. Copies share their bytes: Close wipes them all, with the session key, and
// must not run beside other calls.
type RoomKey struct {
	secret.Redacted
	p *roomKey
}

type roomKey struct {
	raw    hidden
	roomID string
	key    megolm.SessionKey
	shared bool
	sender Sender
	closed bool
}

// RoomKey returns the room key that the plaintext carries. The sender's device
// may be unknown yet: until [Sender.Resolve], a message under the key is of a
// user whom only the server names.
//
// It returns [ErrType], [ErrAlgorithm], [ErrSessionID], a [*MalformedError],
// [ErrClosed], or what [megolm.ParseSessionKey] returns.
func (p Plaintext) RoomKey() (RoomKey, error) {
	return secret.Call(func() (RoomKey, error) { return p.doRoomKey() })
}

func (p Plaintext) doRoomKey() (RoomKey, error) {
	o, err := p.of(TypeRoomKey, roomKeyName)
	if err != nil {
		return RoomKey{}, err
	}
	k := &roomKey{raw: hide(o.raw), sender: p.p.sender}
	if err := k.read(o); err != nil {
		secret.Wipe(o.raw)
		return RoomKey{}, err
	}
	return RoomKey{p: k}, nil
}

func (k *roomKey) read(o object) error {
	sessionID, err := readKeyHead(o, &k.roomID, &k.shared)
	if err != nil {
		return err
	}
	text, err := o.secretText("session_key")
	if err != nil {
		return err
	}
	defer secret.Wipe(text)
	key, err := megolm.ParseSessionKey(text)
	if err != nil {
		return fmt.Errorf("%s: %w", roomKeyName, err)
	}
	if key.SessionID() != sessionID {
		key.Close()
		return ErrSessionID
	}
	k.key = key
	return nil
}

// readKeyHead reads what m.room_key and m.forwarded_room_key have in common.
func readKeyHead(o object, roomID *string, shared *bool) (sessionID string, err error) {
	if err := o.algorithm(megolmAlgorithm); err != nil {
		return "", err
	}
	if *roomID, err = o.text("room_id"); err != nil {
		return "", err
	}
	*shared = sharedHistory(o)
	return o.text("session_id")
}

// sharedHistory reads the member under the specification's name and those that
// programs wrote before and write still. Where they contradict each other, or
// one is something else than true, the session is not shareable.
func sharedHistory(o object) bool {
	shared := false
	for _, name := range []string{"shared_history", "m.shared_history", "org.matrix.msc3061.shared_history"} {
		raw := o.get(name)
		if raw != nil && string(raw) != "true" {
			return false
		}
		shared = shared || raw != nil
	}
	return shared
}

// NewRoomKey returns the m.room_key event that lets another device read a session
// from its present index on. sharedHistory says whether whoever is invited later
// may read it too: whether the room's history visibility is shared or
// world_readable. When that changes, make a new session. It returns
// [megolm.ErrClosed] or a [*MalformedError].
func NewRoomKey(session *megolm.OutboundSession, roomID string, sharedHistory bool) (Outgoing, error) {
	return secret.Call(func() (Outgoing, error) { return doNewRoomKey(session, roomID, sharedHistory) })
}

func doNewRoomKey(session *megolm.OutboundSession, roomID string, sharedHistory bool) (Outgoing, error) {
	key, err := session.SessionKey()
	if err != nil {
		return Outgoing{}, err
	}
	defer key.Close()
	members := []canonicaljson.Member{
		textMember("algorithm", session.Suite().Algorithm()),
		textMember("room_id", roomID),
		textMember("session_id", key.SessionID()),
	}
	return newKeyEvent(TypeRoomKey, roomKeyName, roomID, sharedHistory, members, key.SecretText())
}

// newKeyEvent returns an event with a key, and wipes the key.
func newKeyEvent(eventType, what, roomID string, shared bool, members []canonicaljson.Member, key []byte) (Outgoing, error) {
	defer secret.Wipe(key)
	if shared {
		members = append(members, canonicaljson.Member{Name: "shared_history", Value: canonicaljson.Bool(true)})
	}
	built := canonicaljson.Object(members...)
	if built.IsZero() || roomID == "" {
		return Outgoing{}, malformed(what, "a text is empty or not valid UTF-8")
	}
	if key == nil {
		return Outgoing{}, fmt.Errorf("%s: %w", what, keys.ErrAbsent)
	}
	quoted := quote(key)
	defer secret.Wipe(quoted)
	return Outgoing{p: &outgoing{eventType: eventType, content: hide(appendMember(built, "session_key", quoted))}}, nil
}

// IsZero says whether k is absent or closed.
func (k RoomKey) IsZero() bool { return k.p == nil || k.p.closed }

// RoomID returns the room that the key is for.
func (k RoomKey) RoomID() string {
	if k.p == nil {
		return ""
	}
	return k.p.roomID
}

// SessionID returns the id of the session, which is that of the key.
func (k RoomKey) SessionID() string { return k.SessionKey().SessionID() }

// SessionKey returns the key, for [megolm.NewInboundSession]. Closing either
// closes both.
func (k RoomKey) SessionKey() megolm.SessionKey {
	if k.IsZero() {
		return megolm.SessionKey{}
	}
	return k.p.key
}

// SharedHistory says whether the session's maker agrees that users who are
// invited later may get the key.
func (k RoomKey) SharedHistory() bool { return k.p != nil && k.p.shared }

// Sender returns who sent the key.
func (k RoomKey) Sender() Sender {
	if k.p == nil {
		return Sender{}
	}
	return k.p.sender
}

// SecretJSON returns a copy of the content as it came, nil when k is absent or
// closed. Wiping it is the caller's.
func (k RoomKey) SecretJSON() []byte {
	if k.IsZero() {
		return nil
	}
	return k.p.raw.clone()
}

// Close wipes the key, in all copies of the value.
func (k RoomKey) Close() {
	if k.p != nil {
		k.p.raw.wipe()
		k.p.key.Close()
		k.p.closed = true
	}
}
