package main

import (
	"go/ast"
	"go/format"
	"go/token"
	"os"
	"regexp"
)

// prepare gives gremlins, which changes operators only, an operator wherever
// something can be turned round or taken away in the sources of a folder. The
// meaning stays the same.
//
//	if !ok {            if (ok == false) || false {
//	if n > m {          if n > m || false {
//	s.index = n         if true || false { s.index = n }
//
// With && for || the check or the statement is gone.
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
		text, err := format.Source(s.prepared()) // as gremlins will write it
		if err != nil {
			return err
		}
		if err := os.WriteFile(name, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// prepared returns the source with these operators, on the lines where it was.
func (s *source) prepared() []byte {
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
	branch := func(x ast.Expr) {
		before, behind := "", " || false"
		if x, ok := x.(*ast.BinaryExpr); ok && x.Op == token.LOR {
			before, behind = "(", ") || false"
		}
		e.around(x, before, behind)
	}
	statements := func(list []ast.Stmt) {
		for _, n := range list {
			if s.removable(n) {
				e.around(n, "if true || false { ", " }")
			}
		}
	}
	ast.Inspect(s.tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BlockStmt:
			statements(n.List)
		case *ast.CaseClause:
			statements(n.Body)
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
			branch(n.Cond)
			condition(n.Cond)
		case *ast.ForStmt:
			condition(n.Cond)
		case *ast.SwitchStmt:
			for _, c := range n.Body.List {
				for _, x := range c.(*ast.CaseClause).List {
					if n.Tag == nil {
						branch(x)
						condition(x)
					}
				}
			}
		}
		return true
	})
	return e.apply(s.text)
}

// elsewhere has the calls that are no mutants without them: wiping is observed
// by internal/wipetable, locks by the race detector, and a panic ends a
// function.
var elsewhere = regexp.MustCompile(`(?i)(^|\.)(wipe\w*|r?lock|r?unlock|panic)$`)

// removable says that a statement can be taken away: it is a call, or sets what
// exists.
func (s *source) removable(n ast.Stmt) bool {
	switch n := n.(type) {
	case *ast.ExprStmt:
		call, ok := n.X.(*ast.CallExpr)
		return ok && !elsewhere.MatchString(s.words(call.Fun))
	case *ast.AssignStmt:
		return n.Tok == token.ASSIGN && s.words(n.Lhs[0]) != "_"
	}
	return false
}
