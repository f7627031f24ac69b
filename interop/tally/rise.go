package tally

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"syscall"
)

// usual says that the run does what continuous integration does, so that its
// counts can be compared with the minimum from both sides.
func usual() bool { return os.Getenv("INTEROP_STEPS") == "" && os.Getenv("INTEROP_SEED") == "" }

// fewer are counts of which more is not better.
var fewer = []string{"not run", "reviewed exceptions"}

// rounded is a count with two digits that are not zero, and so at least nine
// tenths of it.
func rounded(n int) int {
	scale := 1
	for n/scale >= 100 {
		scale *= 10
	}
	return n / scale * scale
}

// behind returns the counts that the minimum does not know, or that it is far
// below: what is added to a run is asked for from then on. With INTEROP_UPDATE,
// the minimum is raised instead.
func behind(section string) (list []string, err error) {
	update := os.Getenv("INTEROP_UPDATE") != ""
	if update { // packages of tests run beside each other
		file, err := os.Open(Minimum)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
			return nil, err
		}
	}
	minimum, err := readMinimum()
	if err != nil {
		return nil, err
	}
	if minimum[section] == nil {
		minimum[section] = map[string]map[string]int{}
	}
	for _, row := range slices.Sorted(maps.Keys(rows)) {
		for _, count := range slices.Sorted(maps.Keys(rows[row])) {
			n := rows[row][count]
			if n == 0 || slices.Contains(fewer, count) || 10*minimum[section][row][count] >= 9*n {
				continue
			}
			if minimum[section][row] == nil {
				minimum[section][row] = map[string]int{}
			}
			list = append(list, fmt.Sprintf("%s, %s: %d of %d", row, count, minimum[section][row][count], n))
			minimum[section][row][count] = rounded(n)
		}
	}
	if !update || len(list) == 0 {
		return list, nil
	}
	text, err := json.MarshalIndent(minimum, "", "\t")
	if err != nil {
		return nil, err
	}
	return nil, os.WriteFile(Minimum, append(text, '\n'), 0o666)
}
