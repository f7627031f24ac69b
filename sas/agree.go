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
	mu      sync.Mutex
	private *[curve.Size]byte // fmt does not follow it, wherever the pair is printed
	public  keys.Curve25519
	used    bool
	live    bool // false once used or closed, and in the zero value
}

// Generate returns a new key pair. It takes 32 bytes from crypto/rand. It fails
// only where the Go runtime forbids X25519 (GODEBUG=fips140=only).
func Generate() (*KeyPair, error) {
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
	return &KeyPair{private: private, public: public, live: true}, nil
}

// PublicKey returns the key that goes to the other side, in
// m.key.verification.key. The accepting side commits to it before, in
// m.key.verification.accept.
func (k *KeyPair) PublicKey() keys.Curve25519 { return k.public }

// Agree returns the secret that is shared with the holder of theirs, and uses
// the key pair up: a second call returns [ErrUsed]. It returns [keys.ErrAbsent],
// [ErrReflected] or [ErrClosed]; the key pair is then as before.
func (k *KeyPair) Agree(theirs keys.Curve25519) (*Established, error) {
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
	private, err := curve.ParsePrivateKey(k.private)
	if err != nil {
		return nil, err
	}
	e := &Established{shared: new([curve.Size]byte), ours: k.public, theirs: theirs, live: true}
	b := theirs.Array()
	if err := private.Agree(e.shared[:], &b); err != nil {
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
	if k.private != nil {
		secret.Wipe(k.private[:])
	}
	k.live = false
}
