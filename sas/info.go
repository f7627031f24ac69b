package sas

import (
	"fmt"
	"strings"

	"github.com/chappe-e2ee/chappe/keys"
)

const (
	infoName    = "sas: info of the code"
	macInfoName = "sas: info of a MAC"

	infoLabel    = "MATRIX_KEY_VERIFICATION_SAS|"
	macInfoLabel = "MATRIX_KEY_VERIFICATION_MAC"

	keyList = "KEY_IDS"
)

// Starter is the side whose m.key.verification.start counts, whichever side
// asked for the verification. Key is what it sent in m.key.verification.key.
type Starter struct {
	UserID   string
	DeviceID string
	Key      keys.Curve25519
}

// Accepter is the side that sent m.key.verification.accept. Key is what it sent
// in m.key.verification.key.
type Accepter struct {
	UserID   string
	DeviceID string
	Key      keys.Curve25519
}

// Info is what the code is bound to. Both sides fill in the same: it does not
// matter which of them is oneself. The ids are those of the events, and the
// transaction id of a verification in a room is the id of its request event.
type Info struct {
	Starter       Starter
	Accepter      Accepter
	TransactionID string
}

// Bytes returns the info of HKDF for [Established.Code], which
// [Established.CodeFor] makes itself (specification, "SAS
// HKDF calculation", curve25519-hkdf-sha256). It returns [keys.ErrAbsent] for a
// missing key, [ErrReflected] when both keys are one, [ErrSameDevice], or a
// [*MalformedError] when an id is empty or a user id is none.
func (i Info) Bytes() ([]byte, error) {
	s, a := i.Starter, i.Accepter
	if err := checkDevices(infoName, s.UserID, s.DeviceID, a.UserID, a.DeviceID, i.TransactionID); err != nil {
		return nil, err
	}
	switch {
	case s.Key.IsZero() || a.Key.IsZero():
		return nil, fmt.Errorf("%s: %w", infoName, keys.ErrAbsent)
	case s.Key == a.Key:
		return nil, ErrReflected
	}
	return []byte(infoLabel + strings.Join([]string{
		s.UserID, s.DeviceID, s.Key.String(),
		a.UserID, a.DeviceID, a.Key.String(),
		i.TransactionID,
	}, "|")), nil
}

// Sender is the side that sends m.key.verification.mac, and whose keys are in
// it.
type Sender struct {
	UserID   string
	DeviceID string
}

// Receiver is the side that checks m.key.verification.mac.
type Receiver struct {
	UserID   string
	DeviceID string
}

// MACInfo is what a MAC is bound to. In one's own MACs the sender is oneself; to
// check the other side's, it is the other side.
type MACInfo struct {
	Sender        Sender
	Receiver      Receiver
	TransactionID string
}

// KeyBytes returns the info for the MAC of one key (specification, "MAC
// calculation"). keyID is algorithm and name, such as "ed25519:DEVICEID". It
// returns [ErrSameDevice], or a [*MalformedError] when an id is empty, a user id
// is none or keyID has no algorithm.
func (i MACInfo) KeyBytes(keyID string) ([]byte, error) {
	// Without this, a key of the name "KEY_IDS" could pass for the list.
	if algorithm, name, _ := strings.Cut(keyID, ":"); algorithm == "" || name == "" {
		return nil, &MalformedError{What: macInfoName, Why: "key id is not of the form algorithm:name"}
	}
	return i.bytes(keyID)
}

// KeyListBytes returns the info for the MAC of the list of key ids. It returns
// what [MACInfo.KeyBytes] does.
func (i MACInfo) KeyListBytes() ([]byte, error) { return i.bytes(keyList) }

func (i MACInfo) bytes(what string) ([]byte, error) {
	s, r := i.Sender, i.Receiver
	if err := checkDevices(macInfoName, s.UserID, s.DeviceID, r.UserID, r.DeviceID, i.TransactionID); err != nil {
		return nil, err
	}
	return []byte(macInfoLabel + s.UserID + s.DeviceID + r.UserID + r.DeviceID + i.TransactionID + what), nil
}

// checkDevices looks at the ids of both sides. They are opaque: what is looked
// for are fields left empty, or filled with each other's values.
func checkDevices(what, user1, device1, user2, device2, transaction string) error {
	for _, user := range []string{user1, user2} {
		if local, server, _ := strings.Cut(user, ":"); !strings.HasPrefix(local, "@") || server == "" {
			return &MalformedError{What: what, Why: "user id is not of the form @name:server"}
		}
	}
	switch {
	case device1 == "" || device2 == "":
		return &MalformedError{What: what, Why: "empty device id"}
	case transaction == "":
		return &MalformedError{What: what, Why: "empty transaction id"}
	case user1 == user2 && device1 == device2:
		return ErrSameDevice
	}
	return nil
}
