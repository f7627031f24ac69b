package attachment

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"io"
	"sync"

	"github.com/chappe-e2ee/chappe/internal/secret"
)

// MaxSize is the size in bytes of the largest file: SHA-256 hashes no more. It
// is the limit of a caller who has none.
const MaxSize = 1<<61 - 1

// keystream has the key's schedule behind a second pointer: fmt follows one of a
// caller's struct, whatever methods there are.
type keystream struct{ cipher.Stream }

// newKeystream returns AES-256 in counter mode.
func newKeystream(key *[KeySize]byte, iv *[ivSize]byte) (k *keystream) {
	secret.Do(func() { k = makeKeystream(key, iv) })
	return k
}

func makeKeystream(key *[KeySize]byte, iv *[ivSize]byte) *keystream {
	block, err := aes.NewCipher(key[:])
	if err != nil { // impossible with a key of this size
		panic("attachment: internal error: " + err.Error())
	}
	return &keystream{cipher.NewCTR(block, iv[:])}
}

// counterLeft returns how many bytes can be encrypted before the low half of the
// counter passes 2^64, where implementations differ. It is [MaxSize] when that
// is further away.
func counterLeft(iv *[ivSize]byte) int64 {
	blocks := -binary.BigEndian.Uint64(iv[nonceSize:]) // 0 stands for 2^64
	if blocks == 0 || blocks > MaxSize/aes.BlockSize {
		return MaxSize
	}
	return int64(blocks * aes.BlockSize)
}

// limit returns how many bytes may be read and what is wrong when more come.
func limit(maxSize int64, iv *[ivSize]byte) (int64, error) {
	maxSize = min(max(maxSize, 0), MaxSize)
	if n := counterLeft(iv); n < maxSize {
		return n, malformed(fileName, "iv: the counter passes its end within the file")
	}
	return maxSize, ErrTooLarge
}

// reader is what all readers have in common: it encrypts or decrypts what it
// reads. It has a lock because two calls at a time would use one keystream twice.
type reader struct {
	mu      sync.Mutex
	src     source
	stream  *keystream // nil once reading has ended
	hash    hash.Hash  // nil in the zero value
	encrypt bool
	check   func() error // called once, where the source ends
	err     error        // once set, returned for ever
}

func (r *reader) init(src source, m *material) {
	r.src, r.stream, r.hash = src, newKeystream(&m.key, &m.iv), sha256.New()
}

// initDecrypt is init for a ciphertext. It ends with wrong instead of io.EOF when
// the hash is another one.
func (r *reader) initDecrypt(src source, m *material, wrong error) {
	r.init(src, m)
	want := m.hash
	r.check = func() error {
		if r.sum() != want {
			return wrong
		}
		return nil
	}
}

// read is Read. Ciphertext and plaintext stand nowhere but in p.
func (r *reader) read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return 0, r.err
	}
	if r.hash == nil {
		return 0, ErrClosed
	}
	if len(p) == 0 {
		return 0, nil
	}
	n, err := r.src.read(p)
	if err == io.EOF {
		if wrong := r.check(); wrong != nil {
			err = wrong
		}
	}
	if err != nil {
		r.fail(err)
		return 0, err
	}
	secret.Do(func() { r.crypt(p[:n]) })
	return n, nil
}

// crypt adds the keystream to p, and hashes what of both is the ciphertext.
func (r *reader) crypt(p []byte) {
	if r.encrypt {
		r.stream.XORKeyStream(p, p)
		r.hash.Write(p)
	} else {
		r.hash.Write(p)
		r.stream.XORKeyStream(p, p)
	}
}

// fail ends all reading with err. It expects r to be locked.
func (r *reader) fail(err error) {
	r.err = err
	r.stream = nil // the key's schedule
}

// sum returns the hash of the ciphertext so far.
func (r *reader) sum() (sum [HashSize]byte) {
	r.hash.Sum(sum[:0])
	return sum
}
