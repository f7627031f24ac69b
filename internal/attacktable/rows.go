package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

const (
	home      = "internal/attacktable"
	testStart = "TestAttack_"
)

// row is one known attack, or one class of faults.
type row struct {
	ID     string `json:"id"`
	Attack string `json:"attack"`
	// Answer says why there is no test, or what its test cannot show.
	Answer string `json:"answer,omitempty"`

	tests   []test
	patches []string
}

// test is a function in a package, with the package's folder.
type test struct{ dir, name string }

// moduleRoot returns the folder of go.mod.
func moduleRoot() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	file := strings.TrimSpace(string(out))
	if err != nil || filepath.Base(file) != "go.mod" {
		return "", fmt.Errorf("not in the module: %v", err)
	}
	return filepath.Dir(file), nil
}

// files lists the module's files that git knows or would add, without modules
// of their own below it.
func files(root string) ([]string, error) {
	cmd := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("git ls-files: %w", err)
	}
	all := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	var modules []string
	for _, name := range all {
		if dir, base := path.Split(name); base == "go.mod" && dir != "" {
			modules = append(modules, dir)
		}
	}
	var list []string
	for _, name := range all {
		inside := func(dir string) bool { return strings.HasPrefix(name, dir) }
		if _, err := os.Lstat(filepath.Join(root, name)); err != nil || slices.ContainsFunc(modules, inside) {
			continue // deleted, or of another module
		}
		list = append(list, name)
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

// readRows returns the rows with their tests and patches. Tests and patches of
// no row are an error.
func readRows(root string) ([]*row, error) {
	text, err := os.ReadFile(filepath.Join(root, home, "rows.json"))
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var rows []*row
	if err := d.Decode(&rows); err != nil {
		return nil, fmt.Errorf("rows.json: %w", err)
	}
	byID := make(map[string]*row)
	for _, r := range rows {
		if r.ID == "" || r.Attack == "" || byID[r.ID] != nil {
			return nil, fmt.Errorf("rows.json: row %q is incomplete, or stands twice", r.ID)
		}
		byID[r.ID] = r
	}
	list, err := files(root)
	if err != nil {
		return nil, err
	}
	for _, name := range list {
		switch {
		case strings.HasSuffix(name, "_test.go"):
			tests, err := attackTests(root, name)
			if err != nil {
				return nil, err
			}
			for _, t := range tests {
				id, _, _ := strings.Cut(strings.TrimPrefix(t.name, testStart), "_")
				if byID[id] == nil {
					return nil, fmt.Errorf("%s: %s is of no row", t.dir, t.name)
				}
				byID[id].tests = append(byID[id].tests, t)
			}
		case path.Dir(name) == home+"/patches":
			id, _, _ := strings.Cut(path.Base(name), "-")
			if byID[id] == nil || !strings.HasSuffix(name, ".patch") {
				return nil, fmt.Errorf("%s is of no row", name)
			}
			byID[id].patches = append(byID[id].patches, path.Base(name))
		}
	}
	return rows, nil
}

// attackTests returns the tests of attacks in a file.
func attackTests(root, name string) ([]test, error) {
	tree, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, name), nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var tests []test
	for _, d := range tree.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, testStart) {
			tests = append(tests, test{path.Dir(name), f.Name.Name})
		}
	}
	return tests, nil
}

// complete demands a test and a patch, or an answer, of every row.
func complete(rows []*row) error {
	var missing []error
	for _, r := range rows {
		switch {
		case len(r.tests) == 0 && r.Answer == "":
			missing = append(missing, fmt.Errorf("%s has neither a test nor an answer", r.ID))
		case len(r.tests) == 0 && len(r.patches) > 0:
			missing = append(missing, fmt.Errorf("%s has a patch and no test", r.ID))
		case len(r.tests) > 0 && len(r.patches) == 0 && r.Answer == "":
			missing = append(missing, fmt.Errorf("%s has a test, and neither a patch nor an answer", r.ID))
		}
	}
	return errors.Join(missing...)
}
