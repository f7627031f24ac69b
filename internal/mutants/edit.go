package main

import (
	"go/ast"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
)

// goFiles lists the Go files of a folder that are not tests.
func goFiles(dir string) ([]string, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	return slices.DeleteFunc(names, func(name string) bool { return strings.HasSuffix(name, "_test.go") }), err
}

// edits puts text around expressions.
type edits struct {
	files *token.FileSet
	list  []edit
}

type edit struct {
	at, end int // what is replaced: nothing where they are the same
	text    string
	closes  bool
}

func (e *edits) offset(p token.Pos) int { return e.files.Position(p).Offset }

// around puts text before and behind a node. Of two nodes that begin or end
// together, the outer one comes first.
func (e *edits) around(n ast.Node, before, behind string) {
	at, end := e.offset(n.Pos()), e.offset(n.End())
	e.list = append(e.list, edit{at, at, before, false}, edit{end, end, behind, true})
}

// replace puts text in the place of what stands between two positions.
func (e *edits) replace(from, to token.Pos, text string) {
	e.list = append(e.list, edit{e.offset(from), e.offset(to), text, false})
}

// apply returns the text with the edits.
func (e *edits) apply(text []byte) []byte {
	list := slices.Clone(e.list)
	slices.SortStableFunc(list, func(a, b edit) int {
		if a.at == b.at && a.closes != b.closes {
			return map[bool]int{true: -1, false: 1}[a.closes]
		}
		return a.at - b.at
	})
	var out []byte
	from := 0
	for i := 0; i < len(list); {
		j := i + 1
		for j < len(list) && list[j].at == list[i].at && list[j].closes && list[i].closes {
			j++
		}
		slices.Reverse(list[i:j])
		for _, next := range list[i:j] {
			out = append(out, text[from:next.at]...)
			out = append(out, next.text...)
			from = next.end
		}
		i = j
	}
	return append(out, text[from:]...)
}
