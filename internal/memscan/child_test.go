//go:build linux && !race && !386

package memscan

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"syscall"
	"testing"
	"time"

	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
)

// order is what the process that is looked through gets on its standard input.
type order struct {
	Scenario string
	Random   masked            // what crypto/rand returns
	Public   map[string][]byte // keys and messages of the other side
	Secrets  map[string]masked // what the scenario is given
	Markers  []masked          // what is looked for
}

// report is what it answers: how often each marker stands in its memory while
// the values are in use, and after they were closed.
type report struct{ Open, Closed []int }

const childVariable = "MEMSCAN_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) == "" {
		os.Exit(m.Run())
	}
	if err := child(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func child() error {
	var o order
	if err := json.NewDecoder(os.Stdin).Decode(&o); err != nil {
		return err
	}
	debug.SetGCPercent(-1) // a collection may move a stack too
	r := &maskedReader{m: o.Random}
	rand.Reader = r
	closeAll := elsewhere(func() func() { return scenario(o.Scenario)(&o) })
	r.wipe()
	var found report
	var err error
	settle()
	if found.Open, err = scan(o.Markers); err != nil {
		return err
	}
	elsewhere(func() func() { closeAll(); return nil })
	closeAll = nil
	settle()
	if found.Closed, err = scan(o.Markers); err != nil {
		return err
	}
	runtime.KeepAlive(&o)
	return json.NewEncoder(os.Stdout).Encode(found)
}

// elsewhere runs f on a goroutine of its own, as a program's request does, whose
// stack is large enough: where the runtime moves a stack, the old one keeps what
// is wiped in the new one. Only runtime/secret helps against that.
func elsewhere(f func() func()) (result func()) {
	done := make(chan func())
	go func() {
		deep(256)
		result := f()
		if secret.Erased {
			saveRegisters()
		}
		done <- result
		select {} // what f left on the stack stays to be found
	}()
	return <-done
}

// call returns what f does, on a stack of its own, where no later call covers
// what f left.
func call[R any](f func() (R, error)) (r R) {
	elsewhere(func() func() { r = must(f()); return nil })
	return r
}

func call1[A, R any](f func(A) (R, error), a A) R {
	return call(func() (R, error) { return f(a) })
}

func call2[A, B, R any](f func(A, B) (R, error), a A, b B) R {
	return call(func() (R, error) { return f(a, b) })
}

// saveRegisters has the kernel save what the processor's registers hold, as it
// does at any signal, to memory, where it can be found.
func saveRegisters() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	thread, _, _ := syscall.RawSyscall(syscall.SYS_GETTID, 0, 0, 0)
	syscall.RawSyscall(syscall.SYS_TGKILL, uintptr(syscall.Getpid()), thread, uintptr(syscall.SIGURG))
}

//go:noinline
func deep(n int) byte {
	var b [1024]byte
	if n > 0 {
		b[n%len(b)] = deep(n - 1)
	}
	return b[0]
}

// settle lets the collector find what is dead, and finish, where the runtime
// then erases it. Elsewhere nothing is collected: what is dead would be found or
// not as the next allocation falls.
func settle() {
	if !secret.Erased {
		return
	}
	for range 3 {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
}

// maskedReader is a crypto/rand that leaves no copy of what it hands out. Where
// the Reader is not its own, rand.Read hands on a copy, on the heap; no program
// has that but this one, and wipe wipes it.
type maskedReader struct {
	m     masked
	given [][]byte
}

func (r *maskedReader) wipe() {
	for _, b := range r.given {
		clear(b)
	}
	runtime.KeepAlive(r)
}

func (r *maskedReader) Read(p []byte) (int, error) {
	n := r.m.unmask(p)
	r.given = append(r.given, p)
	r.m.Bytes, r.m.Mask = r.m.Bytes[n:], r.m.Mask[n:]
	if n < len(p) {
		return n, fmt.Errorf("memscan: %d random bytes too few", len(p)-n)
	}
	return n, nil
}

// secret calls f with a secret of the order, and wipes what f was given.
func (o *order) secret(name string, f func(b []byte)) {
	b := make([]byte, len(o.Secrets[name].Bytes))
	o.Secrets[name].unmask(b)
	f(b)
	clear(b)
	runtime.KeepAlive(&b)
}

func (o *order) curve25519(name string) keys.Curve25519 {
	return must(keys.NewCurve25519(o.Public[name]))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
