// Command tracetable shows how each requirement of the specification leads to
// the code that meets it, and to the tests that run that code. Run it as
//
//	go run ./internal/tracetable [-check | -cover]
//
// A requirement is a row of rows/*.json; the ids that must be there are in
// known.go. A row names symbols and tests as folder.Name or folder.Type.Method,
// and its clauses by their ids in clauses.json. What is left to the program has
// the status "caller", and names the comments that say so, with words of theirs.
//
// The program demands that every known id has its row, that each symbol and test
// is in the module, that nothing is without code and test or an answer, and that
// each exported function of the rooms is in a row or in exempt.json. It writes
// docs/traceability.md; with -check it compares instead, and fails when the page
// is stale.
//
// With -cover, which takes minutes, it also runs each test that a row names, by
// itself. A row's functions must all be run by its tests, and each of the tests
// must run one of the functions.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	check := flag.Bool("check", false, "compare docs/traceability.md with the result instead of writing it")
	cover := flag.Bool("cover", false, "run the tests of the rows, and demand that they run the rows' functions; implies -check")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "usage: tracetable [-check | -cover]")
		os.Exit(2)
	}
	root, err := moduleRoot()
	if err == nil {
		err = table(root, *check, *cover)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "tracetable:", err)
		os.Exit(1)
	}
}

// table does the work, in the module at root.
func table(root string, check, cover bool) error {
	t, err := readTable(root)
	if err != nil {
		return err
	}
	m, err := load(root)
	if err != nil {
		return err
	}
	if err := complete(t, m, known()); err != nil {
		return err
	}
	if err := publish(root, page(t, m), check || cover); err != nil {
		return err
	}
	if cover {
		return touch(root, t, m, os.Stdout)
	}
	return nil
}

// moduleRoot returns the folder of go.mod.
func moduleRoot() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	file := strings.TrimSpace(string(out))
	if err != nil || filepath.Base(file) != "go.mod" {
		return "", fmt.Errorf("not in the module: %v", err)
	}
	return filepath.Dir(file), nil
}
