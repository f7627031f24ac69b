package keys

import (
	"fmt"

	"github.com/chappe-e2ee/chappe/internal/b64"
	"github.com/chappe-e2ee/chappe/internal/curve"
)

// Sizes in bytes.
const (
	PublicKeySize = curve.Size
	SignatureSize = curve.SignatureSize
)

const (
	curve25519Name = "keys: Curve25519 public key"
	ed25519Name    = "keys: Ed25519 public key"
	signatureName  = "keys: Ed25519 signature"
)

// Curve25519 is a Curve25519 public key (RFC 7748): a device's identity key, a
// one-time or fallback key, a base key or a ratchet key. It is comparable. The
// zero value means "absent".
type Curve25519 struct{ b [PublicKeySize]byte }

// NewCurve25519 returns the key that is encoded by b: exactly 32 bytes, a
// number below 2^255 - 19, not a point of low order. It returns [ErrLength] or
// [ErrInvalidKey].
func NewCurve25519(b []byte) (Curve25519, error) {
	if err := curve.CheckX25519(b); err != nil {
		return Curve25519{}, invalid(curve25519Name, err)
	}
	return Curve25519{[PublicKeySize]byte(b)}, nil
}

// ParseCurve25519 returns the key of a text of 43 characters of base64, or 44
// with padding. It returns [ErrBase64], [ErrLength] or [ErrInvalidKey].
func ParseCurve25519(text string) (Curve25519, error) {
	var k Curve25519
	err := k.UnmarshalText([]byte(text))
	return k, err
}

// IsZero says whether k is absent.
func (k Curve25519) IsZero() bool { return k == Curve25519{} }

// Bytes returns the 32 bytes of the key.
func (k Curve25519) Bytes() []byte { return k.b[:] }

// Array returns the 32 bytes of the key without allocating.
func (k Curve25519) Array() [PublicKeySize]byte { return k.b }

// String returns the key in unpadded base64, 43 characters, or nothing when
// it is absent.
func (k Curve25519) String() string {
	if k.IsZero() {
		return ""
	}
	return b64.Encode(k.b[:])
}

// MarshalText returns the key in unpadded base64, or [ErrAbsent].
func (k Curve25519) MarshalText() ([]byte, error) {
	if k.IsZero() {
		return nil, fmt.Errorf("%s: %w", curve25519Name, ErrAbsent)
	}
	return b64.AppendEncode(nil, k.b[:]), nil
}

// UnmarshalText sets k as [ParseCurve25519] does. When it fails, k is as
// before.
func (k *Curve25519) UnmarshalText(text []byte) error {
	var b [PublicKeySize]byte
	if err := decodeText(curve25519Name, b[:], text); err != nil {
		return err
	}
	key, err := NewCurve25519(b[:])
	if err != nil {
		return err
	}
	*k = key
	return nil
}

// Ed25519 is an Ed25519 public key (RFC 8032): a device's fingerprint key, a
// cross-signing key or the key of a Megolm session. It is comparable. The zero
// value means "absent".
type Ed25519 verificationKey

// verificationKey is what Ed25519 is made of. The rest of this module converts
// keys that it computed itself, which need no check.
type verificationKey = curve.VerificationKey

// NewEd25519 returns the key that is encoded by b: exactly 32 bytes, the
// canonical encoding of a point of the curve, not of small order. It returns
// [ErrLength] or [ErrInvalidKey].
func NewEd25519(b []byte) (Ed25519, error) {
	k, err := curve.NewVerificationKey(b)
	if err != nil {
		return Ed25519{}, invalid(ed25519Name, err)
	}
	return Ed25519(k), nil
}

// ParseEd25519 returns the key of a text of 43 characters of base64, or 44
// with padding. It returns [ErrBase64], [ErrLength] or [ErrInvalidKey].
func ParseEd25519(text string) (Ed25519, error) {
	var k Ed25519
	err := k.UnmarshalText([]byte(text))
	return k, err
}

// IsZero says whether k is absent.
func (k Ed25519) IsZero() bool { return k == Ed25519{} }

// Bytes returns the 32 bytes of the key.
func (k Ed25519) Bytes() []byte {
	b := k.Array()
	return b[:]
}

// Array returns the 32 bytes of the key without allocating.
func (k Ed25519) Array() [PublicKeySize]byte { return verificationKey(k).Array() }

// String returns the key in unpadded base64, 43 characters, or nothing when
// it is absent.
func (k Ed25519) String() string {
	if k.IsZero() {
		return ""
	}
	return b64.Encode(k.Bytes())
}

// MarshalText returns the key in unpadded base64, or [ErrAbsent].
func (k Ed25519) MarshalText() ([]byte, error) {
	if k.IsZero() {
		return nil, fmt.Errorf("%s: %w", ed25519Name, ErrAbsent)
	}
	return b64.AppendEncode(nil, k.Bytes()), nil
}

// UnmarshalText sets k as [ParseEd25519] does. When it fails, k is as before.
func (k *Ed25519) UnmarshalText(text []byte) error {
	var b [PublicKeySize]byte
	if err := decodeText(ed25519Name, b[:], text); err != nil {
		return err
	}
	key, err := NewEd25519(b[:])
	if err != nil {
		return err
	}
	*k = key
	return nil
}

// Verify returns nil when signature is a signature of message under k. It
// returns [ErrAbsent] when k or signature is the zero value and [ErrSignature]
// otherwise.
//
// It is stricter than RFC 8032, section 5.1.7, and refuses all that
// ed25519-dalek's verify_strict, hence vodozemac, refuses: S must be reduced;
// the public key and R must be canonical and not of small order. libolm checks
// none of these.
func (k Ed25519) Verify(message []byte, signature Signature) error {
	if k.IsZero() {
		return fmt.Errorf("%s: %w", ed25519Name, ErrAbsent)
	}
	if signature.IsZero() {
		return fmt.Errorf("%s: %w", signatureName, ErrAbsent)
	}
	public := k.Array()
	if !curve.Verify(&public, message, &signature.b) {
		return ErrSignature
	}
	return nil
}

// Signature is an Ed25519 signature (RFC 8032). It is comparable. The zero
// value means "absent".
type Signature struct{ b [SignatureSize]byte }

// NewSignature returns the signature in b: exactly 64 bytes, not all zero. It
// returns [ErrLength] or [ErrAbsent]. Whether it is a signature of anything,
// [Ed25519.Verify] says.
func NewSignature(b []byte) (Signature, error) {
	if len(b) != SignatureSize {
		return Signature{}, fmt.Errorf("%s: %w", signatureName, ErrLength)
	}
	s := Signature{[SignatureSize]byte(b)}
	if s.IsZero() {
		return Signature{}, fmt.Errorf("%s: %w", signatureName, ErrAbsent)
	}
	return s, nil
}

// ParseSignature returns the signature of a text of 86 characters of base64,
// or 88 with padding. It returns [ErrBase64], [ErrLength] or [ErrAbsent].
func ParseSignature(text string) (Signature, error) {
	var s Signature
	err := s.UnmarshalText([]byte(text))
	return s, err
}

// IsZero says whether s is absent.
func (s Signature) IsZero() bool { return s == Signature{} }

// Bytes returns the 64 bytes of the signature.
func (s Signature) Bytes() []byte { return s.b[:] }

// String returns the signature in unpadded base64, 86 characters, or nothing when
// it is absent.
func (s Signature) String() string {
	if s.IsZero() {
		return ""
	}
	return b64.Encode(s.b[:])
}

// MarshalText returns the signature in unpadded base64, or [ErrAbsent].
func (s Signature) MarshalText() ([]byte, error) {
	if s.IsZero() {
		return nil, fmt.Errorf("%s: %w", signatureName, ErrAbsent)
	}
	return b64.AppendEncode(nil, s.b[:]), nil
}

// UnmarshalText sets s as [ParseSignature] does. When it fails, s is as
// before.
func (s *Signature) UnmarshalText(text []byte) error {
	var b [SignatureSize]byte
	if err := decodeText(signatureName, b[:], text); err != nil {
		return err
	}
	signature, err := NewSignature(b[:])
	if err != nil {
		return err
	}
	*s = signature
	return nil
}
