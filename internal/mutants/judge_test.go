package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const code = `package p

const limit = 1 + 2

func (s *set[T]) add(n int) { n -= limit; n-- }

func f(a, b bool) bool {
	for {
		break
	}
	if n := 1; n > 2 || false {
		if true || false {
			f(a, b)
		}
	}
	return a &&
		b || !b
}
`

func TestPlaces(t *testing.T) {
	s, err := parse([]byte(code))
	require.NoError(t, err)
	require.Equal(t, map[[2]int]place{
		{3, 17}:  {"const limit", "1 + 2"},
		{5, 33}:  {"set.add", "n -= limit"},
		{5, 44}:  {"set.add", "n--"},
		{9, 3}:   {"f", "break"},
		{11, 7}:  {"f", "n := 1"},
		{11, 15}: {"f", "n > 2"},
		{11, 19}: {"f", "n := 1; n > 2 || false"},
		{12, 11}: {"f", "f(a, b)"},
		{16, 11}: {"f", "a && b"},
		{17, 5}:  {"f", "a && b || !b"},
		{17, 8}:  {"f", "!b"},
	}, s.places())
}

// results writes a result of the package p/q, and returns its name.
func results(t *testing.T, dir string, list ...mutation) string {
	t.Helper()
	name := filepath.Join(dir, "p.q.json")
	require.NoError(t, writeJSON(name, result{Module: "m", Files: []fileResult{{"f.go", list}}}))
	return name
}

func TestAgain(t *testing.T) {
	name := results(t, t.TempDir(), mutation{"A", killed, 1, 2}, mutation{"A", lived, 3, 4}, mutation{"B", timedOut, 5, 6}, mutation{"B", notViable, 7, 8})
	var b bytes.Buffer
	require.NoError(t, again(&b, name))
	require.Equal(t, "mode: set\nm/p/q/f.go:3.4,3.4 1 1\nm/p/q/f.go:5.6,5.6 1 1\n", b.String())

	second := results(t, t.TempDir(), mutation{"A", notCovered, 1, 2}, mutation{"A", killed, 3, 4}, mutation{"B", lived, 5, 6})
	require.NoError(t, merge(name, second))
	var r result
	require.NoError(t, readJSON(name, &r))
	require.Equal(t, []mutation{{"A", killed, 1, 2}, {"A", killed, 3, 4}, {"B", lived, 5, 6}, {"B", notViable, 7, 8}}, r.Files[0].Mutations)

	second = results(t, t.TempDir(), mutation{"C", killed, 3, 4})
	require.ErrorContains(t, merge(name, second), "no C at f.go:3:4")
}

func TestAssess(t *testing.T) {
	tree := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(tree, "p", "q"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(tree, "p", "q", "f.go"), []byte(code), 0o644))
	try := func(list ...mutation) (map[survivor]int, score, error) {
		return assess(tree, "p/q", result{Files: []fileResult{{"f.go", list}}})
	}
	alive, s, err := try(mutation{"A", lived, 3, 17}, mutation{"B", lived, 5, 33}, mutation{"A", killed, 9, 3},
		mutation{"A", timedOut, 9, 3}, mutation{"A", notViable, 9, 3}, mutation{"A", lived, 3, 17})
	require.NoError(t, err)
	require.Equal(t, score{"p/q", 1, 1, 3, 1}, s)
	limit := survivor{File: "p/q/f.go", Function: "const limit", Operator: "A", Expression: "1 + 2"}
	add := survivor{File: "p/q/f.go", Function: "set.add", Operator: "B", Expression: "n -= limit"}
	require.Equal(t, map[survivor]int{limit: 2, add: 1}, alive)

	_, _, err = try(mutation{"A", lived, 3, 16})
	require.ErrorContains(t, err, "p/q/f.go:3:16 has no operator")
	_, _, err = try(mutation{"A", notCovered, 3, 17})
	require.ErrorContains(t, err, "was not tried: NOT COVERED")
	_, _, err = assess(t.TempDir(), "p/q", result{Files: []fileResult{{"f.go", nil}}})
	require.Error(t, err)
}

func TestReview(t *testing.T) {
	with := func(function, reason string, count int) survivor {
		return survivor{"p/q/f.go", function, "A", "1 + 2", count, reason}
	}
	alive := func() map[survivor]int { return map[survivor]int{with("f", "", 0): 1, with("g", "", 0): 2} }
	fits := []survivor{with("f", "x", 0), with("g", "x", 2), {File: "p/f.go", Reason: "another package"}}
	require.NoError(t, review("p/q", alive(), fits))
	for want, reviewed := range map[string][]survivor{
		"survived 1 times, not reviewed: p/q/f.go, f: A in 1 + 2": {fits[1]},
		"survived 2 times, 1 reviewed: p/q/f.go, g":               {fits[0], with("g", "x", 0)},
		"stale, 2 of 3 survived: p/q/f.go, g":                     {fits[0], with("g", "x", 3)},
		"stale, 0 of 1 survived: p/q/f.go, h":                     {fits[0], fits[1], with("h", "x", 0)},
		"no reason: p/q/f.go, f":                                  {with("f", "", 0), fits[1]},
	} {
		require.ErrorContains(t, review("p/q", alive(), reviewed), want)
	}
}
