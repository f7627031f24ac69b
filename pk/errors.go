package pk

import (
	"errors"

	"github.com/chappe-e2ee/chappe/internal/errs"
	"github.com/chappe-e2ee/chappe/internal/libolm"
)

// Errors of this package, for errors.Is.
var (
	// ErrDecrypt says that a message's MAC or padding is wrong: it was
	// encrypted to another key, or is damaged. Which of them is not told.
	ErrDecrypt = errors.New("pk: message does not decrypt")

	// ErrTooLong says that a plaintext has more than [MaxPlaintextSize]
	// bytes.
	ErrTooLong = errors.New("pk: plaintext too long")

	// ErrClosed says that the key was closed.
	ErrClosed = errors.New("pk: closed")

	// ErrPickleKey says that a libolm pickle's MAC does not fit the pickle
	// key: the key is another one, or the pickle is damaged.
	ErrPickleKey = libolm.ErrKey
)

// MalformedError says that a message or pickle is not of the form that it must
// have.
type MalformedError = errs.MalformedError

// VersionError says that a pickle has a version that is not supported.
type VersionError = errs.VersionError
