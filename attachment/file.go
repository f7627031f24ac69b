package attachment

import (
	"crypto/sha256"
	"fmt"
	"sync"

	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
)

// Sizes in bytes.
const (
	KeySize  = 32
	HashSize = sha256.Size

	ivSize    = 16
	nonceSize = 8 // the random half of an IV
)

const fileName = "attachment: file"

// File says where an encrypted file is and how it is decrypted: the
// specification's EncryptedFile, which stands in an event as "file" or
// "thumbnail_file". It is immutable but for [File.Close]. The zero value is
// absent.
//
// It holds the key of the file. It does not print and does not marshal;
// [File.SecretJSON] lets it out. It unmarshals as [ParseFile] does.
type File struct {
	secret.Redacted
	box *box // fmt does not follow it, wherever the file is printed
}

type box struct {
	mu    sync.Mutex
	live  bool // false once closed
	url   string
	*held // a second pointer: fmt follows one when a verb does not fit
}

type held struct {
	material

	// Members that mean nothing here, each as `,"name":value`.
	inFile, inKey, inHashes []byte
}

// material is what a ciphertext is decrypted with.
type material struct {
	key  [KeySize]byte
	iv   [ivSize]byte
	hash [HashSize]byte
}

// IsZero says whether f is absent.
func (f File) IsZero() bool { return f.box == nil }

// URL returns the mxc:// URI of the ciphertext, nothing when f is absent.
func (f File) URL() string {
	if f.box == nil {
		return ""
	}
	return f.box.url
}

// Hash returns the SHA-256 of the ciphertext, all zero when f is absent. It is
// no name of the plaintext: see the package comment.
func (f File) Hash() (hash [HashSize]byte) {
	if f.box != nil {
		hash = f.box.hash
	}
	return hash
}

// Close wipes the key, in all copies of the value. Later calls return
// [ErrClosed]; the url and the hash stay readable, and readers that were made
// before go on.
func (f File) Close() {
	if f.box == nil {
		return
	}
	f.box.mu.Lock()
	defer f.box.mu.Unlock()
	f.box.wipe()
}

// wipe expects b to be locked.
func (b *box) wipe() {
	b.material.wipe()
	for _, extra := range []*[]byte{&b.inFile, &b.inKey, &b.inHashes} {
		secret.Wipe(*extra)
		*extra = nil
	}
	b.live = false
}

// open locks f and returns what it holds. The caller unlocks it.
func (f File) open() (*box, error) {
	if f.box == nil {
		return nil, fmt.Errorf("%s: %w", fileName, keys.ErrAbsent)
	}
	f.box.mu.Lock()
	if !f.box.live {
		f.box.mu.Unlock()
		return nil, ErrClosed
	}
	return f.box, nil
}

// material sets m to a copy, which the caller wipes: no pass over a file holds the
// lock.
func (f File) material(m *material) error {
	b, err := f.open()
	if err != nil {
		return err
	}
	defer b.mu.Unlock()
	secret.Do(func() { *m = b.material })
	return nil
}

func (m *material) wipe() { secret.Wipe(m.key[:]) }
