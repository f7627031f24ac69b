package sas

import (
	"crypto/hkdf"
	"crypto/sha256"
	"sync"

	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
)

// MaxBytes is how many bytes [Established.Bytes] returns at most: 255 blocks of
// SHA-256, HKDF's bound (RFC 5869, section 2.3).
const MaxBytes = 255 * sha256.Size

// Established is the secret that two sides share once each has the other's key.
// It is safe for concurrent use.
type Established struct {
	secret.Redacted
	mu           sync.Mutex
	shared       *[curve.Size]byte // fmt does not follow it, wherever the value is printed
	ours, theirs keys.Curve25519
	live         bool // false once closed, and in the zero value
}

// OurKey returns the public key of this side.
func (e *Established) OurKey() keys.Curve25519 { return e.ours }

// TheirKey returns the public key of the other side.
func (e *Established) TheirKey() keys.Curve25519 { return e.theirs }

// Bytes returns n bytes, 1 to [MaxBytes], of HKDF-SHA-256 over the shared secret
// without salt, under info of any length. It returns [ErrLength] or [ErrClosed].
func (e *Established) Bytes(info []byte, n int) ([]byte, error) {
	if n < 1 || n > MaxBytes {
		return nil, ErrLength
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.live {
		return nil, ErrClosed
	}
	return hkdf.Key(sha256.New, e.shared[:], nil, string(info), n)
}

// Code returns what the two users compare. info is [Info.Bytes]. It returns
// [ErrClosed].
func (e *Established) Code(info []byte) (Code, error) {
	b, err := e.Bytes(info, CodeSize)
	if err != nil {
		return Code{}, err
	}
	return Code(b), nil
}

// Close wipes the shared secret. Later calls return [ErrClosed]; the public keys
// stay readable.
func (e *Established) Close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.shared != nil {
		secret.Wipe(e.shared[:])
	}
	e.live = false
}
