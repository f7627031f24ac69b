package main

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/tools/go/analysis"
)

var importAnalyzer = &analysis.Analyzer{
	Name: "secretimport",
	Doc:  "forbid imports that are no good for secrets",
	Run:  runImports,
}

func runImports(pass *analysis.Pass) (any, error) {
	dir, _ := room(pass.Pkg)
	for _, f := range files(pass) {
		for _, spec := range f.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return nil, fmt.Errorf("import %s: %w", spec.Path.Value, err)
			}
			if rule, ok := imports[name]; ok && rule.except[dir] == "" {
				pass.Reportf(spec.Pos(), "import of %s: %s", name, rule.why)
			}
		}
		for _, group := range f.Comments {
			for _, c := range group.List {
				if strings.HasPrefix(c.Text, "//go:linkname ") {
					pass.Reportf(c.Pos(), "go:linkname: %s", imports["unsafe"].why)
				}
			}
		}
	}
	return nil, nil
}
