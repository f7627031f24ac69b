//go:debug cryptocustomrand=0

// Command bench measures chappe beside goolm, libolm, vodozemac and the floor,
// in one run:
//
//	go run ./bench [-rounds n] [-run regexp] [-markdown]
//
// README.md beside it says what is compared, and shows one run.
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
	flag.Parse()
	wanted, err := regexp.Compile(*run)
	if err != nil || flag.NArg() > 0 || *rounds < 1 {
		fmt.Fprintln(os.Stderr, "usage: bench [-rounds n] [-run regexp] [-markdown]")
		os.Exit(2)
	}
	if err := report(os.Stdout, settings{*rounds, wanted, *markdown, 20000}); err != nil {
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
