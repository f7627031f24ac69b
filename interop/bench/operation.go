package main

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
)

// The classes, by what takes most of the time in the floor.
const (
	curve     = "curve"     // Curve25519 and Ed25519
	symmetric = "symmetric" // one message in a chain, or a long message
	ratchet   = "ratchet"   // many hashes in a row
	stored    = "pickle"    // pickles, session keys' and exports' texts
)

// operation is one row of the table. vodozemac's program and internal/benchtable,
// which has the floor, know it by its name, or do not know it.
type operation struct {
	name, class string
	runs        int // how many a batch has; 0 for as many as fill its time
	most        int // how many a batch may have; 0 for maxRuns
	make        func(library) task
	chappeOnly  bool // in this process
	// given makes what vodozemac's program needs and cannot make by itself.
	given func() []string
}

// task is an operation with a library, ready to run.
type task struct {
	prepare func(n int)  // makes the input of n runs, untimed; nil when nothing is used up
	run     func(i int)  // does the operation on input i
	check   func() error // of what the last run gave
}

func (t task) ready(n int) {
	if t.prepare != nil {
		t.prepare(n)
	}
}

// operations returns the rows in the order in which they are printed.
func operations() []operation {
	return slices.Concat(accountOperations(), olmOperations(), megolmOperations(), shareOperations(),
		pickleOperations(), storeOperations(), ownOperations(), boxOperations())
}

var errResult = errors.New("the result is not what it should be")

func expect(ok bool) error {
	if !ok {
		return errResult
	}
	return nil
}

func equal(got, want []byte) error { return expect(len(want) > 0 && bytes.Equal(got, want)) }

// random returns n bytes that are the same in every run of the program.
func random(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{2}).Read(b)
	return b
}

// repeated returns the results of n calls.
func repeated[T any](n int, f func() T) []T {
	list := make([]T, n)
	for i := range list {
		list[i] = f()
	}
	return list
}

// sized is a length of plaintexts.
type sized struct {
	name string
	n    int
}
