package crosssigning_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/olm"
)

func oneTimeKey(t testing.TB, number byte) olm.OneTimeKey {
	return olm.OneTimeKey{ID: keys.NewID(uint32(number)), Key: curveKey(t, seed(number, 150))}
}

// Row C3: the body of /keys/upload, with all kinds of keys in one request.
func TestKeysUpload(t *testing.T) {
	t.Parallel()
	d := localDevice(t, alice, "DEV", 1)
	one, two, three := oneTimeKey(t, 1), oneTimeKey(t, 2), oneTimeKey(t, 3)
	list, err := crosssigning.SignOneTimeKeys(d, crosssigning.SignedCurve25519, []olm.OneTimeKey{one, two})
	require.NoError(t, err)
	other, err := crosssigning.SignOneTimeKeys(d, "signed_other", []olm.OneTimeKey{one})
	require.NoError(t, err)
	fallback, err := crosssigning.SignFallbackKey(d, crosssigning.SignedCurve25519, three)
	require.NoError(t, err)
	otherFallback, err := crosssigning.SignFallbackKey(d, "signed_other", three)
	require.NoError(t, err)
	upload := crosssigning.KeysUpload{Device: deviceKeys(t, d), Keys: append(append(list, other...), fallback, otherFallback)}
	body := decode(t, upload)
	require.Equal(t, decode(t, upload.Device), body["device_keys"])
	require.Equal(t, marshal(t, upload), marshal(t, upload))

	for name, test := range map[string]struct {
		in       string
		key      olm.OneTimeKey
		fallback bool
	}{
		"signed_curve25519:AAAAAQ": {"one_time_keys", one, false}, "signed_curve25519:AAAAAg": {"one_time_keys", two, false},
		"signed_other:AAAAAQ": {"one_time_keys", one, false}, "signed_curve25519:AAAAAw": {"fallback_keys", three, true},
		"signed_other:AAAAAw": {"fallback_keys", three, true},
	} {
		entry, ok := body[test.in].(object)[name].(object)
		require.True(t, ok, name)
		require.Equal(t, test.key.Key.String(), entry["key"])
		if test.fallback {
			require.Equal(t, true, entry["fallback"])
		} else {
			require.NotContains(t, entry, "fallback")
		}
		o, err := crosssigning.ParseObject(marshal(t, entry))
		require.NoError(t, err)
		require.NoError(t, o.Verify(alice, crosssigning.DeviceKeyID("DEV"), d.Ed25519))
	}
	require.Len(t, body["one_time_keys"], 3)
	require.Len(t, body["fallback_keys"], 2)

	require.JSONEq(t, `{}`, string(marshal(t, crosssigning.KeysUpload{})))
	only := decode(t, crosssigning.KeysUpload{Keys: list})
	require.Len(t, only, 1)

	// What the server added to our device is not sent back.
	o := decode(t, deviceKeys(t, d))
	o["unsigned"] = object{"device_display_name": "x"}
	shown, err := crosssigning.ParseDeviceKeys(marshal(t, o))
	require.NoError(t, err)
	require.NotContains(t, decode(t, crosssigning.KeysUpload{Device: shown})["device_keys"], "unsigned")

	second, err := crosssigning.SignFallbackKey(d, crosssigning.SignedCurve25519, one)
	require.NoError(t, err)
	for _, bad := range map[string][]crosssigning.SignedKey{
		"absent": {{}}, "twice": {list[0], list[0]}, "one-time and fallback": {list[0], second}, "two fallback keys": {fallback, second},
	} {
		refusedSaying(t, "a key is absent, or stands twice", func() error { return errorOf(crosssigning.KeysUpload{Keys: bad}.MarshalJSON()) })
	}
	bad, err := crosssigning.SignOneTimeKeys(d, "\xff", []olm.OneTimeKey{one})
	require.NoError(t, err)
	refusedSaying(t, "not valid UTF-8", func() error { return errorOf(crosssigning.KeysUpload{Keys: bad}.MarshalJSON()) })
}

func TestSignOneTimeKeysRefuses(t *testing.T) {
	t.Parallel()
	d := localDevice(t, alice, "DEV", 1)
	one := oneTimeKey(t, 1)
	sign := func(algorithm string, k olm.OneTimeKey) func() error {
		return func() error { return errorOf(crosssigning.SignOneTimeKeys(d, algorithm, []olm.OneTimeKey{k})) }
	}
	for _, algorithm := range []string{"", "a:b"} {
		refusedAs[*crosssigning.MalformedError](t, sign(algorithm, one), d)
	}
	for _, k := range []olm.OneTimeKey{{}, {ID: one.ID}, {Key: one.Key}} {
		refusedWith(t, keys.ErrAbsent, sign(crosssigning.SignedCurve25519, k), d)
		refusedWith(t, keys.ErrAbsent, func() error { return errorOf(crosssigning.SignFallbackKey(d, crosssigning.SignedCurve25519, k)) }, d)
	}
	d.Signer = newSigner(seed(7, 7))
	refusedWith(t, crosssigning.ErrKeyMismatch, sign(crosssigning.SignedCurve25519, one), failtest.Secret(seed(7, 7)))
	list, err := crosssigning.SignOneTimeKeys(d, crosssigning.SignedCurve25519, []olm.OneTimeKey{})
	require.NoError(t, err)
	require.Empty(t, list)
}

// Rows C17, E10 and E13: only the new signatures, under the device's id or the
// key without its algorithm.
func TestSignaturesUpload(t *testing.T) {
	t.Parallel()
	a, b := privateKeys(t, alice, 1), privateKeys(t, bob, 2)
	identityA, identityB := identity(t, a), identity(t, b)
	local := localDevice(t, alice, "DEV", 1)
	device := signDevice(t, privateKeys(t, alice, 8), deviceKeys(t, local)) // with an older signature

	s1, err := a.SignDevice(device, local.Ed25519)
	require.NoError(t, err)
	s2, err := local.SignMaster(identityA, identityA.MasterKey())
	require.NoError(t, err)
	s3, err := a.SignUser(newUser(t, bob, identityB), identityB.MasterKey())
	require.NoError(t, err)
	other := localDevice(t, alice, "OTHER", 4)
	s4, err := other.SignMaster(identityA, identityA.MasterKey())
	require.NoError(t, err)

	body, err := crosssigning.SignaturesUpload(s1, s2, s3, s4)
	require.NoError(t, err)
	signature := func(o crosssigning.KeySignature, entity string, id crosssigning.KeyID) string {
		return decode(t, o.Object())["signatures"].(object)[entity].(object)[id.String()].(string)
	}
	ssk, usk := crosssigning.PublicKeyID(a.PublicKey(crosssigning.SelfSigning)), crosssigning.PublicKeyID(a.PublicKey(crosssigning.UserSigning))
	mskA, mskB := identityA.MasterKey().String(), identityB.MasterKey().String()
	want := object{
		alice: object{
			"DEV": object{
				"user_id": alice, "device_id": "DEV", "algorithms": []any{olmV1, megolmV1},
				"keys":       object{"ed25519:DEV": local.Ed25519.String(), "curve25519:DEV": local.Curve25519.String()},
				"signatures": object{alice: object{ssk.String(): signature(s1, alice, ssk)}},
			},
			mskA: object{
				"user_id": alice, "usage": []any{"master"}, "keys": object{"ed25519:" + mskA: mskA},
				"signatures": object{alice: object{
					"ed25519:DEV":   signature(s2, alice, crosssigning.DeviceKeyID("DEV")),
					"ed25519:OTHER": signature(s4, alice, crosssigning.DeviceKeyID("OTHER")),
				}},
			},
		},
		bob: object{mskB: object{
			"user_id": bob, "usage": []any{"master"}, "keys": object{"ed25519:" + mskB: mskB},
			"signatures": object{alice: object{usk.String(): signature(s3, alice, usk)}},
		}},
	}
	require.Empty(t, cmp.Diff(want, decode(t, body)))
	require.NoError(t, identityA.VerifyDevice(signDevice(t, a, device)))

	again, err := crosssigning.SignaturesUpload(s4, s3, s2, s1)
	require.NoError(t, err)
	require.Equal(t, body, again)
	empty, err := crosssigning.SignaturesUpload()
	require.NoError(t, err)
	require.Equal(t, "{}", string(empty))

	upload := func(list ...crosssigning.KeySignature) func() error {
		return func() error { return errorOf(crosssigning.SignaturesUpload(list...)) }
	}
	refusedSaying(t, "absent", upload(s1, crosssigning.KeySignature{}), s1.Object())
	changed, err := a.SignDevice(deviceKeys(t, localDevice(t, alice, "DEV", 6)), localDevice(t, alice, "DEV", 6).Ed25519)
	require.NoError(t, err)
	refusedSaying(t, "different objects under one name", upload(s1, changed), s1.Object(), changed.Object())
}

func TestSignaturesFailures(t *testing.T) {
	t.Parallel()
	list, err := crosssigning.SignaturesFailures([]byte(`{"failures":{"@a:b":{"DEV":{"errcode":"M_INVALID_SIGNATURE","error":"Invalid signature"},"X":7}}}`))
	require.NoError(t, err)
	require.Len(t, list, 2)
	var refused *crosssigning.RefusedError
	require.ErrorAs(t, list[0], &refused)
	require.Equal(t, "M_INVALID_SIGNATURE", refused.Code)
	require.Equal(t, `crosssigning: signature of "@a:b", "DEV": crosssigning: refused by the server: "M_INVALID_SIGNATURE" "Invalid signature"`, list[0].Error())
	for _, none := range []string{`{}`, `{"failures":{}}`} {
		list, err := crosssigning.SignaturesFailures([]byte(none))
		require.NoError(t, err)
		require.Empty(t, list)
	}
	for bad, why := range map[string]string{
		``: "not valid JSON", `[]`: "not an object", `{"failures":[]}`: "failures is not an object", `{"failures":1}`: "failures is not an object",
	} {
		refusedSaying(t, why, func() error { return errorOf(crosssigning.SignaturesFailures([]byte(bad))) }, bad)
	}
}

// Row E2: the body of /keys/device_signing/upload.
func TestDeviceSigningUpload(t *testing.T) {
	t.Parallel()
	p := privateKeys(t, alice, 1)
	i := identity(t, p)
	body, err := i.DeviceSigningUpload([]byte(`{"type":"m.login.password","session":"x"}`))
	require.NoError(t, err)
	got := decode(t, body)
	require.Equal(t, object{"type": "m.login.password", "session": "x"}, got["auth"])
	msk := p.PublicKey(crosssigning.Master).String()
	require.Equal(t, object{"user_id": alice, "usage": []any{"master"}, "keys": object{"ed25519:" + msk: msk}}, got["master_key"])
	for name, usage := range map[string]crosssigning.Usage{"self_signing": crosssigning.SelfSigning, "user_signing": crosssigning.UserSigning} {
		key := p.PublicKey(usage).String()
		o := got[name+"_key"].(object)
		require.Equal(t, []any{name}, o["usage"])
		require.Equal(t, object{"ed25519:" + key: key}, o["keys"])
		require.Len(t, o["signatures"].(object)[alice], 1)
		parsed, err := crosssigning.ParseObject(marshal(t, o))
		require.NoError(t, err)
		require.NoError(t, i.VerifyObject(parsed))
	}
	plain, err := i.DeviceSigningUpload(nil)
	require.NoError(t, err)
	require.NotContains(t, decode(t, plain), "auth")
	alone, err := crosssigning.NewIdentity(i.Key(crosssigning.Master), nil, nil)
	require.NoError(t, err)
	body, err = alone.DeviceSigningUpload(nil)
	require.NoError(t, err)
	require.Len(t, decode(t, body), 1)
	for bad, why := range map[string]string{`1.5`: "a number that", `[]`: "not an object"} {
		refusedSaying(t, why, func() error { return errorOf(i.DeviceSigningUpload([]byte(bad))) }, i, bad)
	}
}
