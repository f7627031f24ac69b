package main

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// complete demands that the table has the known ids in their order, that its rows
// fit the module, and that the rooms' exported functions are in it.
func complete(t *rowTable, m *module, ids []string) error {
	var have []string
	for _, r := range t.rows {
		have = append(have, r.ID)
	}
	var gaps []error
	for _, id := range ids {
		if !slices.Contains(have, id) {
			gaps = append(gaps, fmt.Errorf("row %s is missing", id))
		}
	}
	if len(gaps) == 0 && !slices.Equal(have, ids) {
		gaps = append(gaps, errors.New("the rows are out of order, stand twice, or are not known"))
	}
	used := make(map[string]bool)
	for _, r := range t.rows {
		if err := r.check(m); err != nil {
			gaps = append(gaps, fmt.Errorf("%s: %w", r.ID, err))
		}
		for _, id := range r.Clauses {
			if _, ok := t.clauses[id]; !ok {
				gaps = append(gaps, fmt.Errorf("%s: there is no clause %q", r.ID, id))
			}
			used[id] = true
		}
	}
	for _, id := range slices.Sorted(maps.Keys(t.clauses)) {
		if !used[id] {
			gaps = append(gaps, fmt.Errorf("clause %q is of no row", id))
		}
	}
	return errors.Join(append(gaps, surface(t, m)...)...)
}

// check demands that a row is whole, and fits the module.
func (r *row) check(m *module) error {
	if r.Says == "" || len(r.Clauses) == 0 || !slices.Contains(levels, r.Level) {
		return errors.New("needs words, a clause and a level")
	}
	if err := r.answer(); err != nil {
		return err
	}
	functions := 0
	for _, name := range r.Code {
		s, ok := m.symbols[name]
		if !ok {
			return fmt.Errorf("there is no symbol %s", name)
		}
		if s.function {
			functions++
		}
	}
	if len(r.Code) > 0 && functions == 0 {
		return errors.New("names no function")
	}
	for _, name := range r.Tests {
		if _, ok := m.tests[name]; !ok {
			return fmt.Errorf("there is no test %s", name)
		}
	}
	for _, d := range r.Told {
		comment, ok := m.comments[d.At]
		if s, is := m.symbols[d.At]; is {
			comment, ok = s.doc, true
		}
		if !ok {
			return fmt.Errorf("there is no symbol or package %s", d.At)
		}
		if d.Words == "" || !strings.Contains(plain(comment), d.Words) {
			return fmt.Errorf("the comment of %s does not say %q", d.At, d.Words)
		}
	}
	return nil
}

// answer demands code and tests, or a status with its reason.
func (r *row) answer() error {
	proven := len(r.Code) > 0 && len(r.Tests) > 0
	if !proven && len(r.Code)+len(r.Tests) > 0 {
		return errors.New("has code without tests, or tests without code")
	}
	if r.Untold != "" && r.Status != caller {
		return errors.New("leaves something untold, and is not the caller's")
	}
	switch r.Status {
	case "":
		if !proven {
			return errors.New("has neither code and tests nor a status")
		}
	case partly:
		if !proven || r.Why == "" {
			return errors.New("needs code, tests, and what is missing")
		}
	case caller:
		if len(r.Told) == 0 || r.Why == "" {
			return errors.New("needs the duty, and where the program is told of it")
		}
	case notDone, notOurs:
		if proven || r.Why == "" {
			return errors.New("needs a reason, and no code")
		}
	default:
		return fmt.Errorf("there is no status %q", r.Status)
	}
	return nil
}

var space = regexp.MustCompile(`\s+`)

// plain returns a comment in one line.
func plain(comment string) string { return space.ReplaceAllString(comment, " ") }

// surface demands that each exported function of the rooms is in a row or exempt,
// and that each exemption is needed.
func surface(t *rowTable, m *module) (gaps []error) {
	traced := make(map[string]bool)
	for _, r := range t.rows {
		for _, name := range r.Code {
			traced[name] = true
		}
	}
	for _, e := range t.exempt {
		e.matched = 0
	}
	for _, name := range exported(m) {
		if traced[name] {
			continue
		}
		found := false
		for _, e := range t.exempt {
			if e.re.MatchString(name) {
				e.matched++
				found = true
			}
		}
		if !found {
			gaps = append(gaps, fmt.Errorf("%s is in no row, and not exempt", name))
		}
	}
	for _, e := range t.exempt {
		if e.matched == 0 {
			gaps = append(gaps, fmt.Errorf("nothing needs the exemption %s", e.Pattern))
		}
	}
	return gaps
}

// exported returns the names of the rooms' exported functions, sorted.
func exported(m *module) (names []string) {
	for name, s := range m.symbols {
		folder, _, _ := strings.Cut(name, ".")
		if s.function && s.exported && slices.Contains(rooms, folder) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
