package main

import (
	"bytes"
	crand "crypto/rand"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
)

// operation is one row of the table.
type operation struct {
	name  string
	chain bool // a message in an existing chain: few allocations
	parts []part
	make  func() pair
}

// maxChainAllocs bounds the allocations of a message in an existing chain,
// base64 included.
const maxChainAllocs = 6

// pair is an operation done by the library and by its floor, ready to run, both
// at the same state.
type pair struct{ library, floor side }

// side is one way to do an operation.
type side struct {
	prepare func(n int)   // makes the input of n runs, untimed; nil when nothing is used up
	run     func(i int)   // does the operation on input i
	result  func() []byte // what the last run led to, as bytes that do not depend on the side
}

func (s side) ready(n int) {
	if s.prepare != nil {
		s.prepare(n)
	}
}

// agree runs both sides once, on equal random bytes, and compares results.
func (p pair) agree() (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	once := func(s side) []byte {
		s.ready(1)
		replay(func() { s.run(0) })
		var b []byte
		replay(func() { b = s.result() })
		return b
	}
	library, floor := once(p.library), once(p.floor)
	if len(library) == 0 || !bytes.Equal(library, floor) {
		return errors.New("library and floor do not agree")
	}
	return nil
}

// replay calls f with crypto/rand giving the same bytes each time.
func replay(f func()) {
	defer func(r io.Reader) { crand.Reader = r }(crand.Reader)
	crand.Reader = rand.NewChaCha8([32]byte{1})
	f()
}

// random returns n bytes that are the same in every run of the program.
func random(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{2}).Read(b)
	return b
}

// must returns v. Operations and their set-up do not fail.
func must[T any](v T, err error) T {
	check(err)
	return v
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// operations returns the rows in the order in which they are printed.
func operations() []operation {
	var all []operation
	for _, list := range [][]operation{
		accountOperations(), olmOperations(), megolmOperations(), shareOperations(),
		pickleOperations(), sealOperations(), boxOperations(),
	} {
		all = append(all, list...)
	}
	return all
}
