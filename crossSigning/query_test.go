package crosssigning_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
)

func TestQueryBody(t *testing.T) {
	t.Parallel()
	require.JSONEq(t, `{"device_keys":{"@alice:example.org":[],"@bob:example.org":[]}}`,
		string(marshal(t, crosssigning.NewQuery(bob, alice, bob))))
	require.JSONEq(t, `{"device_keys":{}}`, string(marshal(t, crosssigning.NewQuery())))
	refusedSaying(t, "not valid UTF-8", func() error { return errorOf(crosssigning.NewQuery("\xff").MarshalJSON()) })
}

func check(t testing.TB, r *response, known crosssigning.Known) *crosssigning.QueryResult {
	t.Helper()
	var first *crosssigning.QueryResult
	for _, workers := range []int{-1, 1, 2, 9} {
		result, err := crosssigning.NewQuery(alice, bob).Check(r.text(t), known, workers)
		require.NoError(t, err)
		if first == nil {
			first = result
		}
		require.Equal(t, first, result, "%d workers see something else", workers)
	}
	return first
}

func TestQuery(t *testing.T) {
	t.Parallel()
	a, b := privateKeys(t, alice, 1), privateKeys(t, bob, 2)
	signed := signDevice(t, a, deviceKeys(t, localDevice(t, alice, "ONE", 1)))
	plain := deviceKeys(t, localDevice(t, alice, "TWO", 2))
	r := newResponse().add(alice, identity(t, a), plain, signed).add(bob, identity(t, b))
	r.failures = object{"down.example.org": object{}}
	result := check(t, r, nil)
	require.Empty(t, result.Refused)
	require.Equal(t, []string{"down.example.org"}, result.Failures)
	require.Len(t, result.Users, 2)
	u := result.Users[0]
	require.Equal(t, alice, u.ID())
	require.Equal(t, []string{"ONE", "TWO"}, deviceIDs(u))
	require.True(t, u.CrossSigned("ONE"))
	require.False(t, u.CrossSigned("TWO"))
	require.Equal(t, identity(t, a), u.Identity())
	require.Equal(t, signed, u.Device("ONE"))
	require.Equal(t, bob, result.Users[1].ID())
	require.Empty(t, result.Users[1].Devices())

	// A user whom the server says nothing of is not one without devices.
	result = check(t, newResponse().add(bob, nil), nil)
	require.Len(t, result.Users, 1)
	require.Nil(t, result.Users[0].Identity())
}

// entryError returns the one error of a result, and checks where it stands.
func entryError(t testing.TB, refused []*crosssigning.EntryError, userID, name, what string) error {
	t.Helper()
	require.Len(t, refused, 1)
	e := refused[0]
	require.Equal(t, [3]string{userID, name, what}, [3]string{e.UserID, e.Name, e.What}, "%v", e)
	require.ErrorIs(t, e, e.Err)
	require.True(t, strings.HasPrefix(e.Error(), "crosssigning: "+what+" of "), e.Error())
	return e
}

// A bad device never loses its neighbours.
func TestQueryRefusesDevices(t *testing.T) {
	t.Parallel()
	a := privateKeys(t, alice, 1)
	good := signDevice(t, a, deviceKeys(t, localDevice(t, alice, "GOOD", 1)))
	bad := localDevice(t, alice, "BAD", 2)
	var malformed *crosssigning.MalformedError
	var wrong *crosssigning.IDError
	for name, test := range map[string]struct {
		entry any
		is    error
		as    any
	}{
		"another user inside":   {entry: deviceKeys(t, localDevice(t, bob, "BAD", 2)), as: &wrong},
		"another device inside": {entry: deviceKeys(t, localDevice(t, alice, "OTHER", 2)), as: &wrong},
		"a number":              {entry: 5, as: &malformed},
		"nothing":               {entry: nil, as: &malformed},
		"an empty object":       {entry: object{}, as: &malformed},
		"a float":               {entry: merge(decode(t, deviceKeys(t, bad)), object{"unsigned": object{"x": 1.5}}), as: &malformed},
		"too deep":              {entry: merge(decode(t, deviceKeys(t, bad)), object{"x": deep(200)}), as: &malformed},
		"a wrong signature":     {entry: merge(decode(t, deviceKeys(t, bad)), object{"x": 1}), is: crosssigning.ErrSignature},
		"no signature":          {entry: merge(decode(t, deviceKeys(t, bad)), object{"signatures": object{alice: nil}}), is: crosssigning.ErrUnsigned},
	} {
		r := newResponse().add(alice, identity(t, a), good).add(bob, nil)
		r.devices[alice].(object)["BAD"] = test.entry
		result := check(t, r, nil)
		err := refusedEntry(t, r.text(t), readQuery(nil), alice, "BAD", "device")
		if test.as != nil {
			require.ErrorAs(t, err, test.as, name)
		} else {
			require.ErrorIs(t, err, test.is, name)
		}
		require.Len(t, result.Users, 2)
		require.Equal(t, []string{"GOOD"}, deviceIDs(result.Users[0]))
		require.True(t, result.Users[0].CrossSigned("GOOD"))
	}
}

func deep(n int) any {
	var v any
	for range n {
		v = []any{v}
	}
	return v
}

// What encoding/json cannot make: bad and duplicate names, broken values.
func TestQueryRefusesNames(t *testing.T) {
	t.Parallel()
	good := string(marshal(t, deviceKeys(t, localDevice(t, alice, "GOOD", 1))))
	other := string(marshal(t, deviceKeys(t, localDevice(t, alice, "OTHER", 2))))
	q := crosssigning.NewQuery(alice, bob)
	for entries, count := range map[string]int{
		`"GOOD":` + good + `,"\ud800":` + other:                                         1,
		`"GOOD":` + good + `,"OTHER":` + other + `,"OTHER":` + other:                    2,
		`"OTHER":1,"GOOD":` + good + `,"\u004fTHER":2`:                                  2,
		`"GOOD":` + good + `,"X":nonsense`:                                              1,
		`"GOOD":` + good + `,"OTHER":` + other[:len(other)-1] + `,"device_id":"OTHER"}`: 1,
		"\"\xff\":1,\"GOOD\":" + good:                                                   1,
	} {
		text := []byte(`{"device_keys":{"` + alice + `":{` + entries + `}}}`)
		result, err := q.Check(text, nil, 2)
		require.NoError(t, err, entries)
		require.Len(t, result.Refused, count, entries)
		for i, e := range result.Refused {
			refusedAs[*crosssigning.MalformedError](t, func() error { return refusedAt(t, text, i) }, text)
			require.Equal(t, alice, e.UserID)
		}
		require.Len(t, result.Users, 1)
		require.Equal(t, []string{"GOOD"}, deviceIDs(result.Users[0]))
	}
	for users, count := range map[string]int{
		`"` + alice + `":{"GOOD":` + good + `},"` + bob + `":[]`:                  1,
		`"` + alice + `":{"GOOD":` + good + `},"` + bob + `":{"x":1,}`:            1,
		`"` + alice + `":{"GOOD":` + good + `},"` + bob + `":{},"` + bob + `":{}`: 2,
		`"` + alice + `":{"GOOD":` + good + `},"\udfff":{}`:                       1,
		`"` + alice + `":{"GOOD":` + good + `},"@mallory:example.org":{}`:         1,
		`"` + alice + `":{"GOOD":` + good + `},"@ALICE:example.org":{}`:           1,
	} {
		result, err := q.Check([]byte(`{"device_keys":{`+users+`}}`), nil, 2)
		require.NoError(t, err, users)
		require.Len(t, result.Refused, count, users)
		require.Len(t, result.Users, 1, users)
		require.Equal(t, []string{"GOOD"}, deviceIDs(result.Users[0]))
	}
	text := []byte(`{"device_keys":{"@mallory:example.org":{}},"master_keys":{"@eve:example.org":{}}}`)
	for i := range 2 {
		refusedWith(t, crosssigning.ErrNotAsked, func() error { return refusedAt(t, text, i) }, text)
	}
	const syntax, missing, twice = "not valid JSON", "device_keys is missing", "stands twice"
	for text, why := range map[string]string{
		``: syntax, `[]`: syntax, `{}`: missing, `null`: syntax, `{"device_keys":[]}`: syntax, `{"device_keys":null}`: missing,
		`{"device_keys":{}`: syntax, `{"device_keys":{}}x`: "data after the end", `{"Device_Keys":{}}`: missing,
		`{"device_keys":{},"device_keys":{}}`: twice, `{"device_keys":{},"master_keys":[]}`: "master_keys: not valid JSON",
		`{"device_keys":{},"failures":7}`: "failures: not valid JSON", `{"device_keys":{},"master_keys":{},"master_keys":{}}`: twice,
	} {
		refusedSaying(t, why, func() error { return errorOf(q.Check([]byte(text), nil, 1)) }, text)
	}
	// What is not ours to read does not matter.
	_, err := q.Check([]byte(`{"device_keys":{},"x":1.5,"x":[[{"a":1,"a":2}]],"\ud800":2}`), nil, 1)
	require.NoError(t, err)
}

// refusedAt returns the error of one of the entries that a query refuses.
func refusedAt(t testing.TB, text []byte, i int) error {
	t.Helper()
	refused, err := readQuery(nil)(text)
	require.NoError(t, err)
	return refused[i]
}

// A bad cross-signing key takes away what hangs on it, and nothing else.
func TestQueryRefusesIdentities(t *testing.T) {
	t.Parallel()
	a := privateKeys(t, alice, 1)
	i := identity(t, a)
	good := signDevice(t, a, deviceKeys(t, localDevice(t, alice, "GOOD", 1)))
	foreign := identity(t, privateKeys(t, alice, 7))
	for name, test := range map[string]struct {
		change  func(r *response)
		refused []string
		usages  int
		signed  bool
	}{
		"ssk is foreign":        {func(r *response) { r.selfSigning[alice] = foreign.Key(crosssigning.SelfSigning) }, []string{"self-signing key"}, 2, false},
		"usk is foreign":        {func(r *response) { r.userSigning[alice] = foreign.Key(crosssigning.UserSigning) }, []string{"user-signing key"}, 2, true},
		"msk is foreign":        {func(r *response) { r.master[alice] = foreign.Key(crosssigning.Master) }, []string{"self-signing key", "user-signing key"}, 1, false},
		"msk is bob's":          {func(r *response) { r.master[alice] = identity(t, privateKeys(t, bob, 1)).Key(crosssigning.Master) }, []string{"master key", "self-signing key", "user-signing key"}, 0, false},
		"msk is missing":        {func(r *response) { delete(r.master, alice) }, []string{"self-signing key", "user-signing key"}, 0, false},
		"ssk is a number":       {func(r *response) { r.selfSigning[alice] = 1 }, []string{"self-signing key"}, 2, false},
		"usk and ssk swapped":   {func(r *response) { r.selfSigning, r.userSigning = r.userSigning, r.selfSigning }, []string{"self-signing key", "user-signing key"}, 1, false},
		"identity without list": {func(r *response) { r.master[bob] = foreign.Key(crosssigning.Master) }, []string{"master key"}, 3, true},
	} {
		r := newResponse().add(alice, i, good)
		test.change(r)
		result := check(t, r, nil)
		var refused []string
		for _, e := range result.Refused {
			refused = append(refused, e.What)
		}
		require.Equal(t, test.refused, refused, name)
		require.Len(t, result.Users, 1)
		u := result.Users[0]
		require.Equal(t, []string{"GOOD"}, deviceIDs(u))
		require.Equal(t, test.signed, u.CrossSigned("GOOD"), name)
		count := 0
		for _, usage := range usages {
			if u.Identity() != nil && u.Identity().Key(usage) != nil {
				count++
			}
		}
		require.Equal(t, test.usages, count, name)
	}
}

func TestErrorTexts(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 5000)
	for _, err := range []error{
		&crosssigning.IDError{What: "user_id", Want: alice, Got: long + "\n"}, &crosssigning.ChangedKeyError{UserID: long, DeviceID: "D"},
		&crosssigning.SharedKeyError{UserID: alice, DeviceID: "D", OtherDeviceID: "E"}, &crosssigning.ClashError{UserID: alice, DeviceID: "D"},
		&crosssigning.EntryError{UserID: alice, What: "device", Err: crosssigning.ErrUnsigned}, &crosssigning.RefusedError{Code: long},
	} {
		require.True(t, strings.HasPrefix(err.Error(), "crosssigning: "), err.Error())
		require.Less(t, len(err.Error()), 700)
		require.NotContains(t, fmt.Sprint(err), "\n")
	}
}
