package main

import (
	"go/ast"
	"go/format"
	"go/token"
	"os"
)

// prepare writes every condition in the sources of a folder as a comparison:
// !ok becomes (ok == false), and if ok becomes if (ok == true). The meaning is
// the same, and gremlins, which changes operators only, can then turn round
// a condition that has none: a check is as good as removed.
func prepare(dir string) error {
	names, err := goFiles(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		s, err := read(name)
		if err != nil {
			return err
		}
		text, err := format.Source(s.compared()) // as gremlins will write it
		if err != nil {
			return err
		}
		if err := os.WriteFile(name, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// compared returns the source with its conditions as comparisons, on the lines
// where they were.
func (s *source) compared() []byte {
	e := edits{files: s.files}
	condition := func(x ast.Expr) {
		switch x := x.(type) {
		case *ast.CallExpr, *ast.SelectorExpr, *ast.IndexExpr, *ast.TypeAssertExpr:
		case *ast.Ident:
			if x.Name == "true" || x.Name == "false" {
				return
			}
		default: // compared or negated already, or empty
			return
		}
		e.around(x, "(", " == true)")
	}
	ast.Inspect(s.tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.UnaryExpr:
			if n.Op == token.NOT {
				e.replace(n.OpPos, n.X.Pos(), "(")
				e.around(n.X, "", " == false)")
			}
		case *ast.BinaryExpr:
			if n.Op == token.LAND || n.Op == token.LOR {
				condition(n.X)
				condition(n.Y)
			}
		case *ast.IfStmt:
			condition(n.Cond)
		case *ast.ForStmt:
			condition(n.Cond)
		case *ast.SwitchStmt:
			for _, c := range n.Body.List {
				for _, x := range c.(*ast.CaseClause).List {
					if n.Tag == nil {
						condition(x)
					}
				}
			}
		}
		return true
	})
	return e.apply(s.text)
}
