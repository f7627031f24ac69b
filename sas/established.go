package sas

import (
	"crypto/hkdf"
	"crypto/sha256"
	"sync"

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
	held         *hidden // the shared secret; nil in the zero value
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
	return secret.Call(func() ([]byte, error) { return e.doBytes(info, n) })
}

func (e *Established) doBytes(info []byte, n int) ([]byte, error) {
	if n < 1 || n > MaxBytes {
		return nil, ErrLength
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.live {
		return nil, ErrClosed
	}
	return hkdf.Key(sha256.New, e.held.b[:], nil, string(info), n)
}

// CodeFor returns what the two users compare, bound to info. Its keys must be
// [Established.OurKey] and [Established.TheirKey], one each: a code that is bound
// to others would not show that somebody swapped them. It returns
// [ErrOtherKeys], [ErrClosed], or what [Info.Bytes] does.
func (e *Established) CodeFor(info Info) (Code, error) {
	return secret.Call(func() (Code, error) { return e.doCodeFor(info) })
}

func (e *Established) doCodeFor(info Info) (Code, error) {
	b, err := info.Bytes()
	if err != nil {
		return Code{}, err
	}
	code, err := e.Code(b)
	if err != nil {
		return Code{}, err
	}
	s, a := info.Starter.Key, info.Accepter.Key
	if (s != e.ours || a != e.theirs) && (s != e.theirs || a != e.ours) {
		return Code{}, ErrOtherKeys
	}
	return code, nil
}

// Code is [Established.CodeFor] without its check: info is [Info.Bytes] of an
// Info whose keys are [Established.OurKey] and [Established.TheirKey], which the
// caller answers for. It returns [ErrClosed].
func (e *Established) Code(info []byte) (Code, error) {
	return secret.Call(func() (Code, error) { return e.doCode(info) })
}

func (e *Established) doCode(info []byte) (Code, error) {
	b, err := e.Bytes(info, CodeSize)
	if err != nil {
		return Code{}, err
	}
	defer secret.Wipe(b)
	return Code(b), nil
}

// Close wipes the shared secret. Later calls return [ErrClosed]; the public keys
// stay readable.
func (e *Established) Close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.held != nil {
		secret.Wipe(e.held.b[:])
	}
	e.live = false
}
