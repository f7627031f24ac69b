package crosssigning_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/olm"
)

// signedKey returns a one-time key as the server hands it out.
func signedKey(t testing.TB, d crosssigning.LocalDevice, number byte, fallback bool) object {
	t.Helper()
	k := oneTimeKey(t, number)
	signed, err := crosssigning.SignOneTimeKeys(d, crosssigning.SignedCurve25519, []olm.OneTimeKey{k})
	require.NoError(t, err)
	name := "one_time_keys"
	if fallback {
		signed[0], err = crosssigning.SignFallbackKey(d, crosssigning.SignedCurve25519, k)
		require.NoError(t, err)
		name = "fallback_keys"
	}
	return decode(t, crosssigning.KeysUpload{Keys: signed})[name].(object)
}

func claimResponse(t testing.TB, keys object) []byte {
	return marshal(t, object{"one_time_keys": keys, "failures": object{"down.example.org": object{}}})
}

func TestClaim(t *testing.T) {
	t.Parallel()
	one, two, three := localDevice(t, alice, "ONE", 1), localDevice(t, alice, "TWO", 2), localDevice(t, bob, "ONE", 3)
	c := crosssigning.NewClaim(crosssigning.SignedCurve25519, deviceKeys(t, three), deviceKeys(t, two), deviceKeys(t, one), deviceKeys(t, one))
	require.JSONEq(t, `{"one_time_keys":{"`+alice+`":{"ONE":"signed_curve25519","TWO":"signed_curve25519"},"`+bob+`":{"ONE":"signed_curve25519"}}}`,
		string(marshal(t, c)))
	text := claimResponse(t, object{alice: object{"ONE": signedKey(t, one, 1, false), "TWO": signedKey(t, two, 2, true)}})
	for _, workers := range []int{0, 1, 4} {
		result, err := c.Check(text, workers)
		require.NoError(t, err)
		require.Empty(t, result.Refused)
		require.Equal(t, []string{"down.example.org"}, result.Failures)
		require.Equal(t, []crosssigning.ClaimedKey{
			{Device: deviceKeys(t, one), ID: "AAAAAQ", Key: oneTimeKey(t, 1).Key},
			{Device: deviceKeys(t, two), ID: "AAAAAg", Key: oneTimeKey(t, 2).Key, Fallback: true},
		}, result.Keys)
		require.Equal(t, []*crosssigning.DeviceKeys{deviceKeys(t, three)}, result.Missing)
	}
	refusedSaying(t, "not valid UTF-8", func() error {
		return errorOf(crosssigning.NewClaim("\xff", deviceKeys(t, one)).MarshalJSON())
	})
}

// Row C3: the id is free, also empty; keys of other algorithms are passed over,
// and the algorithm is an argument.
func TestClaimOtherForms(t *testing.T) {
	t.Parallel()
	d := localDevice(t, alice, "ONE", 1)
	k := signedKey(t, d, 1, false)["signed_curve25519:AAAAAQ"]
	for _, id := range []string{"", "AAAAHg", "any:thing \U0001F600"} {
		result, err := crosssigning.NewClaim(crosssigning.SignedCurve25519, deviceKeys(t, d)).
			Check(claimResponse(t, object{alice: object{"ONE": object{"signed_curve25519:" + id: k, "curve25519:X": "AAAA", "signed_curve25519x:1": k}}}), 1)
		require.NoError(t, err)
		require.Empty(t, result.Refused)
		require.Equal(t, id, result.Keys[0].ID)
	}
	result, err := crosssigning.NewClaim("signed_other", deviceKeys(t, d)).Check(claimResponse(t, object{alice: object{"ONE": object{"signed_other:1": k}}}), 1)
	require.NoError(t, err)
	require.Len(t, result.Keys, 1)
}

func TestClaimRefuses(t *testing.T) {
	t.Parallel()
	good, bad := localDevice(t, bob, "GOOD", 1), localDevice(t, alice, "BAD", 2)
	sign := func(o object) object {
		parsed, err := crosssigning.ParseObject(marshal(t, o))
		require.NoError(t, err)
		signed, err := parsed.Sign(alice, crosssigning.DeviceKeyID("BAD"), bad.Signer)
		require.NoError(t, err)
		return object{"signed_curve25519:A": decode(t, signed)}
	}
	key := oneTimeKey(t, 1).Key.String()
	for _, test := range map[string]struct {
		entry any
		why   string
	}{
		"no object":          {5, "not an object"},
		"no keys":            {object{}, "no signed key of the algorithm"},
		"unsigned form":      {object{"signed_curve25519:A": key}, "no signed key of the algorithm"},
		"plain Curve25519":   {object{"curve25519:A": key}, "no signed key of the algorithm"},
		"two keys":           {merge(signedKey(t, bad, 1, false), signedKey(t, bad, 2, false)), "more than one key"},
		"no key member":      {sign(object{}), "key is not a string"},
		"not even signed":    {object{"signed_curve25519:A": object{}}, "key is not a string"},
		"key is a number":    {sign(object{"key": 1}), "key is not a string"},
		"key of low order":   {sign(object{"key": "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}), "low order"},
		"short key":          {sign(object{"key": "AAAA"}), "Curve25519"},
		"fallback is a text": {sign(object{"key": key, "fallback": "true"}), "fallback is neither"},
		"a float":            {merge(signedKey(t, bad, 1, false), object{"x": 1.5}), "a number that"},
	} {
		c := crosssigning.NewClaim(crosssigning.SignedCurve25519, deviceKeys(t, good), deviceKeys(t, bad))
		text := claimResponse(t, object{alice: object{"BAD": test.entry}, bob: object{"GOOD": signedKey(t, good, 1, false)}})
		requireSaying(t, test.why, refusedEntry(t, text, readClaim(t, c, "GOOD"), alice, "BAD", "key"))
	}
	c := crosssigning.NewClaim(crosssigning.SignedCurve25519, deviceKeys(t, good))
	goodText := string(marshal(t, signedKey(t, good, 1, false)))
	for text, count := range map[string]int{
		`"` + bob + `":{"GOOD":` + goodText + `},"@eve:x":{"X":{}}`:                         1,
		`"` + bob + `":{"GOOD":` + goodText + `,"OTHER":{}}`:                                1,
		`"` + bob + `":{"GOOD":` + goodText + `,"X":1,"X":2}`:                               2,
		`"` + bob + `":{"GOOD":` + goodText + `},"` + alice + `":7`:                         1,
		`"` + bob + `":{"GOOD":` + goodText + `},"\ud800":{}`:                               1,
		`"` + alice + `":{"GOOD":` + goodText + `},"` + bob + `":{"GOOD":` + goodText + `}`: 1,
	} {
		refused, err := readClaim(t, c, "GOOD")([]byte(`{"one_time_keys":{` + text + `}}`))
		require.NoError(t, err, text)
		require.Len(t, refused, count, text)
	}
	// An entry that stands twice counts neither time.
	refused, err := readClaim(t, c)([]byte(`{"one_time_keys":{"` + bob + `":{"GOOD":` + goodText + `,"GOOD":` + goodText + `}}}`))
	require.NoError(t, err)
	require.Len(t, refused, 2)
	for text, why := range map[string]string{
		``: "not valid JSON", `{}`: "one_time_keys is missing", `{"one_time_keys":[]}`: "one_time_keys: not valid JSON",
		`{"one_time_keys":{}`: "not valid JSON",
	} {
		refusedSaying(t, why, func() error { return errorOf(c.Check([]byte(text), 1)) }, text)
	}
}
