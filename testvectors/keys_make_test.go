package testvectors_test

import (
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"

	"filippo.io/edwards25519"
	fe "filippo.io/edwards25519/field"

	"github.com/chappe-e2ee/chappe/internal/curve"
)

var (
	prime = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	// order is that of the base point, 2^252 + 27742317777372353535851937790883648493.
	order = new(big.Int).SetBytes(unhex("1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed"))

	// torsion8 is a point of order 8; its multiples are all points of small
	// order.
	torsion8 = must(new(edwards25519.Point).SetBytes(unhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")))
)

func unhex(s string) []byte { return must(hex.DecodeString(s)) }

// primePlus returns 2^255 - 19 + n, little-endian.
func primePlus(n int64) []byte { return little(new(big.Int).Add(prime, big.NewInt(n))) }

func little(n *big.Int) []byte {
	b := n.FillBytes(make([]byte, 32))
	slices.Reverse(b)
	return b
}

func small(n byte) []byte { return append([]byte{n}, make([]byte, 31)...) }

// top returns b with its highest bit set: the sign of x for Ed25519, and no part
// of a Curve25519 key.
func top(b []byte) []byte {
	b = slices.Clone(b)
	b[31] |= 0x80
	return b
}

// first returns the smallest number from 2 on for which f holds.
func first(f func([]byte) bool) byte {
	n := byte(2)
	for !f(small(n)) {
		n++
	}
	return n
}

func keyFiles() []recipe {
	return slices.Concat(curve25519Files(), ed25519Files(), signatureFiles())
}

func keyRecipe(operation string) func(id, description string, public []byte) recipe {
	return func(id, description string, public []byte) recipe {
		return recipe{id, operation, description, func(string) []member { return []member{{"public_key_hex", public}} }}
	}
}

func curve25519Files() []recipe {
	honest := curve.PublicFromPrivate((*[32]byte)(bytesOf("curve25519", 32)))
	lowOrder8 := unhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")
	otherLowOrder8 := unhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157")
	twist := first(func(b []byte) bool { return !onCurve25519(b) })
	r := keyRecipe("curve25519-public-key")
	return []recipe{
		r("curve25519-honest", "A public key of somebody.", honest[:]),
		r("curve25519-base-point", "The base point, 9: the smallest good key.", small(9)),
		r("curve25519-twist", "The smallest number from 2 on that lies on the twist and not on the curve. X25519 is made to work there too.", small(twist)),
		r("curve25519-zero", "Zero, a point of order 2 on the curve and on its twist. libolm's sign of an absent key.", small(0)),
		r("curve25519-one", "One, of order 4 on the curve.", small(1)),
		r("curve25519-minus-one", "2^255 - 20, of order 4 on the twist.", primePlus(-1)),
		r("curve25519-order-8-a", "A point of order 8.", lowOrder8),
		r("curve25519-order-8-b", "Another point of order 8.", otherLowOrder8),
		r("curve25519-zero-as-p", "Zero, written as 2^255 - 19.", primePlus(0)),
		r("curve25519-one-as-p-plus-1", "One, written as 2^255 - 18.", primePlus(1)),
		r("curve25519-base-point-as-p-plus-9", "The base point, written as 2^255 - 10: a second encoding of a good key.", primePlus(9)),
		r("curve25519-largest", "2^255 - 1, a second encoding of 18.", primePlus(18)),
		r("curve25519-top-bit", "A public key of somebody with the highest bit set, which X25519 ignores: a second encoding of a good key.", top(honest[:])),
		r("curve25519-top-bit-zero", "Zero with the highest bit set.", top(small(0))),
		r("curve25519-top-bit-one", "One with the highest bit set.", top(small(1))),
		r("curve25519-top-bit-minus-one", "2^255 - 20 with the highest bit set.", top(primePlus(-1))),
		r("curve25519-top-bit-order-8-a", "A point of order 8 with the highest bit set.", top(lowOrder8)),
		r("curve25519-top-bit-order-8-b", "The other point of order 8 with the highest bit set.", top(otherLowOrder8)),
		r("curve25519-top-bit-zero-as-p", "Zero, written as 2^255 - 19 with the highest bit set.", top(primePlus(0))),
		r("curve25519-top-bit-one-as-p-plus-1", "One, written as 2^255 - 18 with the highest bit set.", top(primePlus(1))),
	}
}

// onCurve25519 says whether u^3 + 486662 u^2 + u is a square.
func onCurve25519(b []byte) bool {
	u := must(new(fe.Element).SetBytes(b))
	v := new(fe.Element).Mult32(u, 486662)
	v.Add(v, new(fe.Element).Square(u))
	v.Add(v, new(fe.Element).One())
	v.Multiply(v, u)
	_, square := new(fe.Element).SqrtRatio(v, new(fe.Element).One())
	return square == 1
}

// multiple returns n times the point of order 8.
func multiple(n int) *edwards25519.Point {
	p := edwards25519.NewIdentityPoint()
	for range n {
		p.Add(p, torsion8)
	}
	return p
}

func ed25519Files() []recipe {
	honest := newSigner("ed25519", 0)
	off := first(func(b []byte) bool { return readPoint(b).p == nil })
	on := first(func(b []byte) bool { return readPoint(b).p != nil })
	r := keyRecipe("ed25519-public-key")
	list := []recipe{
		r("ed25519-honest", "A public key of somebody.", honest.public),
		r("ed25519-mixed-order", "A public key plus a point of order 8. It is not of small order, and strict verifiers accept it: see the signatures under it.", newSigner("ed25519", 1).public),
		r("ed25519-not-on-curve", "The smallest y from 2 on that is of no point.", small(off)),
		r("ed25519-small-y", "The smallest y from 2 on that is of a point.", small(on)),
		r("ed25519-small-y-plus-p", "The same point, its y written as y + 2^255 - 19. Decoders that reduce it accept it; nobody knows a private key for it.", primePlus(int64(on))),
		r("ed25519-identity-sign", "The point of order 1 with the sign of x set, though x is zero.", top(small(1))),
		r("ed25519-order-2-sign", "The point of order 2 with the sign of x set, though x is zero.", top(primePlus(-1))),
		r("ed25519-order-4-as-p", "A point of order 4, y = 0, written as 2^255 - 19.", primePlus(0)),
		r("ed25519-order-4-as-p-sign", "The other point of order 4, y = 0, written as 2^255 - 19, with the sign of x.", top(primePlus(0))),
		r("ed25519-identity-as-p-plus-1", "The point of order 1, y = 1, written as 2^255 - 18.", primePlus(1)),
		r("ed25519-identity-as-p-plus-1-sign", "The point of order 1, written as 2^255 - 18, with the sign of x set, though x is zero.", top(primePlus(1))),
	}
	for n, order := range []int{1, 8, 4, 8, 2, 8, 4, 8} {
		list = append(list, r(fmt.Sprintf("ed25519-small-order-%d", n), fmt.Sprintf("%d times a point of order 8: a point of order %d, canonically encoded.", n, order), multiple(n).Bytes()))
	}
	return list
}
