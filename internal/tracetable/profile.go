package main

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
)

// block is a piece of code that a test has run.
type block struct {
	file     string // as the profile names it: import path and file
	from, to position
}

// readProfile returns the blocks of a coverage profile that were run.
func readProfile(name string) ([]block, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var blocks []block
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "mode:") {
			continue
		}
		var b block
		var statements, count int
		colon := strings.LastIndex(line, ":")
		if colon < 0 {
			return nil, fmt.Errorf("%s: %q is no line of a profile", name, line)
		}
		b.file = line[:colon]
		_, err := fmt.Sscanf(line[colon+1:], "%d.%d,%d.%d %d %d",
			&b.from.line, &b.from.column, &b.to.line, &b.to.column, &statements, &count)
		if err != nil {
			return nil, fmt.Errorf("%s: %q: %w", name, line, err)
		}
		if count > 0 {
			blocks = append(blocks, b)
		}
	}
	return blocks, nil
}

// place is where a function stands.
type place struct {
	name     string
	from, to position
}

// places returns the functions of each file, as a profile names it, in order.
func places(m *module, modulePath string) map[string][]place {
	list := make(map[string][]place)
	for name, s := range m.symbols {
		if s.function {
			file := modulePath + "/" + s.file
			list[file] = append(list[file], place{name, s.from, s.to})
		}
	}
	for _, l := range list {
		slices.SortFunc(l, func(a, b place) int { return cmp.Compare(a.from.line, b.from.line) })
	}
	return list
}

// ran returns the names of the functions that the blocks are in.
func ran(blocks []block, functions map[string][]place) map[string]bool {
	names := make(map[string]bool)
	for _, b := range blocks {
		for _, f := range functions[b.file] {
			if !b.from.before(f.from) && b.from.before(f.to) {
				names[f.name] = true
			}
		}
	}
	return names
}
