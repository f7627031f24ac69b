package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
)

// addSwitches builds switches into the sources of a folder, and writes the list
// of their changes.
func addSwitches(dir, list string) error {
	names, err := goFiles(dir)
	if err != nil {
		return err
	}
	var sources []*source
	for _, name := range names {
		s, err := read(name)
		if err != nil {
			return err
		}
		sources = append(sources, s)
	}
	skip := make(map[string]map[int]bool)
	for range 20 {
		var all []change
		for i, name := range names {
			if err := os.WriteFile(name, sources[i].switched(name, &all, skip[filepath.Base(name)]), 0o644); err != nil {
				return err
			}
		}
		if err := os.WriteFile(filepath.Join(dir, "mutantswitch.go"), header(sources[0].tree.Name.Name), 0o644); err != nil {
			return err
		}
		found, err := faults(dir, skip)
		if err != nil {
			return err
		}
		if !found {
			return writeJSON(list, all)
		}
	}
	return errors.New(dir + " does not compile with switches")
}

var fault = regexp.MustCompile(`(?m)^(?:\S*/)?([^/\s:]+\.go):([0-9]+):`)

// faults compiles a folder, and notes the lines that do not compile. Lines that
// were noted before do not count: their faults must end with those of others.
func faults(dir string, skip map[string]map[int]bool) (bool, error) {
	cmd := exec.Command("go", "build", "-gcflags=-e", ".")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err == nil {
		return false, nil
	}
	added := false
	for _, m := range fault.FindAllStringSubmatch(string(out), -1) {
		line, _ := strconv.Atoi(m[2])
		if skip[m[1]] == nil {
			skip[m[1]] = make(map[int]bool)
		}
		added = added || !skip[m[1]][line]
		skip[m[1]][line] = true
	}
	if !added {
		return false, fmt.Errorf("%s: %w\n%s", dir, err, out)
	}
	return true, nil
}
