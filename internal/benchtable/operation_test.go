package main

import (
	"bytes"
	"strings"
	"testing"
)

// TestAgree holds every operation to its floor: same input, same random bytes,
// same result.
func TestAgree(t *testing.T) {
	for _, op := range operations() {
		t.Run(op.name, func(t *testing.T) {
			if err := op.make().agree(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestAgreeNotices shows that a floor with another result, or none, is refused.
func TestAgreeNotices(t *testing.T) {
	gives := func(b []byte) side { return side{run: func(int) {}, result: func() []byte { return b }} }
	fails := side{run: func(int) { panic(errFloor) }, result: func() []byte { return []byte("a") }}
	a := gives([]byte("a"))
	if err := (pair{a, a}).agree(); err != nil {
		t.Error(err)
	}
	for _, p := range []pair{{a, gives([]byte("b"))}, {gives(nil), gives(nil)}, {a, fails}} {
		if p.agree() == nil {
			t.Error("a floor that differs was accepted")
		}
	}
}

// TestChainAllocs bounds the allocations of a message in an existing chain,
// base64 in and out included.
func TestChainAllocs(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	const runs = 20
	for _, op := range operations() {
		if !op.chain {
			continue
		}
		s := op.make().library
		s.ready(runs + 1)
		i := -1
		if got := testing.AllocsPerRun(runs, func() { i++; s.run(i) }); got > maxChainAllocs {
			t.Errorf("%s: %v allocations, more than %d", op.name, got, maxChainAllocs)
		}
	}
}

// TestParts checks that every part is a primitive that is timed.
func TestParts(t *testing.T) {
	known := map[string]bool{}
	for _, p := range fixedPrimitives() {
		known[p.name] = true
		p.run()
	}
	for _, p := range sizedPrimitives(64) {
		known[p.name] = true
		p.run()
	}
	for _, op := range operations() {
		for _, p := range op.parts {
			if !known[p.primitive] {
				t.Errorf("%s: unknown primitive %q", op.name, p.primitive)
			}
		}
	}
}

// TestTable runs the program on a few operations.
func TestTable(t *testing.T) {
	var chosen []operation
	for _, op := range operations() {
		if strings.HasPrefix(op.name, "IGS") {
			chosen = append(chosen, op)
		}
	}
	rows, c, err := measure(chosen, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, markdown := range []bool{false, true} {
		var b bytes.Buffer
		printTables(&b, rows, c, 1, markdown)
		for _, want := range []string{"IGSImport", "Ed25519 key check"} {
			if !strings.Contains(b.String(), want) {
				t.Errorf("no %q in the table", want)
			}
		}
	}
}

// TestVerdict tries both sides of every limit.
func TestVerdict(t *testing.T) {
	for _, r := range []struct {
		row
		ok bool
	}{
		{row{library: 25e-6, ratio: 1.14}, true},
		{row{library: 25e-6, ratio: 1.16}, false},
		{row{library: 5e-6, ratio: 2, difference: 1.4e-6}, true},
		{row{library: 5e-6, ratio: 1, difference: 1.6e-6}, false},
		{row{operation: operation{chain: true}, library: 5e-6, allocs: 6}, true},
		{row{operation: operation{chain: true}, library: 5e-6, allocs: 7}, false},
		{row{library: 5e-6, allocs: 7}, true},
	} {
		if got := r.verdict(); (got == "ok") != r.ok {
			t.Errorf("%+v: %q", r.row, got)
		}
	}
}
