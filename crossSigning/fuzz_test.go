package crosssigning_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
	"github.com/chappe-e2ee/chappe/keys"
)

// FuzzObject: what is read is written as it was, signing adds a signature that
// verifies, takes nothing away, and does not change what is signed.
func FuzzObject(f *testing.F) {
	for _, v := range signingVectors(f) {
		f.Add([]byte(v.Object), v.Entity, "1")
	}
	s := newSigner(seed(1, 1))
	public := s.public()
	f.Fuzz(func(t *testing.T, text []byte, entity, name string) {
		o, err := crosssigning.ParseObject(text)
		if err != nil {
			require.True(t, o.IsZero())
			return
		}
		again, err := crosssigning.ParseObject(marshal(t, o))
		require.NoError(t, err)
		require.Equal(t, o, again)
		id := crosssigning.DeviceKeyID(name)
		if o.HasSignature(entity, id) {
			refused(t, func() error { return o.Verify(entity, id, public) }, o)
		}
		signed, err := o.Sign(entity, id, s)
		if err != nil {
			return
		}
		require.NoError(t, signed.Verify(entity, id, public))
		require.Equal(t, o.AppendSigned(nil), signed.AppendSigned(nil))
		before, err := canonicaljson.Parse(text)
		require.NoError(t, err)
		after, err := canonicaljson.Parse(marshal(t, signed))
		require.NoError(t, err)
		for name, value := range before.Members() {
			if name != "signatures" {
				require.Equal(t, value, after.Get(name))
			}
		}
		for user, list := range before.Get("signatures").Members() {
			for other, signature := range list.Members() {
				if user != entity || other != id.String() {
					require.Equal(t, signature, after.Get("signatures").Get(user).Get(other))
				}
			}
		}
	})
}

// resign signs an object by the device that it names, so that the fuzzer gets
// behind the signature.
func resign(text []byte, local crosssigning.LocalDevice) []byte {
	o, err := crosssigning.ParseObject(text)
	if err != nil {
		return text
	}
	signed, err := o.Sign(local.UserID, crosssigning.DeviceKeyID(local.DeviceID), local.Signer)
	if err != nil {
		return text
	}
	b, _ := signed.MarshalJSON()
	return b
}

// FuzzDeviceKeys: with a right signature, whatever is accepted says what is in
// it; without, nothing is accepted that was not signed.
func FuzzDeviceKeys(f *testing.F) {
	local := localDevice(f, alice, "DEV", 1)
	f.Add(marshal(f, deviceKeys(f, local)))
	local.Dehydrated = true
	f.Add(marshal(f, deviceKeys(f, local)))
	f.Add([]byte(`{"user_id":"@alice:example.org","device_id":"DEV","algorithms":[],"keys":{},"signatures":{},"unsigned":{"device_display_name":"x"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, text := range [][]byte{text, resign(text, local)} {
			k, err := crosssigning.ParseDeviceKeys(text)
			if err != nil {
				require.Nil(t, k)
				continue
			}
			again, err := crosssigning.ParseDeviceKeys(marshal(t, k))
			require.NoError(t, err)
			require.Equal(t, k, again)
			v, err := canonicaljson.Parse(text)
			require.NoError(t, err)
			require.Equal(t, canonicaljson.Text(k.UserID()), v.Get("user_id"))
			require.Equal(t, canonicaljson.Text(k.DeviceID()), v.Get("device_id"))
			ed, _ := v.Get("keys").Get("ed25519:" + k.DeviceID()).Text()
			parsed, err := keys.ParseEd25519(ed)
			require.NoError(t, err)
			require.Equal(t, parsed, k.Ed25519())
			require.NoError(t, k.VerifyObject(k.Object()))
			k.DisplayName()
			k.Dehydrated()
		}
	})
}

// FuzzCrossSigningKey: what is accepted has one usage and one key, under its id.
func FuzzCrossSigningKey(f *testing.F) {
	i := identity(f, privateKeys(f, alice, 1))
	for _, usage := range usages {
		f.Add(marshal(f, i.Key(usage)), byte(usage))
	}
	f.Add([]byte(`{"user_id":"@alice:example.org","usage":["master"],"keys":{"ed25519:A":"A"}}`), byte(1))
	f.Fuzz(func(t *testing.T, text []byte, usage byte) {
		k, err := crosssigning.ParsePublicKey(text, alice, crosssigning.Usage(usage))
		if err != nil {
			require.Nil(t, k)
			return
		}
		v, err := canonicaljson.Parse(text)
		require.NoError(t, err)
		require.Equal(t, `["`+k.Usage().String()+`"]`, v.Get("usage").String())
		require.Equal(t, crosssigning.Usage(usage), k.Usage())
		require.Equal(t, `{"ed25519:`+k.Key().String()+`":"`+k.Key().String()+`"}`, v.Get("keys").String())
		require.Equal(t, alice, k.UserID())
		again, err := crosssigning.ParsePublicKey(marshal(t, k), alice, k.Usage())
		require.NoError(t, err)
		require.Equal(t, k, again)
		if k.Usage() == crosssigning.Master {
			_, err = crosssigning.NewIdentity(k, nil, nil)
			require.NoError(t, err)
		}
	})
}

// FuzzQuery: no response makes a panic, a user who was not asked for, a device
// whose ids are not those outside, or a device that is there and refused.
func FuzzQuery(f *testing.F) {
	a, b := privateKeys(f, alice, 1), privateKeys(f, bob, 2)
	r := newResponse().add(alice, identity(f, a), signDevice(f, a, deviceKeys(f, localDevice(f, alice, "ONE", 1)))).add(bob, identity(f, b))
	f.Add(r.text(f))
	f.Add([]byte(`{"device_keys":{"@alice:example.org":{"X":{},"X":1.5}},"master_keys":null}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		result, err := crosssigning.NewQuery(alice, bob).Check(text, nil, 1)
		if err != nil {
			require.Nil(t, result)
			return
		}
		refused := map[[2]string]bool{}
		for _, e := range result.Refused {
			if e.What == "device" {
				refused[[2]string{e.UserID, e.Name}] = true
			}
		}
		seen := map[string]bool{}
		for _, u := range result.Users {
			require.True(t, u.ID() == alice || u.ID() == bob)
			require.False(t, seen[u.ID()])
			seen[u.ID()] = true
			for _, d := range u.Devices() {
				require.Equal(t, u.ID(), d.UserID())
				require.Equal(t, d, u.Device(d.DeviceID()))
				require.False(t, refused[[2]string{u.ID(), d.DeviceID()}])
			}
		}
	})
}

// FuzzClaim: only a key that the known device signed comes through.
func FuzzClaim(f *testing.F) {
	local := localDevice(f, alice, "DEV", 1)
	device := deviceKeys(f, local)
	for _, fallback := range []bool{false, true} {
		f.Add(marshal(f, signedKey(f, local, 1, fallback)["signed_curve25519:AAAAAQ"]))
	}
	f.Add([]byte(`{"key":"A","fallback":1,"signatures":{}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		c := crosssigning.NewClaim(crosssigning.SignedCurve25519, device)
		for _, text := range [][]byte{text, resign(text, local)} {
			body := append([]byte(`{"one_time_keys":{"`+alice+`":{"DEV":{"signed_curve25519:A":`), text...)
			result, err := c.Check(append(body, `}}}}`...), 1)
			if err != nil || len(result.Keys) == 0 {
				continue
			}
			o, err := crosssigning.ParseObject(text)
			require.NoError(t, err)
			require.NoError(t, device.VerifyObject(o))
			require.Len(t, result.Keys, 1)
		}
	})
}
