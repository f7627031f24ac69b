package secretstorage

import (
	"errors"

	"github.com/chappe-e2ee/chappe/internal/errs"
)

// Errors of this package, for errors.Is.
var (
	// ErrOpen says that a secret's MAC is wrong: it was sealed under another
	// key or another name, or is damaged. Which of them cannot be told.
	ErrOpen = errors.New("secretstorage: secret does not open: wrong key, wrong name, or damaged")

	// ErrWrongKey says that a key is not the one that a description is of.
	ErrWrongKey = errors.New("secretstorage: not the key that is described")

	// ErrCannotCheck says that a description holds nothing that a key could be
	// checked with. The key may be right or wrong: the first secret shows it.
	ErrCannotCheck = errors.New("secretstorage: the description does not allow to check a key")

	// ErrUnconfirmed says that a typed key must not seal yet, since nothing has
	// shown that it is the right one. See [Key.Confirmed].
	ErrUnconfirmed = errors.New("secretstorage: the key is not confirmed")

	// ErrAlgorithm says that a key or its passphrase is for another algorithm
	// than the one that the specification has.
	ErrAlgorithm = errors.New("secretstorage: unknown algorithm")

	// ErrNoPassphrase says that a key was not made from a passphrase.
	ErrNoPassphrase = errors.New("secretstorage: the key has no passphrase")

	// ErrNotStored says that a secret is not stored under a key.
	ErrNotStored = errors.New("secretstorage: the secret is not stored under this key")

	// ErrName says that a name is not one that the call takes.
	ErrName = errors.New("secretstorage: not a name for this call")

	// ErrTooLong says that a secret has more than [MaxSecretSize] bytes.
	ErrTooLong = errors.New("secretstorage: secret too long")

	// ErrClosed says that the key was closed.
	ErrClosed = errors.New("secretstorage: closed")
)

// MismatchError says that a stored private key opened, but is not the one of
// the public key that was expected: it is an old one, or somebody has changed
// the account data. It must not be used.
type MismatchError struct {
	Name string // the secret's
}

func (e *MismatchError) Error() string {
	return "secretstorage: " + e.Name + ": not the private key of the expected public key"
}

// MalformedError says that account data or a recovery key is not of the form
// that it must have.
type MalformedError = errs.MalformedError
