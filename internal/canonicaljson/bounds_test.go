package canonicaljson_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
)

// The least and the greatest integer are integers.
func TestIntegerBounds(t *testing.T) {
	for _, n := range []int64{-(1<<53 - 1), 1<<53 - 1} {
		v := canonicaljson.Int(n)
		require.Equal(t, v, parse(t, v.String()))
		got, ok := v.Int()
		require.True(t, ok)
		require.Equal(t, n, got)
	}
}

// An escape that stands for a space is written as one.
func TestEscapedSpace(t *testing.T) {
	require.Equal(t, `" "`, parse(t, `"\u0020"`).String())
}

// An escape that the end of the input cuts off is not completed from the memory
// behind it.
func TestEscapeAtTheEnd(t *testing.T) {
	for in, want := range map[string]error{
		`"\u`: canonicaljson.ErrSyntax, `"\u00`: canonicaljson.ErrSyntax, `"\u004`: canonicaljson.ErrSyntax, `"\u0041`: canonicaljson.ErrSyntax,
		`"\ud800`: canonicaljson.ErrText, `"\ud800\`: canonicaljson.ErrText, `"\ud800\u`: canonicaljson.ErrSyntax, `"\ud800\udc0`: canonicaljson.ErrSyntax,
	} {
		parseFails(t, []byte(in + `1"`)[:len(in):len(in)], want)
		parseFails(t, []byte(in + `1"`)[:len(in)], want)
	}
}

// Names of nothing but one kind of character are read as others are.
func TestSplitNames(t *testing.T) {
	list, err := canonicaljson.Split([]byte("{\"\\\\\\\\\":1,\" \":2,\"\u0080\":3,\"\x01\":4,\"\xff\":5}"))
	require.NoError(t, err)
	names := []string{`\\`, " ", "\u0080", "", ""}
	for i, m := range list {
		require.Equal(t, names[i], m.Name)
		require.Equal(t, i >= 3, m.Err != nil, "%d: %v", i, m.Err)
	}
	require.Len(t, list, len(names))
}

// A string ends at a quote after an even number of backslashes, and a scalar at
// a bracket.
func TestSplitEnds(t *testing.T) {
	list, err := canonicaljson.Split([]byte(`{"a":"\\","b":"\\\\","c":"\\\"","d":[1,"\\",{}]}`))
	require.NoError(t, err)
	var values []string
	for _, m := range list {
		values = append(values, m.Name+string(m.Value))
	}
	require.Equal(t, []string{`a"\\"`, `b"\\\\"`, `c"\\\""`, `d[1,"\\",{}]`}, values)

	for _, in := range []string{`{"a":1{}`, `{"a":1{}}`, `{"a":1[]}`, `{"a":1"x"}`} {
		splitFails(t, in, canonicaljson.ErrSyntax)
	}
}

// Integers begin with every digit.
func TestIntegerDigits(t *testing.T) {
	for n := range int64(100) {
		for _, n := range []int64{n, -n} {
			got, ok := canonicaljson.Int(n).Int()
			require.True(t, ok)
			require.Equal(t, n, got)
		}
	}
}

// Members are put in order in a copy of the caller's list.
func TestObjectLeavesItsArguments(t *testing.T) {
	a, b := canonicaljson.Member{Name: "a", Value: canonicaljson.Int(1)}, canonicaljson.Member{Name: "b", Value: canonicaljson.Int(2)}
	list := []canonicaljson.Member{b, a}
	require.Equal(t, `{"a":1,"b":2}`, canonicaljson.Object(list...).String())
	require.Equal(t, []canonicaljson.Member{b, a}, list)
}

// No text is copied to be read, nor to find that it is no number: it may be a
// secret.
func TestReadingCopiesNothing(t *testing.T) {
	v := parse(t, `"`+strings.Repeat("x", 1000)+`"`)
	var text string
	require.Zero(t, testing.AllocsPerRun(10, func() { text, _ = v.Text() }))
	require.Len(t, text, 1000)
	require.Zero(t, testing.AllocsPerRun(10, func() { v.Int() }))
}
