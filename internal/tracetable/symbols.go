package main

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// symbol is a declaration of the module.
type symbol struct {
	file     string // from the root, with slashes
	doc      string
	function bool
	exported bool // with its receiver
	from, to position
}

// position is a place in a file.
type position struct{ line, column int }

func (p position) before(q position) bool {
	return p.line < q.line || p.line == q.line && p.column < q.column
}

// module is what the Go files of a module declare, as folder.Name or
// folder.Type.Method.
type module struct {
	symbols  map[string]symbol
	tests    map[string]string // the file of a test
	comments map[string]string // the package comment of a folder
	docFiles map[string]string // the file that it is in
}

// load reads the Go files of the module at root that are built on Linux.
func load(root string) (*module, error) {
	m := &module{make(map[string]symbol), make(map[string]string), make(map[string]string), make(map[string]string)}
	system := build.Default
	system.GOOS, system.GOARCH = "linux", "amd64"
	err := filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			if name != root && isApart(name) {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(name) != ".go" {
			return nil
		}
		if built, err := system.MatchFile(filepath.Split(name)); err != nil || !built {
			return err
		}
		from, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		return m.add(name, filepath.ToSlash(from))
	})
	return m, err
}

// isApart says whether a folder is no part of the module's packages.
func isApart(dir string) bool {
	base := filepath.Base(dir)
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil || base == "testdata" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_")
}

// add reads one file.
func (m *module) add(name, file string) error {
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, name, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	folder := path.Dir(file)
	if strings.HasSuffix(file, "_test.go") {
		for _, d := range tree.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && isTest(f) {
				m.tests[folder+"."+f.Name.Name] = file
			}
		}
		return nil
	}
	if tree.Doc != nil {
		m.comments[folder] += tree.Doc.Text()
		m.docFiles[folder] = file
	}
	for _, d := range tree.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			name, exported := d.Name.Name, d.Name.IsExported()
			if d.Recv != nil {
				receiver := receiverName(d.Recv.List[0].Type)
				name, exported = receiver+"."+name, exported && ast.IsExported(receiver)
			}
			from, to := set.Position(d.Pos()), set.Position(d.End())
			s := symbol{file, d.Doc.Text(), true, exported, position{from.Line, from.Column}, position{to.Line, to.Column}}
			if err := m.put(folder+"."+name, s); err != nil {
				return err
			}
		case *ast.GenDecl:
			if err := m.addGeneral(folder, file, d); err != nil {
				return err
			}
		}
	}
	return nil
}

// addGeneral reads constants, variables and types.
func (m *module) addGeneral(folder, file string, d *ast.GenDecl) error {
	for _, spec := range d.Specs {
		s := symbol{file: file, doc: d.Doc.Text()}
		var names []*ast.Ident
		switch spec := spec.(type) {
		case *ast.ValueSpec:
			names = spec.Names
			s.doc += spec.Doc.Text() + spec.Comment.Text()
		case *ast.TypeSpec:
			names = []*ast.Ident{spec.Name}
			s.doc += spec.Doc.Text()
		}
		for _, name := range names {
			if err := m.put(folder+"."+name.Name, s); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *module) put(name string, s symbol) error {
	if base := name[strings.LastIndex(name, ".")+1:]; base == "_" || base == "init" {
		return nil
	}
	if other, twice := m.symbols[name]; twice {
		return fmt.Errorf("%s is in %s and in %s", name, other.file, s.file)
	}
	m.symbols[name] = s
	return nil
}

func receiverName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiverName(e.X)
	case *ast.IndexExpr:
		return receiverName(e.X)
	case *ast.IndexListExpr:
		return receiverName(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

// isTest says whether go test runs a function by its name: a test, or a fuzz
// target with its seeds.
func isTest(f *ast.FuncDecl) bool {
	if f.Recv != nil || len(f.Type.Params.List) != 1 {
		return false
	}
	star, _ := f.Type.Params.List[0].Type.(*ast.StarExpr)
	if star == nil {
		return false
	}
	kind, _ := star.X.(*ast.SelectorExpr)
	return kind != nil && (kind.Sel.Name == "T" && strings.HasPrefix(f.Name.Name, "Test") || kind.Sel.Name == "F" && strings.HasPrefix(f.Name.Name, "Fuzz"))
}
