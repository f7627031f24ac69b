//go:debug cryptocustomrand=0

// Command bench measures chappe beside goolm, libolm, vodozemac and the floor,
// in one run:
//
//	go run ./bench [-rounds n] [-run regexp] [-markdown | -page file]
//
// With -page it writes the page docs/performance.md, tables and all. README.md
// beside it says what is compared.
//
// The plain build is measured, without the setting that the tests of this
// module need.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
)

// settings are what the command line decides.
type settings struct {
	rounds   int
	wanted   *regexp.Regexp
	markdown bool
	held     int // how many sessions are held for the memory they take
}

func main() {
	rounds := flag.Int("rounds", 40, "how often each operation is measured")
	run := flag.String("run", "", "measure the operations that match this regular expression only")
	markdown := flag.Bool("markdown", false, "print Markdown tables, without absolute times")
	page := flag.String("page", "", "write everything to this file, as the page docs/performance.md")
	flag.Parse()
	wanted, err := regexp.Compile(*run)
	if err != nil || flag.NArg() > 0 || *rounds < 1 || *page != "" && (*run != "" || *markdown) {
		fmt.Fprintln(os.Stderr, "usage: bench [-rounds n] [-run regexp] [-markdown | -page file]")
		os.Exit(2)
	}
	s := settings{*rounds, wanted, *markdown, 20000}
	if *page != "" {
		err = writePage(*page, s)
	} else {
		err = report(os.Stdout, s)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// report measures everything and prints it.
func report(w io.Writer, s settings) error {
	v, err := startVodozemac()
	if err != nil {
		return err
	}
	defer v.stop()
	var chosen []operation
	for _, op := range operations() {
		if s.wanted.MatchString(op.name) {
			chosen = append(chosen, op)
		}
	}
	rows, err := measure(chosen, v, s.rounds)
	if err != nil {
		return err
	}
	if err := addFloor(rows, s.rounds); err != nil {
		return err
	}
	t := printer{w, s.markdown}
	t.operations(rows)
	t.means(rows)
	jobs, err := measureJobs(s.wanted, v, s.rounds)
	if err != nil {
		return err
	}
	t.jobs(jobs)
	held, err := measureMemory(s.wanted, v, s.held)
	if err != nil {
		return err
	}
	t.memory(held)
	return nil
}
