package redactiontest_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/chappe-e2ee/chappe"

// without says which packages that a program can import have no samples.
var without = map[string]string{
	"testvectors":                    "the vectors are published",
	"testvectors/conformance":        "the keys are those of the vectors",
	"testvectors/conformance/vector": "the keys are those of the vectors",
	"testvectors/conformance/chappe": "the keys are those of the vectors",
}

// exportedTypes returns the exported types of all packages that a program can
// import, as "room.Type", by the file that declares them. An interface has no
// values of its own, and is left out. An alias counts as what it stands for.
func exportedTypes(t *testing.T) []string {
	t.Helper()
	root := filepath.Join("..", "..")
	require.FileExists(t, filepath.Join(root, "go.mod"))
	found := map[string]bool{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		if d.IsDir() {
			_, inner := os.Stat(filepath.Join(name, "go.mod"))
			if rel != "." && (inner == nil || d.Name() == "internal" || d.Name() == "testdata" || strings.ContainsAny(d.Name()[:1], "._")) {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		tree, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil || tree.Name.Name == "main" {
			return err
		}
		if dir := path.Dir(filepath.ToSlash(rel)); without[dir] == "" {
			declared(tree, dir, found)
		}
		return nil
	})
	require.NoError(t, err)
	return slices.Sorted(maps.Keys(found))
}

func declared(tree *ast.File, dir string, found map[string]bool) {
	imports := map[string]string{}
	for _, spec := range tree.Imports {
		name, _ := strconv.Unquote(spec.Path.Value)
		imports[path.Base(name)] = strings.TrimPrefix(name, module+"/")
	}
	for _, decl := range tree.Decls {
		g, ok := decl.(*ast.GenDecl)
		if !ok || g.Tok != token.TYPE {
			continue
		}
		for _, spec := range g.Specs {
			spec := spec.(*ast.TypeSpec)
			if _, ok := spec.Type.(*ast.InterfaceType); ok || !spec.Name.IsExported() {
				continue
			}
			if s, ok := spec.Type.(*ast.SelectorExpr); ok && spec.Assign.IsValid() {
				found[imports[fmt.Sprint(s.X)]+"."+s.Sel.Name] = true
				continue
			}
			found[dir+"."+spec.Name.Name] = true
		}
	}
}

// A new type cannot be forgotten: it has a sample, with its secrets or among
// those that are public.
func TestEveryExportedTypeHasASample(t *testing.T) {
	types := exportedTypes(t)
	require.Contains(t, types, "olm.Account")
	require.Contains(t, types, "internal/errs.MalformedError")
	require.NotContains(t, types, "crossSigning.Signer")
	sampled := map[string]bool{}
	for _, s := range samples() {
		sampled[s.name] = true
	}
	require.Equal(t, types, slices.Sorted(maps.Keys(sampled)))
}
