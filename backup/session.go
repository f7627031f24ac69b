package backup

import (
	"fmt"
	"strconv"

	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/pk"
)

const sessionName = "backup: KeyBackupData"

// Encrypt returns the KeyBackupData of a room key, for PUT
// /_matrix/client/v3/room_keys/keys/{roomId}/{sessionId}. verified says that the
// key came directly from a device that is verified; of a key that was restored,
// that is never so, and Encrypt writes false. It takes the 32 bytes of the
// ephemeral key from crypto/rand.
//
// It returns [keys.ErrAbsent], [ErrTooLarge] or a [*MalformedError] for an entry
// that cannot be written, and fails otherwise as pk.Encrypt does.
func (r Recipient) Encrypt(e Entry, verified bool) ([]byte, error) {
	return secret.Call(func() ([]byte, error) { return r.doEncrypt(e, verified) })
}

func (r Recipient) doEncrypt(e Entry, verified bool) ([]byte, error) {
	if r.public.IsZero() {
		return nil, fmt.Errorf("backup: recipient: %w", keys.ErrAbsent)
	}
	text, err := e.appendSession(make([]byte, 0, 1024))
	defer func() { secret.Wipe(text) }()
	if err != nil {
		return nil, err
	}
	text = append(text, '}')
	m, err := pk.Encrypt(r.public, text)
	if err != nil {
		return nil, err
	}
	data, err := m.MarshalJSON()
	if err != nil {
		return nil, err
	}
	b := append(make([]byte, 0, len(data)+128), `{"first_message_index":`...)
	b = strconv.AppendUint(b, uint64(e.Session.Index()), 10)
	b = append(b, `,"forwarded_count":`...)
	b = strconv.AppendInt(b, int64(len(e.ForwardingChain)), 10)
	b = append(b, `,"is_verified":`...)
	b = strconv.AppendBool(b, verified && e.source == 0)
	b = append(b, `,"session_data":`...)
	b = append(b, data...)
	b = append(b, '}')
	if len(b) > MaxEntrySize { // DecryptSession would refuse it
		return nil, ErrTooLarge
	}
	return b, nil
}

// DecryptSession returns the room key of a KeyBackupData, which the server has
// under a room and a session id: those of the request, not of the answer.
// first_message_index, forwarded_count and is_verified are the server's, and not
// looked at; the Entry knows the first, and nothing can make the last true.
//
// It returns a [*MalformedError] when session_data is not of its form, pk.ErrClosed,
// or [ErrDecrypt] for all that is wrong with what is inside.
func DecryptSession(key *pk.DecryptionKey, roomID, sessionID string, text []byte) (Entry, error) {
	return secret.Call(func() (Entry, error) { return doDecryptSession(key, roomID, sessionID, text) })
}

func doDecryptSession(key *pk.DecryptionKey, roomID, sessionID string, text []byte) (Entry, error) {
	if len(text) > MaxEntrySize {
		return Entry{}, ErrTooLarge
	}
	m, err := parseMembers(sessionName, text)
	if err != nil {
		return Entry{}, err
	}
	message, err := m.message("session_data")
	if err != nil {
		return Entry{}, err
	}
	plaintext, err := key.Decrypt(message)
	if err == pk.ErrClosed {
		return Entry{}, err
	}
	if err != nil {
		return Entry{}, ErrDecrypt
	}
	defer secret.Wipe(plaintext)
	e, err := parseBackedUp(plaintext, roomID, sessionID)
	if err != nil {
		return Entry{}, ErrDecrypt
	}
	return e, nil
}

// message returns a member that is an encrypted message.
func (m members) message(name string) (pk.Message, error) {
	what := sessionName + ": " + name
	object, err := splitMembers(what, m.get(name))
	if err != nil {
		return pk.Message{}, err
	}
	var parts [3]string
	for i, name := range []string{"ciphertext", "mac", "ephemeral"} {
		if parts[i], err = object.text(what, name); err != nil {
			return pk.Message{}, err
		}
	}
	message, err := pk.ParseMessage(parts[0], parts[1], parts[2])
	if err != nil {
		return pk.Message{}, malformed(what, err.Error())
	}
	return message, nil
}

// parseBackedUp reads BackedUpSessionData. It has no ids of its own, but where it
// says one, it must be the right one.
func parseBackedUp(text []byte, roomID, sessionID string) (Entry, error) {
	m, err := parseMembers(entryName, text)
	if err != nil {
		return Entry{}, err
	}
	for name, want := range map[string]string{"room_id": roomID, "session_id": sessionID} {
		got, err := m.text(entryName, name)
		if err != nil {
			return Entry{}, err
		}
		if got != "" && got != want {
			return Entry{}, ErrSessionID
		}
	}
	e, err := m.entry(roomID, sessionID)
	e.source = FromBackup
	return e, err
}
