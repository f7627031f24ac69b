package conformance

import (
	"bytes"
	"encoding/binary"
)

// chainIndex returns the index of an Olm message in its chain, as its header has
// it: the field numbered 2 of the normal message, which in a pre-key message is
// the field numbered 4.
func chainIndex(m message) uint32 {
	b := must(decode64(m.body))
	if m.kind == PreKey {
		b = find(b, 4).Bytes
	}
	check(len(b) > 8, "a message without MAC")
	return find(b[:len(b)-8], 2).Varint
}

// find returns a field of a message without MAC.
func find(b []byte, number uint32) Field {
	check(len(b) > 0, "an empty message")
	for b = b[1:]; len(b) > 0; {
		var f Field
		f, b = nextField(b)
		if f.Number == number {
			return f
		}
	}
	fail("a message without field %d", number)
	return Field{}
}

// nextField splits the first field off.
func nextField(b []byte) (Field, []byte) {
	varint := func() uint64 {
		v, n := binary.Uvarint(b)
		check(n > 0, "not a message: bad varint")
		b = b[n:]
		return v
	}
	tag := varint()
	f := Field{Number: uint32(tag >> 3), IsBytes: tag&7 == 2}
	value := varint()
	if !f.IsBytes {
		check(tag&7 == 0, "not a message: wire type %d", tag&7)
		f.Varint = uint32(value)
		return f, b
	}
	check(value <= uint64(len(b)), "not a message: a field longer than it")
	f.Bytes = b[:value]
	return f, b[value:]
}

// readField reads the description of a field, whose bytes are the caller's.
func readField(o *members) Field {
	f := Field{Number: o.Number("number")}
	check(f.Number > 0 && f.Number < 1<<29, "%s: not a field number", o.Path())
	switch t := o.Number("wire_type"); t {
	case 0:
		f.Varint = o.Number("varint")
	case 2:
		f.IsBytes = true
	default:
		fail("%s: wire type %d", o.Path(), t)
	}
	return f
}

func readFields(o *members) []Field {
	var list []Field
	for _, m := range o.Objects("fields") {
		f := readField(m)
		if f.IsBytes {
			f.Bytes = m.Bytes("bytes_utf8")
		}
		list = append(list, f)
	}
	return list
}

func versionByte(o *members) byte {
	v := o.Number("version")
	check(v <= 0xff, "%s.version: more than a byte", o.Path())
	return byte(v)
}

func (r *runner) codec() Codec { return need[Codec](r.i, "codec of messages") }

// decodesTo demands that a message without MAC and signature is this.
func (r *runner) decodesTo(b []byte, version byte, fields []Field) {
	v, got, err := r.codec().DecodeMessage(b)
	ok(err)
	check(v == version, "version %d, should be %d", v, version)
	check(len(got) == len(fields), "%d fields, should be %d", len(got), len(fields))
	for i, f := range fields {
		check(got[i].Number == f.Number && got[i].IsBytes == f.IsBytes && got[i].Varint == f.Varint && bytes.Equal(got[i].Bytes, f.Bytes),
			"a field is %v, should be %v", got[i], f)
	}
}

func messageEncode(r *runner, c *call) {
	version, fields := versionByte(c.In), readFields(c.In)
	b := must(r.codec().EncodeMessage(version, fields))
	r.decodesTo(b, version, fields)
	c.Out.Is("message_hex", append(b, c.In.Bytes("mac_utf8")...))
}

func messageDecode(r *runner, c *call) {
	b := c.In.Bytes("message_hex")
	mac, signature := uint64(c.In.Number("mac_length")), uint64(c.In.Number("signature_length"))
	check(1+mac+signature <= uint64(len(b)), "shorter than version, MAC and signature")
	end := len(b) - int(mac+signature)
	c.Out.Is("mac_utf8", b[end:end+int(mac)])
	c.Out.Is("signature_utf8", b[end+int(mac):])
	r.decodesTo(b[:end], versionByte(c.Out), readFields(c.Out))
}

func messageEncodeHeader(r *runner, c *call) {
	var fields []Field
	objects := c.In.Objects("fields")
	check(len(objects) > 0, "no field")
	content := uint32(0)
	for i, m := range objects {
		f := readField(m)
		if f.IsBytes {
			content = m.Number("length")
			check(content <= 1<<24, "%s: too long", m.Path())
			f.Bytes = make([]byte, content)
		}
		check(f.IsBytes || i < len(objects)-1, "the last field is no bytes")
		fields = append(fields, f)
	}
	b := must(r.codec().EncodeMessage(versionByte(c.In), fields))
	check(uint64(content) <= uint64(len(b)), "shorter than its content")
	c.Out.Is("header_hex", b[:len(b)-int(content)])
	c.Out.Is("length", uint64(len(b))+uint64(c.In.Number("mac_length"))+uint64(c.In.Number("signature_length")))
}
