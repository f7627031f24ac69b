package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// touch runs each test of the table by itself, and demands that the tests of a
// row run all its functions, and each test one of them.
func touch(root string, t *rowTable, m *module, out io.Writer) error {
	start := time.Now()
	tests := make(map[string]bool)
	folders := make(map[string]bool)
	for _, r := range t.rows {
		for _, name := range r.Tests {
			tests[name] = true
		}
		for _, name := range r.Code {
			folders[folderOf(name)] = true
		}
	}
	reached, err := measure(root, m, slices.Sorted(maps.Keys(tests)), slices.Sorted(maps.Keys(folders)))
	if err != nil {
		return err
	}
	rows, pairs, gaps := 0, 0, []error{}
	for _, r := range t.rows {
		if len(r.Code) == 0 {
			continue
		}
		rows++
		n, missing := r.untouched(m, reached)
		pairs += n
		gaps = append(gaps, missing...)
	}
	fmt.Fprintf(out, "%d rows, %d tests run alone, %d pairs of a row and a function, %d gaps, %.0f s\n",
		rows, len(tests), pairs, len(gaps), time.Since(start).Seconds())
	return errors.Join(gaps...)
}

// untouched returns how many functions the row names, and what is wrong with
// them: those that no test of the row has run, and the tests that ran none.
func (r *row) untouched(m *module, reached map[string]map[string]bool) (functions int, gaps []error) {
	idle := slices.Clone(r.Tests)
	for _, name := range r.Code {
		if !m.symbols[name].function {
			continue
		}
		functions++
		found := false
		for _, test := range r.Tests {
			if reached[test][name] {
				found = true
				idle = slices.DeleteFunc(idle, func(t string) bool { return t == test })
			}
		}
		if !found {
			gaps = append(gaps, fmt.Errorf("%s: no test of the row runs %s", r.ID, name))
		}
	}
	for _, test := range idle {
		gaps = append(gaps, fmt.Errorf("%s: %s runs no function of the row", r.ID, test))
	}
	return functions, gaps
}

// folderOf returns the folder in the name of a symbol or test.
func folderOf(name string) string {
	slash := strings.LastIndex(name, "/") + 1
	dot := strings.Index(name[slash:], ".")
	return name[:slash+dot]
}

// measure runs each test by itself, and returns which functions of the folders
// it ran. A test that does not pass is an error, and does not keep the others
// from running.
func measure(root string, m *module, tests, folders []string) (map[string]map[string]bool, error) {
	modulePath, err := goOutput(root, "list", "-m")
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "tracetable")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	var cover []string
	for _, f := range folders {
		cover = append(cover, "./"+f)
	}
	functions := places(m, modulePath)
	reached := make(map[string]map[string]bool)
	binaries := make(map[string]string)
	var failed []error
	for _, test := range tests {
		folder := folderOf(test)
		if binaries[folder] == "" {
			binaries[folder] = filepath.Join(dir, fmt.Sprintf("%d.test", len(binaries)))
			if _, err := goOutput(root, "test", "-c", "-cover", "-coverpkg="+strings.Join(cover, ","), "-o", binaries[folder], "./"+folder); err != nil {
				return nil, err
			}
		}
		blocks, err := runAlone(filepath.Join(root, folder), binaries[folder], test[len(folder)+1:], filepath.Join(dir, "profile"))
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", test, err))
		}
		reached[test] = ran(blocks, functions)
	}
	return reached, errors.Join(failed...)
}

// runAlone runs one test of a binary, and returns what it covered.
func runAlone(dir, binary, test, profile string) ([]block, error) {
	cmd := exec.Command(binary, "-test.run=^"+test+"$", "-test.v", "-test.coverprofile="+profile)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	if !bytes.Contains(out, []byte("--- PASS: "+test+" (")) {
		return nil, fmt.Errorf("did not run:\n%s", out)
	}
	return readProfile(profile)
}

// goOutput runs the go command in the module at root.
func goOutput(root string, args ...string) (string, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", args[0], err, stderr.Bytes())
	}
	return strings.TrimSpace(string(out)), nil
}
