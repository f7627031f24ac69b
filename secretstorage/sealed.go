package secretstorage

import (
	"fmt"
	"unicode/utf8"

	"github.com/chappe-e2ee/chappe/internal/b64"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
)

// Bounds.
const (
	MaxSecretSize = 1 << 20 // bytes of a secret; a private key has 43
	MaxNameSize   = 255     // bytes of a secret's name, which is the type of an event
)

const sealedName = "secretstorage: sealed secret"

// Sealed is a secret that was sealed under one key. All of it is public, and the
// IV is not authentic. The zero value is absent.
type Sealed struct {
	IV         [IVSize]byte
	Ciphertext []byte        // 1 to MaxSecretSize bytes
	MAC        [MACSize]byte // over the ciphertext alone
}

// Seal encrypts a secret of 1 to [MaxSecretSize] bytes under its name, the type
// of the account data that will hold it. Secrets are texts: bytes are encoded
// first. It takes the 16 bytes of the IV from crypto/rand.
//
// It returns [ErrUnconfirmed], [keys.ErrAbsent] when the secret is empty,
// [ErrTooLong], [ErrClosed], or [ErrName] when the name is empty, longer than
// [MaxNameSize], not UTF-8, or one of those that are for [Key.SealPrivateKey].
func (k *Key) Seal(name string, plaintext []byte) (Sealed, error) {
	return secret.Call(func() (Sealed, error) { return k.doSeal(name, plaintext) })
}

func (k *Key) doSeal(name string, plaintext []byte) (Sealed, error) {
	if !validName(name) || holdsPrivateKey(name) {
		return Sealed{}, ErrName
	}
	return k.seal(name, plaintext)
}

func (k *Key) seal(name string, plaintext []byte) (Sealed, error) {
	s, err := k.derive(name)
	if err != nil {
		return Sealed{}, err
	}
	defer s.wipe()
	if err := k.requireConfirmed(); err != nil {
		return Sealed{}, err
	}
	switch {
	case len(plaintext) == 0:
		return Sealed{}, fmt.Errorf("secretstorage: secret: %w", keys.ErrAbsent)
	case len(plaintext) > MaxSecretSize:
		return Sealed{}, ErrTooLong
	}
	sealed := Sealed{IV: newIV(), Ciphertext: make([]byte, len(plaintext))}
	s.crypt(sealed.Ciphertext, plaintext, &sealed.IV)
	sealed.MAC = s.mac(sealed.Ciphertext)
	return sealed, nil
}

// Open decrypts a secret that was sealed under its name, the type of the account
// data that holds it. Wiping the plaintext is the caller's. k is confirmed
// thereby.
//
// The MAC does not cover the IV: the plaintext may be one that nobody wrote.
// Check it by other means before it is used. Private keys are for
// [Key.OpenSigningKey] and [Key.OpenBackupKey], which do.
//
// It returns [ErrOpen], [keys.ErrAbsent], [ErrClosed], [ErrTooLong], or [ErrName]
// as [Key.Seal] does.
func (k *Key) Open(name string, sealed Sealed) ([]byte, error) {
	return secret.Call(func() ([]byte, error) { return k.doOpen(name, sealed) })
}

func (k *Key) doOpen(name string, sealed Sealed) ([]byte, error) {
	if !validName(name) || holdsPrivateKey(name) {
		return nil, ErrName
	}
	plaintext, err := k.open(name, sealed)
	if err != nil {
		return nil, err
	}
	k.confirm()
	return plaintext, nil
}

// open is Open, but for the names and for confirming the key.
func (k *Key) open(name string, sealed Sealed) ([]byte, error) {
	if err := sealed.check(); err != nil {
		return nil, err
	}
	s, err := k.derive(name)
	if err != nil {
		return nil, err
	}
	defer s.wipe()
	if !s.verify(sealed.Ciphertext, &sealed.MAC) {
		return nil, ErrOpen
	}
	plaintext := make([]byte, len(sealed.Ciphertext))
	s.crypt(plaintext, sealed.Ciphertext, &sealed.IV)
	return plaintext, nil
}

// check says whether s is of a form that can be opened: its fields are anybody's
// to set.
func (s Sealed) check() error {
	switch {
	case s.IsZero():
		return fmt.Errorf("%s: %w", sealedName, keys.ErrAbsent)
	case len(s.Ciphertext) > MaxSecretSize:
		return ErrTooLong
	}
	return nil
}

// IsZero says whether s is absent: it has no ciphertext.
func (s Sealed) IsZero() bool { return len(s.Ciphertext) == 0 }

// validName says whether a secret can have a name. The empty one has the keys of
// the self-check, whose plaintext is known.
func validName(name string) bool {
	return name != "" && len(name) <= MaxNameSize && utf8.ValidString(name)
}

// MarshalJSON returns the form that stands in account data:
// {"iv":"…","ciphertext":"…","mac":"…"}. It returns [keys.ErrAbsent] for the
// zero value, or [ErrTooLong].
func (s Sealed) MarshalJSON() ([]byte, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	n := len(`{"iv":"","ciphertext":"","mac":""}`) + b64.EncodedLen(IVSize) + b64.EncodedLen(len(s.Ciphertext)) + b64.EncodedLen(MACSize)
	b := append(make([]byte, 0, n), `{"iv":"`...)
	b = b64.AppendEncode(b, s.IV[:])
	b = append(b, `","ciphertext":"`...)
	b = b64.AppendEncode(b, s.Ciphertext)
	b = append(b, `","mac":"`...)
	b = b64.AppendEncode(b, s.MAC[:])
	return append(b, `"}`...), nil
}

// UnmarshalJSON reads that form. The names are taken to the letter and must stand
// once; other members are ignored. iv has exactly 16 bytes and mac 32. It
// returns a [*MalformedError]. When it fails, s is as before.
func (s *Sealed) UnmarshalJSON(b []byte) error {
	o, err := parseObject(sealedName, b)
	if err != nil {
		return err
	}
	var parsed Sealed
	if err := decodeExactly(parsed.IV[:], sealedName, "iv", o); err != nil {
		return err
	}
	if err := decodeExactly(parsed.MAC[:], sealedName, "mac", o); err != nil {
		return err
	}
	malformed := func(why string) error { return &MalformedError{What: sealedName, Why: "ciphertext" + why} }
	text, ok := o.value("ciphertext").Text()
	if !ok {
		return malformed(" is not one string")
	}
	switch n := b64.DecodedLen(text); {
	case n < 0:
		return malformed(": " + b64.ErrBase64.Error())
	case n == 0:
		return malformed(": empty")
	case n > MaxSecretSize:
		return malformed(": too long")
	default:
		parsed.Ciphertext = make([]byte, n)
	}
	if err := b64.Decode(parsed.Ciphertext, []byte(text)); err != nil {
		return malformed(": " + err.Error())
	}
	*s = parsed
	return nil
}

// decodeExactly decodes a member in base64 into dst, whose length must fit.
func decodeExactly(dst []byte, what, name string, o object) error {
	malformed := func(why string) error { return &MalformedError{What: what, Why: name + why} }
	text, ok := o.value(name).Text()
	if !ok {
		return malformed(" is not one string")
	}
	switch b64.DecodedLen(text) {
	case len(dst):
	case -1:
		return malformed(": " + b64.ErrBase64.Error())
	default:
		return malformed(": wrong length")
	}
	if err := b64.Decode(dst, []byte(text)); err != nil {
		return malformed(": " + err.Error())
	}
	return nil
}
