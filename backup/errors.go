package backup

import (
	"errors"
	"fmt"

	"github.com/chappe-e2ee/chappe/internal/errs"
)

// Errors of this package, for errors.Is.
var (
	// ErrPassphrase says that the MAC of a key file is wrong.
	ErrPassphrase = errors.New("backup: wrong passphrase, or the key file is damaged")

	// ErrChanged says that a key file changed after its MAC was checked, while
	// it was read. Of what was read, nothing is to be kept.
	ErrChanged = errors.New("backup: the key file changed while it was read")

	// ErrBusy says that a key file is read by another iteration.
	ErrBusy = errors.New("backup: the key file is being read")

	// ErrTooLarge says that a file or an entry is larger than it may be.
	ErrTooLarge = errors.New("backup: too large")

	// ErrDecrypt says that a backed-up session does not decrypt to the room key
	// of that name: it was encrypted to another key, or is damaged, or altered,
	// or stands in the wrong place. Which of them is not told.
	ErrDecrypt = errors.New("backup: session does not decrypt")

	// ErrWrongKey says that a private key is not the one of the backup.
	ErrWrongKey = errors.New("backup: not the key of this backup")

	// ErrUntrusted says that nothing shows that a backup is the user's own.
	ErrUntrusted = errors.New("backup: the backup is not trusted")

	// ErrAlgorithm says that a backup or a room key is of an algorithm that is
	// not supported.
	ErrAlgorithm = errors.New("backup: unknown algorithm")

	// ErrSessionID says that a room key is not of the session that it is said to
	// be of.
	ErrSessionID = errors.New("backup: the session id is not the key's")

	// ErrClosed says that the key file was closed.
	ErrClosed = errors.New("backup: closed")
)

// MalformedError says that a file or JSON is not of the form that it must have.
type MalformedError = errs.MalformedError

// VersionError says that a key file is of a version that is not supported.
type VersionError = errs.VersionError

func malformed(what, why string) error { return &MalformedError{What: what, Why: why} }

// EntryError says what is wrong with one entry. The entries around it are not
// touched.
type EntryError struct {
	Index     int    // where the entry stands, from 0
	RoomID    string // as far as it is known
	SessionID string // as far as it is known
	Err       error
}

// Error names the room and the session where they are known, quoted.
func (e *EntryError) Error() string {
	where := ""
	if e.RoomID != "" {
		where = "room " + quote(e.RoomID)
	}
	if e.RoomID != "" && e.SessionID != "" {
		where += ", "
	}
	if e.SessionID != "" {
		where += "session " + quote(e.SessionID)
	}
	if where != "" {
		where = " (" + where + ")"
	}
	return fmt.Sprintf("backup: entry %d%s: %v", e.Index, where, e.Err)
}

func (e *EntryError) Unwrap() error { return e.Err }

// maxQuoted is how much of an id of others an error text quotes, in bytes.
const maxQuoted = 255

func quote(id string) string {
	if len(id) > maxQuoted {
		id = id[:maxQuoted] + "…"
	}
	return fmt.Sprintf("%q", id)
}
