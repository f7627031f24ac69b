//go:build !wasm

package main

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	rowsFile    = home + "/rows/a.json"
	clausesFile = home + "/clauses.json"
	exemptFile  = home + "/exempt.json"
)

// fake is a module with one room, whose two requirements are that a number is
// doubled, and that the program keeps it.
var fake = map[string]string{
	"go.mod": "module example.org/fake\n\ngo 1.26\n",
	"olm/olm.go": `// Package olm doubles numbers. Where they are
// kept is the program's.
package olm

// Number is a number.
type Number int

// Factor is by how much.
const Factor = 2

// Twice returns the double.
func (n Number) Twice() Number { return twice(n) }

// String returns a text.
func (n *Number) String() string { return "a number" }

func twice(n Number) Number { return Factor * n }

func unused() {
	_ = Factor
}

type hidden struct{}

// Exported is so of a type that is not.
func (hidden) Exported() {}
`,
	"olm/olm_test.go": `package olm

import "testing"

func TestTwice(t *testing.T) {
	if Number(3).Twice() != 6 {
		t.Fatal("not doubled")
	}
}

func TestIdle(t *testing.T) {}

func TestSkipped(t *testing.T) { t.Skip("not today") }

func TestFails(t *testing.T) { t.Fatal("always") }

func FuzzTwice(f *testing.F) {
	f.Add(3)
	f.Fuzz(func(t *testing.T, n int) { Number(n).Twice() })
}

func helper(t *testing.T) {}

func (hidden) TestOfAType(t *testing.T) {}
`,
	"olm/olm_windows.go":      "package olm\n\nfunc onWindows() {}\n",
	"olm/olm_windows_test.go": "package olm\n\nimport \"testing\"\n\nfunc TestOnWindows(t *testing.T) {}\n",
	"olm/testdata/x.go":       "no Go at all\n",
	"inner/go.mod":            "module example.org/inner\n",
	"inner/inner.go":          "package inner\n\nfunc Inner() {}\n",
	rowsFile: `[
		{"id": "A1", "level": "MUST", "clauses": ["one"], "says": "It is doubled.", "code": ["olm.Number.Twice", "olm.Factor"], "tests": ["olm.TestTwice", "olm.FuzzTwice"]},
		{"id": "A2", "level": "MUST", "clauses": ["one", "two"], "says": "It is kept.", "status": "caller", "why": "There is no store.",
			"told": [{"at": "olm", "words": "Where they are kept is the program's"}, {"at": "olm.Number.Twice", "words": "the double"}], "untold": "to keep it well."},
		{"id": "A3", "level": "MAY", "clauses": ["two"], "says": "It is tripled.", "status": "not done", "why": "Nobody asked."}
	]`,
	clausesFile: `[{"id": "one", "title": "One", "link": "https://example.org/#one"}, {"id": "two", "title": "Two"}]`,
	exemptFile:  `[{"pattern": ".+\\.String", "why": "for people"}]`,
}

var fakeIDs = []string{"A1", "A2", "A3"}

// writeModule makes the fake module with some files changed, and returns its
// folder.
func writeModule(t testing.TB, change map[string]string) string {
	t.Helper()
	root := t.TempDir()
	files := maps.Clone(fake)
	maps.Copy(files, change)
	for name, text := range files {
		name = filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
	}
	require.NoError(t, os.MkdirAll(filepath.Join(root, "docs"), 0o755))
	return root
}

// loaded reads a module that was written.
func loaded(t testing.TB, root string) (*rowTable, *module) {
	t.Helper()
	rows, err := readTable(root)
	require.NoError(t, err)
	m, err := load(root)
	require.NoError(t, err)
	return rows, m
}
