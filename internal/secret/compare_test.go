package secret_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// ordinary lists the comparisons whose time depends on what they find. None is
// of a MAC or of a secret: names and ids are ordered, and null is recognized.
var ordinary = []string{
	"backup/members.go: bytes.Equal",
	"crossSigning/claim.go: strings.Compare", "crossSigning/claim.go: strings.Compare",
	"internal/canonicaljson/build.go: strings.Compare",
	"internal/canonicaljson/parse.go: bytes.Compare", "internal/canonicaljson/parse.go: bytes.Compare",
}

// V24: the rooms compare bytes with crypto/subtle and crypto/hmac. What else
// compares is listed above: a new one must be looked at. (What is compared by ==
// and by switch, and whether it is a secret, tools/secretvet looks at.)
func TestAttack_V24_OrdinaryComparisons(t *testing.T) {
	root := filepath.Join("..", "..")
	require.FileExists(t, filepath.Join(root, "go.mod"))
	comparing := []string{"bytes.Equal", "bytes.EqualFold", "bytes.Compare", "strings.Compare", "slices.Equal", "slices.Compare", "reflect.DeepEqual"}
	programs := []string{"cmd", "examples", "testvectors", "testdata"}
	var found, constantTime []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			_, inner := os.Stat(filepath.Join(path, "go.mod"))
			if path != root && (inner == nil || d.Name()[0] == '.' || slices.Contains(programs, d.Name())) {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		if file.Name.Name == "main" || strings.HasSuffix(file.Name.Name, "test") {
			return nil // a program, or support of tests
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := s.X.(*ast.Ident); ok {
				at := filepath.ToSlash(name) + ": " + x.Name + "." + s.Sel.Name
				switch called := x.Name + "." + s.Sel.Name; {
				case slices.Contains(comparing, called):
					found = append(found, at)
				case called == "hmac.Equal" || called == "subtle.ConstantTimeCompare":
					constantTime = append(constantTime, at)
				}
			}
			return true
		})
		return nil
	})
	require.NoError(t, err)
	slices.Sort(found)
	require.Equal(t, ordinary, found)
	for _, name := range []string{"internal/aessha2/aessha2.go", "sas/mac.go", "secretstorage/cipher.go", "backup/envelope.go"} {
		require.Contains(t, constantTime, name+": hmac.Equal")
	}
}
