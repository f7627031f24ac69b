package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
)

// marks are the variables and fields of a package that hold the bytes of a
// secret. The code itself says which: what is wiped; what internal/kdf and
// internal/ct64.Decode fill, and what internal/ct64.AppendEncode reads; what a
// method named Secret…, RecoveryKey or MAC returned; and what was assigned,
// copied or passed from any of these in the same package.
type marks struct {
	pkg   *types.Package
	info  *types.Info
	held  map[types.Object]bool
	wiped map[types.Object]bool // those that the package wipes itself
}

// arguments says which argument of a function of this module is a secret.
var arguments = map[string]int{
	"internal/secret.Wipe":       0,
	"internal/ct64.Decode":       0,
	"internal/ct64.AppendEncode": 1,
	"internal/kdf.HMAC":          0,
	"internal/kdf.Step":          0,
	"internal/kdf.HKDF":          0,
}

func newMarks(pass *analysis.Pass, files []*ast.File) *marks {
	m := &marks{pkg: pass.Pkg, info: pass.TypesInfo, held: map[types.Object]bool{}, wiped: map[types.Object]bool{}}
	for {
		before := len(m.held)
		for _, f := range files {
			ast.Inspect(f, m.visit)
		}
		if len(m.held) == before {
			return m
		}
	}
}

func (m *marks) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.CallExpr:
		name := m.callee(n)
		if i, ok := arguments[name]; ok && i < len(n.Args) {
			if o := m.mark(n.Args[i]); o != nil && name == "internal/secret.Wipe" {
				m.wiped[o] = true
			}
		}
		m.handOver(n)
		if m.builtin(n) == "copy" && m.secret(n.Args[1]) {
			m.mark(n.Args[0])
		}
	case *ast.AssignStmt:
		m.assign(n.Lhs, n.Rhs)
	case *ast.ValueSpec:
		lhs := make([]ast.Expr, len(n.Names))
		for i, name := range n.Names {
			lhs[i] = name
		}
		m.assign(lhs, n.Values)
	case *ast.RangeStmt:
		if n.Value != nil && m.secret(n.X) {
			m.mark(n.Value)
		}
	}
	return true
}

// assign marks what a secret is assigned to. Of several results of one call, the
// first is the secret.
func (m *marks) assign(lhs, rhs []ast.Expr) {
	for i, r := range rhs {
		if i < len(lhs) && m.secret(r) {
			m.mark(lhs[i])
		}
	}
}

// handOver marks the parameters that get a secret.
func (m *marks) handOver(c *ast.CallExpr) {
	f := m.called(c)
	if f == nil || f.Pkg() != m.pkg {
		return
	}
	params := f.Signature().Params()
	for i, a := range c.Args {
		if p := params.At(min(i, params.Len()-1)); bytes(p.Type()) && m.secret(a) {
			m.held[p] = true
		}
	}
}

// mark marks the variable or field that x is made of, and returns it.
func (m *marks) mark(x ast.Expr) types.Object {
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident:
		if o, ok := m.info.ObjectOf(x).(*types.Var); ok && bytes(o.Type()) {
			o = o.Origin()
			m.held[o] = true
			return o
		}
	case *ast.SelectorExpr:
		return m.mark(x.Sel)
	case *ast.IndexExpr:
		return m.mark(x.X)
	case *ast.SliceExpr:
		return m.mark(x.X)
	case *ast.StarExpr:
		return m.mark(x.X)
	case *ast.UnaryExpr:
		if x.Op == token.AND {
			return m.mark(x.X)
		}
	}
	return nil
}

// secret says whether the value of x is a secret, or part of one. Arithmetic on
// secrets is not followed: gathering differences and looking at the sum once is
// how constant-time code ends.
func (m *marks) secret(x ast.Expr) bool {
	if t := m.info.TypeOf(x); t != nil && redacted(t) {
		return true
	}
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident:
		return m.held[m.info.ObjectOf(x)]
	case *ast.SelectorExpr:
		return m.held[m.info.ObjectOf(x.Sel)]
	case *ast.IndexExpr:
		return m.secret(x.X)
	case *ast.SliceExpr:
		return m.secret(x.X)
	case *ast.StarExpr:
		return m.secret(x.X)
	case *ast.UnaryExpr:
		return x.Op == token.AND && m.secret(x.X)
	case *ast.CallExpr:
		return m.secretCall(x)
	}
	return false
}

// secretCall says whether the first result of a call is a secret.
func (m *marks) secretCall(c *ast.CallExpr) bool {
	if m.info.Types[c.Fun].IsType() { // a conversion
		return len(c.Args) == 1 && m.secret(c.Args[0])
	}
	if m.builtin(c) == "append" {
		for _, a := range c.Args {
			if m.secret(a) {
				return true
			}
		}
		return false
	}
	switch name := m.callee(c); name {
	case "bytes.Clone", "slices.Clone":
		return m.secret(c.Args[0])
	default:
		result := m.info.TypeOf(c)
		if tuple, ok := result.(*types.Tuple); ok && tuple.Len() > 0 {
			result = tuple.At(0).Type()
		}
		name = name[strings.LastIndexByte(name, '.')+1:]
		named := strings.HasPrefix(name, "Secret") || name == "RecoveryKey" || strings.EqualFold(name, "MAC")
		return named && bytes(result)
	}
}

// callee returns a called function's name after the import path, which is below
// the module where it is the module's: fmt.Errorf, internal/kdf.Step, olm.Close.
func (m *marks) callee(c *ast.CallExpr) string {
	f := m.called(c)
	if f == nil || f.Pkg() == nil {
		return ""
	}
	return strings.TrimPrefix(f.Pkg().Path(), module+"/") + "." + f.Name()
}

// called returns what a call calls, or nil where only the run will tell.
func (m *marks) called(c *ast.CallExpr) *types.Func {
	fun := ast.Unparen(c.Fun)
	if x, ok := fun.(*ast.IndexExpr); ok {
		fun = x.X
	}
	var id *ast.Ident
	switch fun := fun.(type) {
	case *ast.Ident:
		id = fun
	case *ast.SelectorExpr:
		id = fun.Sel
	default:
		return nil
	}
	f, ok := m.info.Uses[id].(*types.Func)
	if !ok {
		return nil
	}
	return f.Origin()
}

func (m *marks) builtin(c *ast.CallExpr) string {
	if id, ok := ast.Unparen(c.Fun).(*ast.Ident); ok {
		if b, ok := m.info.Uses[id].(*types.Builtin); ok {
			return b.Name()
		}
	}
	return ""
}

// bytes says whether a value of type t is a byte, a text, or any number of bytes.
func bytes(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Kind() == types.Byte || u.Kind() == types.String
	case *types.Slice:
		return bytes(u.Elem())
	case *types.Array:
		return bytes(u.Elem())
	case *types.Pointer:
		return bytes(u.Elem())
	}
	return false
}

// redacted says whether t is a struct that embeds secret.Redacted.
func redacted(t types.Type) bool {
	s, ok := t.Underlying().(*types.Struct)
	if !ok {
		return false
	}
	for f := range s.Fields() {
		if named, ok := f.Type().(*types.Named); ok && f.Embedded() &&
			named.Obj().Name() == "Redacted" && named.Obj().Pkg().Path() == module+"/internal/secret" {
			return true
		}
	}
	return false
}
