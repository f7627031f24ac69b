package events

import (
	"errors"
	"fmt"

	"github.com/chappe-e2ee/chappe/internal/errs"
)

// The checks of an Olm payload (specification, "Validation of incoming decrypted
// events"), for errors.Is. Whichever fails, the event is to be discarded.
var (
	// ErrSender says that the payload names another sender than the event.
	ErrSender = errors.New("events: payload of another sender than the event's")

	// ErrRecipient says that the payload is for another user.
	ErrRecipient = errors.New("events: payload for another user")

	// ErrRecipientKey says that the payload is for another Ed25519 key than
	// our device's.
	ErrRecipientKey = errors.New("events: payload for another device's Ed25519 key")

	// ErrSigningKey says that keys.ed25519 is not the Ed25519 key of the device
	// that is known to have the event's sender_key.
	ErrSigningKey = errors.New("events: payload names another Ed25519 key than the sending device's")

	// ErrDeviceUser says that sender_device_keys are of another user than the
	// event's sender.
	ErrDeviceUser = errors.New("events: sender_device_keys of another user")

	// ErrDeviceCurve25519 says that sender_device_keys have another Curve25519
	// key than the event's sender_key.
	ErrDeviceCurve25519 = errors.New("events: sender_device_keys with another Curve25519 key than the event's")

	// ErrDeviceEd25519 says that sender_device_keys have another Ed25519 key
	// than the payload's keys.
	ErrDeviceEd25519 = errors.New("events: sender_device_keys with another Ed25519 key than the payload's")

	// ErrDeviceSignature says that sender_device_keys are not signed by the key
	// in them.
	ErrDeviceSignature = errors.New("events: sender_device_keys without the device's signature")

	// ErrDeviceID says that sender_device_keys have another device id than the
	// device that is known under the same keys.
	ErrDeviceID = errors.New("events: sender_device_keys with another device id than the known one")

	// ErrDehydrated says that the sender is a dehydrated device, which sends
	// nothing: its keys lie on the server, under the user's recovery key
	// (MSC3814).
	ErrDehydrated = errors.New("events: sent by a dehydrated device")

	// ErrLookup says that the look-up answered with a device of another user
	// or with another Curve25519 key than it was asked for.
	ErrLookup = errors.New("events: look-up of the sending device returned another device")
)

// Other errors of this package, for errors.Is.
var (
	// ErrAlgorithm says that an event or a key is for an algorithm that is not
	// the one expected here.
	ErrAlgorithm = errors.New("events: algorithm not accepted here")

	// ErrNotForUs says that an Olm event has no ciphertext for our device.
	ErrNotForUs = errors.New("events: no ciphertext for this device")

	// ErrNoSession says that a normal Olm message came and no session is held
	// with the sending device.
	ErrNoSession = errors.New("events: no Olm session with the sending device")

	// ErrNoRoomSession says that the [RoomSession] of a room event is the zero
	// value: the program has no session of that room and id.
	ErrNoRoomSession = errors.New("events: no session for this room event")

	// ErrForeignSession says that a session was given which is of neither of
	// the two devices, or which is not the one that the event names.
	ErrForeignSession = errors.New("events: session of others")

	// ErrOwnDevice says that device keys are not those of the account.
	ErrOwnDevice = errors.New("events: device keys of another account")

	// ErrType says that a payload or an event is of another type than the one
	// asked for.
	ErrType = errors.New("events: another type than the one asked for")

	// ErrUnknownDevice says that the payload may only come from a device that
	// is known, and its device is not.
	ErrUnknownDevice = errors.New("events: sending device is not known")

	// ErrNotOurUser says that the payload may only come from a device of our
	// own user.
	ErrNotOurUser = errors.New("events: sender is not our own user")

	// ErrSessionID says that session_id is not the id of the key beside it.
	ErrSessionID = errors.New("events: session_id is not the session's")

	// ErrRoom says that an encrypted payload is for another room than the one
	// that the event stands in.
	ErrRoom = errors.New("events: payload for another room")

	// ErrSessionRoom says that the session was shared for another room than
	// the one that the event stands in.
	ErrSessionRoom = errors.New("events: session of another room")

	// ErrSessionOwner says that the event's sender is not the user who shared
	// the session.
	ErrSessionOwner = errors.New("events: session of another user than the event's sender")

	// ErrGuardFull says that a guard holds [MaxReplayEntries] indexes.
	ErrGuardFull = errors.New("events: replay guard is full")

	// ErrClosed says that a value with a secret was closed.
	ErrClosed = errors.New("events: closed")
)

// MalformedError says that JSON is not of the form that it must have.
type MalformedError = errs.MalformedError

// VersionError says that a message or a key has a version that is not supported.
type VersionError = errs.VersionError

func malformed(what, why string) error { return &MalformedError{What: what, Why: why} }

// ReplayError says that a message index of a session came before, in another
// event.
type ReplayError struct {
	SessionID string
	Index     uint32
}

func (e *ReplayError) Error() string {
	return fmt.Sprintf("events: replay: index %d of session %s came before in another event", e.Index, e.SessionID)
}
