package backup

import (
	"bytes"
	"errors"
	"io"
	"iter"

	"github.com/chappe-e2ee/chappe/internal/parallel"
	"github.com/chappe-e2ee/chappe/pk"
)

const dumpName = "backup: room_keys"

// A batch is what is read before it is decrypted at once.
const (
	batchPerWorker = 64
	maxBatch       = 4096
	maxBatchBytes  = 4 << 20 // then a batch ends early
)

// DecryptDump returns the room keys of the answer to GET
// /_matrix/client/v3/room_keys/keys, in its order, while it reads it. workers is
// how many goroutines decrypt, at least one; runtime.GOMAXPROCS(0) is a good
// number. They run only while the iteration waits for them: none is left when an
// entry is handed out. Memory does not grow with the dump.
//
// An [*EntryError] stands for an entry, or a room, that is not taken: what
// [DecryptSession] returns, or a form that is wrong. Any other error is the last:
// a [*MalformedError] where the rest cannot be read, or what dump returns.
// The iteration can run once.
//
// With another key than the backup's, all entries are ErrDecrypt: call
// [AuthData.CheckKey] first, where there is one.
func DecryptDump(key *pk.DecryptionKey, dump io.Reader, workers int) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		workers := min(max(workers, 1), maxBatch/batchPerWorker)
		d := &dumpReader{key: key, workers: workers, yield: yield, s: newScanner(dumpName, dump)}
		err := d.read()
		if err == errStopped || d.flush() != nil {
			return
		}
		if err != nil { // what came before it was handed out
			yield(Entry{}, err)
		}
	}
}

// errStopped says that the caller wants no more.
var errStopped = errors.New("backup: stopped")

// A job is an entry of the dump, and what became of it.
type job struct {
	roomID, sessionID string
	text              []byte
	entry             Entry
	err               error
}

type dumpReader struct {
	key     *pk.DecryptionKey
	workers int
	yield   func(Entry, error) bool
	s       *scanner
	jobs    []job
	bytes   int
	count   int // of entries that were handed out
}

// read reads all of the dump: {"rooms":{roomID:{"sessions":{sessionID:{…}}}}}.
func (d *dumpReader) read() error {
	found := false
	err := d.object(func(name string, ok bool) error {
		if !ok || name != "rooms" {
			_, err := d.s.value(0)
			return err
		}
		found = true
		return d.object(d.room)
	})
	if err != nil {
		return err
	}
	if !found { // it is something else, as a server's error
		return malformed(dumpName, "rooms is missing")
	}
	return d.s.finish()
}

// object calls member for each member of the object that is next.
func (d *dumpReader) object(member func(name string, ok bool) error) error {
	if err := d.s.take('{'); err != nil {
		return err
	}
	for first := true; ; first = false {
		if more, err := d.s.more('}', first); err != nil || !more {
			return err
		}
		name, ok, err := d.s.name()
		if err != nil {
			return err
		}
		if err := member(name, ok); err != nil {
			return err
		}
	}
}

// otherwise skips a value that should be an object, and reports it.
func (d *dumpReader) otherwise(roomID string) (skipped bool, err error) {
	if c, err := d.s.peek(); err != nil || c == '{' {
		return false, err
	}
	if _, err := d.s.value(0); err != nil {
		return false, err
	}
	return true, d.add(job{roomID: roomID, err: malformed(dumpName, "not an object")})
}

func (d *dumpReader) room(roomID string, ok bool) error {
	if !ok {
		if _, err := d.s.value(0); err != nil {
			return err
		}
		return d.add(job{err: malformed(dumpName, "a room id that is no text")})
	}
	if skipped, err := d.otherwise(roomID); skipped || err != nil {
		return err
	}
	return d.object(func(name string, ok bool) error {
		if !ok || name != "sessions" {
			_, err := d.s.value(0)
			return err
		}
		if skipped, err := d.otherwise(roomID); skipped || err != nil {
			return err
		}
		return d.object(func(sessionID string, ok bool) error {
			raw, err := d.s.value(MaxEntrySize)
			if err != nil {
				return err
			}
			j := job{roomID: roomID, sessionID: sessionID, text: bytes.Clone(raw)}
			switch {
			case !ok:
				j.err = malformed(dumpName, "a session id that is no text")
			case raw == nil:
				j.err = ErrTooLarge
			}
			return d.add(j)
		})
	})
}

// add gathers a job, and has the batch done when it is full.
func (d *dumpReader) add(j job) error {
	d.jobs = append(d.jobs, j)
	d.bytes += len(j.text) + len(j.roomID) + len(j.sessionID)
	if len(d.jobs) < d.workers*batchPerWorker && d.bytes < maxBatchBytes {
		return nil
	}
	return d.flush()
}

// flush decrypts the batch and hands it out.
func (d *dumpReader) flush() error {
	jobs := d.jobs
	parallel.Do(len(jobs), d.workers, func(i int) {
		if j := &jobs[i]; j.err == nil {
			j.entry, j.err = DecryptSession(d.key, j.roomID, j.sessionID, j.text)
		}
	})
	d.jobs, d.bytes = jobs[:0], 0
	for i := range jobs {
		j := jobs[i]
		jobs[i] = job{}
		if j.err != nil {
			j.err = &EntryError{Index: d.count, RoomID: j.roomID, SessionID: j.sessionID, Err: j.err}
		}
		d.count++
		if !d.yield(j.entry, j.err) {
			return errStopped
		}
	}
	return nil
}
