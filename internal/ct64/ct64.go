// Package ct64 is standard base64 (RFC 4648, section 4) for secrets: session
// keys, exports, seeds. Encoding and decoding take time that depends on
// lengths only: symbols are computed by arithmetic, never looked up in a table
// at a secret index, and errors are gathered and reported at the end.
//
// It accepts and refuses exactly what package b64 does.
package ct64

import (
	"encoding/binary"
	"errors"
)

// ErrBase64 says that text is not base64 in the accepted form.
var ErrBase64 = errors.New("not valid base64")

// EncodedLen returns the length of n bytes in unpadded base64.
func EncodedLen(n int) int { return n/3*4 + (n%3*8+5)/6 }

// AppendEncode appends the unpadded base64 form of src to dst.
func AppendEncode(dst, src []byte) []byte {
	for len(src) >= 8 { // six of which are encoded
		dst = binary.BigEndian.AppendUint64(dst, symbols(binary.BigEndian.Uint64(src)>>16))
		src = src[6:]
	}
	for len(src) >= 3 {
		v := int32(src[0])<<16 | int32(src[1])<<8 | int32(src[2])
		dst = append(dst, symbol(v>>18), symbol(v>>12&63), symbol(v>>6&63), symbol(v&63))
		src = src[3:]
	}
	switch len(src) {
	case 1:
		v := int32(src[0]) << 4
		dst = append(dst, symbol(v>>6), symbol(v&63))
	case 2:
		v := (int32(src[0])<<8 | int32(src[1])) << 2
		dst = append(dst, symbol(v>>12), symbol(v>>6&63), symbol(v&63))
	}
	return dst
}

// What follows works on eight symbols at once, one in each byte of a number. No
// sum leaves its byte: a value is at most 63, a symbol at most 127.
const (
	ones  = 0x0101010101010101
	highs = 0x80 * ones
)

// from has 1 in each byte of v that is k or more. All bytes are below 128.
func from(v, k uint64) uint64 { return (v + (0x80-k)*ones) & highs >> 7 }

// symbols returns the symbols of 48 bits.
func symbols(v uint64) uint64 {
	v = v&0xffffff000000<<8 | v&0xffffff
	v = v&0x00fff00000fff000<<4 | v&0x00000fff00000fff
	v = v&0x0fc00fc00fc00fc0<<2 | v&0x003f003f003f003f
	return v + 'A'*ones + from(v, 26)*('a'-'A'-26) + from(v, 63)*('/'-'+'-1) -
		from(v, 52)*('a'+26-'0') - from(v, 62)*('0'+10-'+')
}

// values returns the 48 bits of eight symbols, and in bad a number other than 0
// when one of them is none.
func values(c uint64) (v, bad uint64) {
	bad = c & highs
	c &^= highs
	upper := from(c, 'A') - from(c, 'Z'+1)
	lower := from(c, 'a') - from(c, 'z'+1)
	digit := from(c, '0') - from(c, '9'+1)
	plus := from(c, '+') - from(c, '+'+1)
	slash := from(c, '/') - from(c, '/'+1)
	bad |= (upper | lower | digit | plus | slash) ^ ones
	v = c + digit*(52-'0') + plus*(62-'+') + slash*(63-'/') - upper*'A' - lower*('a'-26)
	v = v&0x3f003f003f003f00>>2 | v&0x003f003f003f003f
	v = v&0x0fff00000fff0000>>4 | v&0x00000fff00000fff
	return v&0x00ffffff00000000>>8 | v&0xffffff, bad
}

// symbol returns the base64 symbol of v, 0 to 63. A right shift by 8 of a
// negative difference gives a mask of ones.
func symbol(v int32) byte {
	c := v + 'A'
	c += (25 - v) >> 8 & ('a' - 'A' - 26)
	c += (51 - v) >> 8 & ('0' - 'a' - 26)
	c += (61 - v) >> 8 & ('+' - '0' - 10)
	c += (62 - v) >> 8 & ('/' - '+' - 1)
	return byte(c)
}

// value returns the value of the symbol c, or -1.
func value(c int32) int32 {
	v := int32(-1)
	v += in(c, 'A', 'Z') & (c - 'A' + 1)
	v += in(c, 'a', 'z') & (c - 'a' + 26 + 1)
	v += in(c, '0', '9') & (c - '0' + 52 + 1)
	v += in(c, '+', '+') & (62 + 1)
	v += in(c, '/', '/') & (63 + 1)
	return v
}

// in returns all ones when lo <= c <= hi, else 0.
func in(c, lo, hi int32) int32 { return ((lo - 1 - c) & (c - hi - 1)) >> 8 }

// load returns the first eight symbols of src.
func load[T string | []byte](src T) uint64 {
	return uint64(src[7]) | uint64(src[6])<<8 | uint64(src[5])<<16 | uint64(src[4])<<24 |
		uint64(src[3])<<32 | uint64(src[2])<<40 | uint64(src[1])<<48 | uint64(src[0])<<56
}

// trim removes right padding and returns the text and its decoded length, or
// -1 when no base64 text has this length.
func trim[T string | []byte](src T) (T, int) {
	n := len(src)
	if n > 0 && n%4 == 0 && src[n-1] == '=' {
		n--
		if src[n-1] == '=' {
			n--
		}
	}
	if n%4 == 1 {
		return src, -1
	}
	return src[:n], n/4*3 + n%4*6/8
}

// DecodedLen returns the number of bytes that src decodes to, or -1 when no
// base64 text has this length. It looks at the length and the padding only.
func DecodedLen[T string | []byte](src T) int {
	_, n := trim(src)
	return n
}

// Decode decodes src, padded or unpadded, into dst, which must be exactly
// [DecodedLen] bytes long. White space, line ends, symbols outside the
// alphabet and trailing bits other than zero are refused. When it fails, what
// dst holds is meaningless, and wiping it is the caller's.
func Decode[T string | []byte](dst []byte, src T) error {
	src, n := trim(src)
	if n < 0 || n != len(dst) {
		return ErrBase64
	}
	var bad int32
	var bad8 uint64
	for len(src) >= 8 {
		v, b := values(load(src))
		bad8 |= b
		dst[0], dst[1], dst[2], dst[3], dst[4], dst[5] = byte(v>>40), byte(v>>32), byte(v>>24), byte(v>>16), byte(v>>8), byte(v)
		src, dst = src[8:], dst[6:]
	}
	for len(src) >= 4 {
		a, b, c, d := value(int32(src[0])), value(int32(src[1])), value(int32(src[2])), value(int32(src[3]))
		bad |= a | b | c | d
		v := a<<18 | b<<12 | c<<6 | d
		dst[0], dst[1], dst[2] = byte(v>>16), byte(v>>8), byte(v)
		src, dst = src[4:], dst[3:]
	}
	switch len(src) {
	case 2:
		a, b := value(int32(src[0])), value(int32(src[1]))
		bad |= a | b | -(b & 15)
		dst[0] = byte(a<<2 | b>>4)
	case 3:
		a, b, c := value(int32(src[0])), value(int32(src[1])), value(int32(src[2]))
		bad |= a | b | c | -(c & 3)
		dst[0], dst[1] = byte(a<<2|b>>4), byte(b<<4|c>>2)
	}
	if bad < 0 || bad8 != 0 {
		return ErrBase64
	}
	return nil
}
