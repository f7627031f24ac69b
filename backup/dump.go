package backup

import (
	"bytes"
	"io"
	"iter"

	"github.com/chappe-e2ee/chappe/pk"
)

const dumpName = "backup: room_keys"

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
		decrypt := func(j *job) { j.entry, j.err = DecryptSession(key, j.roomID, j.sessionID, j.text) }
		d := &dumpReader{s: newScanner(dumpName, dump), batch: newBatch(workers, decrypt, yield)}
		d.batch.run(d.read)
	}
}

type dumpReader struct {
	s     *scanner
	batch *batch
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
	return true, d.batch.add(job{roomID: roomID, err: malformed(dumpName, "not an object")})
}

func (d *dumpReader) room(roomID string, ok bool) error {
	if !ok {
		if _, err := d.s.value(0); err != nil {
			return err
		}
		return d.batch.add(job{err: malformed(dumpName, "a room id that is no text")})
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
			return d.batch.add(j)
		})
	})
}
