//go:build !wasm

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// writeModule makes a module of some files in a repository of its own, and
// returns its folder. A text that is empty removes the file.
func writeModule(t testing.TB, files ...map[string]string) string {
	t.Helper()
	root := t.TempDir()
	out, err := exec.Command("git", "init", "-q", root).CombinedOutput()
	require.NoError(t, err, string(out))
	for _, list := range files {
		for name, text := range list {
			name = filepath.Join(root, name)
			require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
			require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
			if text == "" {
				require.NoError(t, os.Remove(name))
			}
		}
	}
	return root
}

// patchOf is a patch of fake.go that puts a line in the place of another.
func patchOf(old, other string) string {
	return "--- a/fake.go\n+++ b/fake.go\n@@ -3,3 +3,3 @@\n func Double(n int) int {\n-" + old + "\n+" + other + "\n }\n"
}

const (
	rowsFile  = home + "/rows.json"
	patchesIn = home + "/patches/"
)

// fake is a module with one attack and one defence: that a number is doubled.
var fake = map[string]string{
	showingsFile: `{"..TestAttack_A1_Double": "that it doubles"}`,
	packagesFile: "# None.\n",
	"go.mod":     "module fake\n",
	"fake.go":    "package fake\n\nfunc Double(n int) int {\n\treturn 2 * n\n}\n",
	"fake_test.go": "package fake\n\nimport \"testing\"\n\nfunc TestAttack_A1_Double(t *testing.T) {\n" +
		"\tif Double(3) != 6 {\n\t\tt.Fatal(\"not doubled\")\n\t}\n}\n\nfunc (x) TestAttack_ZZ_OfAType(t *testing.T) {}\n\ntype x struct{}\n",
	rowsFile:                  `[{"id": "A1", "attack": "It is not doubled."}, {"id": "A2", "attack": "None.", "answer": "It cannot be."}]`,
	patchesIn + "A1-no.patch": patchOf("\treturn 2 * n", "\treturn n"),
	"inner/go.mod":            "module inner\n",
	"inner/inner_test.go":     "package inner\n\nfunc TestAttack_ZZ_OfAnotherModule() {}\n",
}

func TestReadRows(t *testing.T) {
	rows, err := readRows(writeModule(t, fake))
	require.NoError(t, err)
	require.Equal(t, []*row{
		{ID: "A1", Attack: "It is not doubled.", tests: []test{{".", "TestAttack_A1_Double"}}, patches: []string{"A1-no.patch"}},
		{ID: "A2", Attack: "None.", Answer: "It cannot be."},
	}, rows)
	require.NoError(t, complete(rows))
}

func TestReadRowsRefuses(t *testing.T) {
	for want, change := range map[string]map[string]string{
		`row "A1" is incomplete, or stands twice`: {rowsFile: `[{"id": "A1", "attack": "x"}, {"id": "A1", "attack": "y"}]`},
		`row "" is incomplete`:                    {rowsFile: `[{"attack": "x"}]`},
		`row "A3" is incomplete`:                  {rowsFile: `[{"id": "A3"}]`},
		"unknown field":                           {rowsFile: `[{"id": "A1", "attack": "x", "test": "y"}]`},
		"rows.json":                               {rowsFile: ``},
		"TestAttack_A9_New is of no row":          {"new_test.go": "package fake\n\nfunc TestAttack_A9_New() {}\n"},
		"A9-new.patch is of no row":               {patchesIn + "A9-new.patch": "x"},
		"A1-new.txt is of no row":                 {patchesIn + "A1-new.txt": "x"},
		"expected declaration":                    {"new_test.go": "package fake\n\nfun\n"},
	} {
		_, err := readRows(writeModule(t, fake, change))
		require.ErrorContains(t, err, want)
	}
	_, err := readRows(t.TempDir())
	require.Error(t, err)
}
