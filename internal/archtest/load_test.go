package archtest

import (
	"fmt"
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A pkg is one directory of the module.
type pkg struct {
	dir   string // below the module's root, with slashes
	main  bool   // its package clause, outside tests, says main
	files []file
}

// A file is one source file, under any build constraint.
type file struct {
	name    string
	test    bool
	foreign bool // assembly, C, or an object file
	imports []string
	inits   int
	aes     bool // it holds a table of AES
}

// foreign lists the extensions that the go command compiles or links beside Go.
var foreign = []string{
	".c", ".cc", ".cpp", ".cxx", ".f", ".F", ".f90", ".for", ".h", ".hh", ".hpp", ".hxx",
	".m", ".s", ".S", ".sx", ".swig", ".swigcxx", ".syso",
}

// moduleRoot returns the directory that holds go.mod.
func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the working directory")
		}
		dir = filepath.Dir(dir)
	}
}

// load reads the packages of the module at root, sorted by directory. It reads
// the files itself, so that a file for another system counts as well, and so
// that the go command never takes an old result of this test from its cache.
func load(root string) ([]pkg, error) {
	found := map[string]*pkg{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			return enter(root, rel)
		}
		ext, base := path.Ext(rel), path.Base(rel)
		if ext != ".go" && !slices.Contains(foreign, ext) || strings.HasPrefix(base, "_") || strings.HasPrefix(base, ".") {
			return nil
		}
		p := found[path.Dir(rel)]
		if p == nil {
			p = &pkg{dir: path.Dir(rel)}
		}
		if ext != ".go" {
			p.files = append(p.files, file{name: base, foreign: true})
		} else if err := p.parse(name); err != nil {
			return err
		}
		if len(p.files) > 0 {
			found[p.dir] = p
		}
		return nil
	})
	var pkgs []pkg
	for _, p := range found {
		pkgs = append(pkgs, *p)
	}
	slices.SortFunc(pkgs, func(a, b pkg) int { return strings.Compare(a.dir, b.dir) })
	return pkgs, err
}

// enter refuses the directories that the go command does not look into either.
func enter(root, rel string) error {
	base := path.Base(rel)
	if rel == "." {
		return nil
	}
	if base == "testdata" || base == "vendor" || strings.HasPrefix(base, "_") || strings.HasPrefix(base, ".") {
		return fs.SkipDir
	}
	if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(rel), "go.mod")); err == nil {
		return fs.SkipDir // a module of its own
	}
	return nil
}

func (p *pkg) parse(name string) error {
	src, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	tree, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	f := file{name: filepath.Base(name), test: strings.HasSuffix(name, "_test.go")}
	if tree.Name.Name == "main" && !f.test {
		if ignored(tree) {
			return nil // a generator, built by name only
		}
		p.main = true
	}
	for _, spec := range tree.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		f.imports = append(f.imports, imported)
	}
	for _, decl := range tree.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
			f.inits++
		}
	}
	f.aes = holdsAESTable(tree)
	p.files = append(p.files, f)
	return nil
}

// ignored reports whether the file says "//go:build ignore" and nothing more.
func ignored(tree *ast.File) bool {
	for _, group := range tree.Comments {
		for _, c := range group.List {
			if c.Pos() < tree.Package && constraint.IsGoBuild(c.Text) {
				x, err := constraint.Parse(c.Text)
				return err == nil && x.String() == "ignore"
			}
		}
	}
	return false
}

// aesTables are the first entries of the S-box, of its inverse, and of the
// tables that fast software AES makes of them.
var aesTables = [][]uint64{
	{0x63, 0x7c, 0x77, 0x7b}, {0x52, 0x09, 0x6a, 0xd5},
	{0xc66363a5, 0xf87c7c84}, {0x51f4a750, 0x7e416553},
}

func holdsAESTable(tree *ast.File) bool {
	found := false
	ast.Inspect(tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CompositeLit:
			found = found || startsAES(numbers(n))
		case *ast.BasicLit:
			if s, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING {
				var list []uint64
				for _, b := range []byte(s) {
					list = append(list, uint64(b))
				}
				found = found || startsAES(list)
			}
		}
		return !found
	})
	return found
}

func startsAES(list []uint64) bool {
	return slices.ContainsFunc(aesTables, func(table []uint64) bool {
		return len(list) >= len(table) && slices.Equal(list[:len(table)], table)
	})
}

// numbers returns the integers that a composite literal starts with.
func numbers(lit *ast.CompositeLit) []uint64 {
	var list []uint64
	for _, e := range lit.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			e = kv.Value
		}
		basic, ok := e.(*ast.BasicLit)
		if !ok {
			break
		}
		n, err := strconv.ParseUint(basic.Value, 0, 64)
		if err != nil {
			break
		}
		list = append(list, n)
	}
	return list
}
