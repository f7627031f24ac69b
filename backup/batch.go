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
	maxBatchBytes  = 4 << 20 // then a batch ends early
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

// A batch gathers jobs, has them done on several goroutines, which have ended
// before anything is handed out, and hands the entries out in their order.
type batch struct {
	workers int
	do      func(*job) // of those that have no error yet
	yield   func(Entry, error) bool
	jobs    []job
	bytes   int
	count   int // of entries that were handed out
}

func newBatch(workers int, do func(*job), yield func(Entry, error) bool) *batch {
	return &batch{workers: min(max(workers, 1), maxBatch/batchPerWorker), do: do, yield: yield}
}

// add gathers a job, and has the batch done when it is full.
func (b *batch) add(j job) error {
	b.jobs = append(b.jobs, j)
	b.bytes += len(j.text) + len(j.roomID) + len(j.sessionID)
	if len(b.jobs) < b.workers*batchPerWorker && b.bytes < maxBatchBytes {
		return nil
	}
	return b.flush()
}

// flush does what was gathered and hands it out.
func (b *batch) flush() error {
	jobs := b.jobs
	defer b.drop()
	parallel.Do(len(jobs), b.workers, func(i int) {
		if jobs[i].err == nil {
			b.do(&jobs[i])
		}
	})
	for i := range jobs {
		j := jobs[i]
		jobs[i].entry = Entry{} // it is the caller's now
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

// drop forgets what was gathered, and wipes the keys that nobody has.
func (b *batch) drop() {
	for _, j := range b.jobs {
		secret.Wipe(j.text)
		j.entry.Close()
	}
	clear(b.jobs)
	b.jobs, b.bytes = b.jobs[:0], 0
}
