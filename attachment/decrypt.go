package attachment

import (
	"crypto/sha256"
	"io"

	"github.com/chappe-e2ee/chappe/internal/secret"
)

// bufferSize is how much of a ciphertext is hashed at a time before it is
// decrypted.
const bufferSize = 32 << 10

// DecryptReader returns the plaintext of a file whose whole ciphertext had the
// right hash before the first byte was decrypted. It is safe for concurrent use.
type DecryptReader struct {
	secret.Redacted
	r    reader
	size int64
}

// NewDecryptReader reads ciphertext from its start to its end, and returns a
// reader of the plaintext if it has the hash that f names. A ciphertext of more
// than maxSize bytes is refused.
//
// The plaintext is decrypted from a second pass, which the reader hashes again:
// a ciphertext that changed in between makes it return [ErrChanged] instead of
// io.EOF. Keep the ciphertext where nobody else writes.
//
// NewDecryptReader returns [ErrHash], [ErrTooLarge], a [*MalformedError] when
// the IV leaves too few counters, [keys.ErrAbsent], [ErrClosed], or what
// ciphertext returns.
func NewDecryptReader(ciphertext io.ReadSeeker, f File, maxSize int64) (*DecryptReader, error) {
	var m material
	defer m.wipe()
	if err := f.material(&m); err != nil {
		return nil, err
	}
	left, over := limit(maxSize, &m.iv)
	size, err := verify(ciphertext, &m.hash, source{r: ciphertext, left: left, over: over})
	if err != nil {
		return nil, err
	}
	if _, err := ciphertext.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	d := &DecryptReader{size: size}
	d.r.initDecrypt(source{r: ciphertext, left: size, over: ErrChanged}, &m, ErrChanged)
	return d, nil
}

// verify is the first pass. It returns the size of the ciphertext.
func verify(ciphertext io.Seeker, want *[HashSize]byte, src source) (int64, error) {
	if _, err := ciphertext.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	hash := sha256.New()
	buffer := make([]byte, bufferSize)
	size := int64(0)
	for {
		n, err := src.read(buffer)
		if err == io.EOF {
			break
		}
		if err != nil {
			return 0, err
		}
		hash.Write(buffer[:n])
		size += int64(n)
	}
	if [HashSize]byte(hash.Sum(nil)) != *want {
		return 0, ErrHash
	}
	return size, nil
}

// Read implements io.Reader. An error of the ciphertext's reader is returned as
// it is, but for one that wraps io.EOF: it becomes [io.ErrUnexpectedEOF], so that
// only the true end is io.EOF to errors.Is. A reader that was not made by this
// package's function returns [ErrClosed].
func (d *DecryptReader) Read(p []byte) (int, error) { return d.r.read(p) }

// Size returns the size of the file in bytes.
func (d *DecryptReader) Size() int64 { return d.size }
