package main

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
)

// TestReport runs everything once. Whatever an implementation gives is checked
// on the way, so that no row is measured of what was not done.
func TestReport(t *testing.T) {
	var out bytes.Buffer
	if err := report(&out, settings{1, regexp.MustCompile(""), true, 100}); err != nil {
		t.Fatal(err)
	}
	for _, op := range operations() {
		if !strings.Contains(out.String(), "| "+op.name+" |") {
			t.Errorf("no row %s", op.name)
		}
	}
	for _, want := range []string{"JobHistory | 2", "JobBackup | 2", "MemoryImportedIGS", "| floor | all"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q", want)
		}
	}
	if t.Failed() {
		t.Log(out.String())
	}
}

// TestPage is the page around the tables.
func TestPage(t *testing.T) {
	text := string(page("a machine", 7, "| a table |\n\n"))
	for _, want := range []string{"# Performance", "a machine", "7 rounds", "\n\n| a table |\n\n## "} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q", want)
		}
	}
	for _, rest := range []string{"MACHINE", "ROUNDS"} {
		if strings.Contains(text, rest) {
			t.Errorf("%q was left", rest)
		}
	}
}

// wrong is chappe with plaintexts that lack their last byte.
type wrong struct{ chappe }

type wrongSession struct{ session }

type wrongInbound struct{ inbound }

func less(b []byte) []byte { return b[:len(b)-1] }

func (wrong) readSession(b []byte) session { return wrongSession{chappe{}.readSession(b)} }
func (wrong) newInbound(b []byte) inbound  { return wrongInbound{chappe{}.newInbound(b)} }

func (wrong) boxKey(private []byte) func([3]string) []byte {
	decrypt := chappe{}.boxKey(private)
	return func(box [3]string) []byte { return less(decrypt(box)) }
}

func (w wrongSession) decrypt(t int, body string) []byte { return less(w.session.decrypt(t, body)) }
func (w wrongInbound) decrypt(m message) []byte          { return less(w.inbound.decrypt(m)) }

// TestChecks shows that a wrong result is noticed.
func TestChecks(t *testing.T) {
	checked := 0
	for _, op := range operations() {
		switch op.name {
		case "OlmSkip1000", "MegolmDecFirst32", "MegolmDecInOrder256", "MegolmDecAt1M", "MegolmDecRandom1M", "PKDecrypt":
			checked++
			if _, err := op.make(wrong{}).batch(1); err == nil {
				t.Errorf("%s takes a wrong plaintext", op.name)
			}
		}
	}
	if checked != 6 {
		t.Errorf("%d operations, not 6", checked)
	}
}
