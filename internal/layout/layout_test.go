package layout_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/errs"
	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/internal/layout"
)

func reader(text string) *layout.Reader { return layout.NewReader("test: state", []byte(text)) }

// readFails reads a text, which must fail for a reason.
func readFails(t *testing.T, text, why string, read func(*layout.Reader)) {
	t.Helper()
	err := failtest.Refused(t, func() error {
		r := reader(text)
		read(r)
		return r.End()
	}, failtest.Secret(text))
	require.Equal(t, &errs.MalformedError{What: "test: state", Why: why}, err)
}

func requireWhy(t *testing.T, r *layout.Reader, why string) {
	t.Helper()
	require.Equal(t, &errs.MalformedError{What: "test: state", Why: why}, r.End())
	require.True(t, r.Failed())
	require.Equal(t, &errs.MalformedError{What: "test: state", Why: why}, r.End(), "the first reason stays")
}

func TestRoundTrip(t *testing.T) {
	buf := make([]byte, 2, 200)
	w := layout.NewWriter(buf)
	w.Uint32(0x01020304)
	w.Uint64(math.MaxUint64 - 1)
	w.Byte(0xfe)
	w.Bool(true)
	w.Bool(false)
	w.Bytes([]byte("abc"))
	w.Bytes(nil)
	w.Uint32(2)
	w.Bytes([]byte(strings.Repeat("k", 32)))
	require.Equal(t, "\x00\x00\x01\x02\x03\x04\xff\xff\xff\xff\xff\xff\xff\xfe\xfe\x01\x00abc\x00\x00\x00\x02"+strings.Repeat("k", 32),
		string(w.Result()))
	require.Same(t, &buf[0], &w.Result()[0], "the writer moved to another array")

	r := reader(string(w.Result()[2:]))
	require.Equal(t, uint32(0x01020304), r.Uint32())
	require.Equal(t, uint64(math.MaxUint64-1), r.Uint64())
	require.Equal(t, byte(0xfe), r.Byte())
	require.True(t, r.Bool())
	require.False(t, r.Bool())
	var abc [3]byte
	r.Bytes(abc[:])
	require.Equal(t, "abc", string(abc[:]))
	r.Bytes(nil)
	require.Equal(t, 2, r.Count(2, 16))
	var key [32]byte
	r.Key(&key)
	require.Equal(t, strings.Repeat("k", 32), string(key[:]))
	require.False(t, r.Failed())
	require.NoError(t, r.End())
}

// TestWriterNeverGrows: a writer that is out of room is a fault of its caller,
// and must not leave a copy of a secret behind.
func TestWriterNeverGrows(t *testing.T) {
	const text = "layout: internal error: longer than planned"
	for name, write := range map[string]func(*layout.Writer){
		"Uint32": func(w *layout.Writer) { w.Uint32(1) },
		"Uint64": func(w *layout.Writer) { w.Uint64(1) },
		"Byte":   func(w *layout.Writer) { w.Bytes([]byte("ab")); w.Byte(1); w.Byte(1) },
		"Bool":   func(w *layout.Writer) { w.Bytes([]byte("abc")); w.Bool(false) },
		"Bytes":  func(w *layout.Writer) { w.Bytes([]byte("abcd")) },
	} {
		require.PanicsWithValue(t, text, func() { write(layout.NewWriter(make([]byte, 0, 3))) }, name)
	}
	w := layout.NewWriter(nil)
	w.Bytes(nil)
	require.Empty(t, w.Result())
}

func TestAttack_P10_ShortInput(t *testing.T) {
	reads := map[string]struct {
		size int
		read func(*layout.Reader) any
		zero any
	}{
		"Byte":   {1, func(r *layout.Reader) any { return r.Byte() }, byte(0)},
		"Bool":   {1, func(r *layout.Reader) any { return r.Bool() }, false},
		"Uint32": {4, func(r *layout.Reader) any { return r.Uint32() }, uint32(0)},
		"Uint64": {8, func(r *layout.Reader) any { return r.Uint64() }, uint64(0)},
		"Count":  {4, func(r *layout.Reader) any { return r.Count(math.MaxInt32, 0) }, 0},
		"Bytes":  {5, func(r *layout.Reader) any { var b [5]byte; r.Bytes(b[:]); return b }, [5]byte{}},
		"Key":    {32, func(r *layout.Reader) any { var b [32]byte; r.Key(&b); return b }, [32]byte{}},
	}
	for name, c := range reads {
		for n := range c.size {
			r := reader(strings.Repeat("\x01", n))
			require.Equal(t, c.zero, c.read(r), "%s with %d bytes", name, n)
			requireWhy(t, r, "truncated")
			require.Equal(t, c.zero, c.read(r), "%s after failure", name)
			requireWhy(t, r, "truncated")
			readFails(t, strings.Repeat("\x01", n), "truncated", func(r *layout.Reader) { c.read(r) })
		}
		r := reader(strings.Repeat("\x01", c.size))
		require.NotEqual(t, c.zero, c.read(r), name)
		require.NoError(t, r.End(), name)

		r = reader(strings.Repeat("\x01", c.size+1))
		c.read(r)
		require.False(t, r.Failed())
		requireWhy(t, r, "trailing data")
		readFails(t, strings.Repeat("\x01", c.size+1), "trailing data", func(r *layout.Reader) { c.read(r) })

		r = reader(strings.Repeat("\x01", 100))
		r.Fail("for a reason")
		r.Fail("for another")
		require.Equal(t, c.zero, c.read(r), "%s after Fail", name)
		requireWhy(t, r, "for a reason")
	}
}

func TestAttack_P10_Counts(t *testing.T) {
	const items = "\x00\x00\x00\x03abcdefghi"
	r := reader(items)
	require.Equal(t, 3, r.Count(3, 3))
	require.False(t, r.Failed())

	refused := func(text string, most, size int, why string) {
		t.Helper()
		readFails(t, text, why, func(r *layout.Reader) { require.Zero(t, r.Count(most, size)) })
	}
	refused(items, 2, 3, "list longer than its limit")
	refused(items[:12], 3, 3, "truncated")
	refused(items, 3, math.MaxInt32, "truncated")
	for _, n := range []string{"\xff\xff\xff\xff", "\x80\x00\x00\x00", "\x7f\xff\xff\xff"} {
		refused(n+"0123456789", 5000, 69, "list longer than its limit")
		r = reader(n + "0123456789")
		require.Zero(t, r.Count(math.MaxInt32, math.MaxInt32))
		require.True(t, r.Failed())
	}
}

func TestBoolAndKeyAreStrict(t *testing.T) {
	for v := range 256 {
		r := reader(string([]byte{byte(v)}))
		require.Equal(t, v == 1, r.Bool())
		require.Equal(t, v > 1, r.Failed(), "%d", v)
		if v > 1 {
			requireWhy(t, r, "truth value other than 0 and 1")
		}
	}
	var key [32]byte
	r := reader(strings.Repeat("\x00", 32))
	r.Key(&key)
	requireWhy(t, r, "all-zero key")
	for i := range 32 {
		b := make([]byte, 32)
		b[i] = 1
		r := layout.NewReader("test: state", b)
		r.Key(&key)
		require.NoError(t, r.End())
		require.Equal(t, b, key[:])
	}
}

// TestLayoutBeforeValues: data that is cut off or left over is reported before
// a value that is not allowed, wherever that stands.
func TestLayoutBeforeValues(t *testing.T) {
	r := reader("\x02\x01\x07")
	r.Bool()
	require.True(t, r.Failed())
	require.False(t, r.Stopped(), "what follows an invalid value is read")
	require.True(t, r.Bool())
	require.Equal(t, byte(7), r.Byte())
	r.Invalid("another value")
	requireWhy(t, r, "truth value other than 0 and 1")

	r = reader("\x02\x01\x07")
	r.Bool()
	requireWhy(t, r, "trailing data")

	r = reader("\x02")
	r.Bool()
	r.Byte()
	require.True(t, r.Stopped())
	r.Invalid("another value")
	requireWhy(t, r, "truncated")

	r = reader("")
	r.Invalid("for a reason")
	requireWhy(t, r, "for a reason")
}
