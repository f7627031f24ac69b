// Command measure looks for timing leaks in what handles secrets: base64, MAC
// comparison, padding, recovery keys. Run it as
//
//	go run ./internal/dudect/measure [-n measurements] [-run regexp]
//
// Each line is an operation on inputs of two classes, and the greatest t of the
// tests that package dudect describes. For each kind there is a control that does
// the same job and leaks: the early-exit comparison, the branch on a symbol. The
// program fails when it does not catch a control, since then it is blind; a control
// that n measurements do not catch gets up to 16 times as many. What it finds in
// the others it reports.
package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"runtime"

	"github.com/chappe-e2ee/chappe/internal/dudect"
)

func main() {
	n := flag.Int("n", 10_000, "how often each operation is measured, at least 5000")
	run := flag.String("run", "", "measure the operations that match this regular expression only")
	flag.Parse()
	wanted, err := regexp.Compile(*run)
	if err != nil || flag.NArg() > 0 || *n < 1 {
		fmt.Fprintln(os.Stderr, "usage: measure [-n measurements] [-run regexp]")
		os.Exit(2)
	}
	all, err := subjects()
	if err != nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(1)
	}
	runtime.LockOSThread()
	var rows []row
	for _, s := range all {
		if wanted.MatchString(s.name) {
			rows = append(rows, measured(s, *n, dudect.Measure))
		}
	}
	fmt.Printf("%s %s/%s; |t| below %.1f: nothing found, from %d: leak\n\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, dudect.Suspect, dudect.Leak)
	printTable(os.Stdout, rows)
	if missed := missed(rows); missed > 0 {
		fmt.Fprintf(os.Stderr, "measure: %d controls were not caught: the figures mean nothing\n", missed)
		os.Exit(1)
	}
}

// measured measures s, and a control again, twice as often, until it is caught.
func measured(s subject, n int, measure func(dudect.Operation, int) dudect.Result) row {
	r := row{s, measure(s.op, n)}
	for most := 16 * n; s.control && !r.result.Leaks() && n < most; {
		n *= 2
		r.result = measure(s.op, n)
	}
	return r
}
