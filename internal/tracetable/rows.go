package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
)

const home = "internal/tracetable"

// The statuses of a row. A row without one is met by its code.
const (
	caller  = "caller"   // it is the program's duty, and said so
	partly  = "partly"   // its code meets a part of it
	notDone = "not done" // nothing meets it
	notOurs = "n/a"      // there is nothing to meet
)

var levels = []string{"MUST", "SHOULD", "MAY", "fact", "practice"}

// row is one requirement.
type row struct {
	ID      string   `json:"id"`
	Level   string   `json:"level"`
	Clauses []string `json:"clauses"`
	Says    string   `json:"says"`
	Code    []string `json:"code,omitempty"`
	Tests   []string `json:"tests,omitempty"`
	Status  string   `json:"status,omitempty"`
	// Why explains the status, or says how far the code goes.
	Why string `json:"why,omitempty"`
	// Told are the comments that tell the program of its duty.
	Told []told `json:"told,omitempty"`
	// Untold is the part of a duty that no comment tells yet.
	Untold string `json:"untold,omitempty"`
}

// told is a comment, with words that stand in it.
type told struct {
	At    string `json:"at"` // a symbol, or a folder for its package comment
	Words string `json:"words"`
}

// clause is a part of the specification, or another source of requirements.
type clause struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Link  string `json:"link,omitempty"`
}

// exemption says why exported functions are in no row.
type exemption struct {
	Pattern string `json:"pattern"` // a regular expression for whole names
	Why     string `json:"why"`

	re      *regexp.Regexp
	matched int
}

// rowTable is what the JSON files say.
type rowTable struct {
	rows    []*row
	clauses map[string]clause
	exempt  []*exemption
}

// readTable reads the JSON files of the module at root.
func readTable(root string) (*rowTable, error) {
	files, err := filepath.Glob(filepath.Join(root, home, "rows", "*.json"))
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	t := &rowTable{clauses: make(map[string]clause)}
	for _, name := range files {
		var rows []*row
		if err := readJSON(name, &rows); err != nil {
			return nil, err
		}
		t.rows = append(t.rows, rows...)
	}
	var clauses []clause
	if err := readJSON(filepath.Join(root, home, "clauses.json"), &clauses); err != nil {
		return nil, err
	}
	for _, c := range clauses {
		if _, twice := t.clauses[c.ID]; twice || c.ID == "" || c.Title == "" {
			return nil, fmt.Errorf("clauses.json: clause %q is incomplete, or stands twice", c.ID)
		}
		t.clauses[c.ID] = c
	}
	if err := readJSON(filepath.Join(root, home, "exempt.json"), &t.exempt); err != nil {
		return nil, err
	}
	for _, e := range t.exempt {
		if e.re, err = regexp.Compile("^(?:" + e.Pattern + ")$"); err != nil {
			return nil, fmt.Errorf("exempt.json: %w", err)
		}
		if e.Pattern == "" || e.Why == "" {
			return nil, fmt.Errorf("exempt.json: %q has no reason", e.Pattern)
		}
	}
	return t, nil
}

func readJSON(name string, to any) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(name), err)
	}
	return nil
}
