// Command mutants judges a mutation test: which small changes of the code no
// test noticed, and whether each of them has a written reason. The script
// .ci/mutation drives it around the tool that makes the changes and runs the
// tests, gremlins:
//
//	mutants prepare DIR           rewrite the conditions in DIR's sources
//	mutants switch DIR LIST       build switches for mutants into DIR's sources
//	mutants find PREPARED DIR LIST  the switch of the mutant in DIR
//	mutants again RESULT          the places to try again, as a coverage profile
//	mutants merge RESULT AGAIN    put what a second try found into RESULT
//	mutants judge TREE RESULT     judge a package's result, and keep its score
//	mutants page                  write docs/mutation.md
//
// A survivor is named by its file, function, operator and expression, so that
// edits elsewhere do not move it. survivors.json has the reviewed ones, each
// with its reason; judge fails on a survivor that is not there, and on an entry
// that no survivor fits any more. scores.json keeps the figures.
package main

import (
	"errors"
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

const usage = "usage: mutants prepare DIR | switch DIR LIST | find PREPARED DIR LIST | again RESULT | merge RESULT AGAIN | judge TREE RESULT | page"

func run(args []string) error {
	command := ""
	if len(args) > 0 {
		command = args[0]
	}
	switch {
	case command == "prepare" && len(args) == 2:
		return prepare(args[1])
	case command == "switch" && len(args) == 3:
		return addSwitches(args[1], args[2])
	case command == "find" && len(args) == 4:
		number, err := find(args[1], args[2], args[3])
		fmt.Println(number)
		return err
	case command == "again" && len(args) == 2:
		return again(os.Stdout, args[1])
	case command == "merge" && len(args) == 3:
		return merge(args[1], args[2])
	case command == "judge" && len(args) == 3:
		return judge(args[1], args[2])
	case command == "page" && len(args) == 1:
		return publish()
	}
	return errors.New(usage)
}
