package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
)

// The states of a mutant in the results of gremlins.
const (
	killed     = "KILLED"
	lived      = "LIVED"
	timedOut   = "TIMED OUT"
	notViable  = "NOT VIABLE"
	notCovered = "NOT COVERED"
)

// result is what gremlins found in one package.
type result struct {
	Module string       `json:"go_module"`
	Files  []fileResult `json:"files"`
}

type fileResult struct {
	Name      string     `json:"file_name"`
	Mutations []mutation `json:"mutations"`
}

// mutation is one change, in a place of the prepared source.
type mutation struct {
	Type   string `json:"type"`
	Status string `json:"status"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

func readJSON(name string, v any) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func writeJSON(name string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(name, append(text, '\n'), 0o644)
}

// open says that a mutant was not seen to be killed by a test.
func open(m mutation) bool { return m.Status != killed && m.Status != notViable }

// again writes a coverage profile in which only the mutants that were not killed
// are covered: gremlins tries no others.
func again(w io.Writer, name string) error {
	var r result
	if err := readJSON(name, &r); err != nil {
		return err
	}
	pkg := packageOf(name)
	fmt.Fprintln(w, "mode: set")
	for _, f := range r.Files {
		for _, m := range f.Mutations {
			if open(m) {
				fmt.Fprintf(w, "%s:%d.%d,%d.%d 1 1\n", path.Join(r.Module, pkg, f.Name), m.Line, m.Column, m.Line, m.Column)
			}
		}
	}
	return nil
}

// merge puts the states of a second try into a first result, for the mutants
// that were tried.
func merge(first, second string) error {
	var a, b result
	if err := readJSON(first, &a); err != nil {
		return err
	}
	if err := readJSON(second, &b); err != nil {
		return err
	}
	for _, f := range b.Files {
		i := slices.IndexFunc(a.Files, func(g fileResult) bool { return g.Name == f.Name })
		for _, m := range f.Mutations {
			if m.Status == notCovered {
				continue
			}
			j := -1
			if i >= 0 {
				j = slices.IndexFunc(a.Files[i].Mutations, func(o mutation) bool {
					o.Status = m.Status
					return o == m
				})
			}
			if j < 0 {
				return fmt.Errorf("%s is not the result of the same sources: no %s at %s:%d:%d", first, m.Type, f.Name, m.Line, m.Column)
			}
			a.Files[i].Mutations[j].Status = m.Status
		}
	}
	return writeJSON(first, a)
}
