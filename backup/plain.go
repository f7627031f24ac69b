package backup

import (
	"bufio"
	"io"
	"iter"

	"github.com/chappe-e2ee/chappe/internal/secret"
)

// PlainEntries returns the room keys of a JSON array of ExportedSessionData, what
// a key file holds encrypted, as it reads it. Nothing authenticates them: whoever
// could write to the array can have altered it, and there is no MAC that would
// tell. They say so by their [Source].
//
// An [*EntryError] stands for an entry that is not taken, as with
// [KeyFile.Entries]. Any other error is the last: a [*MalformedError] when it is
// not an array, or what r returns. Memory does not grow with the array. The
// iteration can run once.
func PlainEntries(r io.Reader) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		s := newScanner("backup: array of room keys", withoutMark(r))
		defer s.wipe()
		b := newBatch(1, func(j *job) { j.parse(FromPlain) }, yield)
		b.run(func() error { return readArray(s, b) })
	}
}

// withoutMark goes past a byte order mark, which an editor may have set. Of the
// secrets behind it, no more than 16 bytes pass through a buffer that stays.
func withoutMark(r io.Reader) io.Reader {
	b := bufio.NewReaderSize(&source{r: r}, 16)
	if head, _ := b.Peek(len(byteOrderMark)); string(head) == byteOrderMark {
		b.Discard(len(byteOrderMark))
	}
	return b
}

// SecretJSON returns the entry as ExportedSessionData, an element of the array
// that [PlainEntries] reads, with the members that are not known. Whoever sees it
// can read the room; wiping it is the caller's. It returns [keys.ErrAbsent] when
// the session key or the sender key is absent, [ErrTooLarge], or a
// [*MalformedError] for an entry that cannot be written.
func (e Entry) SecretJSON() ([]byte, error) {
	return secret.Call(func() ([]byte, error) { return e.doSecretJSON() })
}

func (e Entry) doSecretJSON() ([]byte, error) {
	text, err := e.appendExport(make([]byte, 0, 1024))
	if err != nil {
		secret.Wipe(text)
		return nil, err
	}
	return text, nil
}
