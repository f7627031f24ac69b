package mautrixolm_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// run returns the lines that a command prints.
func run(t *testing.T, name string, args ...string) []string {
	t.Helper()
	c := exec.Command(name, args...)
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := c.CombinedOutput()
	require.NoError(t, err, string(out))
	return strings.Fields(string(out))
}

// TestImports: of mautrix only the interfaces and the identifiers, so that
// mautrix's crypto package can import what imports this one, and so that no
// program gets another implementation along.
func TestImports(t *testing.T) {
	var mautrix []string
	for _, tags := range []string{"", "goolm"} {
		for _, dep := range run(t, "go", "list", "-deps", "-tags", tags, ".") {
			if strings.HasPrefix(dep, "maunium.net/") {
				mautrix = append(mautrix, dep)
			}
			require.NotEqual(t, "runtime/cgo", dep)
		}
	}
	one := []string{"maunium.net/go/mautrix/id", "maunium.net/go/mautrix/crypto/olm"}
	require.ElementsMatch(t, append(one, one...), mautrix)
}

// TestRegisterIsWhole compares the function variables that mautrix declares
// with those that Register sets.
func TestRegisterIsWhole(t *testing.T) {
	declared := map[string]bool{"Driver": true}
	dir := run(t, "go", "list", "-f", "{{.Dir}}", "maunium.net/go/mautrix/crypto/olm")[0]
	for _, file := range parse(t, dir) {
		ast.Inspect(file, func(n ast.Node) bool {
			if v, ok := n.(*ast.ValueSpec); ok {
				if _, isFunc := v.Type.(*ast.FuncType); isFunc {
					declared[v.Names[0].Name] = true
				}
			}
			return true
		})
	}
	set := map[string]bool{}
	for _, file := range parse(t, ".") {
		ast.Inspect(file, func(n ast.Node) bool {
			if a, ok := n.(*ast.AssignStmt); ok {
				if s, ok := a.Lhs[0].(*ast.SelectorExpr); ok {
					if x, ok := s.X.(*ast.Ident); ok && x.Name == "mautrix" {
						set[s.Sel.Name] = true
					}
				}
			}
			return true
		})
	}
	require.Len(t, declared, 17)
	require.Equal(t, declared, set)
}

// parse returns the files of a package, without tests.
func parse(t *testing.T, dir string) (files []*ast.File) {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	for _, name := range names {
		if !strings.HasSuffix(name, "_test.go") {
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			require.NoError(t, err)
			files = append(files, file)
		}
	}
	require.NotEmpty(t, files)
	return files
}

// TestExample builds and runs a program that changed what the README says, and
// requires that mautrix's own registration does not win.
func TestExample(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	example, err := os.ReadFile("example/main.go")
	require.NoError(t, err)
	_, block, found := strings.Cut(string(readme), "```go\n")
	require.True(t, found)
	block, _, _ = strings.Cut(block, "```")
	for line := range strings.Lines(block) {
		require.Contains(t, string(example), line)
	}
	require.Equal(t, []string{"chappe"}, run(t, "go", "run", "-tags", "goolm", "./example"))
}
