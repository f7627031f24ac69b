package crosssigning

import (
	"errors"
	"fmt"

	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
	"github.com/chappe-e2ee/chappe/keys"
)

// LocalDevice is a device whose private keys the program holds, as it signs what
// it publishes. With an *olm.Account:
//
//	identity := account.IdentityKeys()
//	device := crosssigning.LocalDevice{
//		UserID: "@alice:example.org", DeviceID: "JLAFKJWSCS",
//		Algorithms: []string{olm.V1.Algorithm(), megolm.V1.Algorithm()},
//		Ed25519: identity.Ed25519, Curve25519: identity.Curve25519,
//		Signer: account,
//	}
type LocalDevice struct {
	UserID, DeviceID string
	Algorithms       []string
	Ed25519          keys.Ed25519
	Curve25519       keys.Curve25519
	Signer           Signer // with the private key of Ed25519
	Dehydrated       bool   // MSC3814
}

// Keys returns the device's keys, signed by the device. The same device gives
// the same bytes each time. It returns [ErrKeyMismatch] when Signer signs with
// another key, a [*MalformedError], [keys.ErrAbsent] or what Signer returns.
func (d LocalDevice) Keys() (*DeviceKeys, error) {
	if d.Ed25519.IsZero() || d.Curve25519.IsZero() {
		return nil, fmt.Errorf("%s: %w", deviceName, keys.ErrAbsent)
	}
	algorithms := make([]canonicaljson.Value, len(d.Algorithms))
	for i, name := range d.Algorithms {
		algorithms[i] = canonicaljson.Text(name)
	}
	members := []canonicaljson.Member{
		{Name: "user_id", Value: canonicaljson.Text(d.UserID)},
		{Name: "device_id", Value: canonicaljson.Text(d.DeviceID)},
		{Name: "algorithms", Value: canonicaljson.Array(algorithms...)},
		{Name: "keys", Value: canonicaljson.Object(
			canonicaljson.Member{Name: ed25519Prefix + d.DeviceID, Value: canonicaljson.Text(d.Ed25519.String())},
			canonicaljson.Member{Name: "curve25519:" + d.DeviceID, Value: canonicaljson.Text(d.Curve25519.String())},
		)},
	}
	if d.Dehydrated {
		members = append(members, canonicaljson.Member{Name: "dehydrated", Value: canonicaljson.Bool(true)})
	}
	object, err := d.sign(deviceName, canonicaljson.Object(members...))
	if err != nil {
		return nil, err
	}
	k, err := newDeviceKeys(object)
	if errors.Is(err, ErrSignature) {
		return nil, fmt.Errorf("%s: the signer has another key: %w", deviceName, ErrKeyMismatch)
	}
	return k, err
}

// sign returns an object that was built, signed by the device.
func (d LocalDevice) sign(what string, value canonicaljson.Value) (Object, error) {
	if value.IsZero() || d.UserID == "" || d.DeviceID == "" {
		return Object{}, malformed(what, "an id is empty or not valid UTF-8")
	}
	if d.Signer == nil {
		return Object{}, fmt.Errorf("%s: signer: %w", what, keys.ErrAbsent)
	}
	return Object{value}.Sign(d.UserID, DeviceKeyID(d.DeviceID), d.Signer)
}

// SignMaster returns the device's signature of its own user's master key. It
// tells the user's other devices, and this one after a restart, that the key
// was verified here; see [Proof]. verified is the key that was compared, by a
// person or with a private key. identity is what [User.Identity] returned, which
// knows of a clash. It returns [ErrKeyMismatch] when the identity has another
// key, an [*IDError], a [*ClashError], or a [*MalformedError] when the master key
// has members that none has.
func (d LocalDevice) SignMaster(identity *Identity, verified keys.Ed25519) (KeySignature, error) {
	master := identity.published()
	if err := expectID("user_id", d.UserID, master.userID); err != nil {
		return KeySignature{}, err
	}
	if verified.IsZero() || master.key != verified {
		return KeySignature{}, ErrKeyMismatch
	}
	if identity.clash != nil {
		return KeySignature{}, identity.clash
	}
	if identity.has(d.DeviceID) {
		return KeySignature{}, &ClashError{UserID: d.UserID, DeviceID: d.DeviceID}
	}
	plain, err := master.plain()
	if err != nil {
		return KeySignature{}, err
	}
	object, err := d.sign(Master.what(), plain.value)
	if err != nil {
		return KeySignature{}, err
	}
	if err := object.Verify(d.UserID, DeviceKeyID(d.DeviceID), d.Ed25519); err != nil {
		return KeySignature{}, fmt.Errorf("%s: the signer has another key: %w", deviceName, ErrKeyMismatch)
	}
	return KeySignature{userID: master.userID, name: master.key.String(), object: object}, nil
}
