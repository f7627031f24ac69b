package backup_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/backup"
	"github.com/chappe-e2ee/chappe/keys"
)

func TestWriterErrors(t *testing.T) {
	var text bytes.Buffer
	w, err := backup.NewWeakKeyFileWriter(&text, []byte(passphrase), 1)
	require.NoError(t, err)
	closed := entry(t, 1)
	closed.Session = export(t, 70)
	closed.Close()
	for name, change := range map[string]func(*backup.Entry){
		"room":       func(e *backup.Entry) { e.RoomID = "" },
		"room UTF-8": func(e *backup.Entry) { e.RoomID = "\xff" },
		"room long":  func(e *backup.Entry) { e.RoomID = strings.Repeat("a", backup.MaxEntrySize) },
		"session":    func(e *backup.Entry) { *e = closed },
		"sender":     func(e *backup.Entry) { e.SenderKey = keys.Curve25519{} },
		"chain":      func(e *backup.Entry) { e.ForwardingChain = make([]keys.Curve25519, 1) },
	} {
		e := entry(t, 1)
		change(&e)
		var spoilt *backup.EntryError
		err := mustFail(t, func() error { return w.WriteEntry(e) }, written{&text}, said(e))
		require.ErrorAs(t, err, &spoilt, name)
	}
	require.NoError(t, w.WriteEntry(entry(t, 1)))
	w.Close()
	require.ErrorIs(t, mustFail(t, func() error { return w.WriteEntry(entry(t, 1)) }, written{&text}), backup.ErrClosed)

	boom := errors.New("boom")
	for want, write := range map[error]writerFunc{
		boom:             func([]byte) (int, error) { return 0, boom },
		io.ErrShortWrite: func(p []byte) (int, error) { return len(p) - 1, nil },
	} {
		calls := 0
		w, err = backup.NewWeakKeyFileWriter(writerFunc(func(p []byte) (int, error) { calls++; return write(p) }), []byte(passphrase), 1)
		require.NoError(t, err)
		for range 2 {
			require.Equal(t, want, mustFail(t, w.Finish))
		}
		require.Equal(t, 1, calls, "an error stays, and nothing is written behind it")
	}
}

// A writer gathers entries, and writes many at once.
func TestWriterGathers(t *testing.T) {
	var sizes []int
	w, err := backup.NewWeakKeyFileWriter(writerFunc(func(p []byte) (int, error) { sizes = append(sizes, len(p)); return len(p), nil }), []byte(passphrase), 1)
	require.NoError(t, err)
	for range 50 {
		require.NoError(t, w.WriteEntry(entry(t, 1)))
	}
	require.NoError(t, w.Finish())
	require.Greater(t, len(sizes), 1)
	for _, n := range sizes[:len(sizes)-1] {
		require.GreaterOrEqual(t, n, 16<<10)
	}
}

// written is what a writer has written, which a failed call leaves.
type written struct{ *bytes.Buffer }

func (w written) State() []byte   { return w.Bytes() }
func (written) Secrets() [][]byte { return nil }

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// A bad entry that was refused leaves no comma behind.
func TestRefusedEntryLeavesNothing(t *testing.T) {
	var text bytes.Buffer
	w, err := backup.NewWeakKeyFileWriter(&text, []byte(passphrase), 1)
	require.NoError(t, err)
	for i := range 2 {
		mustFail(t, func() error { return w.WriteEntry(backup.Entry{}) }, written{&text})
		require.NoError(t, w.WriteEntry(entry(t, i+1)))
	}
	require.NoError(t, w.Finish())
	got, spoilt, last := collect(open(t, text.String()))
	require.NoError(t, last)
	require.Empty(t, spoilt)
	require.Len(t, got, 2)
}

// A writer that panics leaves a file that cannot be gone on with: nobody knows
// how much of it was written.
func TestWriterPanics(t *testing.T) {
	w, err := backup.NewWeakKeyFileWriter(writerFunc(func([]byte) (int, error) { panic("full") }), []byte(passphrase), 1)
	require.NoError(t, err)
	require.PanicsWithValue(t, "full", func() { w.Finish() })
	require.ErrorIs(t, mustFail(t, w.Finish), backup.ErrClosed)
	require.ErrorIs(t, mustFail(t, func() error { return w.WriteEntry(entry(t, 1)) }), backup.ErrClosed)
}

// A writer takes entries from many goroutines, and a file that is read can be
// closed and asked for more beside.
func TestKeyFileConcurrently(t *testing.T) {
	const n = 24
	var text bytes.Buffer
	w, err := backup.NewWeakKeyFileWriter(&text, []byte(passphrase), 1)
	require.NoError(t, err)
	want := map[string]bool{}
	var list []backup.Entry
	for i := range n {
		list = append(list, entry(t, i))
		want[list[i].SessionID()] = true
	}
	var failed atomic.Int32
	var group sync.WaitGroup
	for _, e := range list {
		group.Go(func() {
			if w.WriteEntry(e) != nil {
				failed.Add(1)
			}
		})
	}
	group.Wait()
	require.Zero(t, failed.Load())
	require.NoError(t, w.Finish())

	f := open(t, text.String())
	got, spoilt, last := collect(f)
	require.NoError(t, last)
	require.Empty(t, spoilt)
	require.Len(t, got, n)
	for _, e := range got {
		require.True(t, want[e.SessionID()])
	}
	var other atomic.Int32
	for i := range 8 {
		group.Go(func() {
			if i == 7 {
				f.Close()
				return
			}
			list, _, last := collect(f)
			switch {
			case last == nil && len(list) == n: // all of it, undisturbed
			case !errors.Is(last, backup.ErrBusy) && !errors.Is(last, backup.ErrClosed):
				other.Add(1)
			}
		})
	}
	group.Wait()
	require.Zero(t, other.Load())
}
