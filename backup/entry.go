package backup

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
)

// MegolmAlgorithm is the algorithm of the room keys that are read and written.
const MegolmAlgorithm = "m.megolm.v1.aes-sha2"

// MaxEntrySize is the length in bytes of the longest JSON text of a room key, or
// of an entry of a backup, that is read or written. Most have less than 2 KiB.
const MaxEntrySize = 64 << 10

const entryName = "backup: room key"

// Source says where an [Entry] was read. The zero value is nowhere: a program
// made it.
type Source byte

const (
	FromKeyFile Source = iota + 1
	FromBackup
	FromPlain
)

// String returns the source in words.
func (s Source) String() string {
	switch s {
	case FromKeyFile:
		return "key file"
	case FromBackup:
		return "backup"
	case FromPlain:
		return "plain JSON"
	default:
		return "none"
	}
}

// Entry is a room key with what is said of it: ExportedSessionData and
// BackedUpSessionData of the specification. Of one that was read, all of it is a
// claim, whichever source it has; only its form was checked, and that the session
// key is of the session that it was filed under.
//
// It holds the session key, and does not marshal. It prints without its secrets.
type Entry struct {
	RoomID          string
	Session         megolm.ExportedSession
	SenderKey       keys.Curve25519   // of the sending device; absent in some old files
	ClaimedEd25519  keys.Ed25519      // of the sending device; absent in some old files
	ForwardingChain []keys.Curve25519 // of the devices that forwarded the key
	SharedHistory   bool              // the session's creator allows to share it with new members

	source Source
	extra  *extra
}

// extra is what the specification does not know. It may be secret: fmt follows one
// pointer in places, and never two.
type extra struct{ p *extraMembers }

type extraMembers struct{ entry, claimed members }

// SessionID returns the id of the session, which is its public key.
func (e Entry) SessionID() string { return e.Session.SessionID() }

// Source returns where the entry was read.
func (e Entry) Source() Source { return e.source }

// Close wipes the session key, in all copies of the entry.
func (e Entry) Close() { e.Session.Close() }

// MarshalJSON returns an error: entries leave through [KeyFileWriter.WriteEntry],
// [Recipient.Encrypt] and [Entry.SecretJSON].
func (e Entry) MarshalJSON() ([]byte, error) { return nil, secret.ErrMarshal }

// Import returns the session. It returns [keys.ErrAbsent] when the session key is
// absent or closed.
func (e Entry) Import() (*RestoredSession, error) {
	return secret.Call(func() (*RestoredSession, error) { return e.doImport() })
}

func (e Entry) doImport() (*RestoredSession, error) {
	s, err := megolm.ImportInboundSession(e.Session)
	if err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	return &RestoredSession{session: s, source: e.source, roomID: e.RoomID}, nil
}

// RestoredSession is a session that came out of a backup or a key file, and is
// therefore unauthenticated: whoever sent what it decrypts is not known, whatever
// its entry claims. Its messages must be shown as such: a RoomSession of package
// events that is made of it has its room and no Owner.
type RestoredSession struct {
	secret.Redacted
	session *megolm.InboundSession
	source  Source
	roomID  string
}

// Session returns the session itself. Keep beside it that it is unauthenticated.
// InboundSession.Merge joins it to one that is held.
func (r *RestoredSession) Session() *megolm.InboundSession { return r.session }

// Source returns where the session's entry was read.
func (r *RestoredSession) Source() Source { return r.source }

// RoomID returns the room that the session was filed under. It is a claim, as all
// that the entry said.
func (r *RestoredSession) RoomID() string { return r.roomID }

// The names of the flag for shared history: the specification's first.
var sharedHistoryNames = []string{"shared_history", "m.shared_history", "org.matrix.msc3061.shared_history"}

var entryMembers = append([]string{
	"algorithm", "room_id", "session_id", "session_key", "sender_key",
	"sender_claimed_keys", "forwarding_curve25519_key_chain",
}, sharedHistoryNames...)

// parseEntry reads ExportedSessionData. What it returns beside an error says
// whose entry it is, as far as is known.
func parseEntry(text []byte) (e Entry, sessionID string, err error) {
	m, err := parseMembers(entryName, text)
	if err != nil {
		return Entry{}, "", err
	}
	roomID, err := m.text(entryName, "room_id")
	if err != nil {
		return Entry{}, "", err
	}
	sessionID, err = m.text(entryName, "session_id")
	if err != nil {
		return Entry{RoomID: roomID}, "", err
	}
	e, err = m.entry(roomID, sessionID)
	if err != nil {
		return Entry{RoomID: roomID}, sessionID, err
	}
	return e, sessionID, nil
}

// entry reads what stands in files and in backups.
func (m members) entry(roomID, sessionID string) (e Entry, err error) {
	if roomID == "" {
		return Entry{}, malformed(entryName, "room_id is missing")
	}
	algorithm, err := m.text(entryName, "algorithm")
	if err != nil {
		return Entry{}, err
	}
	if algorithm != MegolmAlgorithm {
		return Entry{}, ErrAlgorithm
	}
	e = Entry{RoomID: roomID}
	if e.SenderKey, err = m.curve25519("sender_key"); err != nil {
		return Entry{}, err
	}
	if e.ForwardingChain, err = m.chain(); err != nil {
		return Entry{}, err
	}
	var claimed members
	if e.ClaimedEd25519, claimed, err = m.claimed(); err != nil {
		return Entry{}, err
	}
	e.SharedHistory = m.sharedHistory()
	if others := m.others(entryMembers...); others != nil || claimed != nil {
		e.extra = &extra{&extraMembers{entry: others, claimed: claimed}}
	}
	text := unquoteSecret(m.get("session_key"))
	defer secret.Wipe(text)
	if text == nil {
		return Entry{}, malformed(entryName, "session_key is not a string of base64")
	}
	if e.Session, err = megolm.ParseExportedSession(text); err != nil {
		return Entry{}, err
	}
	if e.SessionID() != sessionID {
		e.Close()
		return Entry{}, ErrSessionID
	}
	return e, nil
}

// curve25519 returns a key, absent when it is missing or empty.
func (m members) curve25519(name string) (k keys.Curve25519, err error) {
	text, err := m.text(entryName, name)
	if err != nil || text == "" {
		return k, err
	}
	if k, err = keys.ParseCurve25519(text); err != nil {
		return k, malformed(entryName, name+" is not a Curve25519 key")
	}
	return k, nil
}

func (m members) chain() ([]keys.Curve25519, error) {
	const name = "forwarding_curve25519_key_chain"
	raw := m.get(name)
	if raw == nil || string(raw) == "[]" {
		return nil, nil
	}
	v, err := canonicaljson.Parse(raw)
	if err != nil || !v.IsArray() {
		return nil, malformed(entryName, name+" is not an array")
	}
	var chain []keys.Curve25519
	for item := range v.Items() {
		text, _ := item.Text()
		k, err := keys.ParseCurve25519(text)
		if err != nil {
			return nil, malformed(entryName, name+" holds what is not a Curve25519 key")
		}
		chain = append(chain, k)
	}
	return chain, nil
}

// claimed returns the claimed Ed25519 key, and the members for other algorithms.
func (m members) claimed() (k keys.Ed25519, others members, err error) {
	const name = "sender_claimed_keys"
	raw := m.get(name)
	if raw == nil {
		return k, nil, nil
	}
	object, err := splitMembers(entryName, raw)
	if err != nil {
		return k, nil, malformed(entryName, name+" is not an object")
	}
	text, err := object.text(entryName, "ed25519")
	if err == nil && text != "" {
		k, err = keys.ParseEd25519(text)
	}
	if err != nil {
		return k, nil, malformed(entryName, name+" holds what is not an Ed25519 key")
	}
	return k, object.others("ed25519"), nil
}

// sharedHistory says whether the flag is set under one of its names, and under no
// other name says no. What is not true or false says no.
func (m members) sharedHistory() bool {
	shared := false
	for _, name := range sharedHistoryNames {
		if raw := m.get(name); raw != nil {
			if string(raw) != "true" {
				return false
			}
			shared = true
		}
	}
	return shared
}

var errNoSenderKey = fmt.Errorf("backup: sender_key: %w", keys.ErrAbsent)

// appendSession appends BackedUpSessionData, of any length, without its closing
// brace. The caller wipes what it returns.
func (e Entry) appendSession(dst []byte) ([]byte, error) {
	switch {
	case e.RoomID == "" || canonicaljson.Text(e.RoomID).IsZero():
		return dst, malformed(entryName, "room id: empty or not valid Unicode")
	case e.Session.IsZero():
		return dst, fmt.Errorf("backup: session key: %w", keys.ErrAbsent)
	case e.SenderKey.IsZero():
		return dst, errNoSenderKey
	}
	var x extraMembers
	if e.extra != nil {
		x = *e.extra.p
	}
	dst = append(dst, `{"algorithm":"`+MegolmAlgorithm+`","forwarding_curve25519_key_chain":[`...)
	for i, k := range e.ForwardingChain {
		if k.IsZero() {
			return dst, fmt.Errorf("backup: forwarding chain: %w", keys.ErrAbsent)
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `"`+k.String()+`"`...)
	}
	dst = append(dst, `],"sender_claimed_keys":{`...)
	claimed := x.claimed.appendTo(nil)
	if e.ClaimedEd25519.IsZero() {
		dst = append(dst, strings.TrimPrefix(string(claimed), ",")...)
	} else {
		dst = append(dst, `"ed25519":"`+e.ClaimedEd25519.String()+`"`...)
		dst = append(dst, claimed...)
	}
	dst = append(dst, `},"sender_key":"`+e.SenderKey.String()+`","session_key":"`...)
	text := e.Session.SecretText()
	defer secret.Wipe(text)
	if text == nil {
		return dst, errors.New("backup: session key: closed")
	}
	dst = slices.Grow(dst, len(text)+x.entry.size()+6*len(e.RoomID)+128) // what follows: no copy is left behind
	dst = append(dst, text...)
	dst = append(dst, `","shared_history":`...)
	dst = canonicaljson.Bool(e.SharedHistory).AppendTo(dst)
	return x.entry.appendTo(dst), nil
}

// appendExport appends ExportedSessionData.
func (e Entry) appendExport(dst []byte) ([]byte, error) {
	dst, err := e.appendSession(dst)
	if err != nil {
		return dst, err
	}
	dst = append(dst, `,"room_id":`...)
	dst = canonicaljson.Text(e.RoomID).AppendTo(dst)
	dst = append(dst, `,"session_id":"`+e.SessionID()+`"}`...)
	if len(dst) > MaxEntrySize {
		return dst, ErrTooLarge
	}
	return dst, nil
}
