package main

import (
	"bytes"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

const start = `# Traceability

<!-- Made by go run ./internal/tracetable. Do not edit. -->

Each row is a requirement: of the Matrix specification, version 1.19, of a standard that it stands on, or of what
implementations do where it is silent. A row leads from its clause to the code that meets it, and to the tests that
run that code. Where the program that uses this library has to act, or nothing is here yet, the row says so.

` + "`go run ./internal/tracetable -check`" + ` demands that no row is missing, that each name is in the code, and that each exported
function of the rooms is in a row or exempt. ` + "`-cover`" + ` also runs every test of the table by itself: it must pass and run a
function of its row, and each function of a row must be run by a test of that row. That a test also fails when a defence
is taken away, [attacks.md](attacks.md) shows.

`

// page returns the text of docs/traceability.md.
func page(t *rowTable, m *module) []byte {
	var b bytes.Buffer
	c := count(t, m)
	b.WriteString(start)
	fmt.Fprintf(&b, "%d rows, %d clauses, %d functions, constants and types, %d tests. Of %d exported functions of the rooms, %d are in a row.\n\n",
		len(t.rows), len(t.clauses), c.symbols, c.tests, c.exported, c.traced)
	b.WriteString("| Level | met | partly | caller | not done | n/a | all |\n|---|---|---|---|---|---|---|\n")
	for _, level := range append(slices.Clone(levels), "") {
		name := level
		if level == "" {
			name = "all"
		}
		fmt.Fprintf(&b, "| %s |", name)
		for _, status := range []string{"", partly, caller, notDone, notOurs, "*"} {
			fmt.Fprintf(&b, " %d |", c.rows[[2]string{level, status}])
		}
		b.WriteString("\n")
	}
	b.WriteString("\nLevels: the specification's own words; *fact* is a format that it states without one, *practice* what it does not say.\n" +
		"Not done, of level MUST: " + listOr("none", c.missing) + ".\n" +
		"Duties of the program of which a part is not said yet: " + listOr("none", c.untold) + ".\n")
	for _, g := range groups {
		fmt.Fprintf(&b, "\n## %c. %s\n\n| Row | Clause | Requirement | Code | Tests |\n|---|---|---|---|---|\n", g.letter, g.title)
		for _, r := range t.rows {
			if r.ID[0] == g.letter {
				fmt.Fprintf(&b, "| %s %s | %s | %s | %s | %s |\n", r.ID, r.Level, clauses(r, t), requirement(r, m),
					names(r.Code, func(n string) string { return m.symbols[n].file }), names(r.Tests, func(n string) string { return m.tests[n] }))
			}
		}
	}
	b.WriteString("\n## Exported functions in no row\n\n| Name | Why |\n|---|---|\n")
	for _, e := range t.exempt {
		fmt.Fprintf(&b, "| `%s` (%d) | %s |\n", strings.ReplaceAll(e.Pattern, "|", "\\|"), e.matched, e.Why)
	}
	fmt.Fprintf(&b, summary, len(t.rows), c.rows[[2]string{"", ""}], c.rows[[2]string{"", partly}], c.rows[[2]string{"", caller}],
		c.rows[[2]string{"", notDone}], c.rows[[2]string{"", notOurs}], listOr("aucune", c.untold), listOr("aucune", c.missing), c.tests, c.exported, c.traced)
	return b.Bytes()
}

// listOr joins ids, or returns a word for their absence.
func listOr(none string, ids []string) string {
	if len(ids) == 0 {
		return none
	}
	return strings.Join(ids, ", ")
}

func clauses(r *row, t *rowTable) string {
	var list []string
	for _, id := range r.Clauses {
		c := t.clauses[id]
		if c.Link == "" {
			list = append(list, c.Title)
		} else {
			list = append(list, fmt.Sprintf("[%s](%s)", c.Title, c.Link))
		}
	}
	return strings.Join(list, "; ")
}

// requirement returns the words of a row, and its status.
func requirement(r *row, m *module) string {
	text := r.Says
	if r.Status != "" {
		text += " **" + strings.ToUpper(r.Status[:1]) + r.Status[1:] + ".**"
	}
	if r.Why != "" {
		text += " " + r.Why
	}
	var list []string
	for _, d := range r.Told {
		file := m.docFiles[d.At]
		if s, ok := m.symbols[d.At]; ok {
			file = s.file
		}
		list = append(list, fmt.Sprintf("[%s](../%s)", d.At, file))
	}
	if len(list) > 0 {
		text += " Said at " + strings.Join(list, ", ") + "."
	}
	if r.Untold != "" {
		text += " Not said yet: " + r.Untold
	}
	return text
}

// names lists symbols or tests by their folder, each with a link to its file.
func names(list []string, file func(string) string) string {
	var parts []string
	folder := ""
	for _, name := range list {
		of := folderOf(name)
		link := fmt.Sprintf("[%s](../%s)", name[len(of)+1:], file(name))
		if of != folder {
			link = "*" + path.Base(of) + "* " + link
		}
		folder = of
		parts = append(parts, link)
	}
	return strings.Join(parts, ", ")
}

// counts are the figures of a table.
type counts struct {
	symbols, tests, exported, traced int
	rows                             map[[2]string]int // by level and status
	missing                          []string          // what must be, and is not done
	untold                           []string          // what no comment tells yet
}

func count(t *rowTable, m *module) counts {
	c := counts{rows: make(map[[2]string]int)}
	symbols, tests := make(map[string]bool), make(map[string]bool)
	for _, r := range t.rows {
		for _, level := range []string{r.Level, ""} {
			c.rows[[2]string{level, r.Status}]++
			c.rows[[2]string{level, "*"}]++
		}
		if r.Level == "MUST" && r.Status == notDone {
			c.missing = append(c.missing, r.ID)
		}
		if r.Untold != "" {
			c.untold = append(c.untold, r.ID)
		}
		for _, name := range r.Code {
			symbols[name] = true
		}
		for _, name := range r.Tests {
			tests[name] = true
		}
	}
	for _, name := range exported(m) {
		c.exported++
		if symbols[name] {
			c.traced++
		}
	}
	c.symbols, c.tests = len(symbols), len(tests)
	return c
}

// publish writes the page, or compares it with the one that is there.
func publish(root string, text []byte, check bool) error {
	name := filepath.Join(root, "docs", "traceability.md")
	if !check {
		return os.WriteFile(name, text, 0o644)
	}
	have, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if !bytes.Equal(have, text) {
		return fmt.Errorf("docs/traceability.md is stale: run go run ./%s", home)
	}
	return nil
}
