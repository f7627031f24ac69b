package doctest

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A world is what documents can speak of.
type world struct {
	documents map[string]string   // text by file name
	tests     map[string][]string // functions that go test runs, by folder
	steps     []string            // of .ci/run
	rows      []string            // of docs/attacks.md
	exists    func(name string) bool
}

var (
	testFunc = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark|Example)\w*)\(`)
	stepFunc = regexp.MustCompile(`(?m)^step_(\w+)\(\)`)
)

func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		require.NotEqual(t, dir, filepath.Dir(dir), "no go.mod above the working directory")
		dir = filepath.Dir(dir)
	}
}

// load reads the module, and the modules below it.
func load(t *testing.T) world {
	t.Helper()
	root := moduleRoot(t)
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		require.NoError(t, err)
		return string(text)
	}
	w := world{
		documents: map[string]string{},
		tests:     map[string][]string{},
		exists: func(name string) bool {
			_, err := os.Stat(filepath.Join(root, filepath.FromSlash(name)))
			return err == nil
		},
	}
	require.NoError(t, filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		switch base := d.Name(); {
		case d.IsDir() && rel != "." && (base[0] == '.' || slices.Contains([]string{"testdata", "node_modules", "target"}, base)):
			return fs.SkipDir
		case d.IsDir():
		case path.Base(path.Dir(rel)) == "page": // parts that a program puts together: the whole is read
		case path.Ext(rel) == ".md":
			w.documents[rel] = read(rel)
		case strings.HasSuffix(rel, "_test.go"):
			for _, match := range testFunc.FindAllStringSubmatch(read(rel), -1) {
				w.tests[path.Dir(rel)] = append(w.tests[path.Dir(rel)], match[1])
			}
		}
		return nil
	}))
	for _, match := range stepFunc.FindAllStringSubmatch(read(".ci/run"), -1) {
		w.steps = append(w.steps, match[1])
	}
	var rows []struct{ ID string }
	require.NoError(t, json.Unmarshal([]byte(read("internal/attacktable/rows.json")), &rows))
	for _, r := range rows {
		w.rows = append(w.rows, r.ID)
	}
	return w
}

// TestDocuments holds the module's own documents to the rules.
func TestDocuments(t *testing.T) {
	t.Parallel()
	w := load(t)
	for _, name := range []string{"README.md", "SECURITY.md", "CONTRIBUTING.md", "docs/mechanisms.md", "interop/README.md"} {
		require.Contains(t, w.documents, name)
	}
	for _, dir := range []string{"olm", "interop/conversation", "adapters/mautrix", "internal/doctest"} {
		require.NotEmpty(t, w.tests[dir], dir)
	}
	require.Contains(t, w.steps, "race")
	require.Contains(t, w.rows, "P01")
	symbols := declarations(t)
	require.Subset(t, slices.Collect(maps.Keys(symbols)), []string{"package crosssigning", "olm.Account", "Account.Seal", "keys.SealKey"})
	for name := range w.documents {
		for _, found := range slices.Concat(w.links(name), w.names(name), w.commands(name), w.summary(name), w.symbols(name, symbols)) {
			t.Error(found)
		}
	}
}
