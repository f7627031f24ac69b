// Command attacktable shows that every known attack has a test that would
// notice the loss of its defence. Run it as
//
//	go run ./internal/attacktable [-check | -fast] [-run regexp] [-workers n]
//
// An attack is a row of rows.json. Its tests are the functions in the module
// whose names begin with TestAttack_, the row's id and an underscore. Its
// patches are the files patches/ID-what.patch: each takes one defence away. The
// program copies the module's files, applies one patch after the other to the
// copy, runs the row's tests, and demands that one of them fails. A test that
// does not compile, or that fails without the patch, does not count.
//
// A test that refuses something does so by way of internal/failtest, which holds
// each refusal to the same four things. What any other shows instead stands in
// showings.json.
//
// It writes the result to docs/attacks.md; with -check it compares instead,
// and fails when the page is stale. A row without a test needs an answer: why it
// does not apply, or that it is an accepted risk. -run chooses patches by file
// name, and writes nothing.
//
// With -fast it runs no test and takes seconds: it demands that rows, tests,
// patches and showings fit each other, that every patch applies, and that the
// page is up to date.
package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
)

func main() {
	check := flag.Bool("check", false, "compare docs/attacks.md with the result instead of writing it")
	fast := flag.Bool("fast", false, "run no test: demand that rows, tests, patches and docs/attacks.md fit each other")
	run := flag.String("run", "", "apply the patches that match this regular expression only, and write nothing")
	workers := flag.Int("workers", 2, "patches that are tried at the same time")
	flag.Parse()
	chosen, err := regexp.Compile(*run)
	if err != nil || flag.NArg() > 0 || *workers < 1 || *fast && (*check || *run != "") {
		fmt.Fprintln(os.Stderr, "usage: attacktable [-check | -fast] [-run regexp] [-workers n]")
		os.Exit(2)
	}
	root, err := moduleRoot()
	if err == nil {
		err = table(root, options{chosen, *run == "", *check, *fast, *workers})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "attacktable:", err)
		os.Exit(1)
	}
}

// options are the arguments. whole says that all patches are wanted, so that the
// page can be made.
type options struct {
	chosen             *regexp.Regexp
	whole, check, fast bool
	workers            int
}

// table does the work, in the module at root.
func table(root string, o options) error {
	rows, err := readRows(root)
	if err != nil {
		return err
	}
	if !o.whole {
		return try(root, rows, o.chosen, o.workers)
	}
	if err := complete(rows); err != nil {
		return err
	}
	refusing, err := held(root, rows)
	if err != nil {
		return err
	}
	if o.fast {
		err = apply(root, rows)
	} else {
		err = try(root, rows, o.chosen, o.workers)
	}
	if err != nil {
		return err
	}
	return publish(root, page(rows, refusing), o.check || o.fast)
}
