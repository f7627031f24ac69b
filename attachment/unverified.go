package attachment

import (
	"io"

	"github.com/chappe-e2ee/chappe/internal/secret"
)

// UnverifiedReader returns the plaintext of a file in one pass, before its hash
// is known. What it returns is nobody's word until Read has returned io.EOF: a
// server can have chosen which bits to flip. Use it only where everything that
// was done with the bytes is undone on any other error; [DecryptReader] asks for
// no such care. It is safe for concurrent use.
type UnverifiedReader struct {
	secret.Redacted
	r reader
}

// NewUnverifiedReader returns a reader that decrypts ciphertext as it comes. It
// ends with [ErrHash] instead of io.EOF when the ciphertext does not have the
// hash that f names, and with [ErrTooLarge] when it has more than maxSize bytes.
//
// NewUnverifiedReader returns [keys.ErrAbsent] or [ErrClosed].
func NewUnverifiedReader(ciphertext io.Reader, f File, maxSize int64) (*UnverifiedReader, error) {
	var m material
	defer m.wipe()
	if err := f.material(&m); err != nil {
		return nil, err
	}
	left, over := limit(maxSize, &m.iv)
	u := new(UnverifiedReader)
	u.r.initDecrypt(source{r: ciphertext, left: left, over: over}, &m, ErrHash)
	return u, nil
}

// Read implements io.Reader. An error of the ciphertext's reader is returned as
// it is, but for one that wraps io.EOF: it becomes [io.ErrUnexpectedEOF], so that
// only the true end is io.EOF to errors.Is. A reader that was not made by this
// package's function returns [ErrClosed].
func (u *UnverifiedReader) Read(p []byte) (int, error) { return u.r.read(p) }
