package backup

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"sync"

	"github.com/chappe-e2ee/chappe/internal/secret"
)

// KeyFile is a key file whose passphrase was right and whose MAC was checked. It
// is safe for concurrent use, but only one iteration can run at a time.
type KeyFile struct {
	secret.Redacted
	header header
	mac    [macSize]byte

	mu   sync.Mutex
	file io.ReadSeeker
	keys *fileKeys // fmt does not follow it where a *KeyFile is printed
	live bool
	busy bool
}

// OpenKeyFile reads a key file from its start to its end and checks its MAC.
// Nothing is decrypted yet. The passphrase is used as it is, in UTF-8; wiping it
// is the caller's. It takes tenths of a second, or as long as the file's rounds,
// which are bounded by [MaxRounds]; memory does not grow with the file.
//
// Keep the file where nobody else writes until all entries are read. It returns
// a [*MalformedError] or [*VersionError], [ErrPassphrase], or what file returns.
func OpenKeyFile(file io.ReadSeeker, passphrase []byte) (*KeyFile, error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	e := newEnvelope(newArmor(file))
	f := &KeyFile{file: file, live: true}
	if err := e.readHeader(&f.header); err != nil {
		return nil, err
	}
	if err := f.header.check(); err != nil {
		return nil, err
	}
	var err error
	if f.keys, err = deriveKeys(&f.header, passphrase); err != nil {
		return nil, err
	}
	if err := e.verify(&f.header, f.keys); err != nil {
		f.Close()
		return nil, err
	}
	f.mac = e.mac
	return f, nil
}

// ReadKeyFile is [OpenKeyFile] of what cannot seek: it keeps the whole file, which
// is encrypted, in memory. It returns [ErrTooLarge] when the file has more than
// maxSize bytes.
func ReadKeyFile(file io.Reader, passphrase []byte, maxSize int64) (*KeyFile, error) {
	var text bytes.Buffer
	_, err := io.CopyN(&text, &source{r: file}, maxSize)
	if err == nil {
		var probe [1]byte
		if n, end := (&source{r: file}).Read(probe[:]); n > 0 {
			return nil, ErrTooLarge
		} else if end != io.EOF {
			return nil, end
		}
	} else if err != io.EOF {
		return nil, err
	}
	return OpenKeyFile(bytes.NewReader(text.Bytes()), passphrase)
}

// Rounds returns how many rounds of PBKDF2 the passphrase went through. Fewer than
// [MinNewRounds] protect a passphrase badly.
func (f *KeyFile) Rounds() int { return int(f.header.rounds()) }

// Close wipes the keys that follow from the passphrase. Later calls return
// [ErrClosed], and an iteration that is running ends with it. The file itself is
// the caller's.
func (f *KeyFile) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.keys != nil {
		secret.Wipe(f.keys[:])
	}
	f.live = false
}

// Entries returns the room keys of the file, which it reads and decrypts as they
// are asked for, a few ahead. It can be called again.
//
// An [*EntryError] stands for an entry that is not taken: it is malformed, of
// another algorithm (ErrAlgorithm), has another session's id (ErrSessionID) or
// more than [MaxEntrySize] bytes (ErrTooLarge). Any other error is the last:
// [ErrChanged] when the file is not what it was when it was opened, and then
// nothing of what came before is to be kept (who stops early does not learn of
// it); a [*MalformedError] when the content is not an array; [ErrBusy],
// [ErrClosed], or what the file's reader returns. Two entries may be of one
// session.
func (f *KeyFile) Entries() iter.Seq2[Entry, error] { return f.EntriesParallel(1) }

// EntriesParallel is [KeyFile.Entries], parsing on a number of goroutines, at
// least one; runtime.GOMAXPROCS(0) is a good number. They run only while the
// iteration waits for them: none is left when an entry is handed out.
func (f *KeyFile) EntriesParallel(workers int) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		p, err := f.begin()
		if err != nil {
			yield(Entry{}, err)
			return
		}
		defer f.end()
		defer p.wipe()
		s := newScanner("backup: content of the key file", p)
		defer s.wipe()
		b := newBatch(workers, func(j *job) { j.parse(FromKeyFile) }, func(e Entry, err error) bool {
			if f.isLive() {
				return yield(e, err)
			}
			e.Close()
			yield(Entry{}, ErrClosed)
			return false
		})
		b.run(func() error {
			err := readArray(s, b)
			var wrong *MalformedError
			if errors.As(err, &wrong) && p.drain() == ErrChanged {
				err = ErrChanged
			}
			if err == ErrChanged { // of what is still at hand, nothing is handed out
				b.drop()
			}
			return err
		})
	}
}

// readArray reads all of the content.
func readArray(s *scanner, b *batch) error {
	if err := s.take('['); err != nil {
		return err
	}
	for first := true; ; first = false {
		var j job
		more, err := secret.Call(func() (bool, error) { return j.read(s, first) })
		if err != nil {
			return err
		}
		if !more {
			return s.finish()
		}
		if err := b.add(j); err != nil {
			return err
		}
	}
}

// read takes the text of the next entry, and says whether there is one.
func (j *job) read(s *scanner, first bool) (more bool, err error) {
	if more, err = s.more(']', first); err != nil || !more {
		return false, err
	}
	raw, err := s.value(MaxEntrySize)
	if err != nil {
		return false, err
	}
	if raw == nil {
		j.err = ErrTooLarge
	}
	j.text = bytes.Clone(raw)
	return true, nil
}

// parse reads an entry of a key file or of its content, and wipes its text.
func (j *job) parse(from Source) { secret.Do(func() { j.doParse(from) }) }

func (j *job) doParse(from Source) {
	defer secret.Wipe(j.text)
	j.entry, j.sessionID, j.err = parseEntry(j.text)
	j.entry.source = from
	j.roomID = j.entry.RoomID
}

// begin starts the second pass.
func (f *KeyFile) begin() (*plaintext, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case !f.live:
		return nil, ErrClosed
	case f.busy:
		return nil, ErrBusy
	}
	if _, err := f.file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	p, err := newPlaintext(newArmor(f.file), &f.header, f.mac, f.keys)
	if err != nil {
		return nil, err
	}
	f.busy = true
	return p, nil
}

func (f *KeyFile) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.busy = false
}

func (f *KeyFile) isLive() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.live
}
