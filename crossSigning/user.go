package crosssigning

import (
	"cmp"
	"fmt"
	"maps"
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
}

// NewUser returns a user of an identity, which may be nil, and devices that a
// program has stored. A clash that the identity's user had is kept, also when the
// device is not among these; one that was read anew does not know of it. It
// returns an [*IDError] when something belongs to another user, a
// [*SharedKeyError] when two devices have a key in common, or a
// [*MalformedError] when a device stands twice or is nil, or the identity is the
// zero value.
func NewUser(userID string, identity *Identity, devices ...*DeviceKeys) (*User, error) {
	const what = "crosssigning: user"
	if identity != nil {
		if identity.master == nil {
			return nil, malformed(Master.what(), "missing")
		}
		if err := expectID("user_id", userID, identity.UserID()); err != nil {
			return nil, err
		}
	}
	u := &User{id: userID, identity: identity}
	var ids []string
	for _, d := range devices {
		if d == nil {
			return nil, malformed(what, "a device is missing")
		}
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
	for _, err := range sharedKeys(devices, nil) {
		if err != nil {
			return nil, err
		}
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
// of all devices, also of those that were refused. The identity keeps what it
// finds.
func (u *User) checkIDs(ids []string) {
	if u.identity == nil || u.identity.clash != nil {
		return
	}
	for _, id := range ids {
		if u.identity.has(id) {
			with := *u.identity
			with.clash = &ClashError{UserID: u.id, DeviceID: id}
			u.identity = &with
			return
		}
	}
}

func (u *User) clash() *ClashError {
	if u.identity == nil {
		return nil
	}
	return u.identity.clash
}

// refused says whether the user is trusted in nothing. So is the zero value.
func (u *User) refused() bool { return u.clash() != nil || u.id == "" }

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
	if clash := u.clash(); clash != nil {
		return clash
	}
	return nil
}

// sharedKeys returns, for each device, the error that another of the user's
// devices has one of its keys: one in the list, or one that is stored, whether it
// is in the list or not. A device that is stored is not blamed. When two of these
// share a key, both stay: which of them had it first, nobody can tell.
func sharedKeys(devices []*DeviceKeys, stored map[string]*DeviceKeys) []error {
	type holder struct {
		deviceID string
		index    int // in devices, or -1 for a stored one
	}
	type place struct {
		kind int
		key  [keys.PublicKeySize]byte
	}
	places := func(d *DeviceKeys) [2]place {
		return [...]place{{0, d.curve25519.Array()}, {1, d.ed25519.Array()}}
	}
	first := map[place]holder{}
	for _, id := range slices.Sorted(maps.Keys(stored)) {
		for _, at := range places(stored[id]) {
			if _, ok := first[at]; !ok {
				first[at] = holder{id, -1}
			}
		}
	}
	errs := make([]error, len(devices))
	for i, d := range devices {
		if stored[d.deviceID] != nil {
			continue
		}
		for _, at := range places(d) {
			other, ok := first[at]
			if !ok {
				first[at] = holder{d.deviceID, i}
				continue
			}
			errs[i] = &SharedKeyError{UserID: d.userID, DeviceID: d.deviceID, OtherDeviceID: other.deviceID}
			if other.index >= 0 {
				errs[other.index] = &SharedKeyError{UserID: d.userID, DeviceID: other.deviceID, OtherDeviceID: d.deviceID}
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
