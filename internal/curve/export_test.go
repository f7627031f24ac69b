package curve

// WipeScalar is wipeScalar.
var WipeScalar = wipeScalar

// WipedBatch returns a batch that was used, then wiped, and one that never was
// used.
func WipedBatch() (wiped, unused any) {
	var b batch
	multiplyBase(&b.p, &[Size]byte{1})
	b.product.One()
	b.numerator[0], b.divisor[batchSize-1], b.before[1] = b.product, b.product, b.product
	b.wipe()
	return b, batch{}
}
