package ratchetmodel_test

import (
	"bytes"
	"slices"

	"github.com/chappe-e2ee/chappe/internal/ratchetmodel"
)

// garble changes bytes without knowing what they are.
func garble(p *program, b []byte) []byte {
	b = bytes.Clone(b)
	how, at, with := p.next(), p.next()<<8|p.next(), p.next()
	if len(b) == 0 {
		return []byte{byte(with)}
	}
	at %= len(b)
	switch how % 7 {
	case 0:
		b[at] ^= 1 << (with % 8)
	case 1:
		b[at] = byte(with)
	case 2:
		b = b[:at]
	case 3:
		b = b[at:]
	case 4:
		b = append(b, byte(with))
	case 5:
		b = slices.Insert(b, at, byte(with))
	case 6:
		b = slices.Delete(b, at, at+1)
	}
	return b
}

// garbleText changes a text in base64.
func garbleText(p *program, text string) string {
	padding := "==="[:(4-len(text)%4)%4]
	switch p.next() % 8 {
	case 0:
		return text + padding
	case 1:
		return text + padding + "="
	case 2:
		return text + "\n"
	case 3:
		return text[:len(text)/2] + "\r\n" + text[len(text)/2:]
	case 4:
		return string(garble(p, []byte(text)))
	case 5:
		return text[:len(text)-min(1, len(text))]
	case 6: // the unused bits of the last symbol
		return text[:len(text)-min(1, len(text))] + string("ABEQf/+-"[p.next()%8])
	}
	return text + " "
}

// A part is one field of a message that the harness writes.
type part struct {
	tag   byte
	value []byte // of a field of bytes
	num   uint64 // of a field that is a number
}

func (f part) isNumber() bool { return f.tag&7 == 0 }

func (f part) encode() []byte {
	if f.isNumber() {
		return ratchetmodel.Int(f.tag, f.num)
	}
	return ratchetmodel.Bytes(f.tag, f.value)
}

func encode(parts []part) []byte {
	var out []byte
	for _, f := range parts {
		out = append(out, f.encode()...)
	}
	return out
}

// unknowns are fields that a parser meets at most from another version: the
// first six are to be skipped, the others refused.
var unknowns = [][]byte{
	{0x78, 0x05},                   // a number
	{0x79, 1, 2, 3, 4, 5, 6, 7, 8}, // 64 bits
	{0x7a, 0x02, 0xff, 0xff},       // bytes
	{0x7d, 1, 2, 3, 4},             // 32 bits
	{0xfa, 0x01, 0x00},             // bytes, in a tag of two
	{0x78, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1}, // 2^64-1

	{0x7b, 0x7c},                   // a group
	{0x7c},                         // the end of one
	{0x7e, 0x00},                   // wire types that mean nothing
	{0x7f, 0x00},                   //
	{0x78, 0x85, 0x00},             // a number that is too long
	{0xf8, 0x80, 0x00, 0x05},       // a tag that is too long
	{0x02, 0x00},                   // field 0
	{0x0d, 1, 2, 3, 4},             // field 1 as 32 bits
	{0x09, 1, 2, 3, 4, 5, 6, 7, 8}, // field 1 as 64 bits
	{0x7a, 0x05, 0x00},             // bytes beyond the end
	{0x7a, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1},
	{0x78, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2}, // 2^64 and more
	{0x78}, // a tag without value
}

// malform writes fields in other ways than the room does. Some are right.
func malform(p *program, parts []part) []byte {
	parts = slices.Clone(parts)
	how := p.next()
	at := p.next() % len(parts)
	switch how % 8 {
	case 0: // another order
		parts[0], parts[at] = parts[at], parts[0]
	case 1: // an unknown field, in between
		unknown, _ := pick(p, unknowns)
		return append(append(encode(parts[:at]), unknown...), encode(parts[at:])...)
	case 2: // twice
		parts = append(parts, parts[at])
	case 3: // missing
		parts = slices.Delete(parts, at, at+1)
	case 4: // a number with more bits than it has
		for i := range parts {
			if parts[i].isNumber() {
				parts[i].num += uint64(1+p.next()) << 32
			}
		}
	case 5: // a varint that is longer than it need be
		b := parts[at].encode()
		end := 1 + bytes.IndexFunc(b[1:], func(r rune) bool { return r < 0x80 })
		b = slices.Insert(bytes.Clone(b), end+1, 0)
		b[end] |= 0x80
		return append(append(encode(parts[:at]), b...), encode(parts[at+1:])...)
	case 6: // an unknown field at the end
		unknown, _ := pick(p, unknowns)
		return append(encode(parts), unknown...)
	case 7: // a field of another length
		parts[at].value = garble(p, parts[at].value)
	}
	return encode(parts)
}

// badPaddings are last blocks under a right MAC that no writer makes.
var badPaddings = [][]byte{
	make([]byte, 16),                       // 0
	bytes.Repeat([]byte{17}, 16),           // more than a block
	append(make([]byte, 15), 2),            // 0 instead of 2 before the last
	append(make([]byte, 15), 16),           // not all of them
	append(make([]byte, 15), 255),          //
	append(make([]byte, 15), 1),            // right
	bytes.Repeat([]byte{16}, 16),           // right, and empty
	append(bytes.Repeat([]byte{3}, 15), 4), //
	{},                                     // no block
	make([]byte, 15),                       // half of one
}

// hardKeys are Curve25519 and Ed25519 keys that are of low order, on a twist or
// not canonical, and some that are only rare.
var hardKeys = func() []ratchetmodel.Key {
	p := bytes.Repeat([]byte{255}, 32) // 2^255 - 19
	p[0], p[31] = 237, 127
	high := bytes.Repeat([]byte{255}, 32)
	var out []ratchetmodel.Key
	for _, low := range []byte{0, 1, 2, 9} {
		var k ratchetmodel.Key
		k[0] = low
		out = append(out, k)
		k[31] = 128
		out = append(out, k)
	}
	for _, above := range []byte{235, 236, 237, 238, 246} {
		p[0] = above
		out = append(out, ratchetmodel.Key(p))
		high[0] = above
		out = append(out, ratchetmodel.Key(high))
	}
	eight := "\xe0\xeb\x7a\x7c\x3b\x41\xb8\xae\x16\x56\xe3\xfa\xf1\x9f\xc4\x6a\xda\x09\x8d\xeb\x9c\x32\xb1\xfd\x86\x62\x05\x16\x5f\x49\xb8\x00"
	ed8 := "\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05"
	twin := "\x5f\x9c\x95\xbc\xa3\x50\x8c\x24\xb1\xd0\xb1\x55\x9c\x83\xef\x5b\x04\x44\x5c\xc4\x58\x1c\x8e\x86\xd8\x22\x4e\xdd\xd0\x9f\x11\x57"
	return append(out, ratchetmodel.Key([]byte(eight)), ratchetmodel.Key([]byte(twin)), ratchetmodel.Key([]byte(ed8)))
}()
