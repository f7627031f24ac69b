// Quickstart is a tour of chappe: two people write to each other over Olm, share
// a room over Megolm, store everything, and go on with accounts and sessions
// that libolm made. It says what it does, checks each step, and exits with
// status 1 when one fails.
//
//	go run ./examples/quickstart
package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
	"github.com/chappe-e2ee/chappe/testvectors"
)

func main() {
	if err := run(os.Stdout, testvectors.FS); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// run takes the tour. Each step is a method of tour, in the file that the
// comment names.
func run(out io.Writer, vectors fs.FS) error {
	t := &tour{out: out, vectors: vectors}
	steps := []struct {
		title string
		take  func() error
	}{
		// devices.go
		{"Alice, Bob and Carol make their accounts", t.makeAccounts},
		{"Bob publishes keys, and Alice checks one", t.publishKeys},
		// olm.go
		{"Alice and Bob talk over Olm, out of order", t.talk},
		{"Bob's one-time keys are all claimed, and Carol uses his fallback key", t.useFallbackKey},
		// megolm.go
		{"Alice opens a session for a room, and sends its key to Bob", t.shareRoomKey},
		{"Bob reads the room, out of order", t.readRoom},
		{"Carol joins late", t.joinLate},
		// storage.go
		{"The programs stop, and start again from what they stored", t.restart},
		// libolm.go
		{"An account that libolm stored", t.takeOverAccount},
		{"Olm sessions that libolm stored", t.takeOverSessions},
		{"Megolm sessions that libolm stored", t.takeOverRoom},
	}
	for i, step := range steps {
		t.line("%d. %s", i+1, step.title)
		err := step.take()
		if err == nil {
			err = t.failed
		}
		if err != nil {
			return fmt.Errorf("step %d, %s: %w", i+1, step.title, err)
		}
		t.line("")
	}
	t.line("All %d checks passed.", t.checks)
	return t.failed
}

// tour is what the steps share.
type tour struct {
	out     io.Writer
	vectors fs.FS // test vectors, made by libolm
	checks  int
	failed  error // the first check that failed

	alice, bob, carol *device
	claimed           olm.OneTimeKey // Bob's one-time key that Alice claimed

	aliceToBob, bobToAlice *olm.Session // the two ends of one session

	aliceRoom *megolm.OutboundSession // Alice writes to the room
	bobRoom   *megolm.InboundSession  // Bob reads what Alice writes
	history   []megolm.Message        // the room, as the server has it
}

// say tells what happens.
func (t *tour) say(format string, args ...any) { t.line("   "+format, args...) }

// check tells what was checked, or notes that it is not so.
func (t *tour) check(ok bool, format string, args ...any) {
	if !ok {
		if t.failed == nil {
			t.failed = fmt.Errorf("this should hold: "+format, args...)
		}
		return
	}
	t.checks++
	t.line("   [ok] "+format, args...)
}

func (t *tour) line(format string, args ...any) {
	if _, err := fmt.Fprintf(t.out, format+"\n", args...); err != nil && t.failed == nil {
		t.failed = err
	}
}
