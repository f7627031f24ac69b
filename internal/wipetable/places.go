package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// place is a statement that wipes: secret.Wipe of a buffer, or a method or function
// that does so, Close among them.
type place struct {
	file   string // below the module's root
	offset int    // in the file
	line   int
	in     string // the function
	what   string
	direct bool // it calls secret.Wipe
}

func (p place) String() string { return fmt.Sprintf("%s: %s: %s", filepath.Dir(p.file), p.in, p.what) }

func (p place) at() string { return fmt.Sprintf("%s:%d", p.file, p.line) }

// find returns the places in the shipped packages, sorted.
func find(root string) (places []place, err error) {
	err = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		if d.IsDir() {
			_, inner := os.Stat(filepath.Join(name, "go.mod"))
			if rel != "." && (inner == nil || slices.Contains([]string{"cmd", "examples", "testdata"}, d.Name()) || d.Name()[0] == '.') {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		files := token.NewFileSet()
		tree, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
		if err != nil || tree.Name.Name == "main" || tree.Name.Name == "secret" {
			return err
		}
		for _, d := range tree.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
				places = append(places, inFunction(files, filepath.ToSlash(rel), fn)...)
			}
		}
		return nil
	})
	slices.SortFunc(places, func(a, b place) int { return strings.Compare(a.String()+a.at(), b.String()+b.at()) })
	return places, err
}

func inFunction(files *token.FileSet, file string, fn *ast.FuncDecl) (places []place) {
	name := fn.Name.Name
	if fn.Recv != nil {
		name = strings.TrimPrefix(text(files, fn.Recv.List[0].Type), "*") + "." + name
	}
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		var x *ast.Ident
		wipes := false
		switch f := call.Fun.(type) {
		case *ast.SelectorExpr:
			x, _ = f.X.(*ast.Ident)
			wipes = f.Sel.Name == "Wipe" || f.Sel.Name == "wipe" || f.Sel.Name == "Close"
		case *ast.Ident: // wipeKeys, wipeScalar
			wipes = strings.HasPrefix(f.Name, "wipe")
		}
		if !wipes {
			return true
		}
		places = append(places, place{
			file: file, offset: files.Position(call.Pos()).Offset, line: files.Position(call.Pos()).Line, in: name, what: text(files, call),
			direct: x != nil && x.Name == "secret",
		})
		return true
	})
	return places
}

func text(files *token.FileSet, n ast.Node) string {
	var b bytes.Buffer
	if err := printer.Fprint(&b, files, n); err != nil {
		panic(err)
	}
	return b.String()
}
