package canonicaljson_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
)

func seeds(f *testing.F) {
	for _, example := range specExamples {
		f.Add([]byte(example.in))
	}
	for _, s := range []string{
		`{"a":-0,"b":1e10}`, `{"\ud800\udc00":2,"\uffff":1,"\"":[]}`, `{"a":1,"\u0061":2}`, `"\u0000\u001f\u007f"`,
		`[9007199254740991,-9007199254740992]`, `{"signatures":{"@a:b":{"ed25519:X":"AA"}},"unsigned":{"x":1.5},"z":{"b":{},"a":[true,null]}}`,
		`[[[[[[]]]]]]`, "\"\xed\xa0\x80\"", `{"a":{"b":"\\\""},"c":"}"}`,
	} {
		f.Add([]byte(s))
	}
}

// FuzzParse: what is accepted is JSON to others as well, means the same to them,
// is a fixed point, and is read by the accessors without loss.
func FuzzParse(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, in []byte) {
		v, err := canonicaljson.Parse(in)
		if err != nil {
			require.True(t, v.IsZero())
			return
		}
		canonical := v.String()
		again, err := canonicaljson.Parse([]byte(canonical))
		require.NoError(t, err)
		require.Equal(t, canonical, again.String())

		decode := func(b []byte) (out any) {
			d := json.NewDecoder(bytes.NewReader(b))
			d.UseNumber()
			require.NoError(t, d.Decode(&out))
			return out
		}
		require.True(t, json.Valid(in))
		require.Equal(t, decode(in), decode([]byte(canonical)))
		require.Equal(t, canonical, rebuild(v).String())
		require.Equal(t, canonical, string(v.AppendTo(nil)))
	})
}

// rebuild copies a value through the accessors and the builders.
func rebuild(v canonicaljson.Value) canonicaljson.Value {
	switch {
	case v.IsObject():
		var members []canonicaljson.Member
		for name, value := range v.Members() {
			if v.Get(name) != value {
				return canonicaljson.Value{}
			}
			members = append(members, canonicaljson.Member{Name: name, Value: rebuild(value)})
		}
		return canonicaljson.Object(members...)
	case v.IsArray():
		var items []canonicaljson.Value
		for item := range v.Items() {
			items = append(items, rebuild(item))
		}
		return canonicaljson.Array(items...)
	}
	if s, ok := v.Text(); ok {
		return canonicaljson.Text(s)
	}
	if n, ok := v.Int(); ok {
		return canonicaljson.Int(n)
	}
	if b, ok := v.Bool(); ok {
		return canonicaljson.Bool(b)
	}
	return v // null
}

// FuzzSplit: taking apart and parsing as a whole agree about every object that
// both accept, and whatever can be parsed can be taken apart.
func FuzzSplit(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, in []byte) {
		list, err := canonicaljson.Split(in)
		whole, parseErr := canonicaljson.Parse(in)
		if err != nil {
			require.False(t, parseErr == nil && whole.IsObject())
			return
		}
		if parseErr != nil {
			return
		}
		var members []canonicaljson.Member
		for _, m := range list {
			require.NoError(t, m.Err)
			value, err := canonicaljson.Parse(m.Value)
			require.NoError(t, err)
			members = append(members, canonicaljson.Member{Name: m.Name, Value: value})
		}
		require.Equal(t, whole, canonicaljson.Object(members...))
	})
}

var sink int

func BenchmarkParse(b *testing.B) {
	text := []byte(`{"algorithms":["m.olm.v1.curve25519-aes-sha2","m.megolm.v1.aes-sha2"],"device_id":"JLAFKJWSCS","keys":{"curve25519:JLAFKJWSCS":"3C5BFWi2Y8MaVvjM8M22DBmh24PmgR0nPvJOIArzgyI","ed25519:JLAFKJWSCS":"lEuiRJBit0IG6nUf5pUzWTUEsRVVe/HJkoKuEww9ULI"},"signatures":{"@alice:example.com":{"ed25519:JLAFKJWSCS":"dSO80A01XiigH3uBiDVx/EjzaoycHcjq9lfQX0uWsqxl2giMIiSPR8a4d291W1ihKJL/a+myXS367WT6NAIcBA"}},"user_id":"@alice:example.com","unsigned":{"device_display_name":"Alice's mobile phone"}}`)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		v, err := canonicaljson.Parse(text)
		if err != nil {
			b.Fatal(err)
		}
		sink += len(v.AppendWithout(nil, "signatures", "unsigned"))
	}
}
