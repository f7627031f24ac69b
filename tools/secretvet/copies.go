package main

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
)

// stateful is the fact that a type holds a secret by value.
type stateful struct{}

func (*stateful) AFact()         {}
func (*stateful) String() string { return "stateful" }

// copyAnalyzer returns the analyzer of copies. A value is stateful when it holds
// an array that the package wipes: ratchets, chains, ciphers, and what has one in
// it. A copy is one more place to wipe, and for a ratchet a way to use a key
// twice. The functions in allowed may copy; one of them that is not there, or
// copies nothing, is reported.
func copyAnalyzer(allowed map[string]string) *analysis.Analyzer {
	return &analysis.Analyzer{
		Name:      "statecopy",
		Doc:       "forbid copies of ratchets and other values that hold a secret",
		FactTypes: []analysis.Fact{new(stateful)},
		Run: func(pass *analysis.Pass) (any, error) {
			c := &copies{newMarks(pass, files(pass)), newExceptions(pass, allowed)}
			c.export()
			c.inspect(c.visit)
			return nil, nil
		},
	}
}

type copies struct {
	*marks
	*exceptions
}

// export tells the importing packages which types are stateful.
func (c *copies) export() {
	scope := c.pass.Pkg.Scope()
	for _, name := range scope.Names() {
		if t, ok := scope.Lookup(name).(*types.TypeName); ok && !t.IsAlias() && c.stateful(t.Type()) {
			c.pass.ExportObjectFact(t, new(stateful))
		}
	}
}

func (c *copies) stateful(t types.Type) bool {
	if n, ok := types.Unalias(t).(*types.Named); ok && n.Obj().Pkg() != nil && n.Obj().Pkg() != c.pass.Pkg {
		return c.pass.ImportObjectFact(n.Obj(), new(stateful))
	}
	if a, ok := underlying[*types.Array](t); ok {
		return c.stateful(a.Elem())
	}
	s, ok := underlying[*types.Struct](t)
	if !ok {
		return false
	}
	for f := range s.Fields() {
		_, array := underlying[*types.Array](f.Type())
		if array && c.wiped[f] || c.stateful(f.Type()) {
			return true
		}
	}
	return false
}

// copied reports x where it is a stateful value that stands somewhere already.
func (c *copies) copied(x ast.Expr) {
	switch ast.Unparen(x).(type) {
	case *ast.CompositeLit, *ast.CallExpr:
		return // made here, or by a function whose result was looked at
	}
	if t := c.info.TypeOf(x); t != nil && c.info.Types[x].IsValue() && c.stateful(t) {
		c.found(x, t)
	}
}

func (c *copies) found(at ast.Node, t types.Type) {
	c.report(at, "copy of %s, which holds a secret: use a pointer", types.TypeString(t, types.RelativeTo(c.pass.Pkg)))
}

func (c *copies) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.AssignStmt:
		for i, x := range n.Rhs {
			if id, ok := n.Lhs[min(i, len(n.Lhs)-1)].(*ast.Ident); ok && id.Name == "_" {
				continue
			}
			c.copied(x)
		}
	case *ast.ValueSpec:
		for _, x := range n.Values {
			c.copied(x)
		}
	case *ast.ReturnStmt:
		for _, x := range n.Results {
			c.copied(x)
		}
	case *ast.CompositeLit:
		for _, x := range n.Elts {
			if pair, ok := x.(*ast.KeyValueExpr); ok {
				x = pair.Value
			}
			c.copied(x)
		}
	case *ast.SendStmt:
		c.copied(n.Value)
	case *ast.RangeStmt:
		if id, ok := n.Value.(*ast.Ident); n.Value != nil && !(ok && id.Name == "_") {
			if t := c.info.TypeOf(n.Value); t != nil && c.stateful(t) {
				c.found(n.Value, t)
			}
		}
	case *ast.CallExpr:
		c.call(n)
	case *ast.FuncType:
		c.fields(n.Params)
		c.fields(n.Results)
	case *ast.FuncDecl:
		c.fields(n.Recv)
	}
	return true
}

// call looks at what a call copies: arguments, and the elements of slices.
func (c *copies) call(n *ast.CallExpr) {
	switch c.builtin(n) {
	case "":
	case "append", "copy":
		if s, ok := underlying[*types.Slice](c.info.TypeOf(n.Args[0])); ok && c.stateful(s.Elem()) {
			c.found(n, s.Elem())
		}
		return
	default:
		return // len, clear, new
	}
	for _, x := range n.Args {
		c.copied(x)
	}
}

// fields looks at parameters, results and receivers.
func (c *copies) fields(list *ast.FieldList) {
	if list == nil {
		return
	}
	for _, f := range list.List {
		if t := c.info.TypeOf(f.Type); t != nil && c.stateful(t) {
			c.found(f.Type, t)
		}
	}
}
