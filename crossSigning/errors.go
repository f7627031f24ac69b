package crosssigning

import (
	"errors"
	"fmt"

	"github.com/chappe-e2ee/chappe/internal/errs"
	"github.com/chappe-e2ee/chappe/keys"
)

// Errors of this package, for errors.Is.
var (
	// ErrSignature says that a signature is wrong.
	ErrSignature = keys.ErrSignature

	// ErrUnsigned says that a signature is missing that must be there.
	ErrUnsigned = errors.New("crosssigning: signature missing")

	// ErrKeyMismatch says that a key is not the one that is published, that was
	// verified, or that it is said to belong to.
	ErrKeyMismatch = errors.New("crosssigning: another key than expected")

	// ErrNoPrivateKey says that the private key which must sign is not held.
	ErrNoPrivateKey = errors.New("crosssigning: private key not held")

	// ErrNotAsked says that a response holds an entry that nobody asked for.
	ErrNotAsked = errors.New("crosssigning: entry that was not asked for")

	// ErrClosed says that the private keys were closed.
	ErrClosed = errors.New("crosssigning: closed")
)

// MalformedError says that JSON is not canonical or not of the form that it
// must have.
type MalformedError = errs.MalformedError

func malformed(what, why string) error { return &MalformedError{What: what, Why: why} }

// IDError says that an object names another user or device than the one it is
// said to belong to.
type IDError struct {
	What      string // "user_id" or "device_id"
	Want, Got string
}

func (e *IDError) Error() string {
	return fmt.Sprintf("crosssigning: %s is %s, not %s", e.What, quote(e.Got), quote(e.Want))
}

// ChangedKeyError says that a device which was known before is shown with other
// keys. A device's keys never change: someone else answers in its name.
type ChangedKeyError struct{ UserID, DeviceID string }

func (e *ChangedKeyError) Error() string {
	return fmt.Sprintf("crosssigning: the keys of device %s of %s changed", quote(e.DeviceID), quote(e.UserID))
}

// SharedKeyError says that a device has a key that another device of its user
// has too, or is known to have had.
type SharedKeyError struct{ UserID, DeviceID, OtherDeviceID string }

func (e *SharedKeyError) Error() string {
	return fmt.Sprintf("crosssigning: devices %s and %s of %s have a key in common",
		quote(e.DeviceID), quote(e.OtherDeviceID), quote(e.UserID))
}

// ClashError says that the id of a user's device is one of the user's
// cross-signing keys. Both would have the same key id, so that a signature or a
// verification of the one could be passed off as one of the other. The
// specification demands not to verify such a user, and servers to prevent it.
type ClashError struct{ UserID, DeviceID string }

func (e *ClashError) Error() string {
	return fmt.Sprintf("crosssigning: %s has a device whose id is the cross-signing key %s", quote(e.UserID), quote(e.DeviceID))
}

// EntryError says what is wrong with one entry of a response. The entry was left
// out; it spoils no other.
type EntryError struct {
	UserID string
	Name   string // of the entry: a device id, or "" for what belongs to the user
	What   string // what was left out: "device", "master key", …
	Err    error
}

func (e *EntryError) Error() string {
	where := quote(e.UserID)
	if e.Name != "" {
		where += ", " + quote(e.Name)
	}
	return fmt.Sprintf("crosssigning: %s of %s: %v", e.What, where, e.Err)
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
