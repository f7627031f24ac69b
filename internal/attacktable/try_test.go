//go:build !wasm

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

func all(workers int) options {
	return options{chosen: regexp.MustCompile(""), whole: true, workers: workers}
}

// One patch for each thing that can become of it.
func TestTry(t *testing.T) {
	root := writeModule(t, fake, map[string]string{
		patchesIn + "A1-unnoticed.patch": patchOf("\treturn 2 * n", "\treturn n + n"),
		patchesIn + "A1-misplaced.patch": patchOf("\treturn 3 * n", "\treturn n"),
		patchesIn + "A1-wrong.patch":     patchOf("\treturn 2 * n", "\treturn m"),
		patchesIn + "A1-test.patch":      "--- a/fake_test.go\n+++ b/fake_test.go\n@@ -4,3 +4,3 @@\n \n func TestAttack_A1_Double(t *testing.T) {\n-\tif Double(3) != 6 {\n+\tif Double(3) != 7 {\n",
		patchesIn + "A1-panics.patch":    patchOf("\treturn 2 * n", "\tpanic(n)"),
	})
	err := table(root, all(2))
	for _, want := range []string{
		"A1-unnoticed.patch: no test notices that the defence is gone",
		"A1-misplaced.patch: does not apply: error: patch failed: fake.go",
		"A1-wrong.patch: no test ran to its failure:",
		"A1-test.patch: changes a test",
	} {
		require.ErrorContains(t, err, want)
	}
	require.NotContains(t, err.Error(), "A1-no.patch")
	require.NotContains(t, err.Error(), "A1-panics.patch")
	require.NoFileExists(t, filepath.Join(root, "docs", "attacks.md"))

	// Only what is asked for is tried.
	part := all(1)
	part.whole, part.chosen = false, regexp.MustCompile("misplaced")
	err = table(root, part)
	require.ErrorContains(t, err, "A1-misplaced.patch")
	require.NotContains(t, err.Error(), "A1-test.patch")
}

// Tests that fail anyway show nothing.
func TestTryNeedsTestsThatPass(t *testing.T) {
	root := writeModule(t, fake, map[string]string{"fake.go": "package fake\n\nfunc Double(n int) int {\n\treturn 3 * n\n}\n"})
	require.ErrorContains(t, table(root, all(1)), "A1: the tests fail without a patch")
}

func TestTable(t *testing.T) {
	root := writeModule(t, fake)
	o := all(1)
	check, fast := o, o
	check.check, fast.fast = true, true
	require.Error(t, table(root, fast), "there is no page")
	require.Error(t, table(root, check), "there is no page")
	require.NoError(t, table(root, o))
	require.NoError(t, table(root, check))
	require.NoError(t, table(root, fast))
	text, err := os.ReadFile(filepath.Join(root, "docs", "attacks.md"))
	require.NoError(t, err)
	require.Contains(t, string(text), "\n0 of the tests refuse something")

	root = writeModule(t, fake, map[string]string{showingsFile: "{}"})
	for _, o := range []options{o, check, fast} {
		require.ErrorContains(t, table(root, o), "does not use failtest.Refused")
	}
}

// Without a run, all but what a test finds is found.
func TestFast(t *testing.T) {
	fast := all(1)
	fast.fast = true
	for want, change := range map[string]map[string]string{
		"docs/attacks.md":             {},
		"A1-no.patch: does not apply": {"fake.go": "package fake\n\nfunc Double(n int) int {\n\treturn n << 1\n}\n"},
		"A1-no.patch: changes a test": {patchesIn + "A1-no.patch": "--- a/fake_test.go\n+++ b/fake_test.go\n"},
		"does not use failtest.Ref":   {showingsFile: "{}"},
		"A1 has a test, and neither":  {patchesIn + "A1-no.patch": ""},
		"A1 has a patch and no test":  {"fake_test.go": "package fake\n", rowsFile: `[{"id": "A1", "attack": "x", "answer": "y"}]`},
		"A2 has neither a test":       {rowsFile: `[{"id": "A1", "attack": "x"}, {"id": "A2", "attack": "y"}]`},
	} {
		require.ErrorContains(t, table(writeModule(t, fake, change), fast), want)
	}
	stale := writeModule(t, fake, map[string]string{"docs/attacks.md": "x"})
	require.ErrorContains(t, table(stale, fast), "stale")
}
