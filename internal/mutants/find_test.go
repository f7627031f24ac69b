//go:build !wasm

package main

import (
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// write writes files into a folder.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
}

const (
	first  = "package main\n\nfunc f(n int) bool { return n < 1 && n != 2 }\n"
	second = "package main\n\nimport \"os\"\n\nfunc main() {\n\ts, n := \"x\"+\"y\", 1\n\tn++\n\tif s != \"xy\" || f(n*3) {\n\t\tos.Exit(n)\n\t}\n\tos.Exit(7)\n}\n"
)

// A program with switches does what its source does, and with a switch on what
// the mutant does. The sum of strings has none: it does not compile.
func TestSwitches(t *testing.T) {
	dir, out := t.TempDir(), t.TempDir()
	list, program := filepath.Join(out, "list"), filepath.Join(out, "program.exe")
	write(t, dir, map[string]string{"go.mod": "module m\n\ngo 1.26\n", "a.go": first, "b.go": second})
	require.NoError(t, addSwitches(dir, list))
	cmd := exec.Command("go", "build", "-o", program, ".")
	cmd.Dir = dir
	text, err := cmd.CombinedOutput()
	require.NoError(t, err, string(text))
	var all []change
	require.NoError(t, readJSON(list, &all))
	require.Equal(t, []change{
		{"a.go", 48, token.LOR}, {"a.go", 44, token.GEQ}, {"a.go", 44, token.LEQ}, {"a.go", 53, token.EQL},
		{"b.go", 63, token.DEC}, {"b.go", 80, token.LAND}, {"b.go", 72, token.EQL}, {"b.go", 86, token.QUO},
	}, all)
	exits := []int{7, 2, 2, 7, 7, 0, 7, 2, 2}
	for n, want := range exits {
		run := exec.Command(program)
		run.Env = append(os.Environ(), "MUTANT="+strconv.Itoa(n))
		_ = run.Run()
		require.Equal(t, want, run.ProcessState.ExitCode(), "%d: %v", n, all)
	}
}

// Each mutant is found again from its source, however that is formatted. What
// has no switch is not.
func TestFind(t *testing.T) {
	prepared, mutated := t.TempDir(), t.TempDir()
	list := filepath.Join(t.TempDir(), "list")
	require.NoError(t, writeJSON(list, []change{{"a.go", 48, token.LOR}, {"a.go", 44, token.LEQ}, {"b.go", 63, token.DEC}}))
	files := map[string]string{"a.go": first, "b.go": second, "b_test.go": "no source"}
	write(t, prepared, files)
	for _, c := range []struct {
		want      int
		file, old string
		by        string
	}{
		{0, "a.go", "", ""}, {1, "a.go", "&&", "||"}, {2, "a.go", "{ return n < 1", "{\n\treturn n <= 1"}, {3, "b.go", "n++", "n--"},
		{0, "a.go", "<", ">"}, {0, "a.go", "n < 1 && n", "n <= 1 || n"}, {0, "b.go", "n++", "n += 1"},
	} {
		write(t, mutated, files)
		write(t, mutated, map[string]string{c.file: strings.Replace(files[c.file], c.old, c.by, 1)})
		got, err := find(prepared, mutated, list)
		require.NoError(t, err)
		require.Equal(t, c.want, got, "%s for %s", c.by, c.old)
	}
	write(t, mutated, map[string]string{"a.go": strings.Replace(first, "&&", "||", 1), "b.go": strings.Replace(second, "n++", "n--", 1)})
	got, err := find(prepared, mutated, list)
	require.NoError(t, err)
	require.Zero(t, got, "two changes")
}

// Sources that do not compile have no switches.
func TestSwitchesFail(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"go.mod": "module m\n\ngo 1.26\n", "a.go": "package main\n\nfunc f() bool { return g == 1 }\n"})
	require.ErrorContains(t, addSwitches(dir, filepath.Join(dir, "list")), "undefined: g")
}
