package crosssigning

import (
	"fmt"
	"strings"

	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
	"github.com/chappe-e2ee/chappe/keys"
)

const oneTimeName = "crosssigning: one-time key"

// SignedCurve25519 is the key algorithm of Olm version 1.
const SignedCurve25519 = "signed_curve25519"

// PublicOneTimeKey is the public part of a one-time or fallback key, in the
// shape of olm.OneTimeKey.
type PublicOneTimeKey interface {
	~struct {
		ID  keys.ID
		Key keys.Curve25519
	}
}

// SignedKey is a one-time or fallback key of our own, signed for upload.
type SignedKey struct {
	algorithm, id string
	fallback      bool
	object        Object
}

// SignOneTimeKeys signs one-time keys for upload under a key algorithm, as
// [SignedCurve25519]. list is what olm.Account's UnpublishedOneTimeKeys returns.
// A key gives the same bytes each time, so that repeating a lost upload is
// harmless. It returns [ErrKeyMismatch] when the device's signer has another
// key than it says, a [*MalformedError], [keys.ErrAbsent] or what the signer
// returns.
func SignOneTimeKeys[K PublicOneTimeKey](d LocalDevice, algorithm string, list []K) ([]SignedKey, error) {
	return signKeys(d, algorithm, false, list)
}

// SignFallbackKey signs a fallback key for upload, as [SignOneTimeKeys] does.
// That it is one stands in the object and is signed.
func SignFallbackKey[K PublicOneTimeKey](d LocalDevice, algorithm string, key K) (SignedKey, error) {
	list, err := signKeys(d, algorithm, true, []K{key})
	if err != nil {
		return SignedKey{}, err
	}
	return list[0], nil
}

func signKeys[K PublicOneTimeKey](d LocalDevice, algorithm string, fallback bool, list []K) ([]SignedKey, error) {
	if algorithm == "" || strings.Contains(algorithm, ":") {
		return nil, malformed(oneTimeName, "not the name of a key algorithm")
	}
	signed := make([]SignedKey, 0, len(list))
	for i := range list {
		k := struct {
			ID  keys.ID
			Key keys.Curve25519
		}(list[i])
		if k.ID.IsZero() || k.Key.IsZero() {
			return nil, fmt.Errorf("%s: %w", oneTimeName, keys.ErrAbsent)
		}
		members := []canonicaljson.Member{{Name: "key", Value: canonicaljson.Text(k.Key.String())}}
		if fallback {
			members = append(members, canonicaljson.Member{Name: "fallback", Value: canonicaljson.Bool(true)})
		}
		object, err := d.sign(oneTimeName, canonicaljson.Object(members...))
		if err != nil {
			return nil, err
		}
		if i == 0 && object.Verify(d.UserID, DeviceKeyID(d.DeviceID), d.Ed25519) != nil {
			return nil, fmt.Errorf("%s: the signer has another key: %w", oneTimeName, ErrKeyMismatch)
		}
		signed = append(signed, SignedKey{algorithm: algorithm, id: k.ID.String(), fallback: fallback, object: object})
	}
	return signed, nil
}

// KeysUpload is the body of POST /_matrix/client/v3/keys/upload. All kinds of
// keys go in one request, so that the server never has one without the other.
type KeysUpload struct {
	Device *DeviceKeys // nil when it is on the server already
	Keys   []SignedKey // one-time and fallback keys, of any algorithms
}

// MarshalJSON returns the body. It returns a [*MalformedError] when two keys
// have the same id, or two fallback keys the same algorithm, and [keys.ErrAbsent]
// for the zero value of a device.
func (u KeysUpload) MarshalJSON() ([]byte, error) {
	const what = "crosssigning: keys upload"
	var oneTime, fallback []canonicaljson.Member
	seen := map[string]bool{}
	for _, k := range u.Keys {
		name := k.algorithm + ":" + k.id
		if k.object.IsZero() || seen[name] || k.fallback && seen[k.algorithm] {
			return nil, malformed(what, "a key is absent, or stands twice, or is a second fallback key")
		}
		seen[name] = true
		m := canonicaljson.Member{Name: name, Value: k.object.value}
		if k.fallback {
			seen[k.algorithm] = true
			fallback = append(fallback, m)
		} else {
			oneTime = append(oneTime, m)
		}
	}
	var members []canonicaljson.Member
	if u.Device != nil {
		if u.Device.object.IsZero() {
			return nil, fmt.Errorf("%s: %w", deviceName, keys.ErrAbsent)
		}
		members = append(members, canonicaljson.Member{Name: "device_keys", Value: u.Device.object.value.With(unsignedMember, canonicaljson.Value{})})
	}
	if len(oneTime) > 0 {
		members = append(members, canonicaljson.Member{Name: "one_time_keys", Value: canonicaljson.Object(oneTime...)})
	}
	if len(fallback) > 0 {
		members = append(members, canonicaljson.Member{Name: "fallback_keys", Value: canonicaljson.Object(fallback...)})
	}
	body := canonicaljson.Object(members...)
	if body.IsZero() {
		return nil, malformed(what, "a name is not valid UTF-8")
	}
	return body.AppendTo(nil), nil
}
