package keys

import (
	"crypto/rand"
	"fmt"

	"github.com/chappe-e2ee/chappe/internal/seal"
	"github.com/chappe-e2ee/chappe/internal/secret"
)

// SealKeySize is the length of a [SealKey] in bytes.
const SealKeySize = seal.KeySize

// SealKey is the key under which accounts and sessions are sealed for storage:
// 32 random bytes. It is not a passphrase; a program that has one derives the
// bytes with a password hash first. One key may seal any number of values. The
// zero value is refused.
//
// It does not print and does not marshal; [SealKey.Secret] lets it out.
type SealKey struct {
	secret.Redacted
	p *sealKey
}

// sealKey has its secret behind a second pointer: fmt follows one of a caller's
// struct, whatever methods there are.
type sealKey struct{ b *[SealKeySize]byte }

func newSealKey() SealKey { return SealKey{p: &sealKey{new([SealKeySize]byte)}} }

// GenerateSealKey returns a new random key.
func GenerateSealKey() (v SealKey) {
	secret.Do(func() { v = doGenerateSealKey() })
	return v
}

func doGenerateSealKey() SealKey {
	k := newSealKey()
	rand.Read(k.p.b[:])
	return k
}

// NewSealKey returns the key that b holds: exactly 32 bytes, not all zero. It
// keeps a copy. It returns [ErrLength] or [ErrAbsent].
func NewSealKey(b []byte) (SealKey, error) {
	return secret.Call(func() (SealKey, error) { return doNewSealKey(b) })
}

func doNewSealKey(b []byte) (SealKey, error) {
	const what = "keys: seal key"
	if len(b) != SealKeySize {
		return SealKey{}, fmt.Errorf("%s: %w", what, ErrLength)
	}
	k := newSealKey()
	copy(k.p.b[:], b)
	if secret.IsZero(k.p.b[:]) {
		return SealKey{}, fmt.Errorf("%s: %w", what, ErrAbsent)
	}
	return k, nil
}

// Secret returns the 32 bytes of the key, all zero when it is absent or
// closed. Wiping them is the caller's.
func (k SealKey) Secret() (b [SealKeySize]byte) {
	if k.p != nil {
		b = *k.p.b
	}
	return b
}

// Close wipes the key, in all copies of the value. It is absent afterwards. Close
// must not run beside other calls.
func (k SealKey) Close() {
	if k.p != nil {
		secret.Wipe(k.p.b[:])
	}
}
