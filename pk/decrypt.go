package pk

import (
	"crypto/rand"
	"sync"

	"github.com/chappe-e2ee/chappe/internal/aessha2"
	"github.com/chappe-e2ee/chappe/internal/ct64"
	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
)

const decryptionKeyName = "pk: decryption key"

// DecryptionKey decrypts what was encrypted to its public key: libolm's
// PkDecryption. In a key backup it is the backup decryption key. It is safe for
// concurrent use.
//
// It does not print and does not marshal; [DecryptionKey.Secret] and
// [DecryptionKey.SecretText] let it out.
type DecryptionKey struct {
	secret.Redacted
	mu     sync.Mutex
	held   *decryptionKey // nil in the zero value
	public keys.Curve25519
	live   bool // false once closed, and in the zero value
}

// decryptionKey has its secrets behind a second pointer: fmt follows one of a
// caller's struct, whatever methods there are.
type decryptionKey struct {
	private *[PrivateKeySize]byte
	parsed  *curve.PrivateKey // private, once an agreement needed it
}

// GenerateDecryptionKey returns a new random key. It takes 32 bytes from
// crypto/rand. It fails only where the Go runtime forbids X25519
// (GODEBUG=fips140=only).
func GenerateDecryptionKey() (*DecryptionKey, error) {
	return secret.Call(func() (*DecryptionKey, error) { return doGenerateDecryptionKey() })
}

func doGenerateDecryptionKey() (*DecryptionKey, error) {
	private := new([PrivateKeySize]byte)
	rand.Read(private[:])
	return newDecryptionKey(private)
}

// NewDecryptionKey returns the key that private holds: exactly 32 bytes, not all
// zero. It keeps a copy. It returns [keys.ErrLength] or [keys.ErrAbsent], and
// fails otherwise as [GenerateDecryptionKey] does.
func NewDecryptionKey(private []byte) (*DecryptionKey, error) {
	return secret.Call(func() (*DecryptionKey, error) { return doNewDecryptionKey(private) })
}

func doNewDecryptionKey(private []byte) (*DecryptionKey, error) {
	b, err := newSecret(decryptionKeyName, private)
	if err != nil {
		return nil, err
	}
	return newDecryptionKey(b)
}

// ParseDecryptionKey returns the key of a text of 43 characters of base64, or 44
// with padding: the form in which secret storage holds m.megolm_backup.v1. It
// returns [keys.ErrBase64], [keys.ErrLength] or [keys.ErrAbsent], and fails
// otherwise as [GenerateDecryptionKey] does.
func ParseDecryptionKey(text []byte) (*DecryptionKey, error) {
	return secret.Call(func() (*DecryptionKey, error) { return doParseDecryptionKey(text) })
}

func doParseDecryptionKey(text []byte) (*DecryptionKey, error) {
	b, err := parseSecret(decryptionKeyName, text)
	if err != nil {
		return nil, err
	}
	return newDecryptionKey(b)
}

// newDecryptionKey keeps private itself, not clamped, as libolm does. It wipes
// it when it fails.
func newDecryptionKey(private *[PrivateKeySize]byte) (*DecryptionKey, error) {
	public, err := publicKey(private)
	if err != nil {
		secret.Wipe(private[:])
		return nil, err
	}
	return &DecryptionKey{held: &decryptionKey{private: private}, public: public, live: true}, nil
}

func publicKey(private *[PrivateKeySize]byte) (keys.Curve25519, error) {
	if err := curve.X25519Available(); err != nil {
		return keys.Curve25519{}, err
	}
	b := curve.PublicFromPrivate(private)
	return keys.NewCurve25519(b[:])
}

// PublicKey returns the key to encrypt to.
func (k *DecryptionKey) PublicKey() keys.Curve25519 { return k.public }

// Decrypt decrypts a message. That it succeeds shows nothing about who wrote the
// message, nor that it is unaltered: see the package comment.
//
// It returns [ErrDecrypt], [keys.ErrAbsent] when the ephemeral key is absent, a
// [*MalformedError] when the ciphertext is not of whole blocks, or [ErrClosed].
func (k *DecryptionKey) Decrypt(m Message) ([]byte, error) {
	return secret.Call(func() ([]byte, error) { return k.doDecrypt(m) })
}

func (k *DecryptionKey) doDecrypt(m Message) ([]byte, error) {
	private, err := k.agreementKey()
	if err != nil {
		return nil, err
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	var c aessha2.Cipher
	defer c.Wipe()
	if err := derive(&c, private, m.Ephemeral); err != nil {
		return nil, err
	}
	if !c.Verify(nil, m.MAC[:]) {
		return nil, ErrDecrypt
	}
	plaintext, ok := c.Decrypt(m.Ciphertext)
	if !ok {
		return nil, ErrDecrypt
	}
	return plaintext, nil
}

// agreementKey returns the parsed private key, which never changes: the rest of
// Decrypt needs no lock, and a backup can be restored on all processors.
func (k *DecryptionKey) agreementKey() (*curve.PrivateKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.live {
		return nil, ErrClosed
	}
	if k.held.parsed == nil {
		parsed, err := curve.ParsePrivateKey(k.held.private)
		if err != nil {
			return nil, err
		}
		k.held.parsed = parsed
	}
	return k.held.parsed, nil
}

// Secret returns the 32 bytes of the private key. Wiping them is the caller's.
// It returns [ErrClosed].
func (k *DecryptionKey) Secret() (private [PrivateKeySize]byte, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.live {
		return private, ErrClosed
	}
	return *k.held.private, nil
}

// SecretText returns the private key in unpadded base64, 43 characters. Wiping
// it is the caller's. It returns [ErrClosed].
func (k *DecryptionKey) SecretText() ([]byte, error) {
	return secret.Call(func() ([]byte, error) { return k.doSecretText() })
}

func (k *DecryptionKey) doSecretText() ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.live {
		return nil, ErrClosed
	}
	return ct64.AppendEncode(make([]byte, 0, ct64.EncodedLen(PrivateKeySize)), k.held.private[:]), nil
}

// Close wipes the private key. Later calls return [ErrClosed]; the public key
// stays readable.
func (k *DecryptionKey) Close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.held != nil {
		secret.Wipe(k.held.private[:])
		k.held.parsed = nil
	}
	k.live = false
}
