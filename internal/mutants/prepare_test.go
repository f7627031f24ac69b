package main

import (
	"go/token"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// inside is the statements of a function in a source.
func inside(statements string) string {
	return "package p\n\nfunc f(a, b bool, n, m int, list []bool) bool {\n" + statements + "\n\treturn a\n}\n"
}

func TestPrepared(t *testing.T) {
	for before, after := range map[string]string{
		"if a {}":                     "if (a == true) || false {}",
		"if !a {}":                    "if (a == false) || false {}",
		"if !a && b || n < 1 {}":      "if ((a == false) && (b == true) || n < 1) || false {}",
		"if !(a && b) {}":             "if ((a && b) == false) || false {}",
		"if !!a {}":                   "if ((a == false) == false) || false {}",
		"for list[n] {}":              "for (list[n] == true) {}",
		"for {}":                      "for {}",
		"for true {}":                 "for true {}",
		"switch { case a, !b: }":      "switch { case (a == true) || false, (b == false) || false: }",
		"switch n { case m: }":        "switch n { case m: }",
		"a = any(n).(bool) && !f(a)":  "if true || false { a = (any(n).(bool) == true) && (f(a) == false) }",
		"f(a)":                        "if true || false { f(a) }",
		"for n = 1; a; n = 2 {}":      "for n = 1; (a == true); n = 2 {}",
		"c := a":                      "c := a",
		"_ = a":                       "_ = a",
		"panic(a)":                    "panic(a)",
		"secret.Wipe(list)":           "secret.Wipe(list)",
		"p.mu.Lock()":                 "p.mu.Lock()",
		"switch n { case m: a = b }":  "switch n { case m: if true || false { a = b } }",
		"a = b // !b":                 "if true || false { a = b } // !b",
		"a = n == m != !b":            "if true || false { a = n == m != (b == false) }",
		"if f(!a) && f(\n\t\ta) {}":   "if (f((a == false)) == true) && (f(\n\t\ta) == true) || false {}",
		"if a := n < m; a && a {}":    "if a := n < m; (a == true) && (a == true) || false {}",
		"if n != m {} else if !b { }": "if n != m || false {} else if (b == false) || false { }",
	} {
		s, err := parse([]byte(inside(before)))
		require.NoError(t, err, before)
		want := inside(after)
		if before == "if !(a && b) {}" {
			want = inside("if (((a == true) && (b == true)) == false) || false {}")
		}
		require.Equal(t, want, string(s.prepared()))
	}
	_, err := parse([]byte("package"))
	require.Error(t, err)
}

func TestSwitched(t *testing.T) {
	for before, after := range map[string]string{
		"if a == b {}":    "if ((a == b) != (mutantNow == 1)) {}",
		"if a && b {}":    "if (((a != (mutantNow == 1)) && (b != (mutantNow == 1))) != (mutantNow == 1)) {}",
		"if n < m {}":     "if (((n < m) != (mutantNow == 1)) != ((mutantNow == 2) && n == m)) {}",
		"if f(a) || a {}": "if (((f(a) != (mutantNow == 1)) || (a != (mutantNow == 1))) != (mutantNow == 1)) {}",
		// The second look at an operand must not do anything.
		"if len(list) < 1 {}":  "if (((len(list) < 1) != (mutantNow == 1)) != ((mutantNow == 2) && len(list) == 1)) {}",
		"if p.g() < 1 {}":      "if p.g() < 1 {}",
		"n++":                  "func() { if (mutantNow == 1) { n-- } else { n++ } }()",
		"n += m":               "func() { if (mutantNow == 1) { n -= m } else if (mutantNow == 2) { n = m } else { n += m } }()",
		"n = n+m*2":            "n = mutant12((mutantNow == 1), n,mutant14((mutantNow == 2), m,2))",
		"n = 1<<m | n>>1":      "n = mutant18((mutantNow == 1), 1<<m , mutant21((mutantNow == 2), n,1))",
		"const c = 1 == 2":     "const c = 1 == 2",
		"var c [1 + 2]int":     "var c [1 + 2]int",
		"a = n+m == 1":         "a = ((mutant12((mutantNow == 2), n,m) == 1) != (mutantNow == 1))",
		"a = a != b && n == m": "a = (((((a != b) != (mutantNow == 2)) != (mutantNow == 1)) && (((n == m) != (mutantNow == 3)) != (mutantNow == 1))) != (mutantNow == 1))",
	} {
		s, err := parse([]byte(inside(before)))
		require.NoError(t, err, before)
		var all []change
		require.Equal(t, inside(after), string(s.switched("f.go", &all, nil)))
		require.Len(t, all, strings.Count(after, "mutantNow ==")-strings.Count(before, "&&")*2-strings.Count(before, "||")*2)
	}
	s, err := parse([]byte(inside("n = n + m\nif n == m {}")))
	require.NoError(t, err)
	require.Equal(t, inside("n = n + m\nif ((n == m) != (mutantNow == 1)) {}"), string(s.switched("f.go", new([]change), map[int]bool{4: true})))
}

func TestDifferences(t *testing.T) {
	a := []byte("package p\n\nvar x = f(1,\n\t2) + 3\n")
	require.Empty(t, differences("f", a, []byte("package p; var x = f(1, 2,\n) + 3")))
	require.Equal(t, []change{{"f", 28, token.SUB}}, differences("f", a, []byte("package p; var x = f(1, 2) - 3")))
	require.Nil(t, differences("f", a, []byte("package p; var x = f(1, 2) + 3 + 4")))
}
