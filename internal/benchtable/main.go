// Command benchtable prints what each operation of the library costs beside its
// floor: what remains when all bookkeeping is taken away, in the same binary and
// the same second. Run it as
//
//	go run ./internal/benchtable [-rounds n] [-run regexp] [-markdown]
//
// The floor makes the same primitive calls on real wire bytes, and the checks
// that the library makes: strict keys, key match, MAC, padding, base64. It keeps
// parsed keys, locks nothing, wipes nothing, and reads and writes one layout at
// fixed places. Before anything is timed, it must give the same bytes as the
// library from the same input and the same random bytes; else the program fails.
//
// Each round runs library and floor of every operation, one right after the
// other, in batches of more than a millisecond. Ratios and differences are
// medians over rounds of what the two gave in one round; times are medians.
// Base64 in and out is part of every message operation; what stands under
// "fresh" in an operation's set-up (a session opened anew, a message made for
// it) is not timed.
//
// An operation of 20 us or more must be within 1.15 of its floor, a shorter one
// within 1.5 us, and a message in an existing chain may take six allocations.
package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
)

func main() {
	rounds := flag.Int("rounds", 100, "how often each operation is measured")
	run := flag.String("run", "", "measure the operations that match this regular expression only")
	markdown := flag.Bool("markdown", false, "print Markdown tables")
	flag.Parse()
	wanted, err := regexp.Compile(*run)
	if err != nil || flag.NArg() > 0 || *rounds < 1 {
		fmt.Fprintln(os.Stderr, "usage: benchtable [-rounds n] [-run regexp] [-markdown]")
		os.Exit(2)
	}
	var chosen []operation
	for _, op := range operations() {
		if wanted.MatchString(op.name) {
			chosen = append(chosen, op)
		}
	}
	rows, primitives, err := measure(chosen, *rounds)
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchtable:", err)
		os.Exit(1)
	}
	printTables(os.Stdout, rows, primitives, *rounds, *markdown)
}
