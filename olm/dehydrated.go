package olm

import (
	"crypto/rand"
	"errors"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/chappe-e2ee/chappe/internal/b64"
	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/internal/kdf"
	"github.com/chappe-e2ee/chappe/internal/layout"
	"github.com/chappe-e2ee/chappe/internal/secret"
)

// Algorithms of a [DehydratedDevice] (MSC3814, under its unstable names).
const (
	// DehydrationV1 is a libolm pickle under a key that follows from the
	// device id.
	DehydrationV1 = "org.matrix.msc3814.v1.olm"
	// DehydrationV2 is a list of keys under ChaCha20-Poly1305.
	DehydrationV2 = "org.matrix.msc3814.v2"
)

// DehydrationKeySize is the length of the key of a dehydrated device in bytes.
// It is random, and kept in secret storage.
const DehydrationKeySize = chacha20poly1305.KeySize

// Reasons for which [Account.Dehydrate] refuses an account.
var (
	// ErrNoSeed says that only the expanded signing key of an account is
	// known: it came from a libolm pickle. The form holds the seed.
	ErrNoSeed = errors.New("olm: the seed of the signing key is not known")

	// ErrPreviousFallbackKey says that an account has a previous fallback key.
	// The form holds the current one.
	ErrPreviousFallbackKey = errors.New("olm: a dehydrated device holds no previous fallback key")
)

const (
	dehydratedName      = "olm: dehydrated device"
	dehydratedVersion   = 1 // of the list of keys, in both directions
	dehydratedKeyLabel  = "dehydrated-device-pickle-key"
	dehydratedHeaderLen = 4 + 2*keySize + 4
)

// DehydratedDevice is an account that waits on the server, as the device_data of
// MSC3814: it takes room keys while the user has no device, and a new device
// rehydrates it. Its JSON form is the MSC's.
type DehydratedDevice struct {
	Algorithm    string `json:"algorithm"`
	DevicePickle string `json:"device_pickle"`
	Nonce        string `json:"nonce,omitempty"` // of version 2
}

// Dehydrate returns the account as a dehydrated device of version 2, encrypted
// under 32 bytes of key. The account is a fresh one, made for this: ids of keys,
// what was published, and sessions are not in the form. It takes 12 bytes from
// crypto/rand for the nonce.
//
// It returns [ErrNoSeed], [ErrPreviousFallbackKey], [ErrPickleKey] when the key
// has another length, or [ErrClosed].
func (a *Account) Dehydrate(key []byte) (DehydratedDevice, error) {
	return secret.Call(func() (DehydratedDevice, error) { return a.doDehydrate(key) })
}

func (a *Account) doDehydrate(key []byte) (DehydratedDevice, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.accountState == nil:
		return DehydratedDevice{}, ErrClosed
	case a.signing.Seed() == nil:
		return DehydratedDevice{}, ErrNoSeed
	case len(a.fallback) > 1:
		return DehydratedDevice{}, ErrPreviousFallbackKey
	}
	aead, err := chacha20poly1305.New(key)
	if err != nil {
		return DehydratedDevice{}, fmt.Errorf("%s: %w", dehydratedName, ErrPickleKey)
	}
	size := dehydratedHeaderLen + keySize*(len(a.oneTime)+len(a.fallback)) + 1
	w := layout.NewWriter(make([]byte, 0, size+aead.Overhead()))
	w.Uint32(dehydratedVersion)
	w.Bytes(a.private[:])
	w.Bytes(a.signing.Seed()[:])
	w.Uint32(uint32(len(a.oneTime)))
	for i := range a.oneTime {
		w.Bytes(a.oneTime[i].private[:])
	}
	w.Bool(len(a.fallback) > 0)
	for i := range a.fallback {
		w.Bytes(a.fallback[i].private[:])
	}
	var nonce [chacha20poly1305.NonceSize]byte
	rand.Read(nonce[:])
	sealed := aead.Seal(w.Result()[:0], nonce[:], w.Result(), nil) // in place: no plaintext is left
	return DehydratedDevice{Algorithm: DehydrationV2, DevicePickle: b64.Encode(sealed), Nonce: b64.Encode(nonce[:])}, nil
}

// DehydrateV1 returns the account as a dehydrated device of version 1, for
// clients that read no other. The pickle key follows from 32 bytes of key and
// the id that the device has on the server, and the encryption is deterministic:
// see [Account.ExportLibolm].
//
// It returns a [*LossyPickleError], [ErrPickleKey] when the key has another
// length than 32, or [ErrClosed].
func (a *Account) DehydrateV1(key []byte, deviceID string) (DehydratedDevice, error) {
	return secret.Call(func() (DehydratedDevice, error) { return a.doDehydrateV1(key, deviceID) })
}

func (a *Account) doDehydrateV1(key []byte, deviceID string) (DehydratedDevice, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.accountState == nil {
		return DehydratedDevice{}, ErrClosed
	}
	var pickleKey [kdf.Size]byte
	defer secret.Wipe(pickleKey[:])
	if err := expandDehydrationKey(&pickleKey, key, deviceID); err != nil {
		return DehydratedDevice{}, err
	}
	pickle, err := a.exportWhole(pickleKey[:])
	if err != nil {
		return DehydratedDevice{}, err
	}
	return DehydratedDevice{Algorithm: DehydrationV1, DevicePickle: string(pickle)}, nil
}

func expandDehydrationKey(out *[kdf.Size]byte, key []byte, deviceID string) error {
	if len(key) != DehydrationKeySize {
		return fmt.Errorf("%s: %w", dehydratedName, ErrPickleKey)
	}
	kdf.HKDF(out[:], key, []byte(deviceID), dehydratedKeyLabel)
	return nil
}

// RehydrateAccount returns the account of a dehydrated device, whichever
// algorithm it names. deviceID is the id that the server keeps the device under;
// version 1 needs it. Messages to the device are then decrypted with
// [Account.NewInboundSession]. All keys count as published: in version 2 they
// get the ids that they have in an account that made them in this order.
//
// It returns a [*MalformedError], also for an algorithm that is not known, a
// [*VersionError], or [ErrPickleKey], also when the key has another length than
// 32.
func RehydrateAccount(d DehydratedDevice, key []byte, deviceID string) (*Account, error) {
	return secret.Call(func() (*Account, error) { return doRehydrateAccount(d, key, deviceID) })
}

func doRehydrateAccount(d DehydratedDevice, key []byte, deviceID string) (*Account, error) {
	switch d.Algorithm {
	case DehydrationV1:
		var pickleKey [kdf.Size]byte
		defer secret.Wipe(pickleKey[:])
		if err := expandDehydrationKey(&pickleKey, key, deviceID); err != nil {
			return nil, err
		}
		return ImportLibolmAccount([]byte(d.DevicePickle), pickleKey[:])
	case DehydrationV2:
		return rehydrateV2(d, key)
	}
	return nil, &MalformedError{What: dehydratedName, Why: "unknown algorithm"}
}

func rehydrateV2(d DehydratedDevice, key []byte) (*Account, error) {
	aead, err := chacha20poly1305.New(key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dehydratedName, ErrPickleKey)
	}
	var nonce [chacha20poly1305.NonceSize]byte
	if err := b64.DecodeString(nonce[:], d.Nonce); err != nil {
		return nil, &MalformedError{What: dehydratedName, Why: "nonce that is not 12 bytes in base64"}
	}
	sealed := make([]byte, max(b64.DecodedLen(d.DevicePickle), 0))
	if err := b64.DecodeString(sealed, d.DevicePickle); err != nil {
		return nil, &MalformedError{What: dehydratedName, Why: err.Error()}
	}
	plaintext, err := aead.Open(sealed[:0], nonce[:], sealed, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dehydratedName, ErrPickleKey)
	}
	defer secret.Wipe(plaintext)
	in := layout.NewReader(dehydratedName, plaintext)
	if version := in.Uint32(); !in.Stopped() && version != dehydratedVersion {
		return nil, &VersionError{What: dehydratedName, Got: version}
	}
	a := &Account{accountState: new(accountState)}
	a.readDehydrated(in)
	if err := in.End(); err != nil {
		a.wipe()
		return nil, err
	}
	return a, nil
}

func (a *Account) readDehydrated(in *layout.Reader) {
	var seed [keySize]byte
	defer secret.Wipe(seed[:])
	in.Key(&a.private)
	in.Key(&seed)
	a.oneTime = make([]oneTimeKey, in.Count(MaxOneTimeKeys, keySize))
	for i := range a.oneTime {
		a.readDehydratedKey(in, &a.oneTime[i])
	}
	if in.Bool() {
		a.fallback = make([]oneTimeKey, 1, 2)
		a.readDehydratedKey(in, &a.fallback[0])
	}
	if in.Failed() {
		return
	}
	for _, list := range [][]oneTimeKey{a.oneTime, a.fallback} {
		if err := setPublic(list); err != nil {
			in.Invalid("private key without a valid public key")
		}
	}
	a.signing = curve.SigningKeyFromSeed(&seed)
	a.setIdentity(in.Invalid)
}

// readDehydratedKey reads a private key and gives it the next id.
func (a *Account) readDehydratedKey(in *layout.Reader, k *oneTimeKey) {
	in.Key(&k.private)
	a.lastID++
	k.id, k.published = a.lastID, true
}
