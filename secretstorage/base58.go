package secretstorage

// Base58 with Bitcoin's alphabet, for numbers of one size: time depends on
// nothing. Symbols are computed by arithmetic, never looked up in a table at a
// secret index, and the one divisor is a constant, which compiles to a
// multiplication.

const (
	base58Bytes   = 35
	base58Symbols = 48 // 58^47 < 0x8B01 * 256^33 and 256^35 < 58^48
)

// encodeBase58 sets dst to the 48 symbols of src. The first are '1' where the
// number is small: there is no shorter form.
func encodeBase58(dst *[base58Symbols]byte, src *[base58Bytes]byte) {
	clear(dst[:])
	for _, b := range src {
		carry := uint32(b)
		for i := len(dst) - 1; i >= 0; i-- {
			carry += uint32(dst[i]) << 8
			dst[i] = byte(carry % 58)
			carry /= 58
		}
	}
	for i, v := range dst {
		dst[i] = base58Symbol(int32(v))
	}
}

// decodeBase58 sets dst to the number of src's symbols. It reports false, after
// the same time, when a symbol is not of the alphabet; and fits is false when
// the number is too great. Then, what dst holds is meaningless, and wiping it is
// the caller's.
func decodeBase58(dst *[base58Bytes]byte, src *[base58Symbols]byte) (symbols, fits bool) {
	clear(dst[:])
	var bad int32
	var over uint32
	for _, c := range src {
		v := base58Value(int32(c))
		bad |= v
		carry := uint32(v) & 63
		for i := len(dst) - 1; i >= 0; i-- {
			carry += uint32(dst[i]) * 58
			dst[i] = byte(carry)
			carry >>= 8
		}
		over |= carry
	}
	return bad >= 0, over == 0
}

// base58Symbol returns the symbol of v, 0 to 57. A right shift by 8 of a
// negative difference gives a mask of ones. I, O and l are left out.
func base58Symbol(v int32) byte {
	c := v + '1'
	c += (8 - v) >> 8 & ('A' - '9' - 1)
	c += (16 - v) >> 8 & 1
	c += (21 - v) >> 8 & 1
	c += (32 - v) >> 8 & ('a' - 'Z' - 1)
	c += (43 - v) >> 8 & 1
	return byte(c)
}

// base58Value returns the value of the symbol c, or -1.
func base58Value(c int32) int32 {
	v := int32(-1)
	v += within(c, '1', '9') & (c - '1' + 1)
	v += within(c, 'A', 'H') & (c - 'A' + 9 + 1)
	v += within(c, 'J', 'N') & (c - 'J' + 17 + 1)
	v += within(c, 'P', 'Z') & (c - 'P' + 22 + 1)
	v += within(c, 'a', 'k') & (c - 'a' + 33 + 1)
	v += within(c, 'm', 'z') & (c - 'm' + 44 + 1)
	return v
}

// within returns all ones when lo <= c <= hi, else 0.
func within(c, lo, hi int32) int32 { return ((lo - 1 - c) & (c - hi - 1)) >> 8 }
