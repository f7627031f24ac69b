package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/chappe-e2ee/chappe/internal/dudect"
)

// A row is a subject with its measurements.
type row struct {
	subject
	result dudect.Result
}

func (r row) verdict() string {
	switch {
	case r.control && r.result.Leaks():
		return "caught"
	case r.control:
		return "NOT CAUGHT"
	case r.result.Leaks():
		return "LEAK"
	case r.result.Suspect():
		return "suspect"
	}
	return "nothing found"
}

// missed returns how many controls were not caught.
func missed(rows []row) (n int) {
	for _, r := range rows {
		if r.control && !r.result.Leaks() {
			n++
		}
	}
	return n
}

func printTable(out io.Writer, rows []row) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "operation\tclasses\tn\tmax t\tdifference\tverdict")
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%s\t%d\t%+.1f\t%+.1f ns\t%s\n",
			r.name, r.classes, r.result.N, r.result.T, r.result.Difference, r.verdict())
	}
	w.Flush()
}
