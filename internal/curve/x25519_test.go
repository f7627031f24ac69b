package curve_test

import (
	"bytes"
	"crypto/ecdh"
	"encoding/hex"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/internal/failtest"
)

func fromHex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

func hex32(t testing.TB, s string) *[curve.Size]byte {
	return (*[curve.Size]byte)(fromHex(t, s))
}

// checkFails checks a public key, which must fail.
func checkFails(t testing.TB, check func([]byte) error, b []byte) error {
	t.Helper()
	return failtest.Refused(t, func() error { return check(b) }, failtest.Input(b))
}

func randomBytes(random *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	return b
}

// The field prime, 2^255 - 19.
var prime = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))

// littleEndian returns v, below 2^256, in 32 bytes.
func littleEndian(v *big.Int) []byte {
	b := v.FillBytes(make([]byte, 32))
	for i := range 16 {
		b[i], b[31-i] = b[31-i], b[i]
	}
	return b
}

// lowOrderU are the points of order 1, 2, 4 and 8 of the curve and its twist,
// computed from their equations, not copied: u = 0, 1, p-1, and the roots of
// the polynomial whose zeros double to u = 1 (RFC 7748, section 6.1; order 8).
func lowOrderU(t testing.TB) []*big.Int {
	us := []*big.Int{big.NewInt(0), big.NewInt(1), new(big.Int).Sub(prime, big.NewInt(1))}
	for _, s := range []string{
		"325606250916557431795983626356110631294008115727848805560023387167927233504",
		"39382357235489614581723060781553021112529911719440698176882885853963445705823",
	} {
		u, ok := new(big.Int).SetString(s, 10)
		require.True(t, ok)
		// Doubling gives (u^2-1)^2 / 4u(u^2+Au+1); it is 1, of order 4, when
		// (u^2-1)^2 = 4u(u^2+Au+1).
		u2 := new(big.Int).Mul(u, u)
		left := new(big.Int).Sub(u2, big.NewInt(1))
		left.Mul(left, left).Mod(left, prime)
		right := new(big.Int).Mul(u, big.NewInt(486662))
		right.Add(right, u2).Add(right, big.NewInt(1)).Mul(right, u).Mul(right, big.NewInt(4)).Mod(right, prime)
		require.Zero(t, left.Cmp(right), "not of order 8: %s", s)
		us = append(us, u)
	}
	return us
}

func TestAttack_P01_LowOrderPoints(t *testing.T) {
	private := hex32(t, "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a")
	key, err := curve.ParsePrivateKey(private)
	require.NoError(t, err)
	refused := func(u *big.Int, want error) {
		t.Helper()
		b := littleEndian(u)
		require.ErrorIs(t, checkFails(t, curve.CheckX25519, b), want, "%x", b)
		// Even where nobody checked: the agreement is all zero, and refused.
		out := bytes.Repeat([]byte{0xaa}, curve.Size)
		failtest.Refused(t, func() error { return key.Agree(out, (*[curve.Size]byte)(b)) },
			failtest.Input(b), failtest.Input(out), failtest.Secret(private[:]))
	}
	top := new(big.Int).Lsh(big.NewInt(1), 255)
	for _, u := range lowOrderU(t) {
		refused(u, curve.ErrLowOrder)
		refused(new(big.Int).Add(u, top), curve.ErrNonCanonical) // X25519 drops bit 255
		switch plusP := new(big.Int).Add(u, prime); {
		case plusP.BitLen() <= 255: // p and p+1
			refused(plusP, curve.ErrNonCanonical)
			refused(new(big.Int).Add(plusP, top), curve.ErrNonCanonical)
		case plusP.BitLen() == 256: // 2p-1 among them
			require.ErrorIs(t, checkFails(t, curve.CheckX25519, littleEndian(plusP)), curve.ErrNonCanonical)
		}
	}
}

func TestAttack_P01_NonCanonical(t *testing.T) {
	one := big.NewInt(1)
	// All that reduces: p to 2^255-1, and everything with bit 255.
	u := new(big.Int).Set(prime)
	for ; u.BitLen() <= 255; u.Add(u, one) {
		require.ErrorIs(t, checkFails(t, curve.CheckX25519, littleEndian(u)), curve.ErrNonCanonical, "%x", u)
	}
	random := rand.New(rand.NewChaCha8([32]byte{1}))
	for range 200 {
		b := randomBytes(random, 32)
		b[31] |= 0x80
		require.ErrorIs(t, checkFails(t, curve.CheckX25519, b), curve.ErrNonCanonical)
		b[31] &= 0x7f
		require.NoError(t, curve.CheckX25519(b))
	}
	// The neighbours of what is refused.
	for _, u := range lowOrderU(t) {
		for _, d := range []int64{-1, 1} {
			v := new(big.Int).Add(u, big.NewInt(d))
			if v.Sign() > 0 && v.Cmp(one) > 0 && v.Cmp(new(big.Int).Sub(prime, one)) < 0 {
				require.NoError(t, curve.CheckX25519(littleEndian(v)), "%x", v)
			}
		}
	}
	require.NoError(t, curve.CheckX25519(littleEndian(new(big.Int).Sub(prime, big.NewInt(2)))))
	// A byte below 0xff in the middle makes it smaller than p.
	for i := 1; i < 31; i++ {
		b := bytes.Repeat([]byte{0xff}, 32)
		b[31], b[i] = 0x7f, 0xfe
		require.NoError(t, curve.CheckX25519(b))
	}
}

func TestAttack_P40_Lengths(t *testing.T) {
	for n := range 70 {
		if n != curve.Size {
			require.ErrorIs(t, checkFails(t, curve.CheckX25519, bytes.Repeat([]byte{2}, n)), curve.ErrLength)
			require.ErrorIs(t, checkFails(t, curve.CheckEd25519, bytes.Repeat([]byte{2}, n)), curve.ErrLength)
		}
	}
}

// TestKnownAgreement has RFC 7748, section 6.1, which is libolm's vector too
// (libolm 3.2.13, tests/test_crypto.cpp:22).
func TestKnownAgreement(t *testing.T) {
	pairs := [][2]string{
		{"77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a", "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"},
		{"5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb", "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"},
	}
	for i, pair := range pairs {
		key, err := curve.ParsePrivateKey(hex32(t, pair[0]))
		require.NoError(t, err)
		require.Equal(t, *hex32(t, pair[1]), key.PublicKey())
		require.Equal(t, *hex32(t, pair[1]), curve.PublicFromPrivate(hex32(t, pair[0])))
		out := make([]byte, curve.Size)
		require.NoError(t, key.Agree(out, hex32(t, pairs[1-i][1])))
		require.Equal(t, "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742", hex.EncodeToString(out))
	}
}

// TestIterated is the accumulated test of RFC 7748, section 5.2.
func TestIterated(t *testing.T) {
	k, u := [curve.Size]byte{9}, [curve.Size]byte{9}
	rounds, want := 1000, "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51"
	if testing.Short() {
		rounds, want = 1, "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079"
	}
	for range rounds {
		key, err := curve.ParsePrivateKey(&k)
		require.NoError(t, err)
		var out [curve.Size]byte
		require.NoError(t, key.Agree(out[:], &u))
		k, u = out, k
	}
	require.Equal(t, want, hex.EncodeToString(k[:]))
}

func TestPublicFromPrivateEqualsStandardLibrary(t *testing.T) {
	check := func(private []byte) {
		t.Helper()
		key, err := ecdh.X25519().NewPrivateKey(private)
		require.NoError(t, err)
		public := curve.PublicFromPrivate((*[curve.Size]byte)(private))
		require.Equal(t, key.PublicKey().Bytes(), public[:], "%x", private)
		require.NoError(t, curve.CheckX25519(public[:]))
	}
	random := rand.New(rand.NewChaCha8([32]byte{2}))
	for range 200 {
		check(randomBytes(random, 32))
	}
	check(make([]byte, 32))
	check(bytes.Repeat([]byte{0xff}, 32))
	for bit := range 256 {
		b := make([]byte, 32)
		b[bit/8] = 1 << (bit % 8)
		check(b)
	}
	require.NoError(t, curve.X25519Available())
}

// TestPublicsFromPrivates compares with one at a time, around the size of a batch.
func TestPublicsFromPrivates(t *testing.T) {
	random := rand.New(rand.NewChaCha8([32]byte{9}))
	for _, n := range []int{0, 1, 2, 15, 16, 17, 40} {
		private := make([]*[curve.Size]byte, n)
		for i := range private {
			private[i] = (*[curve.Size]byte)(randomBytes(random, curve.Size))
		}
		public := make([][curve.Size]byte, n)
		curve.PublicsFromPrivates(public, private)
		for i := range public {
			require.Equal(t, curve.PublicFromPrivate(private[i]), public[i], "%d of %d", i, n)
		}
	}
}
