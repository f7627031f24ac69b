package sas

import (
	"crypto/rand"
	"fmt"
	"sync"

	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
)

// KeyPair is the ephemeral Curve25519 key pair of one side of one verification.
// It is safe for concurrent use.
type KeyPair struct {
	secret.Redacted
	mu     sync.Mutex
	held   *hidden // the private key; nil in the zero value
	public keys.Curve25519
	used   bool
	live   bool // false once used or closed, and in the zero value
}

// hidden has a secret behind a second pointer: fmt follows one of a caller's
// struct, whatever methods there are.
type hidden struct{ b *[curve.Size]byte }

// Generate returns a new key pair. It takes 32 bytes from crypto/rand. It fails
// only where the Go runtime forbids X25519 (GODEBUG=fips140=only).
func Generate() (*KeyPair, error) {
	return secret.Call(func() (*KeyPair, error) { return doGenerate() })
}

func doGenerate() (*KeyPair, error) {
	if err := curve.X25519Available(); err != nil {
		return nil, err
	}
	private := new([curve.Size]byte)
	rand.Read(private[:])
	b := curve.PublicFromPrivate(private)
	public, err := keys.NewCurve25519(b[:])
	if err != nil {
		return nil, err
	}
	return &KeyPair{held: &hidden{private}, public: public, live: true}, nil
}

// PublicKey returns the key that goes to the other side, in
// m.key.verification.key. The accepting side commits to it before, in
// m.key.verification.accept: see [Commitment].
func (k *KeyPair) PublicKey() keys.Curve25519 { return k.public }

// Agree returns the secret that is shared with the holder of theirs, and uses
// the key pair up: a second call returns [ErrUsed]. It returns [keys.ErrAbsent],
// [ErrReflected] or [ErrClosed]; the key pair is then as before.
func (k *KeyPair) Agree(theirs keys.Curve25519) (*Established, error) {
	return secret.Call(func() (*Established, error) { return k.doAgree(theirs) })
}

func (k *KeyPair) doAgree(theirs keys.Curve25519) (*Established, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.used:
		return nil, ErrUsed
	case !k.live:
		return nil, ErrClosed
	case theirs.IsZero():
		return nil, fmt.Errorf("sas: public key of the other side: %w", keys.ErrAbsent)
	case theirs == k.public:
		return nil, ErrReflected
	}
	private, err := curve.ParsePrivateKey(k.held.b)
	if err != nil {
		return nil, err
	}
	e := &Established{held: &hidden{new([curve.Size]byte)}, ours: k.public, theirs: theirs, live: true}
	b := theirs.Array()
	if err := private.Agree(e.held.b[:], &b); err != nil {
		return nil, err
	}
	k.wipe()
	k.used = true
	return e, nil
}

// Close wipes the private key. Agree returns [ErrClosed] from then on, or
// [ErrUsed] when it was used; the public key stays readable.
func (k *KeyPair) Close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.wipe()
}

func (k *KeyPair) wipe() {
	if k.held != nil {
		secret.Wipe(k.held.b[:])
	}
	k.live = false
}
