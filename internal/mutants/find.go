package main

import (
	"go/scanner"
	"go/token"
	"os"
	"path/filepath"
	"slices"
)

// find tells which switch, from a list of changes, is for the mutant in a folder:
// the one change between its sources and the prepared ones. It is 0 when there
// is none.
func find(prepared, mutated, list string) (int, error) {
	var all []change
	if err := readJSON(list, &all); err != nil {
		return 0, err
	}
	names, err := goFiles(prepared)
	if err != nil {
		return 0, err
	}
	var here []change
	for _, name := range names {
		a, err := os.ReadFile(name)
		if err != nil {
			return 0, err
		}
		base := filepath.Base(name)
		b, err := os.ReadFile(filepath.Join(mutated, base))
		if err != nil {
			return 0, err
		}
		if string(a) != string(b) {
			here = append(here, differences(base, a, b)...)
		}
	}
	if len(here) != 1 {
		return 0, nil
	}
	return slices.Index(all, here[0]) + 1, nil
}

// differences lists the tokens that are others in the second text, which may
// be formatted in another way. Texts of different lengths have no such list.
func differences(file string, a, b []byte) []change {
	x, y := tokens(a), tokens(b)
	if len(x) != len(y) {
		return nil
	}
	var list []change
	for i := range x {
		if x[i].Op != y[i].Op {
			list = append(list, change{file, x[i].At, y[i].Op})
		}
	}
	return list
}

// tokens lists the tokens of a text that formatting does not add or take away.
func tokens(text []byte) []change {
	var s scanner.Scanner
	f := token.NewFileSet().AddFile("", -1, len(text))
	s.Init(f, text, nil, 0)
	var list []change
	for {
		p, t, _ := s.Scan()
		switch t {
		case token.EOF:
			return list
		case token.SEMICOLON, token.COMMA:
		default:
			list = append(list, change{"", f.Offset(p), t})
		}
	}
}
