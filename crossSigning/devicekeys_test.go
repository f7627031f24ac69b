package crosssigning_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/olm"
)

// Rows C1 and C2: all members, in the form of the specification.
func TestLocalDeviceKeys(t *testing.T) {
	t.Parallel()
	d := localDevice(t, alice, "DEV", 1)
	k := deviceKeys(t, d)
	got := decode(t, k)
	signature := got["signatures"].(object)[alice].(object)["ed25519:DEV"].(string)
	require.Len(t, signature, 86)
	want := object{
		"user_id": alice, "device_id": "DEV", "algorithms": []any{olmV1, megolmV1},
		"keys":       object{"ed25519:DEV": d.Ed25519.String(), "curve25519:DEV": d.Curve25519.String()},
		"signatures": object{alice: object{"ed25519:DEV": signature}},
	}
	require.Empty(t, cmp.Diff(want, got))
	require.Equal(t, alice, k.UserID())
	require.Equal(t, "DEV", k.DeviceID())
	require.Equal(t, d.Ed25519, k.Ed25519())
	require.Equal(t, d.Curve25519, k.Curve25519())
	require.True(t, k.Supports(olmV1) && k.Supports(megolmV1))
	require.False(t, k.Supports("m.olm") || k.Dehydrated())
	require.Empty(t, k.DisplayName())
	require.Equal(t, marshal(t, k), marshal(t, deviceKeys(t, d)), "the same device gives other bytes")

	again, err := crosssigning.ParseDeviceKeys(marshal(t, k))
	require.NoError(t, err)
	require.Equal(t, k, again)
	require.True(t, k.SameKeys(again))
	require.False(t, k.SameKeys(deviceKeys(t, localDevice(t, alice, "DEV", 2))))
	require.False(t, k.SameKeys(deviceKeys(t, localDevice(t, bob, "DEV", 1))))
	require.False(t, k.SameKeys(deviceKeys(t, localDevice(t, alice, "DEV2", 1))))

	// Row C19.
	d.Dehydrated = true
	require.True(t, deviceKeys(t, d).Dehydrated())
	require.Equal(t, true, decode(t, deviceKeys(t, d))["dehydrated"])
}

// An *olm.Account signs as it is.
func TestAccountIsASigner(t *testing.T) {
	t.Parallel()
	account, err := olm.GenerateAccount()
	require.NoError(t, err)
	_, err = account.GenerateOneTimeKeys(2)
	require.NoError(t, err)
	_, err = account.GenerateFallbackKey()
	require.NoError(t, err)
	identity := account.IdentityKeys()
	d := crosssigning.LocalDevice{
		UserID: alice, DeviceID: "DEV", Algorithms: []string{olm.V1.Algorithm()},
		Ed25519: identity.Ed25519, Curve25519: identity.Curve25519, Signer: account,
	}
	require.True(t, deviceKeys(t, d).Supports(olmV1))
	list, err := crosssigning.SignOneTimeKeys(d, crosssigning.SignedCurve25519, account.UnpublishedOneTimeKeys())
	require.NoError(t, err)
	require.Len(t, list, 2)
	fallback, ok := account.FallbackKey()
	require.True(t, ok)
	_, err = crosssigning.SignFallbackKey(d, crosssigning.SignedCurve25519, fallback)
	require.NoError(t, err)
	account.Close()
	refusedWith(t, olm.ErrClosed, func() error { return errorOf(d.Keys()) })
}

func TestLocalDeviceRefuses(t *testing.T) {
	t.Parallel()
	fault := errors.New("fault")
	one := olm.OneTimeKey{ID: keys.NewID(1), Key: curveKey(t, seed(1, 1))}
	for name, test := range map[string]struct {
		change func(*crosssigning.LocalDevice)
		is     error // of the device's keys: a *MalformedError where there is none
		also   error // of a fallback key, where it is another
	}{
		"no user":      {change: func(d *crosssigning.LocalDevice) { d.UserID = "" }},
		"no device":    {change: func(d *crosssigning.LocalDevice) { d.DeviceID = "" }},
		"bad user":     {change: func(d *crosssigning.LocalDevice) { d.UserID = "\xff" }},
		"bad device":   {change: func(d *crosssigning.LocalDevice) { d.DeviceID = "\xff" }},
		"bad name":     {change: func(d *crosssigning.LocalDevice) { d.Algorithms = []string{"\xff"} }, also: errNone},
		"no Ed25519":   {func(d *crosssigning.LocalDevice) { d.Ed25519 = keys.Ed25519{} }, keys.ErrAbsent, crosssigning.ErrKeyMismatch},
		"no Curve":     {func(d *crosssigning.LocalDevice) { d.Curve25519 = keys.Curve25519{} }, keys.ErrAbsent, errNone},
		"no signer":    {func(d *crosssigning.LocalDevice) { d.Signer = nil }, keys.ErrAbsent, keys.ErrAbsent},
		"other signer": {func(d *crosssigning.LocalDevice) { d.Signer = newSigner(seed(9, 9)) }, crosssigning.ErrKeyMismatch, crosssigning.ErrKeyMismatch},
		"fault":        {func(d *crosssigning.LocalDevice) { d.Signer = &signer{err: fault} }, fault, fault},
	} {
		d := localDevice(t, alice, "DEV", 1)
		test.change(&d)
		secrets := []any{failtest.Secret(seed(1, 100)), failtest.Secret(seed(9, 9))}
		for _, call := range []struct {
			is  error
			try func() error
		}{
			{test.is, func() error { return errorOf(d.Keys()) }},
			{test.also, func() error { return errorOf(crosssigning.SignFallbackKey(d, crosssigning.SignedCurve25519, one)) }},
		} {
			switch call.is {
			case errNone:
				_, err := crosssigning.SignFallbackKey(d, crosssigning.SignedCurve25519, one)
				require.NoError(t, err, name)
			case nil:
				refusedAs[*crosssigning.MalformedError](t, call.try, secrets...)
			default:
				refusedWith(t, call.is, call.try, secrets...)
			}
		}
	}
}

// errNone stands for no error, where nil stands for another.
var errNone = errors.New("none")

// Row C6: what is missing or not its own.
func TestParseDeviceKeysRefuses(t *testing.T) {
	t.Parallel()
	local := localDevice(t, alice, "DEV", 1)
	s := local.Signer.(*signer)
	const noUser, noDevice = "user_id is not a string, or empty", "device_id is not a string, or empty"
	const noEd25519, noCurve25519 = "no Ed25519 key under the device's id", "no Curve25519 key under the device's id"
	for _, test := range map[string]struct {
		why    string
		change func(o object)
	}{
		"no user":            {noUser, func(o object) { delete(o, "user_id") }},
		"empty user":         {noUser, func(o object) { o["user_id"] = "" }},
		"user is a number":   {noUser, func(o object) { o["user_id"] = 1 }},
		"no device":          {noDevice, func(o object) { delete(o, "device_id") }},
		"device is a list":   {noDevice, func(o object) { o["device_id"] = []string{"DEV"} }},
		"no algorithms":      {"algorithms is not a list", func(o object) { delete(o, "algorithms") }},
		"algorithms text":    {"algorithms is not a list", func(o object) { o["algorithms"] = olmV1 }},
		"algorithms numbers": {"algorithms is not a list of strings", func(o object) { o["algorithms"] = []any{olmV1, 1} }},
		"no keys":            {noEd25519, func(o object) { delete(o, "keys") }},
		"keys is a list":     {noEd25519, func(o object) { o["keys"] = []any{} }},
		"no Ed25519":         {noEd25519, func(o object) { delete(o["keys"].(object), "ed25519:DEV") }},
		"no Curve25519":      {noCurve25519, func(o object) { delete(o["keys"].(object), "curve25519:DEV") }},
		"Ed25519 is a map":   {noEd25519, func(o object) { o["keys"].(object)["ed25519:DEV"] = object{} }},
		"short Ed25519":      {"Ed25519", func(o object) { o["keys"].(object)["ed25519:DEV"] = "AAAA" }},
		"small-order key":    {"Ed25519", func(o object) { o["keys"].(object)["ed25519:DEV"] = "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" }},
		"low-order Curve":    {"Curve25519", func(o object) { o["keys"].(object)["curve25519:DEV"] = "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" }},
		"Curve is not text":  {noCurve25519, func(o object) { o["keys"].(object)["curve25519:DEV"] = 5 }},
		"key of another id": {noEd25519, func(o object) {
			o["keys"] = object{"ed25519:OTHER": local.Ed25519.String(), "curve25519:OTHER": local.Curve25519.String()}
		}},
		"empty id, and its keys": {noDevice, func(o object) {
			o["device_id"], o["keys"] = "", object{"ed25519:": local.Ed25519.String(), "curve25519:": local.Curve25519.String()}
		}},
		"names in capitals": {noUser, func(o object) { o["User_ID"] = o["user_id"]; delete(o, "user_id") }},
	} {
		// Signed as it is, so that nothing but the form is wrong.
		o := decode(t, deviceKeys(t, local))
		test.change(o)
		id, ok := o["device_id"].(string)
		if !ok {
			id = "DEV"
		}
		parsed, err := crosssigning.ParseObject(marshal(t, o))
		require.NoError(t, err)
		signed, err := parsed.Sign(alice, crosssigning.DeviceKeyID(id), s)
		require.NoError(t, err)
		text := marshal(t, signed)
		refusedSaying(t, test.why, func() error { return errorOf(crosssigning.ParseDeviceKeys(text)) }, text)
	}
	for text, why := range map[string]string{`{`: "not valid JSON", `[]`: "not an object"} {
		refusedSaying(t, why, func() error { return errorOf(crosssigning.ParseDeviceKeys([]byte(text))) }, text)
	}
}

// C09: a device is what its own key signed.
func TestAttack_C09_DeviceKeysNotSignedByThemselves(t *testing.T) {
	local := localDevice(t, alice, "DEV", 1)
	for _, test := range map[string]struct {
		change func(o object)
		is     error
	}{
		"no signatures":       {func(o object) { delete(o, "signatures") }, crosssigning.ErrUnsigned},
		"no own signature":    {func(o object) { o["signatures"] = object{bob: o["signatures"].(object)[alice]} }, crosssigning.ErrUnsigned},
		"other key's id":      {func(o object) { o["signatures"] = object{alice: object{"ed25519:X": "AA"}} }, crosssigning.ErrUnsigned},
		"user changed":        {func(o object) { o["user_id"] = bob; o["signatures"].(object)[bob] = o["signatures"].(object)[alice] }, crosssigning.ErrSignature},
		"algorithm added":     {func(o object) { o["algorithms"] = append(o["algorithms"].([]any), "x") }, crosssigning.ErrSignature},
		"unknown added":       {func(o object) { o["x"] = nil }, crosssigning.ErrSignature},
		"Curve25519 changed":  {func(o object) { o["keys"].(object)["curve25519:DEV"] = curveKey(t, seed(5, 5)).String() }, crosssigning.ErrSignature},
		"Ed25519 changed":     {func(o object) { o["keys"].(object)["ed25519:DEV"] = newSigner(seed(5, 5)).public().String() }, crosssigning.ErrSignature},
		"dehydrated appeared": {func(o object) { o["dehydrated"] = true }, crosssigning.ErrSignature},
	} {
		o := decode(t, deviceKeys(t, local))
		test.change(o)
		text := marshal(t, o)
		refusedWith(t, test.is, func() error { _, err := crosssigning.ParseDeviceKeys(text); return err }, text)
	}
}

// Members that nobody knows are signed, and survive; what the server adds is
// not, and does not matter.
func TestUnknownMembersSurvive(t *testing.T) {
	t.Parallel()
	local := localDevice(t, alice, "DEV", 1)
	o := decode(t, deviceKeys(t, local))
	o["org.example.new"] = object{"z": []any{json.Number("9007199254740991"), "é\u2028<", nil}, "a": object{}}
	o["unsigned"] = object{"device_display_name": "Alice's phone", "more": 1}
	parsed, err := crosssigning.ParseObject(marshal(t, o))
	require.NoError(t, err)
	signed, err := parsed.Sign(alice, crosssigning.DeviceKeyID("DEV"), local.Signer)
	require.NoError(t, err)
	k, err := crosssigning.ParseDeviceKeys(marshal(t, signed))
	require.NoError(t, err)
	require.Equal(t, "Alice's phone", k.DisplayName())
	require.Empty(t, cmp.Diff(decode(t, signed), decode(t, k)))

	// They are in what is uploaded with a signature, and unsigned is not.
	signature, err := privateKeys(t, alice, 1).SignDevice(k, k.Ed25519())
	require.NoError(t, err)
	uploaded := decode(t, signature.Object())
	require.Equal(t, o["org.example.new"], uploaded["org.example.new"])
	require.NotContains(t, uploaded, "unsigned")

	o = decode(t, k)
	o["unsigned"] = object{"device_display_name": 7}
	k, err = crosssigning.ParseDeviceKeys(marshal(t, o))
	require.NoError(t, err)
	require.Empty(t, k.DisplayName())
}
