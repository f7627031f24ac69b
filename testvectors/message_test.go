package testvectors_test

import (
	"bytes"
	"slices"

	"github.com/chappe-e2ee/chappe/internal/wire"
)

// field is a field of a message.
type field struct {
	number, varint uint32
	typ            wire.Type
	bytes          []byte
}

// readField reads the description of a field, whose bytes are the caller's.
func readField(o *members) field {
	f := field{number: o.number("number")}
	check(f.number > 0 && f.number < 1<<29, "%s: not a field number", o.path)
	switch t := o.number("wire_type"); t {
	case uint32(wire.Varint):
		f.varint = o.number("varint")
	case uint32(wire.Bytes):
		f.typ = wire.Bytes
	default:
		fail("%s: wire type %d", o.path, t)
	}
	return f
}

func readFields(o *members) []field {
	var list []field
	for _, m := range o.objects("fields") {
		f := readField(m)
		if f.typ == wire.Bytes {
			f.bytes = m.bytes("bytes_utf8")
		}
		list = append(list, f)
	}
	return list
}

func (f field) append(dst []byte) []byte {
	if f.typ == wire.Bytes {
		return wire.AppendBytes(dst, f.number, f.bytes)
	}
	return wire.AppendVarint(dst, f.number, f.varint)
}

func version(o *members) byte {
	v := o.number("version")
	check(v <= 0xff, "%s.version: more than a byte", o.path)
	return byte(v)
}

// messageEncode checks the encoding, and that it decodes to the same again.
func messageEncode(c *call) {
	fields := readFields(c.in)
	b := []byte{version(c.in)}
	for _, f := range fields {
		b = f.append(b)
	}
	decodeFields(b[1:], fields)
	c.out.is("message_hex", append(b, c.in.bytes("mac_utf8")...))
}

func messageDecode(c *call) {
	b := c.in.bytes("message_hex")
	mac, signature := uint64(c.in.number("mac_length")), uint64(c.in.number("signature_length"))
	check(1+mac+signature <= uint64(len(b)), "shorter than version, MAC and signature")
	c.out.is("version", int(b[0]))
	end := len(b) - int(mac+signature)
	c.out.is("mac_utf8", b[end:end+int(mac)])
	c.out.is("signature_utf8", b[end+int(mac):])

	fields := readFields(c.out)
	decodeFields(b[1:end], fields)
	// That shows the values. The order, and that there are no others, is seen
	// by encoding them in the order given.
	var again []byte
	for _, f := range fields {
		again = f.append(again)
	}
	check(bytes.Equal(again, b[1:end]), "the fields encode to %x", again)
}

// decodeFields demands that b decodes to these fields, in any order.
func decodeFields(b []byte, fields []field) {
	var specs []wire.Spec
	for _, f := range fields {
		specs = append(specs, wire.Spec{Number: f.number, Type: f.typ, Len: wire.Any})
	}
	slices.Reverse(specs)
	values := make([]wire.Value, len(specs))
	ok(wire.Decode("message", b, specs, values))
	slices.Reverse(values)
	for i, f := range fields {
		if f.typ == wire.Bytes {
			check(bytes.Equal(values[i].Bytes, f.bytes), "field %d holds %q", f.number, values[i].Bytes)
		} else {
			check(values[i].Uint32 == f.varint, "field %d holds %d", f.number, values[i].Uint32)
		}
	}
}

func messageEncodeHeader(c *call) {
	b := []byte{version(c.in)}
	fields := c.in.objects("fields")
	check(len(fields) > 0, "no field")
	content := uint32(0)
	for i, m := range fields {
		f := readField(m)
		if last := i == len(fields)-1; f.typ == wire.Bytes {
			content = m.number("length")
			check(content <= 1<<24, "%s: too long", m.path)
			b = wire.AppendBytesHeader(b, f.number, int(content))
			if !last {
				b = append(b, make([]byte, content)...)
			}
		} else {
			check(!last, "the last field is no bytes")
			b = f.append(b)
		}
	}
	c.out.is("header_hex", b)
	total := uint64(len(b)) + uint64(content) + uint64(c.in.number("mac_length")) + uint64(c.in.number("signature_length"))
	check(total == uint64(c.out.number("length")), "the message has %d bytes", total)
}
