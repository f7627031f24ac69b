package curve

import (
	"filippo.io/edwards25519"
	"filippo.io/edwards25519/field"
)

// batchSize is how many public keys share one inversion in the field, which is
// a sixth of the work for one key alone.
const batchSize = 16

// PublicsFromPrivates sets each of public to [PublicFromPrivate] of the private
// key at its place. There are as many of both.
func PublicsFromPrivates(public [][Size]byte, private []*[Size]byte) {
	for len(private) > 0 {
		n := min(len(private), batchSize)
		publicBatch(public[:n], private[:n])
		public, private = public[n:], private[n:]
	}
}

// publicBatch works out (z+y)/(z-y) of each point with Montgomery's trick: the
// product of all divisors is inverted, and gives the inverse of each. No divisor
// is zero: only the neutral point has y = z, and a clamped scalar is no multiple
// of the group's order.
func publicBatch(public [][Size]byte, private []*[Size]byte) {
	var b batch
	b.product.One()
	for i, k := range private {
		multiplyBase(&b.p, k)
		_, y, z, _ := b.p.ExtendedCoordinates()
		b.numerator[i].Add(z, y)
		b.divisor[i].Subtract(z, y)
		b.before[i] = b.product
		b.product.Multiply(&b.product, &b.divisor[i])
	}
	b.product.Invert(&b.product)
	for i := len(private) - 1; i >= 0; i-- {
		var u field.Element
		u.Multiply(&b.product, &b.before[i])
		public[i] = [Size]byte(u.Multiply(&u, &b.numerator[i]).Bytes())
		b.product.Multiply(&b.product, &b.divisor[i])
	}
	b.wipe()
}

// batch is what would say more of the private keys than the public ones do, but
// for copies that edwards25519 returns of a point's coordinates.
type batch struct {
	p                          edwards25519.Point
	product                    field.Element
	numerator, divisor, before [batchSize]field.Element
}

//go:noinline
func (b *batch) wipe() { *b = batch{} }
