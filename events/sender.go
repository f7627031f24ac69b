package events

import (
	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/keys"
)

// Origin says with what the sending device's keys were compared. Levels are in
// order: a higher one is more.
type Origin int

// The origins. The zero value is the least.
const (
	// Unknown: the look-up does not know the device yet, and the message did
	// not bring its keys along. Nothing ties the session to the sender, who is
	// whom the server says. Ask the server for the sender's devices, and call
	// [Sender.Resolve] with the one that has the key.
	Unknown Origin = iota
	// Claimed: the look-up does not know the device yet, but the message
	// brought the device's own signed keys along, and all fits. That the device
	// belongs to the sender is what it says itself.
	Claimed
	// Known: the look-up knows the device, and all fits.
	Known
)

// String returns the name of the origin.
func (o Origin) String() string {
	switch o {
	case Unknown:
		return "unknown"
	case Claimed:
		return "claimed"
	case Known:
		return "known"
	}
	return "invalid"
}

// Lookup returns the device of a user that has a Curve25519 key, as the program
// learned it from the server, or nil when it is unknown yet. It is called once
// for a message, from the caller's goroutine. It should know only devices that
// [crosssigning.Query] let through.
type Lookup func(userID string, key keys.Curve25519) *crosssigning.DeviceKeys

// Sender is who wrote an Olm message, as far as the checks tell. It is immutable
// and comparable. How far the device is trusted, package crosssigning says.
type Sender struct {
	userID     string
	curve25519 keys.Curve25519
	ed25519    keys.Ed25519
	device     *crosssigning.DeviceKeys // nil when Unknown
	origin     Origin
}

// UserID returns the user who sent the event.
func (s Sender) UserID() string { return s.userID }

// Curve25519 returns the key that the Olm session was made with.
func (s Sender) Curve25519() keys.Curve25519 { return s.curve25519 }

// Ed25519 returns the device's Ed25519 key. While the origin is [Unknown], it is
// only what the message says.
func (s Sender) Ed25519() keys.Ed25519 { return s.ed25519 }

// Device returns the device's keys: those of the look-up, or else those that the
// message brought along; nil while the origin is [Unknown].
func (s Sender) Device() *crosssigning.DeviceKeys { return s.device }

// Origin says with what the keys were compared.
func (s Sender) Origin() Origin { return s.origin }

// Resolve returns the sender as it is once the device became known, with the
// checks that [Receiver.Open] would have made. It returns [ErrLookup] when the
// device is of another user or has another Curve25519 key, [ErrSigningKey],
// [ErrDeviceID] or [ErrDehydrated].
func (s Sender) Resolve(device *crosssigning.DeviceKeys) (Sender, error) {
	switch {
	case device == nil:
		return Sender{}, keys.ErrAbsent
	case device.UserID() != s.userID || device.Curve25519() != s.curve25519:
		return Sender{}, ErrLookup
	case device.Ed25519() != s.ed25519:
		return Sender{}, ErrSigningKey
	case s.device != nil && s.device.DeviceID() != device.DeviceID():
		return Sender{}, ErrDeviceID
	case device.Dehydrated():
		return Sender{}, ErrDehydrated
	}
	s.device, s.origin = device, Known
	return s, nil
}
