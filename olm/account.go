package olm

import (
	"crypto/rand"
	"sync"

	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
)

// Account is the identity of a device: its Ed25519 and Curve25519 identity keys,
// its one-time keys and its fallback keys. It is safe for concurrent use.
type Account struct {
	secret.Redacted
	mu            sync.Mutex
	identity      IdentityKeys
	*accountState // nil once closed, and in the zero value
}

// accountState is what an account has to hide and to change. fmt follows one
// pointer of a caller's struct, whatever methods there are: what is behind a
// second one it does not reach.
type accountState struct {
	signing  *curve.SigningKey
	private  [keySize]byte     // of identity.Curve25519
	parsed   *curve.PrivateKey // private, once an agreement needed it
	oneTime  []oneTimeKey      // oldest first
	fallback []oneTimeKey      // none, the current one, or current and previous
	lastID   uint32            // the highest key id that was given out
	revision uint64
}

// IdentityKeys are the public identity keys of a device. Their JSON form is
// libolm's.
type IdentityKeys struct {
	Curve25519 keys.Curve25519 `json:"curve25519"`
	Ed25519    keys.Ed25519    `json:"ed25519"`
}

// GenerateAccount returns an account with fresh identity keys and nothing else.
// It takes 32 bytes for Ed25519 and then 32 for Curve25519 from crypto/rand, in
// libolm's order. It fails only where the Go runtime forbids X25519
// (GODEBUG=fips140=only).
func GenerateAccount() (*Account, error) {
	return secret.Call(func() (*Account, error) { return doGenerateAccount() })
}

func doGenerateAccount() (*Account, error) {
	if err := curve.X25519Available(); err != nil {
		return nil, err
	}
	a := &Account{accountState: new(accountState)}
	var seed [keySize]byte
	defer secret.Wipe(seed[:])
	rand.Read(seed[:])
	a.signing = curve.SigningKeyFromSeed(&seed)
	a.identity.Ed25519 = keys.Ed25519(a.signing.VerificationKey())
	rand.Read(a.private[:])
	var err error
	if a.identity.Curve25519, err = publicKey(&a.private); err != nil {
		return nil, err
	}
	return a, nil
}

// publicKey returns the public key of a private key.
func publicKey(private *[keySize]byte) (keys.Curve25519, error) {
	b := curve.PublicFromPrivate(private)
	return keys.NewCurve25519(b[:])
}

// IdentityKeys returns the public identity keys.
func (a *Account) IdentityKeys() IdentityKeys { return a.identity }

// Revision counts the changes of the account's state since it was made. A store
// holds the latest state when it holds the latest revision.
func (a *Account) Revision() uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.accountState == nil {
		return 0
	}
	return a.revision
}

// Sign returns the Ed25519 signature of message under the account's signing
// key. It returns [ErrClosed].
func (a *Account) Sign(message []byte) (keys.Signature, error) {
	return secret.Call(func() (keys.Signature, error) { return a.doSign(message) })
}

func (a *Account) doSign(message []byte) (keys.Signature, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.accountState == nil {
		return keys.Signature{}, ErrClosed
	}
	var b [curve.SignatureSize]byte
	a.signing.Sign(&b, message)
	return keys.NewSignature(b[:])
}

// privateIdentity returns the parsed private key of the identity. It expects a
// to be locked and not closed.
func (a *Account) privateIdentity() (*curve.PrivateKey, error) {
	if a.parsed == nil {
		parsed, err := parsePair(&a.private, a.identity.Curve25519)
		if err != nil {
			return nil, err
		}
		a.parsed = parsed
	}
	return a.parsed, nil
}

// unlockedIdentity returns privateIdentity for use after the lock is gone: the
// parsed key never changes, and agreements under the lock would wait for each
// other.
func (a *Account) unlockedIdentity() (*curve.PrivateKey, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.accountState == nil {
		return nil, ErrClosed
	}
	return a.privateIdentity()
}

// agree sets out to the shared secret of the identity key and a peer's key. It
// expects a to be locked and not closed.
func (a *Account) agree(out []byte, peer keys.Curve25519) error {
	private, err := a.privateIdentity()
	if err != nil {
		return err
	}
	b := peer.Array()
	return private.Agree(out, &b)
}

// Close wipes the account's secrets, except copies that crypto/ecdh made for
// agreements, which the garbage collector frees. Later calls return [ErrClosed];
// the identity keys stay readable.
func (a *Account) Close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.accountState != nil {
		a.wipe()
		a.accountState = nil
	}
}

func (a *accountState) wipe() {
	if a.signing != nil {
		a.signing.Wipe()
	}
	secret.Wipe(a.private[:])
	a.parsed = nil
	wipeKeys(a.oneTime)
	wipeKeys(a.fallback)
	a.oneTime, a.fallback = nil, nil
}
