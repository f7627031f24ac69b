//go:build !wasm

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The tests of the fake module are really run.
func TestTouch(t *testing.T) {
	var out strings.Builder
	root := writeModule(t, nil)
	rows, m := loaded(t, root)
	require.NoError(t, touch(root, rows, m, &out))
	require.Contains(t, out.String(), "1 rows, 2 tests run alone, 1 pairs of a row and a function, 0 gaps, ")

	// A function that no test of the row runs, and a test that runs none.
	rows.rows[0].Code = []string{"olm.unused", "olm.twice"}
	rows.rows[0].Tests = []string{"olm.TestTwice", "olm.TestIdle"}
	err := touch(root, rows, m, &out)
	require.ErrorContains(t, err, "A1: no test of the row runs olm.unused")
	require.ErrorContains(t, err, "A1: olm.TestIdle runs no function of the row")
	require.Equal(t, 1, strings.Count(err.Error(), "\n"), "%v", err)

	// Tests that fail, that are skipped, and that are not there.
	rows.rows[0].Tests = []string{"olm.TestTwice", "olm.TestFails", "olm.TestSkipped", "olm.TestNowhere"}
	err = touch(root, rows, m, &out)
	require.ErrorContains(t, err, "olm.TestFails: exit status 1")
	require.ErrorContains(t, err, "olm.TestSkipped: did not run")
	require.ErrorContains(t, err, "olm.TestNowhere: did not run")
	require.NotContains(t, err.Error(), "olm.TestTwice")

	rows.rows[0].Tests = []string{"gone.TestTwice"}
	require.ErrorContains(t, touch(root, rows, m, &out), "go test: ")
}

func TestReadProfile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "profile")
	write := func(text string) { require.NoError(t, os.WriteFile(name, []byte(text), 0o644)) }
	write("mode: set\nexample.org/a/b.go:3.20,5.2 2 1\nexample.org/a/b.go:7.1,8.2 1 0\n")
	blocks, err := readProfile(name)
	require.NoError(t, err)
	require.Equal(t, []block{{"example.org/a/b.go", position{3, 20}, position{5, 2}}}, blocks)
	for _, bad := range []string{"x", "a.go:1.2,3.4 5", "a.go:1,3 5 6", "a.go:x.2,3.4 5 6"} {
		write("mode: set\n" + bad + "\n")
		_, err := readProfile(name)
		require.Error(t, err, bad)
	}
	_, err = readProfile(name + "x")
	require.Error(t, err)
}

// Two functions on one line are told apart.
func TestRan(t *testing.T) {
	functions := map[string][]place{"a.go": {
		{"a.one", position{3, 1}, position{3, 20}}, {"a.two", position{3, 22}, position{3, 40}}, {"a.three", position{5, 1}, position{9, 2}},
	}}
	at := func(line, column int) []block {
		return []block{{"a.go", position{line, column}, position{line, column + 1}}}
	}
	for want, blocks := range map[string][]block{"a.one": at(3, 14), "a.two": at(3, 35), "a.three": at(7, 1)} {
		require.Equal(t, map[string]bool{want: true}, ran(blocks, functions))
	}
	require.Empty(t, ran(at(4, 1), functions))
	require.Empty(t, ran([]block{{"b.go", position{3, 14}, position{3, 15}}}, functions))
}

func TestFolderOf(t *testing.T) {
	for name, folder := range map[string]string{
		"olm.Session.Decrypt": "olm", "internal/b64.Encode": "internal/b64", "testvectors/conformance.TestIDs": "testvectors/conformance",
	} {
		require.Equal(t, folder, folderOf(name))
	}
}
