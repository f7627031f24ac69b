package main

import (
	"os"
	"path"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The page is that of the figures and reasons beside this file, and each reason
// is of a place that the code still has.
func TestDataIsCurrent(t *testing.T) {
	t.Chdir("../..")
	want, err := current()
	require.NoError(t, err)
	have, err := os.ReadFile(pageFile)
	require.NoError(t, err)
	require.Equal(t, string(want), string(have), "stale: run go run ./internal/mutants page")

	packages, err := readPackages()
	require.NoError(t, err)
	_, reviewed, err := readData()
	require.NoError(t, err)
	places := make(map[string]map[place]bool)
	for _, s := range reviewed {
		require.NotEmpty(t, s.Reason, s)
		require.Contains(t, packages, path.Dir(s.File))
		if places[s.File] == nil {
			places[s.File] = preparedPlaces(t, filepath.FromSlash(s.File))
		}
		require.True(t, places[s.File][place{s.Function, s.Expression}], "the code has changed, run .ci/mutation %s: %v", path.Dir(s.File), s)
	}
}

// preparedPlaces returns the places of a file as .ci/mutation prepares it.
func preparedPlaces(t *testing.T, name string) map[place]bool {
	t.Helper()
	s, err := read(name)
	require.NoError(t, err)
	s, err = parse(s.prepared())
	require.NoError(t, err)
	found := make(map[place]bool)
	for _, p := range s.places() {
		found[p] = true
	}
	return found
}

func TestPage(t *testing.T) {
	scores := []score{{"a", 7, 1, 2, 5}, {"b", 0, 0, 0, 0}}
	text := string(page([]string{"b", "a", "c"}, scores, []survivor{
		{"a/x.go", "f", "INVERT_LOGICAL", "a && b", 0, "Equal."}, {"a/x.go", "g", "ARITHMETIC_BASE", "1 + 2", 2, "Alike."},
	}))
	require.Contains(t, text, "\n| [b](../b) | 0 | 0 | 0 | 0 | 0 | 0.0 % |\n| [a](../a) | 10 | 7 | 1 | 2 | 3 | 80.0 % |\n| [c](../c) | no result yet | | | | | |\n| all | 10 | 7 | 1 | 2 | 3 | 80.0 % |\n")
	require.Contains(t, text, "\n[a/x.go](../a/x.go)\n\n- f: `a && b` (invert logical). Equal.\n- g: `1 + 2` (arithmetic base, 2 times). Alike.\n")
	require.Contains(t, text, "3 paquets")
	require.Contains(t, text, "2 ont un résultat")
	require.Contains(t, text, "Soit 80,0 % de mutants remarqués")
}
