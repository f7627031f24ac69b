package events

import (
	"fmt"

	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
)

// RoomSession is a Megolm session as the program stores it.
type RoomSession struct {
	Session *megolm.InboundSession
	Guard   *ReplayGuard // of this session
	RoomID  string       // that the room key named
	// Owner is the user who sent the room key, empty when nobody knows: the
	// key was forwarded, or comes from a backup or a file. It is as good as
	// the key's [Sender]: while the origin of that is less than [Known], Owner
	// is whom the server says.
	Owner string
}

// Decrypted is a room event that was decrypted. The zero value is absent.
//
// It does not print and does not marshal. It carries no keys: an event of type
// [TypeRoomKey] in a room is an event like any other.
type Decrypted struct {
	secret.Redacted
	p *decrypted
}

type decrypted struct {
	content    hidden
	eventType  string
	index      uint32
	knownOwner bool
}

// Open decrypts a room event. It refuses an event of another room than the
// session or the payload, of another sender than the session's owner, and one
// whose message came before in another event. The same event may be opened
// again. Store the guard before the event is shown.
//
// It returns [ErrNoRoomSession] for the zero RoomSession, which a map returns for
// a session that is not in it, [ErrForeignSession] when the event names another session, or the
// guard is of another one, [ErrSessionRoom], [ErrSessionOwner], [ErrRoom], a
// [*ReplayError], [ErrGuardFull], a [*MalformedError], [keys.ErrAbsent], or what
// [megolm.InboundSession.Decrypt] returns. The guard is then as before.
func (s RoomSession) Open(event RoomEvent, content *MegolmEncrypted) (Decrypted, error) {
	return secret.Call(func() (Decrypted, error) { return s.doOpen(event, content) })
}

func (s RoomSession) doOpen(event RoomEvent, content *MegolmEncrypted) (Decrypted, error) {
	switch {
	case s == RoomSession{}:
		return Decrypted{}, ErrNoRoomSession
	case s.Session == nil || s.Guard == nil || content == nil || s.RoomID == "" || event.EventID == "":
		return Decrypted{}, fmt.Errorf("events: room session: %w", keys.ErrAbsent)
	case content.sessionID != s.Session.ID() || s.Guard.session != s.Session.SigningKey():
		return Decrypted{}, ErrForeignSession
	case event.RoomID != s.RoomID:
		return Decrypted{}, ErrSessionRoom
	case s.Owner != "" && s.Owner != event.Sender:
		return Decrypted{}, ErrSessionOwner
	}
	d, err := s.Session.Decrypt(content.message)
	if err != nil {
		return Decrypted{}, err
	}
	p := &decrypted{index: d.Index, knownOwner: s.Owner != ""}
	err = p.read(event.RoomID, d.Plaintext)
	if err == nil {
		err = s.Guard.note(d.Index, event)
	}
	if err != nil {
		secret.Wipe(d.Plaintext)
		return Decrypted{}, err
	}
	return Decrypted{p: p}, nil
}

func (p *decrypted) read(roomID string, payload []byte) error {
	o, err := readObject(roomPayloadName, payload)
	if err != nil {
		return err
	}
	if err := expectText(o, "room_id", roomID, ErrRoom); err != nil {
		return err
	}
	if p.eventType, err = o.text("type"); err != nil {
		return err
	}
	content, err := o.object("content")
	p.content = hide(content.raw)
	return err
}

// IsZero says whether d is absent.
func (d Decrypted) IsZero() bool { return d.p == nil }

// Type returns the type of the event.
func (d Decrypted) Type() string {
	if d.p == nil {
		return ""
	}
	return d.p.eventType
}

// Content returns a copy of the content, a JSON object, nil when d is absent.
func (d Decrypted) Content() []byte {
	if d.p == nil {
		return nil
	}
	return d.p.content.clone()
}

// Index returns the message's index in its session.
func (d Decrypted) Index() uint32 {
	if d.p == nil {
		return 0
	}
	return d.p.index
}

// KnownOwner says whether the session had an owner, with whom the event's sender
// was compared. Otherwise, and where the room key's own sender was not known, the
// sender is whom the server says.
func (d Decrypted) KnownOwner() bool { return d.p != nil && d.p.knownOwner }
