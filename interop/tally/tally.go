// Package tally counts what tests did, prints it as a table, and fails a run
// that did less than the minimum in counts.json of the module.
package tally

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"sync"
	"testing"
	"text/tabwriter"
)

// Minimum is the path of the file with the minimum counts, from the directory
// of a package of tests.
const Minimum = "../counts.json"

var (
	mutex sync.Mutex
	rows  = map[string]map[string]int{}
)

// Add adds n to a count of a row.
func Add(row, count string, n int) {
	mutex.Lock()
	defer mutex.Unlock()
	if rows[row] == nil {
		rows[row] = map[string]int{}
	}
	rows[row][count] += n
}

// AddAll adds several counts to a row.
func AddAll(row string, counts map[string]int) {
	for count, n := range counts {
		Add(row, count, n)
	}
}

// Run runs the tests of a package, prints the table, and returns the exit code.
// The minimum is checked when all tests of the package ran.
func Run(m *testing.M, section string) int {
	code := m.Run()
	if f := flag.Lookup("test.list"); f != nil && f.Value.String() != "" {
		return code
	}
	Print(os.Stdout, section)
	if code != 0 || flag.Lookup("test.run").Value.String() != "" {
		return code
	}
	short, err := shortfall(section)
	if err != nil {
		fmt.Println("tally:", err)
		return 1
	}
	for _, line := range short {
		fmt.Println("tally: too few:", line)
		code = 1
	}
	if !usual() {
		return code
	}
	behind, err := behind(section)
	if err != nil {
		fmt.Println("tally:", err)
		return 1
	}
	for _, line := range behind {
		fmt.Println("tally: the minimum is behind, INTEROP_UPDATE=1 raises it:", line)
		code = 1
	}
	return code
}

// Print writes the table.
func Print(w io.Writer, section string) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range slices.Sorted(maps.Keys(rows)) {
		fmt.Fprintf(t, "| %s\t%s\t", section, row)
		for _, count := range slices.Sorted(maps.Keys(rows[row])) {
			fmt.Fprintf(t, "%s %d\t", count, rows[row][count])
		}
		fmt.Fprintln(t)
	}
	t.Flush()
}

// minimums are the counts of the file, by section and row.
type minimums map[string]map[string]map[string]int

func readMinimum() (m minimums, err error) {
	text, err := os.ReadFile(Minimum)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("%s: %w", Minimum, err)
	}
	return m, nil
}

func shortfall(section string) ([]string, error) {
	minimum, err := readMinimum()
	if err != nil {
		return nil, err
	}
	if len(minimum[section]) == 0 {
		return nil, fmt.Errorf("%s has no section %q", Minimum, section)
	}
	var short []string
	for row, counts := range minimum[section] {
		for count, least := range counts {
			if got := rows[row][count]; got < least {
				short = append(short, fmt.Sprintf("%s, %s: %d of at least %d", row, count, got, least))
			}
		}
	}
	slices.Sort(short)
	return short, nil
}
