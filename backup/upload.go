package backup

import (
	"fmt"
	"iter"

	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
	"github.com/chappe-e2ee/chappe/internal/parallel"
	"github.com/chappe-e2ee/chappe/keys"
)

// Bounds on one upload. Servers, and what stands before them, refuse bodies that
// are too large.
const (
	MaxUploadKeys = 100     // as many as Element sends
	MaxUploadSize = 1 << 20 // bytes; a hundred keys have about 150 KiB

	maxRoomIDSize = 10_000 // bytes, which DecryptDump reads however they are escaped
)

// Upload is one request PUT /_matrix/client/v3/room_keys/keys.
type Upload struct {
	Body    []byte // JSON, of at most MaxUploadSize bytes
	Entries []int  // which keys are in it: where they stood, counted from 0
}

// EncryptAll encrypts room keys for the backup, each with what
// [Recipient.Encrypt] calls verified, and returns them in their order, in
// requests within the bounds above. No key is twice in one request. workers is
// how many goroutines encrypt, at least one; runtime.GOMAXPROCS(0) is a good
// number. They run only while the iteration waits for them. It holds at most
// [MaxUploadKeys] entries at a time: memory does not grow with their number.
//
// An [*EntryError] stands for an entry that is left out: it is what Encrypt
// returns, or [ErrTooLarge] for a room id of more than 10,000 bytes. It comes
// before the request with the entries that follow. Any other error is the last:
// [keys.ErrAbsent] for the zero Recipient.
//
// The server keeps the better of two copies of a key; a request may be repeated.
func (r Recipient) EncryptAll(entries iter.Seq2[Entry, bool], workers int) iter.Seq2[Upload, error] {
	return func(yield func(Upload, error) bool) {
		if r.public.IsZero() {
			yield(Upload{}, fmt.Errorf("backup: recipient: %w", keys.ErrAbsent))
			return
		}
		u := &uploader{recipient: r, workers: workers, yield: yield, held: map[keyName]bool{}}
		for e, verified := range entries {
			name := keyName{e.RoomID, e.SessionID()}
			if u.held[name] && !u.flush() {
				return
			}
			u.held[name] = true
			u.jobs = append(u.jobs, uploadJob{Entry: e, keyName: name, verified: verified})
			if len(u.jobs) == MaxUploadKeys && !u.flush() {
				return
			}
		}
		u.flush()
	}
}

type keyName struct{ roomID, sessionID string }

type uploadJob struct {
	Entry
	keyName
	verified bool
	data     []byte
	err      error
}

type uploader struct {
	recipient Recipient
	workers   int
	yield     func(Upload, error) bool
	jobs      []uploadJob
	held      map[keyName]bool // of jobs: an object has no member twice
	count     int              // of entries before jobs
}

// flush encrypts what is held and hands it out. It returns whether the caller
// wants more.
func (u *uploader) flush() bool {
	jobs := u.jobs
	parallel.Do(len(jobs), u.workers, func(i int) {
		j := &jobs[i]
		if len(j.roomID) > maxRoomIDSize {
			j.err = ErrTooLarge
			return
		}
		j.data, j.err = u.recipient.Encrypt(j.Entry, j.verified)
	})
	first := u.count
	clear(u.held)
	u.jobs, u.count = jobs[:0], u.count+len(jobs)
	var b uploadBody
	for i, j := range jobs {
		if j.err != nil {
			err := &EntryError{Index: first + i, RoomID: j.roomID, SessionID: j.sessionID, Err: j.err}
			if !u.yield(Upload{}, err) {
				return false
			}
			continue
		}
		if !b.add(first+i, j) {
			if !u.yield(b.upload(), nil) {
				return false
			}
			b = uploadBody{}
			b.add(first+i, j)
		}
	}
	clear(jobs)
	return b.size == 0 || u.yield(b.upload(), nil)
}

// uploadBody is {"rooms":{roomID:{"sessions":{sessionID:data}}}} as it grows.
type uploadBody struct {
	rooms   []uploadRoom // in the order in which they came
	entries []int
	size    int // of the body, when it is closed now; 0 when nothing is in it
}

type uploadRoom struct {
	id   string
	text []byte // without the two braces at its end
}

// add returns false, and adds nothing, when the body would be too large.
func (b *uploadBody) add(index int, j uploadJob) bool {
	at := -1
	for i := range b.rooms {
		if b.rooms[i].id == j.roomID {
			at = i
		}
	}
	var head []byte
	if at < 0 {
		head = canonicaljson.Text(j.roomID).AppendTo(head)
		head = append(head, `:{"sessions":{`...)
	}
	const outer, closing, comma = len(`{"rooms":{}}`), len(`}}`), 1
	size := max(b.size, outer) + len(head) + comma + len(`"":`) + len(j.sessionID) + len(j.data)
	if at < 0 {
		size += closing + comma
	}
	if size > MaxUploadSize {
		return false
	}
	if at < 0 {
		at = len(b.rooms)
		b.rooms = append(b.rooms, uploadRoom{j.roomID, head})
	} else {
		b.rooms[at].text = append(b.rooms[at].text, ',')
	}
	text := append(b.rooms[at].text, '"')
	text = append(text, j.sessionID...)
	text = append(text, `":`...)
	b.rooms[at].text = append(text, j.data...)
	b.entries, b.size = append(b.entries, index), size
	return true
}

func (b *uploadBody) upload() Upload {
	body := append(make([]byte, 0, b.size), `{"rooms":{`...)
	for i, room := range b.rooms {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, room.text...)
		body = append(body, `}}`...)
	}
	return Upload{Body: append(body, `}}`...), Entries: b.entries}
}
