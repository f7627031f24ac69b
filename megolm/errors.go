package megolm

import (
	"errors"
	"fmt"

	"github.com/chappe-e2ee/chappe/internal/errs"
	"github.com/chappe-e2ee/chappe/internal/libolm"
	"github.com/chappe-e2ee/chappe/internal/seal"
)

// Errors of this package, for errors.Is.
var (
	// ErrDecrypt says that a message's MAC or padding is wrong. Which of
	// them is not told.
	ErrDecrypt = errors.New("megolm: message does not decrypt")

	// ErrSignature says that a message or a session key is not signed by the
	// session's key.
	ErrSignature = errors.New("megolm: wrong signature")

	// ErrIndexExhausted says that the session is at message index 2^32-1,
	// which is not used for encryption. A new session is needed.
	ErrIndexExhausted = errors.New("megolm: message index exhausted")

	// ErrTooLong says that a plaintext has more than [MaxPlaintextSize]
	// bytes.
	ErrTooLong = errors.New("megolm: plaintext too long")

	// ErrClosed says that the session or the key was closed.
	ErrClosed = errors.New("megolm: closed")

	// ErrPickleKey says that a pickle's MAC does not fit the pickle key: the
	// key is another one, perhaps of the wrong length, or the pickle is
	// damaged.
	ErrPickleKey = libolm.ErrKey

	// ErrOpen says that a sealed session does not open: another seal key,
	// another context, or damage.
	ErrOpen = seal.ErrOpen
)

// MalformedError says that a message, key, pickle or sealed value is not of the
// form that it must have.
type MalformedError = errs.MalformedError

// VersionError says that a message, key, pickle or sealed value has a version
// that is not supported.
type VersionError = errs.VersionError

// UnknownIndexError says that a message, or an export that was asked for,
// stands before the first index that the session knows. The ratchet does not
// run backwards: only another copy of the session can help.
type UnknownIndexError struct {
	FirstKnown uint32 // the first index that this session can decrypt
	Got        uint32 // the index that was asked for
}

func (e *UnknownIndexError) Error() string {
	return fmt.Sprintf("megolm: message index %d is unknown: the session begins at %d", e.Got, e.FirstKnown)
}
