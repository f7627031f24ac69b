package wire_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/errs"
	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/internal/wire"
)

// The fields of these tests: a number in field 1, any bytes in 2, and exactly
// four bytes in 3.
var specs = []wire.Spec{
	{Number: 1, Type: wire.Varint},
	{Number: 2, Type: wire.Bytes, Len: wire.Any},
	{Number: 3, Type: wire.Bytes, Len: 4},
}

const valid = "\x08\x07\x12\x02ab\x1a\x04wxyz"

func decode(data string) (values [3]wire.Value, err error) {
	err = wire.Decode("test: message", []byte(data), specs, values[:])
	return values, err
}

// malformed decodes a message, which must fail.
func malformed(t *testing.T, data string) *errs.MalformedError {
	t.Helper()
	input := []byte(data)
	return failtest.RefusedAs[*errs.MalformedError](t, func() error {
		var values [3]wire.Value
		return wire.Decode("test: message", input, specs, values[:])
	}, failtest.Input(input))
}

// refused requires a MalformedError with a reason.
func refused(t *testing.T, data, why string) {
	t.Helper()
	malformed := malformed(t, data)
	require.Equal(t, "test: message", malformed.What)
	require.Equal(t, why, malformed.Why, "%x", data)
}

func uvarint(v uint64) string { return string(binary.AppendUvarint(nil, v)) }

func TestDecode(t *testing.T) {
	for name, data := range map[string]string{
		"written order": valid,
		"other order":   "\x1a\x04wxyz\x12\x02ab\x08\x07",
		"third order":   "\x12\x02ab\x08\x07\x1a\x04wxyz",
	} {
		v, err := decode(data)
		require.NoError(t, err, name)
		require.Equal(t, uint32(7), v[0].Uint32, name)
		require.Equal(t, "ab", string(v[1].Bytes), name)
		require.Equal(t, "wxyz", string(v[2].Bytes), name)
		require.Equal(t, 2, cap(v[1].Bytes), "%s: the next field is within reach of append", name)
	}
	v, err := decode("\x08\x00\x12\x00\x1a\x04wxyz")
	require.NoError(t, err, "zero and empty")
	require.Zero(t, v[0].Uint32)
	require.Empty(t, v[1].Bytes)
}

func TestUnknownFieldsAreSkipped(t *testing.T) {
	for name, field := range map[string]string{
		"number":                  "\x20\x05",
		"number of 64 bits":       "\x20" + uvarint(math.MaxUint64),
		"eight bytes":             "\x2112345678",
		"bytes":                   "\x22\x03abc",
		"no bytes":                "\x22\x00",
		"four bytes":              "\x251234",
		"highest field number":    uvarint(math.MaxUint32>>3<<3) + "\x00",
		"the same, bytes":         uvarint(math.MaxUint32>>3<<3|2) + "\x01a",
		"twice":                   "\x20\x05\x20\x05",
		"what looks like field 1": "\x22\x02\x08\x09",
	} {
		for _, data := range []string{field + valid, valid + field, valid[:2] + field + valid[2:]} {
			v, err := decode(data)
			require.NoError(t, err, name)
			require.Equal(t, uint32(7), v[0].Uint32, name)
			require.Equal(t, "ab", string(v[1].Bytes), name)
		}
	}
}

func TestAttack_P13_Fields(t *testing.T) {
	// Groups and types that mean nothing, in a known and an unknown field.
	for _, typ := range []byte{3, 4, 6, 7} {
		for _, number := range []byte{1, 2, 4} {
			for _, rest := range []string{"", "\x00", "\x00\x00\x00\x00\x00\x00\x00\x00"} {
				why := "field " + string('0'+number) + " has wire type " + string('0'+typ)
				refused(t, string(number<<3|typ)+rest+valid, why)
				refused(t, valid+string(number<<3|typ)+rest, why)
			}
		}
	}
	// A known field of another type that could be skipped.
	refused(t, "\x0d1234"+valid[2:], "field 1 has wire type 5")
	refused(t, "\x0912345678"+valid[2:], "field 1 has wire type 1")
	refused(t, "\x0a\x01\x07"+valid[2:], "field 1 has wire type 2")
	refused(t, valid[:2]+"\x10\x07"+valid[6:], "field 2 has wire type 0")
	refused(t, valid+"\x0a\x01\x07", "field 1 has wire type 2")

	refused(t, "", "field 1 is missing")
	refused(t, valid[2:], "field 1 is missing")
	refused(t, valid[:2]+valid[6:], "field 2 is missing")
	refused(t, valid[:6], "field 3 is missing")

	refused(t, valid+valid[:2], "field 1 stands twice")
	refused(t, valid+valid[2:6], "field 2 stands twice")
	refused(t, valid+"\x12\x00", "field 2 stands twice")
	refused(t, valid+valid[6:], "field 3 stands twice")
	refused(t, valid[:2]+valid, "field 1 stands twice")

	for _, n := range []int{0, 1, 3, 5, 31, 32, 33} {
		data := valid[:6] + string(wire.AppendBytes(nil, 3, make([]byte, n)))
		refused(t, data, "field 3 has "+itoa(n)+" bytes, not 4")
	}
}

func itoa(n int) string {
	if n >= 10 {
		return itoa(n/10) + itoa(n%10)
	}
	return string(rune('0' + n))
}

func TestAttack_P12_Varints(t *testing.T) {
	rest := valid[2:]
	for _, v := range []uint64{0, 1, 127, 128, 16383, 16384, math.MaxUint32} {
		got, err := decode("\x08" + uvarint(v) + rest)
		require.NoError(t, err)
		require.Equal(t, uint32(v), got[0].Uint32)
	}
	for _, v := range []uint64{1 << 32, 1<<32 + 5, 1 << 63, math.MaxUint64} {
		refused(t, "\x08"+uvarint(v)+rest, "field 1 does not fit 32 bits")
	}
	for name, number := range map[string]string{
		"non-minimal 0":             "\x80\x00",
		"non-minimal 7":             "\x87\x00",
		"non-minimal, three bytes":  "\x87\x80\x00",
		"non-minimal 128":           "\x80\x81\x00",
		"non-minimal, ten bytes":    "\x87\x80\x80\x80\x80\x80\x80\x80\x80\x00",
		"ten bytes, beyond 64 bits": "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02",
		"eleven bytes":              "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
		"eleven bytes of ones":      "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
	} {
		t.Log(name)
		refused(t, "\x08"+number+rest, "bad number in field 1")
		refused(t, "\x20"+number+valid, "bad number in field 4")
		refused(t, "\x12"+number+valid, "bad length in field 2")
		refused(t, number+valid, "bad field tag")
	}
	refused(t, rest+"\x08", "bad number in field 1")
	refused(t, rest+"\x08\x80", "bad number in field 1")
	refused(t, valid+"\x80", "bad field tag")

	for name, tag := range map[string]uint64{
		"zero": 0, "field 0, bytes": 2, "field 0, type 7": 7,
		"2^32": 1 << 32, "field 1 plus 2^32": 1<<32 | 8, "2^63": 1 << 63, "2^64-1": math.MaxUint64,
	} {
		t.Log(name)
		refused(t, uvarint(tag)+"\x00"+valid, "bad field tag")
	}
	refused(t, "\x88\x00\x07"+rest, "bad field tag") // field 1, non-minimal
}

func TestAttack_P11_Lengths(t *testing.T) {
	for _, field := range []byte{0x12, 0x1a, 0x22} {
		why := "field " + string('0'+field>>3) + " is longer than the message"
		for _, n := range []uint64{3, 1 << 16, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1 << 32, 1<<32 + 2, 1<<63 - 1, 1 << 63, math.MaxUint64} {
			refused(t, string(field)+uvarint(n)+"ab", why)
		}
	}
	for n := range 8 {
		refused(t, valid+"\x21"+"12345678"[:n], "field 4 is longer than the message")
	}
	for n := range 4 {
		refused(t, valid+"\x25"+"1234"[:n], "field 4 is longer than the message")
	}
	for n := range len(valid) {
		malformed(t, valid[:n])
	}
}

func TestAppend(t *testing.T) {
	head := []byte("x")
	require.Equal(t, "x\x08\x00", string(wire.AppendVarint(head, 1, 0)))
	require.Equal(t, "x\x10\xff\xff\xff\xff\x0f", string(wire.AppendVarint(head, 2, math.MaxUint32)))
	require.Equal(t, "x\x12\x00", string(wire.AppendBytes(head, 2, nil)))
	require.Equal(t, "x\x1a\x02ab", string(wire.AppendBytes(head, 3, []byte("ab"))))
	require.Equal(t, "x\x22\xac\x02", string(wire.AppendBytesHeader(head, 4, 300)))
	for shift := range 65 {
		for _, v := range []uint64{1<<shift - 1, 1 << shift, 1<<shift + 1} {
			require.Equal(t, len(uvarint(v)), wire.UvarintLen(v), "%d", v)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	for _, n := range []int{0, 1, 127, 128, 300, 70000} {
		for _, number := range []uint32{0, 1, 255, 256, math.MaxUint32} {
			body := bytes.Repeat([]byte{0x5a}, n)
			b := wire.AppendVarint(nil, 1, number)
			b = wire.AppendBytes(b, 2, body)
			b = wire.AppendBytes(b, 3, []byte("wxyz"))
			v, err := decode(string(b))
			require.NoError(t, err)
			require.Equal(t, number, v[0].Uint32)
			require.True(t, bytes.Equal(body, v[1].Bytes))
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(valid))
	f.Add([]byte("\x1a\x04wxyz\x12\x02ab\x08\x07\x20\x05\x2112345678\x251234\x22\x03abc"))
	f.Add([]byte("\x08\x87\x00\x12\x02ab\x1a\x04wxyz"))
	f.Add([]byte("\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var values [3]wire.Value
		if wire.Decode("test: message", data, specs, values[:]) != nil {
			return
		}
		// What was read, written again, reads the same, and is no longer.
		b := wire.AppendVarint(nil, 1, values[0].Uint32)
		b = wire.AppendBytes(b, 2, values[1].Bytes)
		b = wire.AppendBytes(b, 3, values[2].Bytes)
		require.LessOrEqual(t, len(b), len(data))
		var again [3]wire.Value
		require.NoError(t, wire.Decode("test: message", b, specs, again[:]))
		for i := range values {
			require.Equal(t, values[i].Uint32, again[i].Uint32)
			require.True(t, bytes.Equal(values[i].Bytes, again[i].Bytes))
		}
	})
}

// A length that a Spec demands is demanded, however short: Any is none of them.
func TestEveryLengthIsExact(t *testing.T) {
	for want := range 4 {
		for n := range 4 {
			data := wire.AppendBytes(nil, 1, make([]byte, n))
			err := wire.Decode("test: message", data, []wire.Spec{{Number: 1, Type: wire.Bytes, Len: want}}, make([]wire.Value, 1))
			require.Equal(t, n == want, err == nil, "%d bytes for %d", n, want)
		}
	}
}

// The greatest tag of 32 bits is a tag, of a type that there is not.
func TestGreatestTag(t *testing.T) {
	err := wire.Decode("test: message", []byte("\xff\xff\xff\xff\x0f"), nil, nil)
	require.Equal(t, &errs.MalformedError{What: "test: message", Why: "field 536870911 has wire type 7"}, err)
}
