package ratchetmodel_test

import (
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The model imports the standard library only: none of the rooms, and nothing
// that they are made of.
func TestTheModelStandsAlone(t *testing.T) {
	entries, err := os.ReadDir(".")
	require.NoError(t, err)
	model := 0
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), e.Name(), nil, parser.ImportsOnly)
		require.NoError(t, err)
		if file.Name.Name != "ratchetmodel" {
			continue
		}
		model += len(file.Imports)
		for _, i := range file.Imports {
			path, err := strconv.Unquote(i.Path.Value)
			require.NoError(t, err)
			first, _, _ := strings.Cut(path, "/")
			require.NotContains(t, first, ".", "%s imports %s", e.Name(), path)
		}
	}
	require.NotZero(t, model)
}
