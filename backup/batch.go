package backup

import (
	"errors"

	"github.com/chappe-e2ee/chappe/internal/parallel"
	"github.com/chappe-e2ee/chappe/internal/secret"
)

// What is gathered before it is read at once.
const (
	batchPerWorker = 64
	maxBatch       = 4096
	maxBatchBytes  = 2 << 20 // then a batch ends early; two are held
)

// errStopped says that the caller wants no more.
var errStopped = errors.New("backup: stopped")

// A job is an entry that comes, and what became of it.
type job struct {
	roomID, sessionID string
	text              []byte
	entry             Entry
	err               error
}

// A batch gathers jobs, has them done on several goroutines while it gathers the
// next ones, and hands the entries out in their order, when the goroutines have
// ended.
type batch struct {
	workers int
	do      func(*job) // of those that have no error yet
	yield   func(Entry, error) bool
	jobs    []job
	bytes   int
	started []job  // what was gathered before
	finish  func() // waits until started is done; nil when it is
	count   int    // of entries that were handed out
}

func newBatch(workers int, do func(*job), yield func(Entry, error) bool) *batch {
	return &batch{workers: min(max(workers, 1), maxBatch/batchPerWorker), do: do, yield: yield}
}

// run hands out what read adds, and then the error that ended it, unless the
// caller stopped before.
func (b *batch) run(read func() error) {
	defer b.drop()
	err := read()
	if err == errStopped || b.flush() != nil {
		return
	}
	if err != nil { // what came before it was handed out
		b.yield(Entry{}, err)
	}
}

// add gathers a job. When the batch is full, it hands out the one before and
// starts this one; alone, it hands out this one too.
func (b *batch) add(j job) error {
	b.jobs = append(b.jobs, j)
	b.bytes += len(j.text) + len(j.roomID) + len(j.sessionID)
	if len(b.jobs) < b.workers*batchPerWorker && b.bytes < maxBatchBytes {
		return nil
	}
	if b.workers == 1 {
		return b.flush()
	}
	if err := b.handOut(); err != nil {
		return err
	}
	b.start()
	return nil
}

// flush hands out all that was gathered.
func (b *batch) flush() error {
	if err := b.handOut(); err != nil {
		return err
	}
	b.start()
	return b.handOut()
}

// start begins with what was gathered. All that was started before was handed
// out.
func (b *batch) start() {
	b.started, b.jobs, b.bytes = b.jobs, b.started[:0], 0
	jobs := b.started
	b.finish = parallel.Start(len(jobs), b.workers, func(i int) {
		if jobs[i].err == nil {
			b.do(&jobs[i])
		}
	})
}

func (b *batch) wait() {
	if finish := b.finish; finish != nil {
		b.finish = nil
		finish()
	}
}

// handOut hands out what was started.
func (b *batch) handOut() error {
	defer func() { b.started = forget(b.started) }()
	b.wait()
	for i := range b.started {
		j := b.started[i]
		b.started[i].entry = Entry{} // it is the caller's now
		if j.err != nil {
			j.entry, j.err = Entry{}, &EntryError{Index: b.count, RoomID: j.roomID, SessionID: j.sessionID, Err: j.err}
		}
		b.count++
		if !b.yield(j.entry, j.err) {
			return errStopped
		}
	}
	return nil
}

// drop forgets all that was not handed out. It ends the goroutines, also where
// the caller's reader panics.
func (b *batch) drop() {
	b.wait()
	b.started = forget(b.started)
	b.jobs, b.bytes = forget(b.jobs), 0
}

// forget wipes the keys that nobody has, and returns the room of the list.
func forget(jobs []job) []job {
	for _, j := range jobs {
		secret.Wipe(j.text)
		j.entry.Close()
	}
	clear(jobs)
	return jobs[:0]
}
