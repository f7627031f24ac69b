// Package layout reads and writes the plain form of stored values: big-endian
// integers, fixed-size keys, counted lists, no tags. libolm's pickles and this
// module's own sealed form are both made of it.
package layout

import (
	"encoding/binary"

	"github.com/chappe-e2ee/chappe/internal/errs"
	"github.com/chappe-e2ee/chappe/internal/secret"
)

// Writer appends to a slice that has room for all that will be written: it
// never grows, so that no half-written copy of a secret is left behind.
type Writer struct{ b []byte }

// NewWriter returns a writer that appends to dst, within its capacity.
func NewWriter(dst []byte) *Writer { return &Writer{dst} }

// Result returns what stands in the slice now.
func (w *Writer) Result() []byte { return w.b }

func (w *Writer) room(n int) {
	if cap(w.b)-len(w.b) < n {
		panic("layout: internal error: longer than planned")
	}
}

// Uint32 appends a number.
func (w *Writer) Uint32(v uint32) {
	w.room(4)
	w.b = binary.BigEndian.AppendUint32(w.b, v)
}

// Uint64 appends a number.
func (w *Writer) Uint64(v uint64) {
	w.room(8)
	w.b = binary.BigEndian.AppendUint64(w.b, v)
}

// Byte appends one byte.
func (w *Writer) Byte(v byte) {
	w.room(1)
	w.b = append(w.b, v)
}

// Bool appends a truth value.
func (w *Writer) Bool(v bool) {
	if v {
		w.Byte(1)
	} else {
		w.Byte(0)
	}
}

// Bytes appends b.
func (w *Writer) Bytes(b []byte) {
	w.room(len(b))
	w.b = append(w.b, b...)
}

// Next appends n bytes, for the caller to fill: many small values are written
// faster that way.
func (w *Writer) Next(n int) []byte {
	w.room(n)
	start := len(w.b)
	w.b = w.b[:start+n]
	return w.b[start:]
}

// Reader reads the layout. What is wrong is remembered, and End returns it: a
// fault of the layout before one of a value that stands in it. After a fault of
// the layout, nothing more is read, and all values are zero.
type Reader struct {
	what    string
	b       []byte
	why     string
	stopped bool
}

// NewReader returns a reader of plaintext. what names it in errors.
func NewReader(what string, plaintext []byte) *Reader { return &Reader{what: what, b: plaintext} }

// Fail notes a fault of the layout: what follows cannot be understood.
func (r *Reader) Fail(why string) {
	if !r.stopped {
		r.why, r.stopped, r.b = why, true, nil
	}
}

// Invalid notes a value that is not allowed.
func (r *Reader) Invalid(why string) {
	if r.why == "" {
		r.why = why
	}
}

// Failed says whether anything was wrong so far.
func (r *Reader) Failed() bool { return r.why != "" }

// Stopped says whether nothing more is read.
func (r *Reader) Stopped() bool { return r.stopped }

// Bytes fills dst.
func (r *Reader) Bytes(dst []byte) {
	if len(r.b) < len(dst) {
		r.Fail("truncated")
		return
	}
	copy(dst, r.b)
	r.b = r.b[len(dst):]
}

// Next returns the next n bytes, a part of the input, or nil when there are
// fewer.
func (r *Reader) Next(n int) []byte {
	if len(r.b) < n {
		r.Fail("truncated")
		return nil
	}
	b := r.b[:n:n]
	r.b = r.b[n:]
	return b
}

// Key fills the 32 bytes of a key, which must not be all zero: that stands for
// a key that is absent.
func (r *Reader) Key(dst *[32]byte) {
	r.Bytes(dst[:])
	if !r.stopped && secret.IsZero(dst[:]) {
		r.Invalid("all-zero key")
	}
}

// Uint32 reads a number.
func (r *Reader) Uint32() uint32 {
	var b [4]byte
	r.Bytes(b[:])
	return binary.BigEndian.Uint32(b[:])
}

// Uint64 reads a number.
func (r *Reader) Uint64() uint64 {
	var b [8]byte
	r.Bytes(b[:])
	return binary.BigEndian.Uint64(b[:])
}

// Byte reads one byte.
func (r *Reader) Byte() byte {
	var b [1]byte
	r.Bytes(b[:])
	return b[0]
}

// Bool reads a truth value, 0 or 1.
func (r *Reader) Bool() bool {
	v := r.Byte()
	if v > 1 {
		r.Invalid("truth value other than 0 and 1")
	}
	return v == 1
}

// Count reads the length of a list whose items have size bytes each. It fails
// when there are more than limit, or more than the input can hold, before
// anything is allocated for them.
func (r *Reader) Count(limit, size int) int {
	n := r.Uint32()
	switch {
	case uint64(n) > uint64(limit):
		r.Fail("list longer than its limit")
		return 0
	case uint64(n)*uint64(size) > uint64(len(r.b)):
		r.Fail("truncated")
		return 0
	}
	return int(n)
}

// End returns the reader's error, or one when input is left over.
func (r *Reader) End() error {
	if len(r.b) > 0 {
		r.Fail("trailing data")
	}
	if r.Failed() {
		return &errs.MalformedError{What: r.what, Why: r.why}
	}
	return nil
}
