package crosssigning

import (
	"slices"
	"strings"

	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
	"github.com/chappe-e2ee/chappe/internal/parallel"
	"github.com/chappe-e2ee/chappe/keys"
)

const claimName = "crosssigning: response to the keys claim"

// Claim asks for one key of each of some devices: POST
// /_matrix/client/v3/keys/claim. It holds the devices as they are known, so that
// what comes back is checked against nothing that the response brings along.
type Claim struct {
	algorithm string
	devices   map[string]map[string]*DeviceKeys // by user and device
}

// NewClaim returns a claim for one key of an algorithm, as [SignedCurve25519],
// of each device.
func NewClaim(algorithm string, devices ...*DeviceKeys) *Claim {
	c := &Claim{algorithm: algorithm, devices: map[string]map[string]*DeviceKeys{}}
	for _, d := range devices {
		if d == nil {
			continue
		}
		if c.devices[d.userID] == nil {
			c.devices[d.userID] = map[string]*DeviceKeys{}
		}
		c.devices[d.userID][d.deviceID] = d
	}
	return c
}

// MarshalJSON returns the body of the request. It returns a [*MalformedError]
// when the algorithm is not valid UTF-8.
func (c *Claim) MarshalJSON() ([]byte, error) {
	var users []canonicaljson.Member
	for userID, list := range c.devices {
		var devices []canonicaljson.Member
		for id := range list {
			devices = append(devices, canonicaljson.Member{Name: id, Value: canonicaljson.Text(c.algorithm)})
		}
		users = append(users, canonicaljson.Member{Name: userID, Value: canonicaljson.Object(devices...)})
	}
	body := canonicaljson.Object(canonicaljson.Member{Name: "one_time_keys", Value: canonicaljson.Object(users...)})
	if body.IsZero() {
		return nil, malformed("crosssigning: keys claim", "the algorithm is not valid UTF-8")
	}
	return body.AppendTo(nil), nil
}

// ClaimedKey is a key that was claimed, with which an Olm session with the
// device can be made. The device signed it.
type ClaimedKey struct {
	Device   *DeviceKeys
	ID       string // the part behind the algorithm, in the device's own form
	Key      keys.Curve25519
	Fallback bool // the device calls it a fallback key, which others may have got too
}

// ClaimResult is what a response says that can be taken.
type ClaimResult struct {
	Keys     []ClaimedKey  // in the order of user and device ids
	Refused  []*EntryError // the entries that were left out, and why
	Missing  []*DeviceKeys // the devices for which the response has no entry
	Failures []string      // the servers that could not be reached
}

// Check reads the response. For each device it takes exactly one key of the
// algorithm that was asked for, signed by the device's Ed25519 key as it was
// known before, and with no member of another kind of signed object. Signatures
// are verified on so many goroutines as workers says. It returns a
// [*MalformedError] when the response cannot be taken apart; whatever is wrong
// inside an entry is in Refused.
func (c *Claim) Check(response []byte, workers int) (*ClaimResult, error) {
	parts, failures, err := splitResponse(claimName, response, "one_time_keys")
	if err != nil {
		return nil, err
	}
	r := &ClaimResult{Failures: failures}
	refuse := func(userID, name, what string, err error) {
		r.Refused = append(r.Refused, &EntryError{UserID: userID, Name: name, What: what, Err: err})
	}
	type entry struct {
		device *DeviceKeys
		text   []byte
		key    ClaimedKey
		err    error
	}
	var entries []*entry
	answered := map[*DeviceKeys]bool{}
	for _, user := range parts[0] {
		if user.Err != nil {
			refuse(user.Name, "", "keys", malformed(claimName, user.Err.Error()))
			continue
		}
		devices, err := canonicaljson.Split(user.Value)
		if err != nil {
			refuse(user.Name, "", "keys", malformed(claimName, err.Error()))
			continue
		}
		for _, m := range devices {
			device := c.devices[user.Name][m.Name]
			switch {
			case m.Err != nil:
				refuse(user.Name, m.Name, "key", malformed(claimName, m.Err.Error()))
			case device == nil:
				refuse(user.Name, m.Name, "key", ErrNotAsked)
			default:
				entries = append(entries, &entry{device: device, text: m.Value})
			}
			answered[device] = true
		}
	}
	parallel.Do(len(entries), workers, func(i int) {
		e := entries[i]
		e.key, e.err = c.parse(e.device, e.text)
	})
	for _, e := range entries {
		if e.err != nil {
			refuse(e.device.userID, e.device.deviceID, "key", e.err)
			continue
		}
		r.Keys = append(r.Keys, e.key)
	}
	for _, list := range c.devices {
		for _, d := range list {
			if !answered[d] {
				r.Missing = append(r.Missing, d)
			}
		}
	}
	slices.SortFunc(r.Keys, func(a, b ClaimedKey) int { return compareDevices(a.Device, b.Device) })
	slices.SortFunc(r.Missing, compareDevices)
	return r, nil
}

func compareDevices(a, b *DeviceKeys) int {
	if c := strings.Compare(a.userID, b.userID); c != 0 {
		return c
	}
	return strings.Compare(a.deviceID, b.deviceID)
}

// parse checks what the response has for one device.
func (c *Claim) parse(d *DeviceKeys, text []byte) (ClaimedKey, error) {
	list, err := parseObject(claimName, text)
	if err != nil {
		return ClaimedKey{}, err
	}
	claimed := ClaimedKey{Device: d}
	var object Object
	for name, value := range list.value.Members() {
		id, ok := strings.CutPrefix(name, c.algorithm+":")
		if !ok {
			continue
		}
		if !object.IsZero() {
			return ClaimedKey{}, malformed(claimName, "more than one key of the algorithm")
		}
		claimed.ID, object = id, Object{value}
	}
	if !object.value.IsObject() {
		return ClaimedKey{}, malformed(claimName, "no signed key of the algorithm")
	}
	// The device signs other objects too. None of them is a one-time key.
	if err := object.without(oneTimeName, "user_id", "device_id", "usage", "keys", "public_key"); err != nil {
		return ClaimedKey{}, err
	}
	key, err := object.text(oneTimeName, "key")
	if err != nil {
		return ClaimedKey{}, err
	}
	if fallback := object.value.Get("fallback"); !fallback.IsZero() {
		var ok bool
		if claimed.Fallback, ok = fallback.Bool(); !ok {
			return ClaimedKey{}, malformed(oneTimeName, "fallback is neither true nor false")
		}
	}
	if err := d.VerifyObject(object); err != nil {
		return ClaimedKey{}, err
	}
	if claimed.Key, err = keys.ParseCurve25519(key); err != nil {
		return ClaimedKey{}, malformed(oneTimeName, err.Error())
	}
	return claimed, nil
}
