package canonicaljson_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
	"github.com/chappe-e2ee/chappe/internal/failtest"
)

func parse(t testing.TB, text string) canonicaljson.Value {
	t.Helper()
	v, err := canonicaljson.Parse([]byte(text))
	require.NoError(t, err)
	return v
}

// parseFails parses a text, which must fail.
func parseFails(t testing.TB, text []byte, want error) {
	t.Helper()
	failtest.RefusedWith(t, want, func() error {
		v, err := canonicaljson.Parse(text)
		require.True(t, v.IsZero())
		return err
	}, failtest.Input(text), failtest.Secret(text[:min(len(text), 1000)]))
}

// splitFails takes a text apart, which must fail.
func splitFails(t testing.TB, text string, want error) {
	t.Helper()
	failtest.RefusedWith(t, want, func() error {
		list, err := canonicaljson.Split([]byte(text))
		require.Nil(t, list)
		return err
	}, failtest.Secret(text))
}

func TestValue(t *testing.T) {
	t.Parallel()
	v := parse(t, `{"t":"a\"\\b","n":-5,"b":true,"f":false,"z":null,"l":[1,"]",[2,{"x":"}"}],{}],"o":{"in\n":{"er":"\\"}},"é\"":7,"e":{},"el":[]}`)

	text, ok := v.Get("t").Text()
	require.True(t, ok)
	require.Equal(t, `a"\b`, text)
	n, ok := v.Get("n").Int()
	require.True(t, ok)
	require.EqualValues(t, -5, n)
	b, ok := v.Get("b").Bool()
	require.True(t, b && ok)
	b, ok = v.Get("f").Bool()
	require.True(t, !b && ok)
	text, ok = v.Get("o").Get("in\n").Get("er").Text()
	require.True(t, ok)
	require.Equal(t, `\`, text)
	n, _ = v.Get("é\"").Int()
	require.EqualValues(t, 7, n)
	require.True(t, v.IsObject() && v.Get("l").IsArray() && !v.Get("l").IsObject() && !v.IsArray())
	require.Equal(t, parse(t, `{ "er" : "\u005c" }`), v.Get("o").Get("in\n"), "equal values are equal")

	var items, names []string
	for item := range v.Get("l").Items() {
		items = append(items, item.String())
	}
	require.Equal(t, []string{`1`, `"]"`, `[2,{"x":"}"}]`, `{}`}, items)
	for name := range v.Members() {
		names = append(names, name)
	}
	require.Equal(t, []string{"b", "e", "el", "f", "l", "n", "o", "t", "z", "é\""}, names)
	require.True(t, slices.IsSorted(names))
	for range v.Members() {
		break
	}
	for range v.Get("l").Items() {
		break
	}
	require.Equal(t, `{"n":-5,"z":null}`, string(v.AppendWithout(nil, "t", "b", "f", "l", "o", "é\\\"", "e", "el")))
	require.Equal(t, `5`, string(parse(t, `5`).AppendWithout(nil, "a")))

	// What is not there, or of another kind, is absent.
	for _, other := range []canonicaljson.Value{{}, v.Get("x"), v.Get("T"), v.Get("n").Get("x"), v.Get("l").Get("1"), v.Get("e").Get(""), v.Get("\xff")} {
		require.True(t, other.IsZero())
		_, ok := other.Text()
		require.False(t, ok)
		_, ok = other.Int()
		require.False(t, ok)
		_, ok = other.Bool()
		require.False(t, ok)
		require.False(t, other.IsObject() || other.IsArray())
		require.Empty(t, other.String())
		for range other.Members() {
			require.Fail(t, "members of an absent value")
		}
		for range other.Items() {
			require.Fail(t, "items of an absent value")
		}
	}
	for range v.Get("e").Members() {
		require.Fail(t, "members of an empty object")
	}
	for range v.Get("el").Items() {
		require.Fail(t, "items of an empty array")
	}
	_, ok = v.Int()
	require.False(t, ok)
	_, ok = v.Get("z").Bool()
	require.False(t, ok)
}

func TestBuild(t *testing.T) {
	t.Parallel()
	text := canonicaljson.Text
	v := canonicaljson.Object(
		canonicaljson.Member{Name: "\U00010000", Value: canonicaljson.Bool(true)},
		canonicaljson.Member{Name: "\uffff", Value: canonicaljson.Int(-7)},
		canonicaljson.Member{Name: "a\n", Value: canonicaljson.Array(text("\x01\""), canonicaljson.Array())},
	)
	require.Equal(t, "{\"a\\n\":[\"\\u0001\\\"\",[]],\"\uffff\":-7,\"\U00010000\":true}", v.String())
	require.Equal(t, v, parse(t, v.String()))

	require.Equal(t, `{"a":1,"b":2}`, parse(t, `{"a":1}`).With("b", canonicaljson.Int(2)).String())
	require.Equal(t, `{"a":"x"}`, parse(t, `{"a":1}`).With("a", text("x")).String())
	require.Equal(t, `{"b":2}`, parse(t, `{"a":1,"b":2}`).With("a", canonicaljson.Value{}).String())
	require.Equal(t, `9007199254740991`, canonicaljson.Int(1<<53-1).String())

	for name, absent := range map[string]canonicaljson.Value{
		"text": text("\xff"), "integer": canonicaljson.Int(1 << 53), "negative": canonicaljson.Int(-1 << 53),
		"item": canonicaljson.Array(text("a"), canonicaljson.Value{}), "member": canonicaljson.Object(canonicaljson.Member{Name: "a"}),
		"name":       canonicaljson.Object(canonicaljson.Member{Name: "\xff", Value: text("")}),
		"duplicate":  canonicaljson.Object(canonicaljson.Member{Name: "a", Value: text("")}, canonicaljson.Member{Name: "a", Value: text("")}),
		"no object":  parse(t, `[]`).With("a", text("")),
		"absent":     canonicaljson.Value{}.With("a", text("")),
		"with name":  parse(t, `{}`).With("\xff", text("")),
		"with twice": parse(t, `{}`).With("a", canonicaljson.Value{}).Get("a"),
	} {
		require.True(t, absent.IsZero(), name)
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	list, err := canonicaljson.Split([]byte(" { \"a\" : 1.5 , \"b\":{\"x\":[1,{\"}\":\"]\\\\\\\"}\"}]} ,\"\\u0063\":nonsense,\"\\ud800\":1,\"\xff\":2,\"d\":[[[]]],\"e\":\"\",\"d\":2, \"f\" : true } "))
	require.NoError(t, err)
	type entry struct{ name, value, err string }
	var got []entry
	for _, m := range list {
		e := entry{name: m.Name, value: string(m.Value)}
		if m.Err != nil {
			e.err = m.Err.Error()
		}
		got = append(got, e)
	}
	bad, twice := canonicaljson.ErrText.Error(), canonicaljson.ErrDuplicate.Error()
	require.Equal(t, []entry{
		{"a", "1.5", ""}, {"b", `{"x":[1,{"}":"]\\\"}"}]}`, ""}, {"c", "nonsense", ""}, {"", "1", bad}, {"", "2", bad},
		{"d", "[[[]]]", twice}, {"e", `""`, ""}, {"d", "2", twice}, {"f", "true", ""},
	}, got)

	for _, empty := range []string{`{}`, ` { } `} {
		list, err := canonicaljson.Split([]byte(empty))
		require.NoError(t, err)
		require.Empty(t, list)
	}
	for _, in := range []string{
		``, `[]`, `1`, `null`, `{`, `{"a"`, `{"a":`, `{"a":}`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{"a":1 2}`, `{"a":,}`, `{"a"::1}`,
		`"a":1}`, `{a":1}`, `{"a":[}`, `{"a":[}]}`, `{"a":[}}`, `{"a":{]}`, `{"a":"}`, `{"a":{"}`, `{"a`, `{"a\"}`, `{a:1}`, `{"a" 1}`, `{"a":]}`,
	} {
		splitFails(t, in, canonicaljson.ErrSyntax)
	}
	splitFails(t, `{}{}`, canonicaljson.ErrTrailing)

	// Depth spoils the entry only, and nothing recurses.
	deep := strings.Repeat("[", 1_000_000) + strings.Repeat("]", 1_000_000)
	list, err = canonicaljson.Split([]byte(`{"a":` + deep + `,"b":1}`))
	require.NoError(t, err)
	require.Len(t, list, 2)
	parseFails(t, list[0].Value, canonicaljson.ErrDepth)
}
