package main

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"
)

// compareAnalyzer returns the analyzer of comparisons. The functions in allowed
// may compare; one of them that is not there, or compares nothing, is reported.
func compareAnalyzer(allowed map[string]string) *analysis.Analyzer {
	return &analysis.Analyzer{
		Name: "secretcompare",
		Doc:  "forbid comparisons of secrets that take a time which depends on them",
		Run: func(pass *analysis.Pass) (any, error) {
			c := &comparisons{newMarks(pass, files(pass)), newExceptions(pass, allowed)}
			c.inspect(c.visit)
			return nil, nil
		},
	}
}

type comparisons struct {
	*marks
	*exceptions
}

func (c *comparisons) found(x ast.Expr, how string) {
	c.report(x, "%s of a secret, %s, takes a time that depends on it: use crypto/subtle", how, types.ExprString(x))
}

func (c *comparisons) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.BinaryExpr:
		if x := c.compared(n); x != nil {
			c.found(x, "comparison by "+n.Op.String())
		} else if c.zeros(n.X) || c.zeros(n.Y) {
			c.report(n, "comparison of bytes with zeros takes a time that depends on them: use secret.IsZero")
		}
	case *ast.SwitchStmt:
		if n.Tag != nil && c.secret(n.Tag) {
			c.found(n.Tag, "switch")
		}
	case *ast.IndexExpr:
		if _, ok := underlying[*types.Map](c.info.TypeOf(n.X)); ok && c.secret(n.Index) {
			c.found(n.Index, "use as the key of a map")
		}
	case *ast.MapType:
		if t := c.info.TypeOf(n.Key); t != nil && redacted(t) {
			c.found(n.Key, "use as the key of a map")
		}
	case *ast.CallExpr:
		if name := c.callee(n); comparing[name] {
			for _, a := range n.Args {
				if c.secret(a) {
					c.found(a, "comparison by "+name)
				}
			}
		}
	}
	return true
}

// comparing lists the functions that compare or search.
var comparing = map[string]bool{
	"reflect.DeepEqual": true, "cmp.Compare": true, "cmp.Less": true, "maps.Equal": true,
	"slices.Equal": true, "slices.Compare": true, "slices.Contains": true, "slices.Index": true,
	"bytes.Equal": true, "bytes.EqualFold": true, "bytes.Compare": true, "bytes.Contains": true, "bytes.Index": true,
	"bytes.IndexByte": true, "bytes.HasPrefix": true, "bytes.HasSuffix": true, "bytes.Count": true,
	"strings.EqualFold": true, "strings.Compare": true, "strings.Contains": true, "strings.Index": true,
	"strings.IndexByte": true, "strings.HasPrefix": true, "strings.HasSuffix": true, "strings.Count": true,
}

// compared returns the operand of a comparison that is a secret. Comparing a
// pointer or a slice with nil says nothing about what is behind it.
func (m *marks) compared(n *ast.BinaryExpr) ast.Expr {
	switch n.Op {
	case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
	default:
		return nil
	}
	for _, x := range []ast.Expr{n.X, n.Y} {
		t := m.info.TypeOf(x)
		_, pointer := underlying[*types.Pointer](t)
		_, slice := underlying[*types.Slice](t)
		if !pointer && !slice && (m.secret(x) || m.holds(t)) {
			return x
		}
	}
	return nil
}

// zeros says whether x is a literal array of zeros: what is compared with one is
// a key as a rule, whatever the code says about it.
func (m *marks) zeros(x ast.Expr) bool {
	lit, ok := ast.Unparen(x).(*ast.CompositeLit)
	if !ok || len(lit.Elts) > 0 {
		return false
	}
	a, ok := underlying[*types.Array](m.info.TypeOf(x))
	return ok && bytes(a)
}

// holds says whether a value of type t has an array in it that the package wipes.
func (m *marks) holds(t types.Type) bool {
	if a, ok := underlying[*types.Array](t); ok {
		return m.holds(a.Elem())
	}
	s, ok := underlying[*types.Struct](t)
	if !ok {
		return false
	}
	for f := range s.Fields() {
		_, array := underlying[*types.Array](f.Type())
		if array && m.wiped[f] || m.holds(f.Type()) {
			return true
		}
	}
	return false
}

func underlying[T types.Type](t types.Type) (T, bool) {
	if t == nil {
		var none T
		return none, false
	}
	u, ok := t.Underlying().(T)
	return u, ok
}
