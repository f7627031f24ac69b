package crosssigning_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/keys"
)

// P25: the fallback member is signed. Toggling it, or handing out a key under
// another device or user, shows.
func TestAttack_P25_FallbackAndForeignKeys(t *testing.T) {
	t.Parallel()
	d, other, stranger := localDevice(t, alice, "DEV", 1), localDevice(t, alice, "OTHER", 2), localDevice(t, bob, "DEV", 3)
	edit := func(keys object, change func(o object)) object {
		for _, k := range keys {
			change(k.(object))
		}
		return keys
	}
	c := crosssigning.NewClaim(crosssigning.SignedCurve25519, deviceKeys(t, d))
	for name, test := range map[string]struct {
		key object
		is  error
	}{
		"fallback added":    {edit(signedKey(t, d, 1, false), func(o object) { o["fallback"] = true }), crosssigning.ErrSignature},
		"fallback false":    {edit(signedKey(t, d, 1, false), func(o object) { o["fallback"] = false }), crosssigning.ErrSignature},
		"fallback turned":   {edit(signedKey(t, d, 1, true), func(o object) { o["fallback"] = false }), crosssigning.ErrSignature},
		"fallback removed":  {edit(signedKey(t, d, 1, true), func(o object) { delete(o, "fallback") }), crosssigning.ErrSignature},
		"key exchanged":     {edit(signedKey(t, d, 1, false), func(o object) { o["key"] = oneTimeKey(t, 2).Key.String() }), crosssigning.ErrSignature},
		"no signature":      {edit(signedKey(t, d, 1, false), func(o object) { delete(o, "signatures") }), crosssigning.ErrUnsigned},
		"of another device": {signedKey(t, other, 1, false), crosssigning.ErrUnsigned},
		"of another user":   {signedKey(t, stranger, 1, false), crosssigning.ErrUnsigned},
		"signature moved": {edit(signedKey(t, stranger, 1, false), func(o object) {
			o["signatures"] = object{alice: o["signatures"].(object)[bob]}
		}), crosssigning.ErrSignature},
	} {
		text := claimResponse(t, object{alice: object{"DEV": test.key}})
		require.ErrorIs(t, refusedEntry(t, text, readClaim(t, c), alice, "DEV", "key"), test.is, name)
	}
	for _, fallback := range []bool{false, true} {
		result, err := c.Check(claimResponse(t, object{alice: object{"DEV": signedKey(t, d, 1, fallback)}}), 1)
		require.NoError(t, err)
		require.Equal(t, fallback, result.Keys[0].Fallback)
	}
}

// Row C5: the response brings its own device keys along, with which everything
// fits. Only the device that was known counts.
func TestAttack_P25_OneTimeKeySignedByAnUnknownKey(t *testing.T) {
	t.Parallel()
	known, evil := localDevice(t, alice, "DEV", 1), localDevice(t, alice, "DEV", 66)
	c := crosssigning.NewClaim(crosssigning.SignedCurve25519, deviceKeys(t, known))
	text := marshal(t, object{
		"one_time_keys": object{alice: object{"DEV": signedKey(t, evil, 1, false)}},
		"device_keys":   object{alice: object{"DEV": deviceKeys(t, evil)}},
	})
	require.ErrorIs(t, refusedEntry(t, text, readClaim(t, c), alice, "DEV", "key"), crosssigning.ErrSignature)
}

// C09: a known device with other keys, swapped users and devices, and two
// devices with one key.
func TestAttack_C09_DeviceIdentityChanges(t *testing.T) {
	t.Parallel()
	stored := map[string]*crosssigning.DeviceKeys{}
	known := func(userID string) (list []*crosssigning.DeviceKeys) {
		for _, d := range stored {
			if d.UserID() == userID {
				list = append(list, d)
			}
		}
		return list
	}
	store := func(d *crosssigning.DeviceKeys) { stored[d.UserID()+d.DeviceID()] = d }
	one, two := localDevice(t, alice, "ONE", 1), localDevice(t, alice, "TWO", 2)
	store(deviceKeys(t, one))

	newEd, newCurve := one, one
	newEd.Ed25519, newEd.Signer = localDevice(t, alice, "", 9).Ed25519, localDevice(t, alice, "", 9).Signer
	newCurve.Curve25519 = localDevice(t, alice, "", 9).Curve25519
	for _, changed := range []crosssigning.LocalDevice{newEd, newCurve, localDevice(t, alice, "ONE", 9)} {
		r := newResponse().add(alice, nil, deviceKeys(t, changed), deviceKeys(t, two))
		var wrong *crosssigning.ChangedKeyError
		require.ErrorAs(t, refusedEntry(t, r.text(t), readQuery(known), alice, "ONE", "device"), &wrong)
		require.Equal(t, []string{"TWO"}, deviceIDs(check(t, r, known).Users[0]))
	}
	renamed := deviceKeys(t, crosssigning.LocalDevice{
		UserID: alice, DeviceID: "ONE", Algorithms: []string{"other"}, Ed25519: one.Ed25519, Curve25519: one.Curve25519, Signer: one.Signer,
	})
	require.Empty(t, check(t, newResponse().add(alice, nil, renamed), known).Refused, "other members may change")

	// Two devices share a key: the known one stays, of two new ones neither.
	sameCurve := localDevice(t, alice, "SAME", 5)
	sameCurve.Curve25519 = one.Curve25519
	sameEd := localDevice(t, alice, "SAME", 5)
	sameEd.Ed25519, sameEd.Signer = one.Ed25519, one.Signer
	for _, double := range []crosssigning.LocalDevice{sameCurve, sameEd} {
		r := newResponse().add(alice, nil, deviceKeys(t, one), deviceKeys(t, two), deviceKeys(t, double))
		var wrong *crosssigning.SharedKeyError
		require.ErrorAs(t, refusedEntry(t, r.text(t), readQuery(known), alice, "SAME", "device"), &wrong)
		result := check(t, r, known)
		require.Equal(t, &crosssigning.SharedKeyError{UserID: alice, DeviceID: "SAME", OtherDeviceID: "ONE"}, wrong)
		require.Equal(t, []string{"ONE", "TWO"}, deviceIDs(result.Users[0]))
		result = check(t, r, nil)
		require.Len(t, result.Refused, 2)
		require.Equal(t, []string{"TWO"}, deviceIDs(result.Users[0]))
	}
	// In the order of ids, the known device may come last.
	double := localDevice(t, alice, "AAA", 5)
	double.Curve25519 = one.Curve25519
	r := newResponse().add(alice, nil, deviceKeys(t, one), deviceKeys(t, double))
	var wrong *crosssigning.SharedKeyError
	require.ErrorAs(t, refusedEntry(t, r.text(t), readQuery(known), alice, "AAA", "device"), &wrong)
	require.Equal(t, []string{"ONE"}, deviceIDs(check(t, r, known).Users[0]))
}

// P42: the bytes that were verified are those that are read.
func TestAttack_P42_SameBytesVerifiedAndRead(t *testing.T) {
	t.Parallel()
	local := localDevice(t, alice, "DEV", 1)
	text := string(marshal(t, deviceKeys(t, local)))
	evil := localDevice(t, alice, "DEV", 66)
	for name, bad := range map[string]string{
		"duplicate after":     strings.Replace(text, `"user_id"`, `"user_id":"@eve:x","user_id"`, 1),
		"duplicate escaped":   strings.Replace(text, `"user_id"`, `"\u0075ser_id":"@eve:x","user_id"`, 1),
		"duplicate key":       strings.Replace(text, `"ed25519:DEV":"`+local.Ed25519.String()+`"`, `"ed25519:DEV":"`+local.Ed25519.String()+`","ed25519:DEV":"`+evil.Ed25519.String()+`"`, 1),
		"duplicate signature": strings.Replace(text, `"signatures"`, `"signatures":{},"signatures"`, 1),
		"float":               strings.Replace(text, `"user_id"`, `"x":1.0,"user_id"`, 1),
		"exponent":            strings.Replace(text, `"user_id"`, `"x":1e3,"user_id"`, 1),
		"minus zero":          strings.Replace(text, `"user_id"`, `"x":-0,"user_id"`, 1),
		"2^53":                strings.Replace(text, `"user_id"`, `"x":9007199254740992,"user_id"`, 1),
		"lone surrogate":      strings.Replace(text, `"user_id"`, `"x":"\ud800","user_id"`, 1),
		"invalid UTF-8":       strings.Replace(text, `"user_id"`, "\"x\":\"\xff\",\"user_id\"", 1),
		"depth":               strings.Replace(text, `"user_id"`, `"x":`+strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000)+`,"user_id"`, 1),
		"trailing":            text + text,
	} {
		require.NotEqual(t, text, bad, name)
		refusedAs[*crosssigning.MalformedError](t, func() error { _, err := crosssigning.ParseDeviceKeys([]byte(bad)); return err }, []byte(bad))
	}
	// Names above U+FFFF are in the order of code points.
	o, err := crosssigning.ParseObject([]byte("{\"\U00010000\":1,\"\uffff\":2,\"\uf000\":3}"))
	require.NoError(t, err)
	require.Equal(t, "{\"\uf000\":3,\"\uffff\":2,\"\U00010000\":1}", string(o.AppendSigned(nil)))
}

// G10: names are taken to the letter.
func TestAttack_G10_NamesToTheLetter(t *testing.T) {
	t.Parallel()
	local := localDevice(t, alice, "DEV", 1)
	o := decode(t, deviceKeys(t, local))
	o["User_id"], o["KEYS"], o["Device_Id"] = "@eve:x", object{"ed25519:DEV": "x"}, "EVE"
	parsed, err := crosssigning.ParseObject(marshal(t, o))
	require.NoError(t, err)
	signed, err := parsed.Sign(alice, crosssigning.DeviceKeyID("DEV"), local.Signer)
	require.NoError(t, err)
	k, err := crosssigning.ParseDeviceKeys(marshal(t, signed))
	require.NoError(t, err)
	require.Equal(t, alice, k.UserID())
	require.Equal(t, "DEV", k.DeviceID())
	require.Equal(t, local.Ed25519, k.Ed25519())
	result, err := crosssigning.NewQuery(alice).Check([]byte(`{"device_keys":{"`+alice+`":{}},"Master_Keys":7,"DEVICE_KEYS":{}}`), nil, 1)
	require.NoError(t, err)
	require.Len(t, result.Users, 1)
}

// G11: 10^5 signatures cost one verification, by the one key that is known.
func TestAttack_G11_ManySignatures(t *testing.T) {
	local := localDevice(t, alice, "DEV", 1)
	device := deviceKeys(t, local)
	text := string(marshal(t, device))
	id, signature, ok := strings.Cut(text[strings.Index(text, `"signatures"`):], `"ed25519:DEV":`)
	require.True(t, ok)
	signature = signature[:88]
	var many strings.Builder
	for n := range 100_000 {
		fmt.Fprintf(&many, `"ed25519:%05d":%s,`, n, signature)
	}
	text = strings.Replace(text, id, id+many.String(), 1)
	many.Reset()
	for n := range 1_000 {
		fmt.Fprintf(&many, `"@%d:example.org":{"ed25519:DEV":%s},`, n, signature)
	}
	text = strings.Replace(text, `"signatures":{`, `"signatures":{`+many.String(), 1)
	require.Greater(t, len(text), 10_000_000)
	k, err := crosssigning.ParseDeviceKeys([]byte(text))
	require.NoError(t, err)
	require.True(t, k.SameKeys(device))

	// The cost is that of one verification and of reading.
	unsigned := []byte(strings.ReplaceAll(text, `"ed25519:DEV":`+signature, `"ed25519:X":`+signature))
	parse := func() error { _, err := crosssigning.ParseDeviceKeys(unsigned); return err }
	refusedWith(t, crosssigning.ErrUnsigned, parse, unsigned)
	result := testing.AllocsPerRun(1, func() { err = parse() })
	require.ErrorIs(t, err, crosssigning.ErrUnsigned)
	require.Less(t, result, 1000.0, "something is done for each signature")
	refusedWith(t, keys.ErrAbsent, func() error {
		return k.Object().Verify(alice, crosssigning.DeviceKeyID("DEV"), keys.Ed25519{})
	}, k.Object())
}
