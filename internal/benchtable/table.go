package main

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
)

// printTables prints the operations and then the primitives.
func printTables(w io.Writer, rows []row, c costs, rounds int, markdown bool) {
	fmt.Fprintf(w, "%s %s/%s, %d rounds; times in us, allocations and bytes for one operation\n\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, rounds)
	table := [][]string{{
		"operation", "chappe", "floor", "ratio", "diff", "allocs", "(floor)", "bytes", "(floor)", "sum", "verdict", "made of",
	}}
	misses := 0
	for _, r := range rows {
		verdict := r.verdict()
		if verdict != "ok" {
			misses++
		}
		table = append(table, []string{
			r.name, us(r.library), us(r.floor), fmt.Sprintf("%.2f", r.ratio), fmt.Sprintf("%+.2f", r.difference*1e6),
			fmt.Sprintf("%.0f", r.allocs), fmt.Sprintf("%.0f", r.floorAllocs),
			fmt.Sprintf("%.0f", r.bytes), fmt.Sprintf("%.0f", r.floorSize), us(r.sum), verdict, madeOf(r.parts),
		})
	}
	printTable(w, table, markdown)
	fmt.Fprintf(w, "\n%d of %d operations miss. Primitives:\n\n", misses, len(rows))

	table = [][]string{{"primitive"}}
	for _, n := range sizes {
		table[0] = append(table[0], fmt.Sprintf("%d B", n))
	}
	for _, p := range append(fixedPrimitives(), sizedPrimitives(0)...) {
		cells := []string{p.name}
		for _, n := range sizes {
			if cost, ok := c[p.name][n]; ok {
				cells = append(cells, us(cost))
			} else {
				cells = append(cells, "")
			}
		}
		table = append(table, cells)
	}
	printTable(w, table, markdown)
}

func us(seconds float64) string {
	if seconds < 100e-6 {
		return fmt.Sprintf("%.2f", seconds*1e6)
	}
	return fmt.Sprintf("%.1f", seconds*1e6)
}

// madeOf lists the primitives of an operation.
func madeOf(parts []part) string {
	var list []string
	for _, p := range parts {
		text := p.primitive
		if slices.Contains(sizedNames, text) {
			text = fmt.Sprintf("%s %d B", text, p.size)
		}
		if p.count > 1 {
			text = fmt.Sprintf("%d x %s", p.count, text)
		}
		if p.count > 0 {
			list = append(list, text)
		}
	}
	return strings.Join(list, ", ")
}

var sizedNames = []string{
	cbcEncrypt, cbcDecrypt, gcmSeal, gcmOpen, hmacSum, sha512Sum, encode64, decode64, encodeCT, decodeCT,
}

func printTable(w io.Writer, table [][]string, markdown bool) {
	if markdown {
		for i, cells := range table {
			fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
			if i == 0 {
				fmt.Fprintln(w, "|"+strings.Repeat("---|", len(cells)))
			}
		}
		return
	}
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for _, cells := range table {
		fmt.Fprintln(t, strings.TrimRight(strings.Join(cells, "\t"), "\t"))
	}
	t.Flush()
}
