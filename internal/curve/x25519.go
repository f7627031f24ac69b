// Package curve holds all curve arithmetic of this module: X25519 (RFC 7748)
// and Ed25519 (RFC 8032), with the checks that the RFCs leave open made
// strict. It is the only package that imports crypto/ecdh and
// filippo.io/edwards25519.
package curve

import (
	"crypto/ecdh"
	"errors"

	"filippo.io/edwards25519"

	"github.com/chappe-e2ee/chappe/internal/secret"
)

// Size is the length of a key, a seed and a shared secret, in bytes.
const Size = 32

// Reasons for which a public key is refused.
var (
	ErrLength       = errors.New("wrong length")
	ErrNonCanonical = errors.New("not the canonical encoding of a point")
	ErrLowOrder     = errors.New("point of low order")
)

// PrivateKey is an X25519 private key in the parsed form of crypto/ecdh, which
// computes the public key when it parses. It is kept wherever a second
// agreement may follow.
type PrivateKey struct{ key *ecdh.PrivateKey }

// ParsePrivateKey parses a private key: 32 bytes, clamped at use only. It
// fails only when the Go runtime forbids X25519 (GODEBUG=fips140=only).
func ParsePrivateKey(private *[Size]byte) (*PrivateKey, error) {
	key, err := ecdh.X25519().NewPrivateKey(private[:])
	if err != nil {
		return nil, err
	}
	return &PrivateKey{key}, nil
}

// PublicKey returns the public key.
func (k *PrivateKey) PublicKey() (public [Size]byte) {
	copy(public[:], k.key.PublicKey().Bytes())
	return public
}

// Agree sets out to the X25519 shared secret with public. It is the only
// Diffie-Hellman function of the module, and refuses an all-zero result (RFC
// 7748, section 6.1), the sign of a peer that contributes nothing.
func (k *PrivateKey) Agree(out []byte, public *[Size]byte) error {
	peer, err := ecdh.X25519().NewPublicKey(public[:])
	if err != nil {
		return err
	}
	shared, err := k.key.ECDH(peer)
	if err != nil {
		return err
	}
	copy(out, shared)
	secret.Wipe(shared)
	return nil
}

// X25519Available returns an error when the Go runtime forbids X25519.
func X25519Available() error {
	_, err := ecdh.X25519().NewPublicKey(make([]byte, Size))
	return err
}

// PublicFromPrivate returns the X25519 public key of a private key. It
// multiplies the base point of the equivalent Edwards curve, which has
// precomputed tables, and maps the result to the Montgomery curve: the same
// value as X25519(private, 9), in half the time.
func PublicFromPrivate(private *[Size]byte) (public [Size]byte) {
	var p edwards25519.Point
	multiplyBase(&p, private)
	copy(public[:], p.BytesMontgomery())
	return public
}

func multiplyBase(p *edwards25519.Point, private *[Size]byte) {
	var s edwards25519.Scalar
	if _, err := s.SetBytesWithClamping(private[:]); err != nil {
		panic("curve: internal error: " + err.Error())
	}
	p.ScalarBaseMult(&s)
	wipeScalar(&s)
}

// The u-coordinates below p of the points of order 1, 2, 4 and 8 on the curve
// and on its twist. With any of them, X25519 gives zero.
var lowOrderU = [...][Size]byte{
	{},
	{1},
	{
		0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a,
		0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00,
	},
	{
		0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b,
		0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57,
	},
	primeMinus1,
}

// primeMinus1 is 2^255 - 20, little-endian.
var primeMinus1 = [Size]byte{
	0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
}

// CheckX25519 says whether b may be a peer's public key: 32 bytes, below the
// field prime (RFC 7748 would reduce it silently and drop the top bit), not of
// low order.
func CheckX25519(b []byte) error {
	if len(b) != Size {
		return ErrLength
	}
	if !belowPrime(b) {
		return ErrNonCanonical
	}
	for i := range lowOrderU {
		if [Size]byte(b) == lowOrderU[i] {
			return ErrLowOrder
		}
	}
	return nil
}

// belowPrime says whether the little-endian number b is below 2^255 - 19.
func belowPrime(b []byte) bool {
	if b[31] != 0x7f {
		return b[31] < 0x7f
	}
	for _, x := range b[1:31] {
		if x != 0xff {
			return true
		}
	}
	return b[0] < 0xed
}
