package crosssigning

import (
	"slices"

	"github.com/chappe-e2ee/chappe/keys"
)

const deviceName = "crosssigning: device keys"

// DeviceKeys is what a device publishes of itself: its identity keys and the
// algorithms it speaks. A value is always one that the device signed itself.
// That proves that its maker held the Ed25519 key, and nothing about whose
// device it is. It is immutable. The methods of nil, which stands for a device
// that is not known, return zero values and errors.
type DeviceKeys struct {
	object           Object
	userID, deviceID string
	algorithms       []string
	ed25519          keys.Ed25519
	curve25519       keys.Curve25519
}

// ParseDeviceKeys returns the device keys of a JSON text, as they stand in
// /keys/query and in sender_device_keys. It checks that both keys are there
// under the device's id, and that the object is signed by the Ed25519 key in it.
// Comparing the user and the device with those that were expected is the
// caller's. It returns a [*MalformedError], [ErrUnsigned] or [ErrSignature].
func ParseDeviceKeys(text []byte) (*DeviceKeys, error) {
	object, err := parseObject(deviceName, text)
	if err != nil {
		return nil, err
	}
	return newDeviceKeys(object)
}

func newDeviceKeys(object Object) (*DeviceKeys, error) {
	d := &DeviceKeys{object: object}
	var err error
	if d.userID, err = object.text(deviceName, "user_id"); err != nil {
		return nil, err
	}
	if d.deviceID, err = object.text(deviceName, "device_id"); err != nil {
		return nil, err
	}
	algorithms := object.value.Get("algorithms")
	if !algorithms.IsArray() {
		return nil, malformed(deviceName, "algorithms is not a list")
	}
	for item := range algorithms.Items() {
		name, ok := item.Text()
		if !ok {
			return nil, malformed(deviceName, "algorithms is not a list of strings")
		}
		d.algorithms = append(d.algorithms, name)
	}
	list := object.value.Get("keys")
	text, ok := list.Get(ed25519Prefix + d.deviceID).Text()
	if !ok {
		return nil, malformed(deviceName, "no Ed25519 key under the device's id")
	}
	if d.ed25519, err = keys.ParseEd25519(text); err != nil {
		return nil, malformed(deviceName, err.Error())
	}
	if text, ok = list.Get("curve25519:" + d.deviceID).Text(); !ok {
		return nil, malformed(deviceName, "no Curve25519 key under the device's id")
	}
	if d.curve25519, err = keys.ParseCurve25519(text); err != nil {
		return nil, malformed(deviceName, err.Error())
	}
	if err := object.Verify(d.userID, DeviceKeyID(d.deviceID), d.ed25519); err != nil {
		return nil, err
	}
	return d, nil
}

// orNone returns a device without keys for nil.
func (d *DeviceKeys) orNone() *DeviceKeys {
	if d == nil {
		return &DeviceKeys{}
	}
	return d
}

// UserID returns the user whom the object names.
func (d *DeviceKeys) UserID() string { return d.orNone().userID }

// DeviceID returns the device's id.
func (d *DeviceKeys) DeviceID() string { return d.orNone().deviceID }

// Ed25519 returns the device's fingerprint key.
func (d *DeviceKeys) Ed25519() keys.Ed25519 { return d.orNone().ed25519 }

// Curve25519 returns the device's identity key.
func (d *DeviceKeys) Curve25519() keys.Curve25519 { return d.orNone().curve25519 }

// Supports says whether the device speaks an algorithm, as
// "m.megolm.v1.aes-sha2".
func (d *DeviceKeys) Supports(algorithm string) bool {
	return slices.Contains(d.orNone().algorithms, algorithm)
}

// Dehydrated says whether the device calls itself dehydrated (MSC3814). The
// device signed that.
func (d *DeviceKeys) Dehydrated() bool {
	is, _ := d.Object().value.Get("dehydrated").Bool()
	return is
}

// DisplayName returns the name that the server gives the device. It is not
// signed: the server can put anything here.
func (d *DeviceKeys) DisplayName() string {
	name, _ := d.Object().value.Get(unsignedMember).Get("device_display_name").Text()
	return name
}

// Object returns the signed object, with all its members and signatures.
func (d *DeviceKeys) Object() Object { return d.orNone().object }

// MarshalJSON returns the object in canonical form, which [ParseDeviceKeys]
// reads.
func (d *DeviceKeys) MarshalJSON() ([]byte, error) { return d.Object().MarshalJSON() }

// SameKeys says whether two values are of the same device with the same keys.
func (d *DeviceKeys) SameKeys(other *DeviceKeys) bool {
	d, other = d.orNone(), other.orNone()
	return !d.ed25519.IsZero() && d.userID == other.userID && d.deviceID == other.deviceID &&
		d.ed25519 == other.ed25519 && d.curve25519 == other.curve25519
}

// VerifyObject returns nil when the device signed an object. It does not say of
// which kind the object is: the device signs keys as well, and who takes one kind
// for another is deceived. For the auth_data of a backup there is
// [DeviceKeys.VerifyBackup]. It returns [ErrUnsigned], [ErrSignature] or
// [keys.ErrAbsent].
func (d *DeviceKeys) VerifyObject(o Object) error {
	d = d.orNone()
	return o.Verify(d.userID, DeviceKeyID(d.deviceID), d.ed25519)
}

// VerifyBackup returns nil when the device signed an object that is the auth_data
// of a backup, and can be nothing else that is signed. Whether the device is
// trusted is another question. It returns a [*MalformedError], [ErrUnsigned] or
// [ErrSignature].
func (d *DeviceKeys) VerifyBackup(authData Object) error {
	if _, err := backupKey(authData); err != nil {
		return err
	}
	return d.VerifyObject(authData)
}
