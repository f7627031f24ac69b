package attachment

import (
	"crypto/rand"
	"fmt"
	"io"

	"github.com/chappe-e2ee/chappe/internal/secret"
)

// EncryptReader encrypts a file while it is read: its Read returns the
// ciphertext, which has as many bytes as the plaintext. It is safe for
// concurrent use.
//
// It holds the key of the file, and does not print and does not marshal.
type EncryptReader struct {
	secret.Redacted
	r   reader
	box *box // nil once the key has left
}

// NewEncryptReader returns a reader that encrypts plaintext under a new key. It
// takes the 32 bytes of the key and then the 8 bytes of the IV from crypto/rand.
// A plaintext of more than maxSize bytes ends with [ErrTooLarge] instead of
// io.EOF.
//
// An upload that failed starts again with a new EncryptReader, and so with
// another key.
func NewEncryptReader(plaintext io.Reader, maxSize int64) (v *EncryptReader) {
	secret.Do(func() { v = doNewEncryptReader(plaintext, maxSize) })
	return v
}

func doNewEncryptReader(plaintext io.Reader, maxSize int64) *EncryptReader {
	b := &box{live: true, held: new(held)}
	rand.Read(b.key[:])
	rand.Read(b.iv[:nonceSize])
	left, over := limit(maxSize, &b.iv)
	e := &EncryptReader{box: b}
	e.r.init(source{r: plaintext, left: left, over: over}, &b.material)
	e.r.encrypt = true
	e.r.check = func() error {
		b.hash = e.r.sum()
		return nil
	}
	return e
}

// Read implements io.Reader. An error of the plaintext's reader is returned as
// it is, but for one that wraps io.EOF: it becomes [io.ErrUnexpectedEOF], so that
// only the true end is io.EOF to errors.Is. A reader that was not made by this
// package's function returns [ErrClosed].
func (e *EncryptReader) Read(p []byte) (int, error) { return e.r.read(p) }

// Finish returns the File to send, once Read has returned io.EOF and the
// ciphertext was uploaded to url, an mxc:// URI. The key leaves with it: when
// Finish has succeeded, later calls return [ErrClosed].
//
// It returns [ErrUnfinished], with the error that ended the reading if there was
// one, or a [*MalformedError] when url is none.
func (e *EncryptReader) Finish(url string) (File, error) {
	e.r.mu.Lock()
	defer e.r.mu.Unlock()
	switch {
	case e.box == nil:
		return File{}, ErrClosed
	case e.r.err == nil:
		return File{}, ErrUnfinished
	case e.r.err != io.EOF:
		return File{}, fmt.Errorf("%w: %w", ErrUnfinished, e.r.err)
	}
	if err := checkURL(url); err != nil {
		return File{}, err
	}
	f := File{box: e.box}
	f.box.url = url
	e.box = nil
	return f, nil
}

// Close wipes the key of a file that is given up. Later calls return
// [ErrClosed]. A File that Finish returned is not touched.
//
// It is not the Close of io.Closer: what reads an upload's body to its end, such
// as net/http, must not close it before Finish.
func (e *EncryptReader) Close() {
	e.r.mu.Lock()
	defer e.r.mu.Unlock()
	e.r.fail(ErrClosed)
	if e.box != nil {
		e.box.wipe()
		e.box = nil
	}
}
