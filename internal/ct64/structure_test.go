package ct64_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// G01: nothing in this package branches on a symbol or on a byte, except on the
// padding and once, at the end, on whether all was well; and nothing is looked
// up at an index that depends on one. The lists are what was reviewed: a new
// condition or index must be, too.
func TestAttack_G01_NoBranchAndNoTable(t *testing.T) {
	fileSet := token.NewFileSet()
	file, err := parser.ParseFile(fileSet, "ct64.go", nil, 0)
	require.NoError(t, err)
	text := func(n ast.Node) string {
		var b bytes.Buffer
		require.NoError(t, printer.Fprint(&b, fileSet, n))
		return b.String()
	}
	var conditions, indexes []string
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.IfStmt:
			conditions = append(conditions, text(n.Cond))
		case *ast.ForStmt:
			require.NotNil(t, n.Cond)
			conditions = append(conditions, text(n.Cond))
		case *ast.SwitchStmt:
			require.NotNil(t, n.Tag)
			conditions = append(conditions, text(n.Tag))
		case *ast.BinaryExpr:
			if (n.Op == token.LAND || n.Op == token.LOR) && !slices.Contains(conditions, text(n)) {
				// A part of a condition, or a branch of its own.
				conditions = append(conditions, text(n))
			}
		case *ast.RangeStmt, *ast.SelectStmt, *ast.TypeSwitchStmt:
			t.Errorf("unexpected: %s", text(n))
		case *ast.IndexExpr:
			if _, ok := n.Index.(*ast.BasicLit); !ok {
				indexes = append(indexes, text(n))
			}
		case *ast.CompositeLit:
			t.Errorf("a table: %s", text(n))
		}
		return true
	})
	slices.Sort(conditions)
	require.Equal(t, []string{
		"bad < 0 || bad8 != 0", // the one error, at the end
		"len(src) >= 3", "len(src) >= 4", "len(src) >= 8", "len(src) >= 8",
		"n < 0 || n != len(dst)",
		"n > 0 && n%4 == 0", "n > 0 && n%4 == 0 && src[n-1] == '='", "n%4 == 1",
		"src[n-1] == '='",
	}, slices.DeleteFunc(conditions, func(s string) bool { return s == "len(src)" }))
	slices.Sort(indexes)
	require.Equal(t, []string{"src[n-1]", "src[n-1]"}, indexes)
}
