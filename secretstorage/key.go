package secretstorage

import (
	"crypto/rand"
	"fmt"
	"sync"

	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
)

// KeySize is the length of a [Key] in bytes.
const KeySize = 32

const keyName = "secretstorage: key"

// Key is a secret storage key: what a person's recovery key or passphrase
// stands for. It opens and seals secrets. It is safe for concurrent use.
//
// It does not print and does not marshal; [Key.Secret] and [Key.RecoveryKey] let
// it out.
type Key struct {
	secret.Redacted
	mu        sync.Mutex
	held      *hidden // nil in the zero value
	pbkdf2    PBKDF2  // what it was derived with, zero when it was not
	confirmed bool
	live      bool // false once closed, and in the zero value
}

// hidden has a secret behind a second pointer: fmt follows one of a caller's
// struct, whatever methods there are.
type hidden struct{ b *[KeySize]byte }

// GenerateKey returns a new random key, confirmed. It takes 32 bytes from
// crypto/rand.
func GenerateKey() (v *Key) {
	secret.Do(func() { v = doGenerateKey() })
	return v
}

func doGenerateKey() *Key {
	k := &Key{held: &hidden{new([KeySize]byte)}, confirmed: true, live: true}
	rand.Read(k.held.b[:])
	return k
}

// NewKey returns the key that b holds: exactly 32 bytes, not all zero. It keeps
// a copy. The key counts as confirmed: it comes from the program's own store, or
// the caller answers for it. It returns [keys.ErrLength] or [keys.ErrAbsent].
func NewKey(b []byte) (*Key, error) {
	return secret.Call(func() (*Key, error) { return doNewKey(b) })
}

func doNewKey(b []byte) (*Key, error) {
	k, err := newKey(b)
	if err != nil {
		return nil, err
	}
	k.confirmed = true
	return k, nil
}

func newKey(b []byte) (*Key, error) {
	s, err := newSecret(keyName, b)
	if err != nil {
		return nil, err
	}
	return &Key{held: &hidden{s}, live: true}, nil
}

// newSecret returns a copy of b, which must be 32 bytes and not all zero: that
// is what a buffer holds that nobody filled.
func newSecret(what string, b []byte) (*[KeySize]byte, error) {
	if len(b) != KeySize {
		return nil, fmt.Errorf("%s: %w", what, keys.ErrLength)
	}
	s := new([KeySize]byte)
	copy(s[:], b)
	if secret.IsZero(s[:]) {
		return nil, fmt.Errorf("%s: %w", what, keys.ErrAbsent)
	}
	return s, nil
}

// Confirmed says whether anything has shown that the key is the right one. A key
// that is generated here, or comes from [NewKey], is. One that a person typed is
// not, until [Description.Check] finds it right or it opens a secret: only
// somebody who has the key can have written either. Until then it seals nothing.
// Where neither exists and the program answers for the key, [NewKey] makes it
// again.
func (k *Key) Confirmed() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.confirmed
}

func (k *Key) confirm() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.confirmed = true
}

// requireConfirmed returns ErrUnconfirmed where the key is not.
func (k *Key) requireConfirmed() error {
	if !k.Confirmed() {
		return ErrUnconfirmed
	}
	return nil
}

// Secret returns the 32 bytes of the key. Wiping them is the caller's. It
// returns [ErrClosed].
func (k *Key) Secret() (b [KeySize]byte, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.live {
		return b, ErrClosed
	}
	return *k.held.b, nil
}

// Close wipes the key. Later calls return [ErrClosed].
func (k *Key) Close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.held != nil {
		secret.Wipe(k.held.b[:])
	}
	k.live = false
}
