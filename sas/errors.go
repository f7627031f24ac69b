package sas

import (
	"errors"

	"github.com/chappe-e2ee/chappe/internal/errs"
)

// Errors of this package, for errors.Is.
var (
	// ErrReflected says that the other side's public key is one's own: somebody
	// sent it back.
	ErrReflected = errors.New("sas: own public key sent back")

	// ErrSameDevice says that both sides have the same user and device id. A
	// device does not verify itself, and its MACs could be sent back to it.
	ErrSameDevice = errors.New("sas: both sides are the same device")

	// ErrUsed says that the key pair was used for an agreement before.
	ErrUsed = errors.New("sas: key pair was used already")

	// ErrMAC says that a MAC is not that of the input.
	ErrMAC = errors.New("sas: wrong MAC")

	// ErrCommitment says that a commitment is not to the key and the start
	// that it is compared with.
	ErrCommitment = errors.New("sas: wrong commitment")

	// ErrOtherKeys says that an [Info] names other keys than those that the
	// secret was established with.
	ErrOtherKeys = errors.New("sas: info is of other keys than the secret")

	// ErrLength says that fewer than 1 or more than [MaxBytes] bytes were
	// asked for.
	ErrLength = errors.New("sas: not 1 to 8160 bytes asked for")

	// ErrClosed says that the key pair or the established secret was closed.
	ErrClosed = errors.New("sas: closed")
)

// MalformedError says that a MAC, a commitment, a start content, or an id of an
// info string, is not of the form that it must have.
type MalformedError = errs.MalformedError
