package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const start = `# Known attacks

<!-- Made by go run ./internal/attacktable. Do not edit. -->

Each row is a known attack on an implementation of Matrix end-to-end encryption, or a class of faults that such
implementations had. A patch takes one defence away; the program that makes this page applied every patch to a copy of
the module and saw a test of its row fail. Where a row has no test, it says why.

The ids are names, and have gaps: P for primitives and formats, V for verification, identities and backups, G for what
concerns every package, C for what a program meets between these.

`

// page returns the text of docs/attacks.md.
func page(rows []*row) []byte {
	var b bytes.Buffer
	tests, patches := 0, 0
	for _, r := range rows {
		tests += len(r.tests)
		patches += len(r.patches)
	}
	b.WriteString(start)
	fmt.Fprintf(&b, "%d rows, %d tests, %d patches. The tests are named `%sROW_…`. The patches of one row are tried with\n"+
		"`go run ./%s -run '^P14'`.\n\n", len(rows), tests, patches, testStart, home)
	b.WriteString("| Row | Attack | Tests | Patches, or the answer |\n|---|---|---|---|\n")
	for _, r := range rows {
		var list []string
		for _, p := range r.patches {
			list = append(list, fmt.Sprintf("[%s](../%s/patches/%s)", what(p), home, p))
		}
		last := strings.Join(list, "; ")
		if last != "" && r.Answer != "" {
			last += ". "
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.ID, r.Attack, places(r.tests), last+r.Answer)
	}
	return b.Bytes()
}

// places says in which folders the tests are, and how many.
func places(tests []test) string {
	count := make(map[string]int)
	var dirs []string
	for _, t := range tests {
		if count[t.dir]++; count[t.dir] == 1 {
			dirs = append(dirs, t.dir)
		}
	}
	slices.Sort(dirs)
	var list []string
	for _, dir := range dirs {
		list = append(list, fmt.Sprintf("[%s](../%s) %d", dir, dir, count[dir]))
	}
	return strings.Join(list, ", ")
}

// what returns what a patch takes away, in the words of its name.
func what(patch string) string {
	_, words, _ := strings.Cut(strings.TrimSuffix(patch, ".patch"), "-")
	return strings.ReplaceAll(words, "-", " ")
}

// publish writes the page, or compares it with the one that is there.
func publish(root string, text []byte, check bool) error {
	name := filepath.Join(root, "docs", "attacks.md")
	if !check {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		return os.WriteFile(name, text, 0o644)
	}
	have, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if !bytes.Equal(have, text) {
		return fmt.Errorf("docs/attacks.md is stale: run go run ./internal/attacktable")
	}
	return nil
}
