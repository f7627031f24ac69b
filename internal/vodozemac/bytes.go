package vodozemac

import (
	"bytes"
	"crypto/subtle"

	"github.com/chappe-e2ee/chappe/internal/secret"
)

// maxDigits is how many digits and separators a byte takes at most.
const maxDigits = 4

// Bytes fills dst from an array of as many numbers. Time and memory access
// depend on the length of the array's text, and on nothing else in it.
func (r *Reader) Bytes(dst []byte) {
	r.take('[')
	n := bytes.IndexByte(r.b[:min(len(r.b), maxDigits*len(dst))], ']')
	if n < 0 {
		r.Fail("not an array of the right number of bytes")
		return
	}
	if !parse(dst, r.b[:n]) {
		secret.Wipe(dst)
		r.Fail("not an array of the right number of bytes")
		return
	}
	r.b = r.b[n+1:]
}

// parse reads numbers with commas between them. There is no branch on a
// character.
func parse(dst, text []byte) bool {
	bad, value, digits, at := 0, 0, 0, 0
	for _, c := range text {
		comma := subtle.ConstantTimeByteEq(c, ',')
		digit := subtle.ConstantTimeLessOrEq('0', int(c)) & subtle.ConstantTimeLessOrEq(int(c), '9')
		bad |= 1 ^ (comma | digit)
		bad |= comma & number(value, digits)
		// A zero that another digit follows.
		bad |= digit & subtle.ConstantTimeEq(int32(value), 0) & subtle.ConstantTimeLessOrEq(1, digits)
		value = subtle.ConstantTimeSelect(digit, value&0xff*10+int(c)-'0', 0)
		digits = subtle.ConstantTimeSelect(digit, digits+1, 0)
		at += comma
		if at >= len(dst) { // never in an array of the right length
			return false
		}
		dst[at] = byte(value)
	}
	return bad|number(value, digits) == 0 && at == len(dst)-1
}

// number returns 1 when a number is missing, or no byte, and 0 otherwise.
func number(value, digits int) int {
	return 1 ^ subtle.ConstantTimeLessOrEq(1, digits)&subtle.ConstantTimeLessOrEq(digits, 3)&
		subtle.ConstantTimeLessOrEq(value, 255)
}
