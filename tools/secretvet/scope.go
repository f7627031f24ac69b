package main

import (
	"go/ast"
	"go/types"
	"path"
	"strings"

	"golang.org/x/tools/go/analysis"
)

const module = "github.com/chappe-e2ee/chappe"

// room returns the folder of a package, and whether it is one that a program
// can get by importing the library.
func room(pkg *types.Package) (string, bool) {
	dir, ours := strings.CutPrefix(pkg.Path(), module+"/")
	top, _, _ := strings.Cut(dir, "/")
	switch {
	case !ours, pkg.Name() == "main", strings.HasSuffix(pkg.Name(), "_test"):
		return dir, false
	case top == "internal":
		return dir, !strings.HasSuffix(path.Base(dir), "test")
	}
	return dir, top != "cmd" && top != "examples" && top != "testvectors" && top != "tools"
}

// files returns the files of a room that are no tests.
func files(pass *analysis.Pass) []*ast.File {
	if _, ok := room(pass.Pkg); !ok {
		return nil
	}
	var list []*ast.File
	for _, f := range pass.Files {
		if !strings.HasSuffix(pass.Fset.File(f.Pos()).Name(), "_test.go") {
			list = append(list, f)
		}
	}
	return list
}

// function returns the name of a declared function as it stands in the tables:
// olm.(*chain).advance, olm.rootStep.
func function(pkg *types.Package, f *ast.FuncDecl) string {
	dir, _ := room(pkg)
	if f.Recv == nil || len(f.Recv.List) != 1 {
		return dir + "." + f.Name.Name
	}
	recv := types.ExprString(f.Recv.List[0].Type)
	if strings.HasPrefix(recv, "*") {
		recv = "(" + recv + ")"
	}
	return dir + "." + recv + "." + f.Name.Name
}
