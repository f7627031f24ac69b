package chappe

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/chappe-e2ee/chappe/internal/wire"
	"github.com/chappe-e2ee/chappe/testvectors/conformance"
)

// EncodeMessage implements [conformance.Codec].
func (Implementation) EncodeMessage(version byte, fields []conformance.Field) ([]byte, error) {
	b := []byte{version}
	for _, f := range fields {
		if !f.IsBytes {
			b = wire.AppendVarint(b, f.Number, f.Varint)
			continue
		}
		whole := wire.AppendBytes(b, f.Number, f.Bytes)
		b = append(wire.AppendBytesHeader(b, f.Number, len(f.Bytes)), f.Bytes...)
		if !bytes.Equal(whole, b) {
			return nil, errTwoWays
		}
	}
	return b, nil
}

// DecodeMessage implements [conformance.Codec]. Package wire decodes fields that
// it is told of, in any order. So the tags are read here, package wire is asked
// for them in the opposite order, and that these are all fields, and in which
// order, is seen by encoding them again.
func (i Implementation) DecodeMessage(message []byte) (byte, []conformance.Field, error) {
	if len(message) == 0 {
		return 0, nil, errors.New("chappe: an empty message")
	}
	var specs []wire.Spec
	for rest := message[1:]; len(rest) > 0; {
		tag, n := binary.Uvarint(rest)
		value, m := binary.Uvarint(rest[max(n, 0):])
		if n <= 0 || m <= 0 || tag&7 == 2 && value > uint64(len(rest)-n-m) {
			return 0, nil, errors.New("chappe: no fields")
		}
		s := wire.Spec{Number: uint32(tag >> 3), Len: wire.Any}
		rest = rest[n+m:]
		if tag&7 == 2 {
			s.Type = wire.Bytes
			rest = rest[value:]
		}
		specs = append(specs, s)
	}
	slices.Reverse(specs)
	values := make([]wire.Value, len(specs))
	if err := wire.Decode("message", message[1:], specs, values); err != nil {
		return 0, nil, err
	}
	var fields []conformance.Field
	for k, s := range slices.Backward(specs) {
		f := conformance.Field{Number: s.Number, IsBytes: s.Type == wire.Bytes}
		if f.IsBytes {
			f.Bytes = values[k].Bytes
		} else {
			f.Varint = values[k].Uint32
		}
		fields = append(fields, f)
	}
	again, err := i.EncodeMessage(message[0], fields)
	if err == nil && !bytes.Equal(again, message) {
		err = errTwoWays
	}
	return message[0], fields, err
}
