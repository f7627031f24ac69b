package main

import (
	"go/ast"
	"strings"

	"golang.org/x/tools/go/analysis"
)

// exceptions reports what an analyzer finds outside of the functions that are
// allowed it.
type exceptions struct {
	pass    *analysis.Pass
	allowed map[string]string // by function, with the reason
	inside  string            // the function that is inspected
	used    map[string]bool
}

func newExceptions(pass *analysis.Pass, allowed map[string]string) *exceptions {
	return &exceptions{pass: pass, allowed: allowed, used: map[string]bool{}}
}

// inspect visits all files, and reports the exceptions of this package that were
// not needed.
func (e *exceptions) inspect(visit func(ast.Node) bool) {
	list := files(e.pass)
	for _, f := range list {
		for _, d := range f.Decls {
			e.inside = ""
			if f, ok := d.(*ast.FuncDecl); ok {
				e.inside = function(e.pass.Pkg, f)
			}
			ast.Inspect(d, visit)
		}
	}
	dir, _ := room(e.pass.Pkg)
	for name := range e.allowed {
		if _, ok := strings.CutPrefix(name, dir+"."); ok && len(list) > 0 && !e.used[name] {
			e.pass.Reportf(list[0].Name.Pos(), "the exception for %s is not needed: take it out of the table", name)
		}
	}
}

func (e *exceptions) report(at ast.Node, format string, args ...any) {
	if e.allowed[e.inside] != "" {
		e.used[e.inside] = true
		return
	}
	where := ""
	if e.inside != "" {
		where = "in " + e.inside + ": "
	}
	e.pass.Reportf(at.Pos(), where+format, args...)
}
