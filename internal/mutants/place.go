package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
)

// place is where a mutant is, in words that edits elsewhere do not change.
type place struct{ function, expression string }

// source is a parsed file, for finding places.
type source struct {
	text  []byte
	files *token.FileSet
	tree  *ast.File
}

func parse(text []byte) (*source, error) {
	files := token.NewFileSet()
	tree, err := parser.ParseFile(files, "", text, parser.SkipObjectResolution)
	return &source{text, files, tree}, err
}

// read parses a file.
func read(name string) (*source, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return parse(text)
}

// places returns the place of each operator, by its line and column.
func (s *source) places() map[[2]int]place {
	found := make(map[[2]int]place)
	for _, d := range s.tree.Decls {
		name := declared(d)
		ast.Inspect(d, func(n ast.Node) bool {
			var at token.Pos
			switch n := n.(type) {
			case *ast.IfStmt: // the way in that prepare made stands for what it leads to
				shut, ok := n.Cond.(*ast.BinaryExpr)
				if ok && shut.Op == token.LOR && s.words(shut.Y) == "false" {
					p, text := s.files.Position(shut.OpPos), s.words(shut)
					if text == "true || false" {
						text = s.words(n.Body.List[0])
					} else if n.Init != nil {
						text = s.words(n.Init) + "; " + text
					}
					found[[2]int{p.Line, p.Column}] = place{name, text}
				}
				return true
			case *ast.BinaryExpr:
				at = n.OpPos
			case *ast.UnaryExpr:
				at = n.OpPos
			case *ast.AssignStmt:
				at = n.TokPos
			case *ast.IncDecStmt:
				at = n.TokPos
			case *ast.BranchStmt:
				at = n.TokPos
			default:
				return true
			}
			p := s.files.Position(at)
			if at := [2]int{p.Line, p.Column}; found[at] == (place{}) {
				found[at] = place{name, s.words(n)}
			}
			return true
		})
	}
	return found
}

// words returns the text of a node on one line.
func (s *source) words(n ast.Node) string {
	from, to := s.files.Position(n.Pos()).Offset, s.files.Position(n.End()).Offset
	return strings.Join(strings.Fields(string(s.text[from:to])), " ")
}

// declared names a declaration: Function, Type.Method, or what it declares first.
func declared(d ast.Decl) string {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv != nil && len(d.Recv.List) == 1 {
			t := d.Recv.List[0].Type
			if p, ok := t.(*ast.StarExpr); ok {
				t = p.X
			}
			if g, ok := t.(*ast.IndexExpr); ok {
				t = g.X
			}
			if id, ok := t.(*ast.Ident); ok {
				return id.Name + "." + d.Name.Name
			}
		}
		return d.Name.Name
	case *ast.GenDecl:
		if len(d.Specs) > 0 {
			switch spec := d.Specs[0].(type) {
			case *ast.ValueSpec:
				return d.Tok.String() + " " + spec.Names[0].Name
			case *ast.TypeSpec:
				return d.Tok.String() + " " + spec.Name.Name
			}
		}
	}
	return ""
}
