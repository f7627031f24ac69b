package vodozemac_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/errs"
	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/internal/libolm"
	"github.com/chappe-e2ee/chappe/internal/vodozemac"
)

const what = "test: pickle"

var key = bytes.Repeat([]byte{7}, vodozemac.KeySize)

// read imports a text, encrypted under the right key.
func read(text string, f func(*vodozemac.Reader)) error {
	return vodozemac.Import(what, libolm.Encrypt([]byte(text), key), key, f)
}

// readFails imports a text, which must fail.
func readFails(t testing.TB, text string, f func(*vodozemac.Reader)) error {
	t.Helper()
	pickle := libolm.Encrypt([]byte(text), key)
	return failtest.Refused(t, func() error { return vodozemac.Import(what, pickle, key, f) },
		failtest.Input(pickle), failtest.Secret(key))
}

// refuses requires that f finds a fault in a text, for a reason.
func refuses(t *testing.T, why, text string, f func(*vodozemac.Reader)) {
	t.Helper()
	require.Equal(t, &errs.MalformedError{What: what, Why: why}, readFails(t, text, f), "%s", text)
}

func bytesOf(n int) ([]byte, func(*vodozemac.Reader)) {
	b := make([]byte, n)
	return b, func(r *vodozemac.Reader) { r.Bytes(b) }
}

// Every byte is written and read as encoding/json does.
func TestBytes(t *testing.T) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for _, b := range [][]byte{all, {0}, {9}, {10}, {99}, {100}, {255}, {0, 0}, bytes.Repeat([]byte{255}, 64), make([]byte, 128)} {
		numbers := make([]int, len(b))
		for i := range b {
			numbers[i] = int(b[i])
		}
		want, err := json.Marshal(numbers)
		require.NoError(t, err)
		pickle, err := vodozemac.Export(what, key, func(w *vodozemac.Writer) { w.Bytes(b) })
		require.NoError(t, err)
		text, err := libolm.Decrypt(what, pickle, key)
		require.NoError(t, err)
		require.Equal(t, string(want), string(text))
		got, f := bytesOf(len(b))
		require.NoError(t, read(string(want), f))
		require.Equal(t, b, got)
	}
}

// What is not such an array is refused, and leaves nothing behind.
func TestBytesRefused(t *testing.T) {
	for _, text := range []string{
		"[]", "[1]", "[1,2]", "[1,2,3,4]", "[1,2,]", "[,1,2]", "[1,,2]", "[1,2,3,]", "[1,2,256]", "[256,1,2]", "[1,2,999]", "[1,2,1000]",
		"[1,2,2560]", "[1,2,65536]", "[01,2,3]", "[1,2,00]", "[1,2,03]", "[000,2,3]", "[1,2,-3]", "[1,2,+3]", "[1,2,3.0]", "[1,2,3e0]",
		"[1, 2,3]", "[ 1,2,3]", "[1,2,3 ]", "[1,2,3", "[1,2,3}", "{1,2,3]", `["1","2","3"]`, `"abc"`, "[1,2,\x00]", "[1,2,x]", "[1;2;3]",
		"[1,2,\xff]", "[[1,2,3]]", "[1,2,3]]",
	} {
		why := "not an array of the right number of bytes"
		switch text {
		case "{1,2,3]", `"abc"`:
			why = "not the JSON of such a pickle"
		case "[1,2,3]]":
			why = "trailing data"
		}
		b, f := bytesOf(3)
		refuses(t, why, text, f)
		if text != "[1,2,3]]" {
			require.Equal(t, make([]byte, 3), b, "%s", text)
		}
	}
}

// Arrays with one character changed are read as encoding/json reads them, or
// refused.
func TestBytesAgainstJSON(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		text := []byte(fmt.Sprintf("[%d,%d,%d]", r.IntN(256), r.IntN(256), r.IntN(256)))
		text[r.IntN(len(text))] = "0123456789,[] -.e\"x\x00"[r.IntN(20)]
		b, f := bytesOf(3)
		var want []uint8
		var numbers []json.Number
		wide := json.Unmarshal(text, &numbers) == nil && len(numbers) == 3 && !bytes.ContainsAny(text, " -.e")
		for _, n := range numbers {
			v, err := n.Int64()
			wide = wide && err == nil && v <= 255
			want = append(want, byte(v))
		}
		err := read(string(text), f)
		require.Equal(t, wide, err == nil, "%s: %v", text, err)
		if wide {
			require.Equal(t, want, b)
		}
	}
}

func TestUint(t *testing.T) {
	for _, most := range []uint64{0, 5, 9, 10, 99, math.MaxUint32, math.MaxUint64 - 1, math.MaxUint64} {
		for _, v := range []uint64{0, 1, 4, 5, 6, 9, 10, 11, 98, 99, 100, math.MaxUint32, math.MaxUint32 + 1, math.MaxUint64 - 1, math.MaxUint64} {
			if v > most {
				refuses(t, "number beyond its bound", fmt.Sprint(v), func(r *vodozemac.Reader) { require.Zero(t, r.Uint(most)) })
				continue
			}
			require.NoError(t, read(fmt.Sprint(v), func(r *vodozemac.Reader) { require.Equal(t, v, r.Uint(most)) }))
		}
		for _, text := range []string{"18446744073709551616", "99999999999999999999", strings.Repeat("9", 400)} {
			readFails(t, text, func(r *vodozemac.Reader) { r.Uint(most) })
		}
	}
	for _, text := range []string{"", "-1", "+1", " 1", "x", "00", "01", `"1"`} {
		readFails(t, text, func(r *vodozemac.Reader) { r.Uint(100) })
	}
}

// pair reads an object with a number that must be there and one that may be.
func pair(a, b *uint64) func(*vodozemac.Reader) {
	return func(r *vodozemac.Reader) {
		r.Object(
			vodozemac.Member{Name: "a", Alias: "old", Read: func() { *a = r.Uint(9) }},
			vodozemac.Member{Name: "b", Optional: true, Read: func() { *b = r.Uint(9) }},
		)
	}
}

func TestObject(t *testing.T) {
	for _, text := range []string{
		`{"a":1,"b":2}`, `{"b":2,"a":1}`, `{"old":1,"b":2}`, `{"x":null,"a":1,"b":2}`, `{"a":1,"x":{"a":[1,{"a":"\"}]"}]},"b":2}`,
		`{"a":1,"b":2,"x":-1.5e3}`, `{"a":1,"b":2,"x":true,"x":[]}`, `{"a":1,"b":2,"":""}`,
	} {
		var a, b uint64
		require.NoError(t, read(text, pair(&a, &b)), "%s", text)
		require.Equal(t, [2]uint64{1, 2}, [2]uint64{a, b})
	}
	var a, b uint64
	require.NoError(t, read(`{"a":3}`, pair(&a, &b)))
	for text, why := range map[string]string{
		`{"a":1,"a":1}`: "member that stands twice", `{"a":1,"old":1}`: "member that stands twice",
		`{"b":1}`: "missing member", `{}`: "missing member", `{"x":1}`: "missing member",
		`{"a":1`: "not the JSON of such a pickle", `{"a":1,}`: "not the JSON of such a pickle", `{,"a":1}`: "not the JSON of such a pickle",
		`{"a":1}}`: "trailing data", `{"a":1} `: "trailing data", ` {"a":1}`: "not the JSON of such a pickle",
		`{"a" :1}`: "not the JSON of such a pickle", `{"a": 1}`: "not a plain number", `{"a":1,"x":}`: "value that is not JSON",
		`{"a":1,"x":[}`: "truncated", `{"a":1,"x":[1 2]}`: "value that is not JSON", `{"a":1,"x":"`: "truncated", `{"a":1,"x":[1,2`: "truncated",
		`{"a":1,"x`: "truncated", `{"a":1,"\u0062":2}`: "member with a name that is not plain", "{\"a\":1,\"\x7f\":2}": "member with a name that is not plain",
		"{\"a\":1,\"\n\":2}": "member with a name that is not plain", `{"a":1,"x":"\"}`: "truncated",
		`[{"a":1}]`: "not the JSON of such a pickle", `null`: "not the JSON of such a pickle", ``: "not the JSON of such a pickle", `{"a":10}`: "number beyond its bound",
	} {
		refuses(t, why, text, pair(&a, &b))
	}
}

func TestListsAndMaps(t *testing.T) {
	var got []uint64
	list := func(r *vodozemac.Reader) { got = nil; r.List(3, func() { got = append(got, r.Uint(99)) }) }
	for text, want := range map[string][]uint64{`[]`: nil, `[7]`: {7}, `[1,2,3]`: {1, 2, 3}} {
		require.NoError(t, read(text, list))
		require.Equal(t, want, got)
	}
	refuses(t, "list longer than its limit", `[1,2,3,4]`, list)
	for _, text := range []string{`[1,]`, `[,]`, `[,1]`, `[1 ,2]`, `[1,2`, `[`, `[1}`, `{}`} {
		readFails(t, text, list)
	}
	require.Less(t, len(got), 3)

	ids := func(r *vodozemac.Reader) {
		got = nil
		r.Map(2, 50, func(id uint64) { got = append(got, id, r.Uint(99)) })
	}
	for text, want := range map[string][]uint64{`{}`: nil, `{"0":7}`: {0, 7}, `{"50":1,"3":2}`: {50, 1, 3, 2}} {
		require.NoError(t, read(text, ids))
		require.Equal(t, want, got)
	}
	refuses(t, "list longer than its limit", `{"1":1,"2":2,"3":3}`, ids)
	for _, text := range []string{`{"51":1}`, `{"01":1}`, `{"":1}`, `{"-1":1}`, `{"x":1}`, `{1:1}`, `{"1" :1}`, `{"1":}`, `{"1"}`} {
		readFails(t, text, ids)
	}
}

func TestSmallValues(t *testing.T) {
	var truth, null bool
	for text, want := range map[string]bool{"true": true, "false": false} {
		require.NoError(t, read(text, func(r *vodozemac.Reader) { truth = r.Bool() }))
		require.Equal(t, want, truth)
	}
	for _, text := range []string{"", "True", "tru", "truex", "1", "null"} {
		readFails(t, text, func(r *vodozemac.Reader) { r.Bool() })
	}
	require.NoError(t, read("null", func(r *vodozemac.Reader) { null = r.Null() }))
	require.True(t, null)
	variant := func(r *vodozemac.Reader) {
		r.Variant(vodozemac.Member{Name: "A", Read: func() { r.Uint(9) }}, vodozemac.Member{Name: "B", Read: func() { r.Bool() }})
	}
	require.NoError(t, read(`{"A":1}`, variant))
	require.NoError(t, read(`{"B":true}`, variant))
	refuses(t, "unknown variant", `{"C":1}`, variant)
	for _, text := range []string{`{}`, `{"A":1,"B":true}`, `{"A":1,}`, `"A"`, `{"A":true}`} {
		readFails(t, text, variant)
	}
	choice := -1
	require.NoError(t, read(`"two"`, func(r *vodozemac.Reader) { choice = r.Choice("one", "two") }))
	require.Equal(t, 1, choice)
	for _, text := range []string{`"three"`, `""`, `two`, `"two`, `"tw\u006f"`} {
		readFails(t, text, func(r *vodozemac.Reader) { r.Choice("one", "two") })
	}
	var k [32]byte
	refuses(t, "all-zero key", "["+strings.Repeat("0,", 31)+"0]", func(r *vodozemac.Reader) { r.Key(&k) })
}

// P08: a session of another version is not taken for one of version 1.
func TestAttack_P08_Version(t *testing.T) {
	object := func(r *vodozemac.Reader) { r.Object(r.Config()) }
	require.NoError(t, read(`{}`, object))
	require.NoError(t, read(`{"config":{"version":"V1"}}`, object))
	require.Equal(t, &errs.VersionError{What: what, Got: 2}, readFails(t, `{"config":{"version":"V2"}}`, object))
	for _, text := range []string{`{"config":{"version":"V3"}}`, `{"config":{}}`, `{"config":null}`, `{"config":{"version":1}}`} {
		require.ErrorAs(t, readFails(t, text, object), new(*errs.MalformedError), "%s", text)
	}
}

func TestKey(t *testing.T) {
	wrong := func(pickle, k []byte) {
		t.Helper()
		failtest.RefusedWith(t, libolm.ErrKey, func() error {
			return vodozemac.Import(what, pickle, k, func(r *vodozemac.Reader) { r.Uint(9) })
		}, failtest.Input(pickle), failtest.Secret(k))
	}
	for _, k := range [][]byte{nil, key[:31], append(bytes.Clone(key), 0)} {
		wrong(libolm.Encrypt([]byte("1"), k), k)
		failtest.RefusedWith(t, libolm.ErrKey, func() error {
			_, err := vodozemac.Export(what, k, func(w *vodozemac.Writer) { w.Uint(1) })
			return err
		}, failtest.Secret(k))
	}
	wrong(libolm.Encrypt([]byte("1"), key), make([]byte, 32))
}

// After the first fault nothing is read, and the first fault is told.
func TestFirstFault(t *testing.T) {
	refuses(t, "the first", `[1,2]`, func(r *vodozemac.Reader) {
		r.Fail("the first")
		r.Fail("the second")
		require.True(t, r.Failed())
		require.Zero(t, r.Len())
		require.Zero(t, r.Uint(9))
		require.False(t, r.Bool())
		require.False(t, r.Null())
		require.Nil(t, r.SigningKey())
		r.List(9, func() { t.Fatal("an item of nothing") })
		r.Map(9, 9, func(uint64) { t.Fatal("an item of nothing") })
	})
}

// Whatever stands there, the reader ends, and takes an object of known members
// only when it is JSON.
func FuzzReader(f *testing.F) {
	for _, text := range []string{`{"a":1,"b":2}`, `{"x":{"a":[1,{"a":"\"}]"}]},"a":1}`, `{"a":1,"x":[1,2.5e-3,null,""]}`, `{"a":1,"x":"\\"}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var a, b uint64
		if err := read(string(text), pair(&a, &b)); err != nil {
			require.ErrorAs(t, err, new(*errs.MalformedError))
			return
		}
		require.True(t, json.Valid(text), "%q", text)
		require.LessOrEqual(t, a, uint64(9))
	})
}
