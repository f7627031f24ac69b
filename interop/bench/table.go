package main

import (
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"
)

// others are the columns beside chappe.
var others = []string{"goolm", "libolm", "vodozemac", "floor"}

// printer prints tables: ratios, and beside them absolute times unless they are
// for a text that stays.
type printer struct {
	w        io.Writer
	markdown bool
}

func (p printer) table(title string, cells [][]string) {
	if len(cells) < 2 {
		return
	}
	fmt.Fprintf(p.w, "%s\n\n", title)
	if p.markdown {
		for i, line := range cells {
			fmt.Fprintf(p.w, "| %s |\n", strings.Join(line, " | "))
			if i == 0 {
				fmt.Fprintln(p.w, "|"+strings.Repeat("---|", len(line)))
			}
		}
	} else {
		t := tabwriter.NewWriter(p.w, 0, 8, 2, ' ', 0)
		for _, line := range cells {
			fmt.Fprintln(t, strings.Join(line, "\t"))
		}
		t.Flush()
	}
	fmt.Fprintln(p.w)
}

// ratioOf is empty where there is none.
func ratioOf(m map[string]result, name string) string {
	if r, ok := m[name]; ok {
		return fmt.Sprintf("%.2f", r.ratio)
	}
	return ""
}

// perRun gives a number for each Go implementation.
func perRun(m map[string]result, f func(result) float64) string {
	var list []string
	for _, name := range []string{"chappe", "goolm", "libolm"} {
		if r, ok := m[name]; ok {
			list = append(list, fmt.Sprintf("%.0f", f(r)))
		}
	}
	return strings.Join(list, "/")
}

func (p printer) operations(rows []row) {
	head := append([]string{"operation", "class"}, others...)
	head = append(head, "allocations", "bytes")
	if !p.markdown {
		head = append(head, "us")
	}
	cells := [][]string{head}
	for _, r := range rows {
		line := []string{r.name, r.class}
		for _, name := range others {
			line = append(line, ratioOf(r.results, name))
		}
		line = append(line,
			perRun(r.results, func(r result) float64 { return r.allocs }),
			perRun(r.results, func(r result) float64 { return r.bytes }))
		if !p.markdown {
			line = append(line, timesOf(r.results))
		}
		cells = append(cells, line)
	}
	p.table("Time of the others, and of the floor, through chappe's, on one core: above 1, chappe is faster.\n"+
		"Allocations and bytes: chappe/goolm/libolm.", cells)
}

// timesOf gives the absolute times of all.
func timesOf(m map[string]result) string {
	var list []string
	for _, name := range append([]string{"chappe"}, others...) {
		if r, ok := m[name]; ok {
			list = append(list, fmt.Sprintf("%.4g", r.seconds*1e6))
		} else {
			list = append(list, "-")
		}
	}
	return strings.Join(list, " ")
}

// means prints geometric means, and the lowest ratio with its operation.
func (p printer) means(rows []row) {
	cells := [][]string{{"beside", "class", "operations", "geometric mean", "lowest"}}
	add := func(name, class string) {
		sum, n, lowest, where := 0.0, 0, math.Inf(1), ""
		for _, r := range rows {
			x, ok := r.results[name]
			if !ok || class != "all" && r.class != class {
				continue
			}
			sum += math.Log(x.ratio)
			n++
			if x.ratio < lowest {
				lowest, where = x.ratio, r.name
			}
		}
		if n > 0 {
			cells = append(cells, []string{name, class, fmt.Sprint(n),
				fmt.Sprintf("%.2f", math.Exp(sum/float64(n))), fmt.Sprintf("%.2f %s", lowest, where)})
		}
	}
	for _, name := range others {
		add(name, "all")
		for _, class := range []string{curve, symmetric, ratchet, stored} {
			add(name, class)
		}
	}
	p.table("Geometric means of these ratios.", cells)
}

func (p printer) jobs(rows []jobRow) {
	cells := [][]string{append(append([]string{"job", "cores"}, others[:3]...), "gain of the second core: chappe/goolm/libolm/vodozemac")}
	for _, r := range rows {
		var gains []string
		for _, name := range append([]string{"chappe"}, others[:3]...) {
			gains = append(gains, fmt.Sprintf("%.2f", r.speedup[name]))
		}
		for i, m := range []map[string]result{r.one, r.two} {
			line := []string{r.name, fmt.Sprint(i + 1)}
			for _, name := range others[:3] {
				line = append(line, ratioOf(m, name))
			}
			line = append(line, "")
			if i == 1 {
				line[len(line)-1] = strings.Join(gains, "/")
			}
			cells = append(cells, line)
		}
	}
	p.table("Jobs of many items, on one core and on two: time through chappe's.", cells)
}

func (p printer) memory(rows []memoryRow) {
	names := append([]string{"chappe"}, others[:3]...)
	cells := [][]string{append(append([]string{"100,000 idle sessions, MB"}, names...), "goolm through chappe")}
	for _, r := range rows {
		line := []string{r.name}
		for _, name := range names {
			line = append(line, fmt.Sprintf("%.1f", r.bytes[name]*100000/1e6))
		}
		cells = append(cells, append(line, fmt.Sprintf("%.2f", r.bytes["goolm"]/r.bytes["chappe"])))
	}
	p.table("Memory: heap in use after a collection; for vodozemac, what its allocator gave.", cells)
}
