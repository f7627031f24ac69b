package crosssigning

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/chappe-e2ee/chappe/keys"
)

// User is a user's devices and identity, as they were published at one time. All
// signatures in it are checked. It is immutable.
type User struct {
	id          string
	identity    *Identity
	devices     []*DeviceKeys // in the order of their ids
	crossSigned []bool        // whether the identity signed the device
	clash       *ClashError
}

// NewUser returns a user of an identity, which may be nil, and devices that a
// program has stored. It returns an [*IDError] when something belongs to another
// user, or a [*MalformedError] when a device stands twice.
func NewUser(userID string, identity *Identity, devices ...*DeviceKeys) (*User, error) {
	const what = "crosssigning: user"
	if identity != nil {
		if err := expectID("user_id", userID, identity.UserID()); err != nil {
			return nil, err
		}
	}
	u := &User{id: userID, identity: identity}
	var ids []string
	for _, d := range devices {
		if err := expectID("user_id", userID, d.userID); err != nil {
			return nil, err
		}
		ids = append(ids, d.deviceID)
		u.add(d, identity != nil && identity.VerifyDevice(d) == nil)
	}
	slices.Sort(ids)
	if len(slices.Compact(slices.Clone(ids))) < len(ids) {
		return nil, malformed(what, "a device stands twice")
	}
	u.checkIDs(ids)
	u.sort()
	return u, nil
}

func (u *User) add(d *DeviceKeys, crossSigned bool) {
	u.devices = append(u.devices, d)
	u.crossSigned = append(u.crossSigned, crossSigned)
}

// checkIDs looks for a device id that is a cross-signing key. It takes the ids
// of all devices, also of those that were refused.
func (u *User) checkIDs(ids []string) {
	if u.identity == nil {
		return
	}
	for _, id := range ids {
		if u.identity.has(id) {
			u.clash = &ClashError{UserID: u.id, DeviceID: id}
			return
		}
	}
}

// sort brings the devices into the order of their ids.
func (u *User) sort() {
	order := make([]int, len(u.devices))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(u.devices[a].deviceID, u.devices[b].deviceID) })
	devices, crossSigned := u.devices, u.crossSigned
	u.devices, u.crossSigned = nil, nil
	for _, i := range order {
		u.add(devices[i], crossSigned[i])
	}
}

// ID returns the user's id.
func (u *User) ID() string { return u.id }

// Identity returns the user's cross-signing identity, or nil.
func (u *User) Identity() *Identity { return u.identity }

// Devices returns the user's devices, in the order of their ids.
func (u *User) Devices() []*DeviceKeys { return slices.Clone(u.devices) }

// Device returns the device with an id, or nil.
func (u *User) Device(deviceID string) *DeviceKeys {
	if i, ok := u.find(deviceID); ok {
		return u.devices[i]
	}
	return nil
}

// CrossSigned says whether the user's identity signed a device. Whether the
// identity is really the user's, it does not say.
func (u *User) CrossSigned(deviceID string) bool {
	i, ok := u.find(deviceID)
	return ok && u.crossSigned[i]
}

func (u *User) find(deviceID string) (int, bool) {
	return slices.BinarySearchFunc(u.devices, deviceID, func(d *DeviceKeys, id string) int {
		return cmp.Compare(d.deviceID, id)
	})
}

// Err returns a [*ClashError] when the user must not be verified and is trusted
// in nothing, else nil.
func (u *User) Err() error {
	if u.clash == nil {
		return nil
	}
	return u.clash
}

// sharedKeys returns, for each device, the error that another of the user's
// devices has one of its keys. A device that was known before is not blamed.
func sharedKeys(devices []*DeviceKeys, known []bool) []error {
	errs := make([]error, len(devices))
	first := map[[1 + keys.PublicKeySize]byte]int{}
	for i, d := range devices {
		for kind, key := range [...][keys.PublicKeySize]byte{d.curve25519.Array(), d.ed25519.Array()} {
			at := [1 + keys.PublicKeySize]byte{byte(kind)}
			copy(at[1:], key[:])
			j, ok := first[at]
			if !ok {
				first[at] = i
				continue
			}
			if !known[i] {
				errs[i] = &SharedKeyError{UserID: d.userID, DeviceID: d.deviceID, OtherDeviceID: devices[j].deviceID}
			}
			if !known[j] {
				errs[j] = &SharedKeyError{UserID: d.userID, DeviceID: devices[j].deviceID, OtherDeviceID: d.deviceID}
			}
		}
	}
	return errs
}

// parseIdentity reads what a response says of a user's three keys; nil stands
// for nothing. What cannot be taken is passed to refuse.
func parseIdentity(userID string, master, selfSigning, userSigning []byte, refuse func(usage Usage, err error)) *Identity {
	parse := func(usage Usage, text []byte) *PublicKey {
		if text == nil {
			return nil
		}
		k, err := ParsePublicKey(text, userID, usage)
		if err != nil {
			refuse(usage, err)
			return nil
		}
		return k
	}
	m, s, u := parse(Master, master), parse(SelfSigning, selfSigning), parse(UserSigning, userSigning)
	if m == nil {
		for _, k := range []*PublicKey{s, u} {
			if k != nil {
				refuse(k.usage, fmt.Errorf("no master key: %w", ErrUnsigned))
			}
		}
		return nil
	}
	i := &Identity{master: m}
	for _, k := range []*PublicKey{s, u} {
		if k == nil {
			continue
		}
		with := *i
		if k.usage == SelfSigning {
			with.selfSigning = k
		} else {
			with.userSigning = k
		}
		checked, err := NewIdentity(with.master, with.selfSigning, with.userSigning)
		if err != nil {
			refuse(k.usage, err)
			continue
		}
		i = checked
	}
	return i
}
