package secretstorage

import (
	"fmt"
	"sync"

	"github.com/chappe-e2ee/chappe/internal/ct64"
	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
)

// The names of the private keys that Matrix stores, each in base64: the seeds of
// the three cross-signing keys, and the backup decryption key.
const (
	MasterKey      = "m.cross_signing.master"
	SelfSigningKey = "m.cross_signing.self_signing"
	UserSigningKey = "m.cross_signing.user_signing"
	BackupKey      = "m.megolm_backup.v1"
)

func isSigningKey(name string) bool {
	return name == MasterKey || name == SelfSigningKey || name == UserSigningKey
}

func holdsPrivateKey(name string) bool { return isSigningKey(name) || name == BackupKey }

// PrivateKeySize is the length of a [PrivateKey] in bytes.
const PrivateKeySize = curve.Size

// PrivateKey is a private key that was read from secret storage and is the one
// of the expected public key: an Ed25519 seed or a Curve25519 private key. It is
// safe for concurrent use.
//
// It does not print and does not marshal; [PrivateKey.Secret] lets it out.
type PrivateKey struct {
	secret.Redacted
	mu   sync.Mutex
	held *hidden // nil in the zero value
	live bool    // false once closed, and in the zero value
}

// Secret returns the 32 bytes of the key. Wiping them is the caller's. It
// returns [ErrClosed].
func (p *PrivateKey) Secret() (b [PrivateKeySize]byte, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.live {
		return b, ErrClosed
	}
	return *p.held.b, nil
}

// Close wipes the key. Later calls return [ErrClosed].
func (p *PrivateKey) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held != nil {
		secret.Wipe(p.held.b[:])
	}
	p.live = false
}

// OpenSigningKey opens the seed of a cross-signing key, [MasterKey],
// [SelfSigningKey] or [UserSigningKey], and returns it when expected is its
// public key: the one that the user has published, and that the program knows to
// be theirs. k is confirmed thereby.
//
// It returns a [*MismatchError] when the seed is another one or none, and else
// what [Key.Open] returns.
func (k *Key) OpenSigningKey(name string, sealed Sealed, expected keys.Ed25519) (*PrivateKey, error) {
	return secret.Call(func() (*PrivateKey, error) { return k.doOpenSigningKey(name, sealed, expected) })
}

func (k *Key) doOpenSigningKey(name string, sealed Sealed, expected keys.Ed25519) (*PrivateKey, error) {
	if !isSigningKey(name) {
		return nil, ErrName
	}
	if expected.IsZero() {
		return nil, fmt.Errorf("secretstorage: expected public key: %w", keys.ErrAbsent)
	}
	return k.openPrivateKey(name, sealed, func(seed *[PrivateKeySize]byte) bool {
		signing := curve.SigningKeyFromSeed(seed)
		defer signing.Wipe()
		return signing.PublicKey() == expected.Array()
	})
}

// OpenBackupKey opens the decryption key of the room-key backup, [BackupKey],
// and returns it when expected is its public key: the one in the backup's
// auth_data. k is confirmed thereby. It returns what [Key.OpenSigningKey] does.
func (k *Key) OpenBackupKey(sealed Sealed, expected keys.Curve25519) (*PrivateKey, error) {
	return secret.Call(func() (*PrivateKey, error) { return k.doOpenBackupKey(sealed, expected) })
}

func (k *Key) doOpenBackupKey(sealed Sealed, expected keys.Curve25519) (*PrivateKey, error) {
	if expected.IsZero() {
		return nil, fmt.Errorf("secretstorage: expected public key: %w", keys.ErrAbsent)
	}
	return k.openPrivateKey(BackupKey, sealed, func(private *[PrivateKeySize]byte) bool {
		return curve.PublicFromPrivate(private) == expected.Array()
	})
}

// openPrivateKey returns the key in a secret when fits finds it right. All that
// can be wrong once the MAC is right gives one answer.
func (k *Key) openPrivateKey(name string, sealed Sealed, fits func(*[PrivateKeySize]byte) bool) (*PrivateKey, error) {
	text, err := k.open(name, sealed)
	if err != nil {
		return nil, err
	}
	defer secret.Wipe(text)
	p := &PrivateKey{held: &hidden{new([PrivateKeySize]byte)}, live: true}
	if ct64.Decode(p.held.b[:], text) != nil || !fits(p.held.b) {
		secret.Wipe(p.held.b[:])
		return nil, &MismatchError{Name: name}
	}
	k.confirm()
	return p, nil
}

// SealPrivateKey seals a private key, exactly 32 bytes and not all zero, under
// one of the four names: [MasterKey], [SelfSigningKey], [UserSigningKey] or
// [BackupKey]. It takes the 16 bytes of the IV from crypto/rand. It returns
// [ErrUnconfirmed], [keys.ErrLength], [keys.ErrAbsent], [ErrName] or [ErrClosed].
func (k *Key) SealPrivateKey(name string, private []byte) (Sealed, error) {
	return secret.Call(func() (Sealed, error) { return k.doSealPrivateKey(name, private) })
}

func (k *Key) doSealPrivateKey(name string, private []byte) (Sealed, error) {
	if !holdsPrivateKey(name) {
		return Sealed{}, ErrName
	}
	b, err := newSecret("secretstorage: private key", private)
	if err != nil {
		return Sealed{}, err
	}
	defer secret.Wipe(b[:])
	text := ct64.AppendEncode(make([]byte, 0, ct64.EncodedLen(len(b))), b[:])
	defer secret.Wipe(text)
	return k.seal(name, text)
}
