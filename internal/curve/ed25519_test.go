package curve_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"math/big"
	"math/rand/v2"
	"testing"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/internal/failtest"
)

// The order of the base point, 2^252 + 27742317777372353535851937790883648493.
var order, _ = new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)

func bigEndian(b []byte) *big.Int {
	r := make([]byte, len(b))
	for i := range b {
		r[len(b)-1-i] = b[i]
	}
	return new(big.Int).SetBytes(r)
}

// smallOrderPoints returns the eight points of small order, as the multiples
// of one of order 8.
func smallOrderPoints(t testing.TB) []*edwards25519.Point {
	p, err := new(edwards25519.Point).SetBytes(fromHex(t, "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"))
	require.NoError(t, err)
	points := []*edwards25519.Point{edwards25519.NewIdentityPoint()}
	for range 7 {
		points = append(points, new(edwards25519.Point).Add(points[len(points)-1], p))
	}
	last := new(edwards25519.Point).Add(points[7], p)
	require.Equal(t, 1, last.Equal(edwards25519.NewIdentityPoint()), "not of order 8")
	return points
}

// smallOrderEncodings returns everything that decodes to a point of small
// order: 8 canonical encodings and 6 others, made of a y that is not reduced
// or of the sign of an x that is zero.
func smallOrderEncodings(t testing.TB) (canonical, others [][]byte) {
	for _, p := range smallOrderPoints(t) {
		canonical = append(canonical, p.Bytes())
	}
	known := func(b []byte) bool {
		for _, c := range canonical {
			if bytes.Equal(c, b) {
				return true
			}
		}
		return false
	}
	for _, p := range smallOrderPoints(t) {
		y := bigEndian(p.Bytes())
		y.SetBit(y, 255, 0)
		for _, v := range []*big.Int{y, new(big.Int).Add(y, prime)} {
			for _, sign := range []uint{0, 1} {
				if v.BitLen() > 255 {
					continue
				}
				b := littleEndian(new(big.Int).SetBit(v, 255, sign))
				v.SetBit(v, 255, 0)
				if q, err := new(edwards25519.Point).SetBytes(b); err == nil && !known(b) {
					require.Equal(t, 1, new(edwards25519.Point).MultByCofactor(q).Equal(edwards25519.NewIdentityPoint()))
					if !contains(others, b) {
						others = append(others, b)
					}
				}
			}
		}
	}
	require.Len(t, canonical, 8)
	require.Len(t, others, 6)
	return canonical, others
}

func contains(list [][]byte, b []byte) bool {
	for _, c := range list {
		if bytes.Equal(c, b) {
			return true
		}
	}
	return false
}

var errForged = errors.New("curve_test: no signature")

// verifyFails verifies a signature, which must fail.
func verifyFails(t testing.TB, public *[curve.Size]byte, message, signature []byte) {
	t.Helper()
	failtest.Refused(t, func() error {
		if curve.Verify(public, message, (*[curve.SignatureSize]byte)(signature)) {
			return nil
		}
		return errForged
	}, failtest.Input(public[:]), failtest.Input(message), failtest.Input(signature))
}

func TestAttack_P02_SmallOrderKeys(t *testing.T) {
	canonical, others := smallOrderEncodings(t)
	for _, a := range append(canonical, others...) {
		checkFails(t, curve.CheckEd25519, a)
		// What makes it dangerous: with S = 0 and R of small order too, a
		// signature fits one message in eight or more for crypto/ed25519.
		public, found := (*[curve.Size]byte)(a), false
		for _, r := range canonical {
			for i := range 10 {
				message := []byte{byte(i)}
				signature := append(bytes.Clone(r), make([]byte, 32)...)
				found = found || ed25519.Verify(a, message, signature)
				verifyFails(t, public, message, signature)
			}
		}
		require.True(t, found, "%x: the forgery does not work on crypto/ed25519 either", a)
	}
}

func TestAttack_P02_NonCanonicalKeys(t *testing.T) {
	for y := new(big.Int).Set(prime); y.BitLen() <= 255; y.Add(y, big.NewInt(1)) {
		for _, sign := range []uint{0, 1} {
			b := littleEndian(new(big.Int).SetBit(y, 255, sign))
			checkFails(t, curve.CheckEd25519, b)
		}
	}
	require.ErrorIs(t, checkFails(t, curve.CheckEd25519, littleEndian(big.NewInt(2))), curve.ErrNonCanonical, "not on the curve")
}

// TestCheckEd25519EqualsDefinition compares the check with what it stands for:
// decodes, encodes back to the same bytes, times eight not the identity.
func TestCheckEd25519EqualsDefinition(t *testing.T) {
	definition := func(b []byte) bool {
		p, err := new(edwards25519.Point).SetBytes(b)
		return err == nil && bytes.Equal(p.Bytes(), b) &&
			new(edwards25519.Point).MultByCofactor(p).Equal(edwards25519.NewIdentityPoint()) == 0
	}
	check := func(b []byte) {
		t.Helper()
		require.Equal(t, definition(b), curve.CheckEd25519(b) == nil, "%x", b)
	}
	random := rand.New(rand.NewChaCha8([32]byte{3}))
	for range 500 {
		check(randomBytes(random, 32))
	}
	for _, base := range []*big.Int{new(big.Int), prime, new(big.Int).Lsh(big.NewInt(1), 255), new(big.Int).Lsh(big.NewInt(1), 256)} {
		for d := int64(-40); d <= 40; d++ {
			v := new(big.Int).Add(base, big.NewInt(d))
			if v.Sign() >= 0 && v.BitLen() <= 256 {
				check(littleEndian(v))
			}
		}
	}
	canonical, others := smallOrderEncodings(t)
	for _, b := range append(canonical, others...) {
		for bit := range 256 {
			v := bytes.Clone(b)
			v[bit/8] ^= 1 << (bit % 8)
			check(v)
		}
	}
}

// signer is Ed25519 with its scalars at hand, to make signatures that no
// honest signer makes.
type signer struct {
	a      *edwards25519.Scalar
	public []byte
}

func newSigner(t testing.TB) signer {
	k := curve.SigningKeyFromSeed(&[curve.Size]byte{1, 2, 3})
	a, err := new(edwards25519.Scalar).SetBytesWithClamping(k.Expanded()[:32])
	require.NoError(t, err)
	public := k.PublicKey()
	return signer{a, public[:]}
}

// sign returns the signature with nonce r and the encoding R of its point.
func (s signer) sign(t testing.TB, r *edwards25519.Scalar, encodedR, message []byte) []byte {
	digest := sha512.Sum512(append(append(bytes.Clone(encodedR), s.public...), message...))
	k, err := new(edwards25519.Scalar).SetUniformBytes(digest[:])
	require.NoError(t, err)
	return append(bytes.Clone(encodedR), new(edwards25519.Scalar).MultiplyAdd(k, s.a, r).Bytes()...)
}

func TestAttack_P02_SmallOrderR(t *testing.T) {
	s, message := newSigner(t), []byte("signed with nonce zero")
	public := (*[curve.Size]byte)(s.public)
	canonical, others := smallOrderEncodings(t)
	zero := edwards25519.NewScalar()
	accepted := 0
	for _, r := range append(canonical, others...) {
		signature := s.sign(t, zero, r, message)
		verifyFails(t, public, message, signature)
		if ed25519.Verify(s.public, message, signature) {
			accepted++
		}
	}
	require.Equal(t, 1, accepted, "crypto/ed25519 takes the identity as R")
}

func TestAttack_P02_UnreducedS(t *testing.T) {
	k := curve.SigningKeyFromSeed(&[curve.Size]byte{7})
	public, message := k.PublicKey(), []byte("message")
	var signature [curve.SignatureSize]byte
	k.Sign(&signature, message)
	require.True(t, curve.Verify(&public, message, &signature))
	refused := func(s *big.Int) {
		t.Helper()
		forged := signature
		copy(forged[32:], littleEndian(s))
		verifyFails(t, &public, message, forged[:])
	}
	s := bigEndian(signature[32:])
	for v := new(big.Int).Add(s, order); v.BitLen() <= 256; v = new(big.Int).Add(v, order) {
		refused(v) // the same signature, modulo the order
	}
	for _, d := range []int64{-1, 0, 1} {
		refused(new(big.Int).Add(order, big.NewInt(d)))
	}
	refused(new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1)))
	refused(new(big.Int))
	for bit := range 256 {
		refused(new(big.Int).Xor(s, new(big.Int).Lsh(big.NewInt(1), uint(bit))))
	}
}

func TestAttack_P02_ZeroSignature(t *testing.T) {
	s := newSigner(t)
	for _, message := range []string{"", "a", "any message"} {
		verifyFails(t, (*[curve.Size]byte)(s.public), []byte(message), make([]byte, curve.SignatureSize))
	}
}

func TestAttack_P04_ForeignPublicKey(t *testing.T) {
	key := curve.SigningKeyFromSeed(&[curve.Size]byte{1})
	foreign := curve.SigningKeyFromSeed(&[curve.Size]byte{2}).PublicKey()
	expanded := *key.Expanded()
	mismatch := func(public [curve.Size]byte) {
		t.Helper()
		failtest.RefusedWith(t, curve.ErrKeyMismatch, func() error {
			_, err := curve.SigningKeyFromExpanded(&expanded, &public)
			return err
		}, failtest.Secret(expanded[:]), failtest.Input(public[:]))
	}
	mismatch(foreign)
	own := key.PublicKey()
	for bit := range 256 {
		public := own
		public[bit/8] ^= 1 << (bit % 8)
		mismatch(public)
	}
}

func TestAttack_P04_SeedAndExpandedSignAlike(t *testing.T) {
	random := rand.New(rand.NewChaCha8([32]byte{5}))
	for n := range 200 {
		seed, message := [curve.Size]byte(randomBytes(random, 32)), randomBytes(random, n)
		library := ed25519.NewKeyFromSeed(seed[:])
		fromSeed := curve.SigningKeyFromSeed(&seed)
		public := fromSeed.PublicKey()
		require.Equal(t, []byte(library.Public().(ed25519.PublicKey)), public[:])
		require.Equal(t, seed, *fromSeed.Seed())

		digest := sha512.Sum512(seed[:]) // not clamped
		fromExpanded, err := curve.SigningKeyFromExpanded(&digest, &public)
		require.NoError(t, err)
		require.Nil(t, fromExpanded.Seed())
		require.Equal(t, fromSeed.Expanded(), fromExpanded.Expanded())
		require.Equal(t, public, fromExpanded.PublicKey())

		var a, b [curve.SignatureSize]byte
		fromSeed.Sign(&a, message)
		fromExpanded.Sign(&b, message)
		require.Equal(t, ed25519.Sign(library, message), a[:])
		require.Equal(t, a, b)
		require.True(t, curve.Verify(&public, message, &a))
		require.False(t, curve.Verify(&public, append(message, 0), &a))
	}
}

// TestKnownSignatures has RFC 8032, section 7.1, test 1, and libolm's vector
// (libolm 3.2.13, tests/test_crypto.cpp:84).
func TestKnownSignatures(t *testing.T) {
	for _, c := range []struct{ seed, public, message, signature string }{
		{
			"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
			"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
			"e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
		},
		{
			hex.EncodeToString([]byte("This key is a string of 32 bytes")),
			"72c9fc71219d7a186937f05bc46ca72fda69524ea5821e8e4b86069fe4af0492", "Hello, World",
			"b5b4f6614065d1ac64dce0ccaf3f7c1d3fe39274e4fcea13615e3bf4c77de13abbce19e9008b9d8be493ed0b73c597d887855015ed8839ce8ad521930e77380d",
		},
	} {
		key := curve.SigningKeyFromSeed(hex32(t, c.seed))
		public := key.PublicKey()
		require.Equal(t, c.public, hex.EncodeToString(public[:]))
		var signature [curve.SignatureSize]byte
		key.Sign(&signature, []byte(c.message))
		require.Equal(t, c.signature, hex.EncodeToString(signature[:]))
		require.True(t, curve.Verify(&public, []byte(c.message), &signature))
		require.False(t, curve.Verify(&public, []byte("nello, World"), &signature))
	}
	key := curve.SigningKeyFromSeed((*[curve.Size]byte)([]byte("This key is a string of 32 bytes")))
	require.Equal(t, "f09ed4cc2392e9d579f968f674e31c29f2141f8fa731f5e403c95b590e73df5a9bd3d1c15ec2fd89c323e0606c38df4217d9c527fb8f9639484051f936141a2b",
		hex.EncodeToString(key.Expanded()[:]), "libolm stores it clamped")
}

func TestEveryBitOfASignature(t *testing.T) {
	key := curve.SigningKeyFromSeed(&[curve.Size]byte{9})
	public, message := key.PublicKey(), []byte("message")
	var signature [curve.SignatureSize]byte
	key.Sign(&signature, message)
	for bit := range 8 * curve.SignatureSize {
		forged := signature
		forged[bit/8] ^= 1 << (bit % 8)
		verifyFails(t, &public, message, forged[:])
	}
	for bit := range 8 * len(message) {
		m := bytes.Clone(message)
		m[bit/8] ^= 1 << (bit % 8)
		verifyFails(t, &public, m, signature[:])
	}
}

func TestAttack_G06_Wipe(t *testing.T) {
	key := curve.SigningKeyFromSeed(&[curve.Size]byte{9})
	seed := key.Seed()
	key.Wipe()
	require.Zero(t, *key.Expanded())
	require.Zero(t, *seed)
	require.Nil(t, key.Seed())
}

// Values of another module's types are wiped as a whole.
func TestWipeArithmetic(t *testing.T) {
	s, err := new(edwards25519.Scalar).SetCanonicalBytes(append([]byte{1}, make([]byte, 31)...))
	require.NoError(t, err)
	curve.WipeScalar(s)
	require.Equal(t, edwards25519.NewScalar(), s)
	wiped, unused := curve.WipedBatch()
	require.Equal(t, unused, wiped)
}
