package pk

import (
	"crypto/rand"
	"sync"

	"github.com/chappe-e2ee/chappe/internal/ct64"
	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
)

const signingKeyName = "pk: signing key"

// SigningKey signs with Ed25519 (RFC 8032) under a key that is kept as its
// 32-byte seed: libolm's PkSigning. [keys.Ed25519.Verify] verifies. It is safe
// for concurrent use.
//
// It does not print and does not marshal; [SigningKey.Secret] and
// [SigningKey.SecretText] let it out.
type SigningKey struct {
	secret.Redacted
	mu     sync.Mutex
	held   *signingKey // nil in the zero value
	public keys.Ed25519
	live   bool // false once closed, and in the zero value
}

// signingKey has its secrets behind a second pointer, as decryptionKey does.
type signingKey struct{ signing *curve.SigningKey }

// GenerateSigningKey returns a new random key. It takes the 32 bytes of the seed
// from crypto/rand.
func GenerateSigningKey() (v *SigningKey) {
	secret.Do(func() { v = doGenerateSigningKey() })
	return v
}

func doGenerateSigningKey() *SigningKey {
	var seed [SeedSize]byte
	defer secret.Wipe(seed[:])
	rand.Read(seed[:])
	return newSigningKey(&seed)
}

// NewSigningKey returns the key of a seed: exactly 32 bytes, not all zero. It
// keeps a copy. It returns [keys.ErrLength] or [keys.ErrAbsent].
func NewSigningKey(seed []byte) (*SigningKey, error) {
	return secret.Call(func() (*SigningKey, error) { return doNewSigningKey(seed) })
}

func doNewSigningKey(seed []byte) (*SigningKey, error) {
	b, err := newSecret(signingKeyName, seed)
	if err != nil {
		return nil, err
	}
	defer secret.Wipe(b[:])
	return newSigningKey(b), nil
}

// ParseSigningKey returns the key of a seed in 43 characters of base64, or 44
// with padding: the form in which secret storage holds cross-signing keys. It
// returns [keys.ErrBase64], [keys.ErrLength] or [keys.ErrAbsent].
func ParseSigningKey(text []byte) (*SigningKey, error) {
	return secret.Call(func() (*SigningKey, error) { return doParseSigningKey(text) })
}

func doParseSigningKey(text []byte) (*SigningKey, error) {
	b, err := parseSecret(signingKeyName, text)
	if err != nil {
		return nil, err
	}
	defer secret.Wipe(b[:])
	return newSigningKey(b), nil
}

func newSigningKey(seed *[SeedSize]byte) *SigningKey {
	signing := curve.SigningKeyFromSeed(seed)
	b := signing.PublicKey()
	// A public key that was computed is always valid.
	public, err := keys.NewEd25519(b[:])
	if err != nil {
		panic("pk: internal error: " + err.Error())
	}
	return &SigningKey{held: &signingKey{signing}, public: public, live: true}
}

// PublicKey returns the key that verifies.
func (k *SigningKey) PublicKey() keys.Ed25519 { return k.public }

// Sign returns the signature of message, always the same for one message. It
// returns [ErrClosed].
func (k *SigningKey) Sign(message []byte) (keys.Signature, error) {
	return secret.Call(func() (keys.Signature, error) { return k.doSign(message) })
}

func (k *SigningKey) doSign(message []byte) (keys.Signature, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.live {
		return keys.Signature{}, ErrClosed
	}
	var b [keys.SignatureSize]byte
	k.held.signing.Sign(&b, message)
	return keys.NewSignature(b[:])
}

// Secret returns the 32 bytes of the seed. Wiping them is the caller's. It
// returns [ErrClosed].
func (k *SigningKey) Secret() (seed [SeedSize]byte, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.live {
		return seed, ErrClosed
	}
	return *k.held.signing.Seed(), nil
}

// SecretText returns the seed in unpadded base64, 43 characters. Wiping it is
// the caller's. It returns [ErrClosed].
func (k *SigningKey) SecretText() ([]byte, error) {
	return secret.Call(func() ([]byte, error) { return k.doSecretText() })
}

func (k *SigningKey) doSecretText() ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.live {
		return nil, ErrClosed
	}
	seed := k.held.signing.Seed()
	return ct64.AppendEncode(make([]byte, 0, ct64.EncodedLen(len(seed))), seed[:]), nil
}

// Close wipes the key. Later calls return [ErrClosed]; the public key stays
// readable.
func (k *SigningKey) Close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.held != nil {
		k.held.signing.Wipe()
	}
	k.live = false
}
