// Package failtest holds every failed call to the same four invariants: it does
// not panic, it changes nothing, what it allocates is bounded by its input, and
// its error gives no secret away. It is for tests.
package failtest

import (
	"bytes"
	"errors"
	"testing"
)

// A Subject is what a failed call must leave as it was and must not give away:
// an account, a session, or bytes.
type Subject interface {
	State() []byte
	Secrets() [][]byte
}

// Input is a subject of public bytes, which bound what a call may allocate.
type Input []byte

func (b Input) State() []byte     { return b }
func (b Input) Secrets() [][]byte { return nil }

// Secret is a subject of secret bytes: keys, and what pickles hold.
type Secret []byte

func (b Secret) State() []byte     { return b }
func (b Secret) Secrets() [][]byte { return [][]byte{b} }

// Stater is what has a state of which all bytes are secret.
type Stater interface{ State() []byte }

// Whole makes a subject of a value whose whole state is secret.
func Whole(s Stater) Subject { return whole{s} }

type whole struct{ Stater }

func (w whole) Secrets() [][]byte { return [][]byte{w.State()} }

// Public makes a subject of a value that holds no secret.
func Public(s Stater) Subject { return public{s} }

type public struct{ Stater }

func (public) Secrets() [][]byte { return nil }

// What a failed call may allocate: Floor bytes, and Factor times the size of its
// subjects.
const (
	Floor  = 64 << 10
	Factor = 8
)

// exactly is how often memory is measured again. What runs beside the call on a
// machine under load counts now and then, and not each time.
const exactly = 20

// Refused calls f and asserts that it fails, and the four invariants of failure.
// It returns the error. f is called again where memory must be measured exactly:
// what failed changed nothing, so it fails again.
func Refused(t testing.TB, f func() error, subjects ...Subject) error {
	t.Helper()
	before := make([][]byte, len(subjects))
	size := 0
	for i, s := range subjects {
		before[i] = bytes.Clone(s.State())
		size += len(before[i])
	}
	allocated, err := quick(t, f)
	if err == nil {
		t.Fatal("no error")
	}
	for i, s := range subjects {
		if !bytes.Equal(before[i], s.State()) {
			t.Fatalf("subject %d changed although the call failed with: %v", i, err)
		}
	}
	limit := uint64(Floor + Factor*size)
	for try := 0; allocated > limit; try++ {
		if try == exactly {
			t.Fatalf("%d bytes allocated, more than %d", allocated, limit)
		}
		allocated, _ = Allocated(t, f)
	}
	CleanError(t, err, subjects...)
	return err
}

// Bounded calls f once, which may change something and need not fail, and asserts
// the other three invariants. It returns the error. It is not for parallel tests:
// memory is measured once, and that of others counts.
func Bounded(t testing.TB, f func() error, subjects ...Subject) error {
	t.Helper()
	size := 0
	for _, s := range subjects {
		size += len(s.State())
	}
	allocated, err := Allocated(t, f)
	if limit := uint64(Floor + Factor*size); allocated > limit {
		t.Fatalf("%d bytes allocated, more than %d", allocated, limit)
	}
	if err != nil {
		CleanError(t, err, subjects...)
	}
	return err
}

// RefusedWith is Refused for an error that errors.Is knows.
func RefusedWith(t testing.TB, target error, f func() error, subjects ...Subject) {
	t.Helper()
	if err := Refused(t, f, subjects...); !errors.Is(err, target) {
		t.Fatalf("%q is not %q", err, target)
	}
}

// RefusedAs is Refused for an error of type E, which it returns.
func RefusedAs[E error](t testing.TB, f func() error, subjects ...Subject) (target E) {
	t.Helper()
	err := Refused(t, f, subjects...)
	if !errors.As(err, &target) {
		t.Fatalf("%q (%T) is not a %T", err, err, target)
	}
	return target
}

// Guarded calls f and fails when it panics.
func Guarded(t testing.TB, f func() error) (err error) {
	t.Helper()
	defer func() {
		t.Helper()
		if r := recover(); r != nil {
			t.Fatalf("panic: %v", r)
		}
	}()
	return f()
}
