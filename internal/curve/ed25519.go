package curve

import (
	"crypto/ed25519"
	"crypto/sha512"
	"crypto/subtle"
	"errors"

	"filippo.io/edwards25519"

	"github.com/chappe-e2ee/chappe/internal/secret"
)

// Sizes in bytes.
const (
	SignatureSize = 64
	ExpandedSize  = 64
)

// ErrKeyMismatch says that a public key does not belong to a private key.
var ErrKeyMismatch = errors.New("public and private key do not match")

// SigningKey is an Ed25519 private key in expanded form, with the public key
// that was computed from it. It holds the seed when it was made from one:
// libolm stores the expanded form only, from which no seed can be had back.
type SigningKey struct {
	expanded [ExpandedSize]byte // clamped scalar, then the nonce prefix
	public   [Size]byte
	seed     [Size]byte
	hasSeed  bool
}

// SigningKeyFromSeed returns the key of a 32-byte seed (RFC 8032, 5.1.5).
func SigningKeyFromSeed(seed *[Size]byte) *SigningKey {
	k := &SigningKey{expanded: sha512.Sum512(seed[:]), seed: *seed, hasSeed: true}
	k.clamp()
	k.public = k.computePublic()
	return k
}

// SigningKeyFromExpanded returns the key of libolm's 64-byte form, SHA-512 of
// the seed, clamped or not. It checks that public belongs to it: a signature
// made with an expanded key and a foreign public key gives the private key
// away.
func SigningKeyFromExpanded(expanded *[ExpandedSize]byte, public *[Size]byte) (*SigningKey, error) {
	k := SigningKeyFromExpandedAlone(expanded)
	if subtle.ConstantTimeCompare(k.public[:], public[:]) != 1 {
		k.Wipe()
		return nil, ErrKeyMismatch
	}
	return k, nil
}

// SigningKeyFromExpandedAlone is [SigningKeyFromExpanded] for a form that holds
// no public key.
func SigningKeyFromExpandedAlone(expanded *[ExpandedSize]byte) *SigningKey {
	k := &SigningKey{expanded: *expanded}
	k.clamp()
	k.public = k.computePublic()
	return k
}

func (k *SigningKey) clamp() {
	k.expanded[0] &= 248
	k.expanded[31] &= 63
	k.expanded[31] |= 64
}

func (k *SigningKey) computePublic() (public [Size]byte) {
	var s edwards25519.Scalar
	k.scalar(&s)
	var p edwards25519.Point
	copy(public[:], p.ScalarBaseMult(&s).Bytes())
	wipeScalar(&s)
	return public
}

func (k *SigningKey) scalar(s *edwards25519.Scalar) {
	if _, err := s.SetBytesWithClamping(k.expanded[:32]); err != nil {
		panic("curve: internal error: " + err.Error())
	}
}

// PublicKey returns the public key.
func (k *SigningKey) PublicKey() [Size]byte { return k.public }

// Expanded returns the expanded private key, clamped as libolm stores it.
func (k *SigningKey) Expanded() *[ExpandedSize]byte { return &k.expanded }

// Seed returns the seed, or nil when only the expanded form is known.
func (k *SigningKey) Seed() *[Size]byte {
	if !k.hasSeed {
		return nil
	}
	return &k.seed
}

// Wipe overwrites the private parts.
func (k *SigningKey) Wipe() {
	secret.Wipe(k.expanded[:])
	secret.Wipe(k.seed[:])
	k.hasSeed = false
}

// Sign sets signature to the Ed25519 signature of message (RFC 8032, 5.1.6).
// It is the same for a seed and for its expanded form, so one path serves
// both; crypto/ed25519 has no way in for the latter.
func (k *SigningKey) Sign(signature *[SignatureSize]byte, message []byte) {
	var digest [sha512.Size]byte
	var a, r, c edwards25519.Scalar
	h := sha512.New()

	h.Write(k.expanded[32:])
	h.Write(message)
	uniform(&r, h.Sum(digest[:0]))
	var p edwards25519.Point
	copy(signature[:32], p.ScalarBaseMult(&r).Bytes())

	h.Reset()
	h.Write(signature[:32])
	h.Write(k.public[:])
	h.Write(message)
	uniform(&c, h.Sum(digest[:0]))

	k.scalar(&a)
	c.MultiplyAdd(&c, &a, &r)
	copy(signature[32:], c.Bytes())
	wipeScalar(&a)
	wipeScalar(&r)
	secret.Wipe(digest[:])
}

func uniform(s *edwards25519.Scalar, digest []byte) {
	if _, err := s.SetUniformBytes(digest); err != nil {
		panic("curve: internal error: " + err.Error())
	}
}

//go:noinline
func wipeScalar(s *edwards25519.Scalar) { *s = edwards25519.Scalar{} }

// The y-coordinates of the eight points of small order; those with x other
// than zero stand for two points each.
var smallOrderY = [...][Size]byte{
	{},
	{1},
	primeMinus1,
	{
		0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
		0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
	},
	{
		0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
		0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
	},
}

// smallOrder says whether the canonical encoding b is of a point of order 1,
// 2, 4 or 8.
func smallOrder(b []byte) bool {
	y := [Size]byte(b)
	y[31] &= 0x7f
	for i := range smallOrderY {
		if y == smallOrderY[i] {
			return true
		}
	}
	return false
}

// CheckEd25519 says whether b may be a verification key: 32 bytes, the
// canonical encoding of a point, not of small order. RFC 8032 and
// crypto/ed25519 let the last two pass, so that one signature can fit many
// messages; libolm does not check at all.
func CheckEd25519(b []byte) error {
	if len(b) != Size {
		return ErrLength
	}
	y := [Size]byte(b)
	y[31] &= 0x7f
	if !belowPrime(y[:]) {
		return ErrNonCanonical
	}
	if smallOrder(b) {
		return ErrLowOrder
	}
	// A y below p whose x is not zero has two encodings, one for each sign,
	// and both are canonical; x is zero for small order only.
	var p edwards25519.Point
	if _, err := p.SetBytes(b); err != nil {
		return ErrNonCanonical
	}
	return nil
}

// VerificationKey is a public key that [CheckEd25519] has passed, or that was
// computed from a private one and so needs no check: as a clamped scalar is no
// multiple of the group's order, it is canonical and not of small order. The
// zero value is absent.
type VerificationKey struct{ b [Size]byte }

// NewVerificationKey returns the key in b, or what [CheckEd25519] does.
func NewVerificationKey(b []byte) (VerificationKey, error) {
	if err := CheckEd25519(b); err != nil {
		return VerificationKey{}, err
	}
	return VerificationKey{[Size]byte(b)}, nil
}

// VerificationKey returns the public key.
func (k *SigningKey) VerificationKey() VerificationKey { return VerificationKey{k.public} }

// Array returns the bytes of the key.
func (k VerificationKey) Array() [Size]byte { return k.b }

// Verify reports whether signature is a signature of message under public,
// which [CheckEd25519] has passed. crypto/ed25519 refuses S that is not
// reduced and, since it compares encodings, R that is not canonical; R of
// small order is refused here. Of keys that passed, this is the verdict of
// ed25519-dalek's verify_strict, and stricter than RFC 8032.
func Verify(public *[Size]byte, message []byte, signature *[SignatureSize]byte) bool {
	return !smallOrder(signature[:32]) && ed25519.Verify(public[:], message, signature[:])
}
