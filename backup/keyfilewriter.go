package backup

import (
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"hash"
	"io"
	"sync"

	"github.com/chappe-e2ee/chappe/internal/b64"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
)

// lineBytes is how many bytes stand on a line of base64, as Element writes it:
// 128 characters. It is a multiple of three, so that only the last is padded.
const lineBytes = 96

// flushSize is how much is gathered before it is written.
const flushSize = 16 << 10

// KeyFileWriter writes a key file as its entries come, in memory that does not
// grow. It is safe for concurrent use.
type KeyFileWriter struct {
	secret.Redacted
	mu     sync.Mutex
	w      io.Writer
	stream cipher.Stream
	mac    hash.Hash
	binary []byte // encrypted, and not yet in a whole line
	text   []byte // not yet written
	plain  []byte
	count  int
	err    error // once set, returned for ever
}

// NewKeyFileWriter begins a key file. rounds is [DefaultRounds], or another number
// from [MinNewRounds] to [MaxRounds]. It takes the 16 bytes of the salt and then
// the 16 bytes of the IV from crypto/rand. The passphrase is used as it is, in
// UTF-8; wiping it is the caller's.
//
// A file is whole only once [KeyFileWriter.Finish] returned nil. Write to a
// temporary file, and give it its name then. It returns [keys.ErrAbsent] when
// the passphrase is empty and a [*MalformedError] when rounds is out of bounds.
func NewKeyFileWriter(w io.Writer, passphrase []byte, rounds int) (*KeyFileWriter, error) {
	if rounds < MinNewRounds || rounds > MaxRounds {
		return nil, malformed(keyFileName, "rounds: not 100000 to 10000000")
	}
	return newKeyFileWriter(w, passphrase, rounds)
}

func newKeyFileWriter(w io.Writer, passphrase []byte, rounds int) (*KeyFileWriter, error) {
	return secret.Call(func() (*KeyFileWriter, error) { return makeKeyFileWriter(w, passphrase, rounds) })
}

func makeKeyFileWriter(w io.Writer, passphrase []byte, rounds int) (*KeyFileWriter, error) {
	if len(passphrase) == 0 {
		return nil, fmt.Errorf("backup: passphrase: %w", keys.ErrAbsent)
	}
	var h header
	h[0] = keyFileVersion
	rand.Read(h.salt())
	rand.Read(h.iv())
	// Bit 63, counted from the lowest: the low half of the counter, which some
	// implementations do not carry out of, cannot pass its end.
	h.iv()[ivSize/2] &= 0x7f
	binary.BigEndian.PutUint32(h[headerSize-4:], uint32(rounds))
	k, err := deriveKeys(&h, passphrase)
	if err != nil {
		return nil, err
	}
	defer secret.Wipe(k[:])
	f := &KeyFileWriter{w: w, stream: k.stream(&h), mac: k.mac()}
	f.mac.Write(h[:])
	f.binary = append(f.binary, h[:]...)
	f.text = append(f.text, armorHeader+"\n"...)
	f.add([]byte("["))
	return f, nil
}

// WriteEntry adds a room key. When it returns an [*EntryError], the entry was
// left out, and others can follow: the session key or the sender key is absent
// (keys.ErrAbsent), the room id is no text, or the entry is too long (ErrTooLarge).
// Any other error comes from the writer, or is [ErrClosed], and stays.
func (f *KeyFileWriter) WriteEntry(e Entry) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return f.err
	}
	var err error
	secret.Do(func() { err = f.encrypt(e) })
	if err != nil {
		return &EntryError{Index: f.count, RoomID: e.RoomID, SessionID: e.SessionID(), Err: err}
	}
	f.count++
	return f.flush(flushSize)
}

// encrypt adds an entry to the content.
func (f *KeyFileWriter) encrypt(e Entry) (err error) {
	defer func() { secret.Wipe(f.plain[:cap(f.plain)]) }()
	f.plain = f.plain[:0]
	if f.count > 0 {
		f.plain = append(f.plain, ',')
	}
	if f.plain, err = e.appendExport(f.plain); err != nil {
		return err
	}
	f.add(f.plain)
	return nil
}

// Finish writes the end of the file. Later calls return [ErrClosed]. A file
// without entries is an empty array, which is a key file too. Closing the writer
// beneath is the caller's.
func (f *KeyFileWriter) Finish() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return f.err
	}
	secret.Do(f.end)
	if err := f.flush(0); err != nil {
		return err
	}
	f.close(ErrClosed)
	return nil
}

// end adds what comes behind the last entry.
func (f *KeyFileWriter) end() {
	f.add([]byte("]"))
	f.binary = f.mac.Sum(f.binary)
	f.lines(1)
	f.text = append(f.text, armorFooter+"\n"...)
}

// Close gives the file up. Later calls return [ErrClosed]. What was written is
// not a key file, unless Finish came before.
func (f *KeyFileWriter) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.close(ErrClosed)
}

// add encrypts a piece of the content, in place.
func (f *KeyFileWriter) add(piece []byte) {
	f.stream.XORKeyStream(piece, piece)
	f.mac.Write(piece)
	f.binary = append(f.binary, piece...)
	f.lines(lineBytes)
}

// lines turns binary into lines, as long as there are least bytes.
func (f *KeyFileWriter) lines(least int) {
	b := f.binary
	for len(b) >= least {
		n := min(len(b), lineBytes)
		f.text = b64.AppendEncode(f.text, b[:n])
		for range (3 - n%3) % 3 {
			f.text = append(f.text, '=')
		}
		f.text = append(f.text, '\n')
		b = b[n:]
	}
	f.binary = append(f.binary[:0], b...)
}

// flush writes the text when there are least bytes of it.
func (f *KeyFileWriter) flush(least int) error {
	if len(f.text) < least {
		return nil
	}
	f.err = ErrClosed // should Write panic: nobody knows how much was written
	n, err := f.w.Write(f.text)
	f.err = nil
	if err == nil && n != len(f.text) {
		err = io.ErrShortWrite
	}
	f.text = f.text[:0]
	if err != nil {
		f.close(err)
	}
	return err
}

// close ends all writing with err, unless something did before.
func (f *KeyFileWriter) close(err error) {
	if f.err == nil {
		f.err = err
	}
	f.stream, f.mac = nil, nil // the keys' schedules
}
