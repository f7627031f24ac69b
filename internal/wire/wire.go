// Package wire reads and writes the fields of Olm and Megolm messages: the
// subset of Protocol Buffers that the Matrix specification describes under
// "The Olm message format".
//
// Reading is strict where no writer differs and the specification is silent: a
// field that a message must have stands exactly once; varints are minimal and
// fit their field; groups and unknown wire types are refused. Fields may stand
// in any order, and unknown fields of wire types 0, 1, 2 and 5 are skipped.
package wire

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/chappe-e2ee/chappe/internal/errs"
)

// Type is a wire type.
type Type uint8

// The wire types that are read. The others begin or end groups or mean
// nothing.
const (
	Varint  Type = 0
	Fixed64 Type = 1
	Bytes   Type = 2
	Fixed32 Type = 5
)

// Any as a Spec's Len lets a field of bytes have any length.
const Any = -1

// Spec describes a field that a message must have exactly once.
type Spec struct {
	Number uint32
	Type   Type // Varint, of at most 32 bits, or Bytes
	Len    int  // of Bytes: the exact length, or Any
}

// Value is what a field holds. Bytes is a part of the input.
type Value struct {
	Uint32 uint32
	Bytes  []byte
	seen   bool
}

// Decode reads all of data as fields and sets values[i] to the field that
// specs[i] describes. what names the message in errors.
func Decode(what string, data []byte, specs []Spec, values []Value) error {
	malformed := func(format string, a ...any) error {
		return &errs.MalformedError{What: what, Why: fmt.Sprintf(format, a...)}
	}
	for len(data) > 0 {
		tag, n := uvarint(data)
		if n == 0 || tag > math.MaxUint32 || tag>>3 == 0 {
			return malformed("bad field tag")
		}
		data = data[n:]
		number, typ := uint32(tag>>3), Type(tag&7)
		var v Value
		var varint uint64
		size := uint64(0)
		switch typ {
		case Varint:
			varint, n = uvarint(data)
			if n == 0 {
				return malformed("bad number in field %d", number)
			}
			size = uint64(n)
		case Fixed64:
			size = 8
		case Fixed32:
			size = 4
		case Bytes:
			size, n = uvarint(data)
			if n == 0 {
				return malformed("bad length in field %d", number)
			}
			data = data[n:]
		default:
			return malformed("field %d has wire type %d", number, typ)
		}
		if size > uint64(len(data)) {
			return malformed("field %d is longer than the message", number)
		}
		v.Bytes, data = data[:size:size], data[size:]
		for i, s := range specs {
			if s.Number != number {
				continue
			}
			switch {
			case s.Type != typ:
				return malformed("field %d has wire type %d", number, typ)
			case values[i].seen:
				return malformed("field %d stands twice", number)
			case typ == Varint && varint > math.MaxUint32:
				return malformed("field %d does not fit 32 bits", number)
			case typ == Bytes && s.Len != Any && s.Len != len(v.Bytes):
				return malformed("field %d has %d bytes, not %d", number, len(v.Bytes), s.Len)
			}
			v.seen = true
			v.Uint32 = uint32(varint)
			values[i] = v
		}
	}
	for i, s := range specs {
		if !values[i].seen {
			return malformed("field %d is missing", s.Number)
		}
	}
	return nil
}

// uvarint reads a minimal varint of at most 64 bits and returns its length, or
// 0 when there is none.
func uvarint(data []byte) (uint64, int) {
	v, n := binary.Uvarint(data)
	if n <= 0 || n > 1 && data[n-1] == 0 {
		return 0, 0
	}
	return v, n
}

// AppendVarint appends a field that holds a number.
func AppendVarint(dst []byte, number uint32, v uint32) []byte {
	dst = appendTag(dst, number, Varint)
	return binary.AppendUvarint(dst, uint64(v))
}

// AppendBytes appends a field that holds bytes.
func AppendBytes(dst []byte, number uint32, b []byte) []byte {
	return append(AppendBytesHeader(dst, number, len(b)), b...)
}

// AppendBytesHeader appends the tag and the length of a field that will hold
// n bytes, for the caller to append these.
func AppendBytesHeader(dst []byte, number uint32, n int) []byte {
	dst = appendTag(dst, number, Bytes)
	return binary.AppendUvarint(dst, uint64(n))
}

func appendTag(dst []byte, number uint32, t Type) []byte {
	return binary.AppendUvarint(dst, uint64(number)<<3|uint64(t))
}

// UvarintLen returns the length of v as a varint, 1 to 10 bytes.
func UvarintLen(v uint64) int {
	n := 1
	for ; v >= 0x80; v >>= 7 {
		n++
	}
	return n
}
