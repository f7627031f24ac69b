package vodozemac

import (
	"bytes"
	"encoding/json"
	"math"

	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/internal/errs"
	"github.com/chappe-e2ee/chappe/internal/secret"
)

// Reader reads the JSON of a pickle, without a copy of any secret but into what
// it fills. The first fault is remembered, and [Import] returns it; after it,
// nothing more is read, and all values are zero.
type Reader struct {
	what string
	b    []byte
	err  error
}

// Fail notes a fault.
func (r *Reader) Fail(why string) {
	if r.err == nil {
		r.err, r.b = r.malformed(why), nil
	}
}

// Failed says whether anything was wrong so far.
func (r *Reader) Failed() bool { return r.err != nil }

// Len returns the number of bytes that are left.
func (r *Reader) Len() int { return len(r.b) }

func (r *Reader) next(c byte) bool { return len(r.b) > 0 && r.b[0] == c }

func (r *Reader) take(c byte) {
	if !r.next(c) {
		r.Fail("not the JSON of such a pickle")
		return
	}
	r.b = r.b[1:]
}

// word takes a literal, and says whether it was there.
func (r *Reader) word(word string) bool {
	if len(r.b) < len(word) || string(r.b[:len(word)]) != word {
		return false
	}
	r.b = r.b[len(word):]
	return true
}

// each takes a list in brackets, of at most limit items.
func (r *Reader) each(open, end byte, limit int, item func()) {
	r.take(open)
	for n := 0; !r.Failed() && !r.next(end); n++ {
		if n == limit {
			r.Fail("list longer than its limit")
			return
		}
		if n > 0 {
			r.take(',')
		}
		item()
	}
	r.take(end)
}

// name takes the name of a member: plain ASCII.
func (r *Reader) name() []byte {
	r.take('"')
	n := bytes.IndexByte(r.b, '"')
	if n < 0 {
		r.Fail("truncated")
		return nil
	}
	name := r.b[:n]
	for _, c := range name {
		if c < ' ' || c > '~' || c == '\\' {
			r.Fail("member with a name that is not plain")
			return nil
		}
	}
	r.b = r.b[n+1:]
	return name
}

// Member is a member of an object.
type Member struct {
	Name     string
	Alias    string // an older name, if there is one
	Optional bool
	Read     func()
}

// Object takes an object. Members that are not known are passed over.
func (r *Reader) Object(members ...Member) {
	seen := make([]bool, len(members))
	r.each('{', '}', math.MaxInt, func() {
		name := r.name()
		r.take(':')
		for i, m := range members {
			if string(name) != m.Name && (m.Alias == "" || string(name) != m.Alias) {
				continue
			}
			if seen[i] {
				r.Fail("member that stands twice")
				return
			}
			seen[i] = true
			m.Read()
			return
		}
		r.skip()
	})
	for i, m := range members {
		if !seen[i] && !m.Optional {
			r.Fail("missing member")
		}
	}
}

// Variant takes an object with exactly one of the members.
func (r *Reader) Variant(members ...Member) {
	r.take('{')
	name := r.name()
	r.take(':')
	for _, m := range members {
		if string(name) == m.Name {
			m.Read()
			r.take('}')
			return
		}
	}
	r.Fail("unknown variant")
}

// skip passes over a value.
func (r *Reader) skip() {
	depth, n := 0, 0
	for ; n < len(r.b); n++ {
		switch c := r.b[n]; c {
		case '[', '{':
			depth++
		case ']', '}', ',':
			if depth == 0 {
				r.skipped(n)
				return
			}
			if c != ',' {
				depth--
			}
		case '"':
			for n++; n < len(r.b) && r.b[n] != '"'; n++ {
				if r.b[n] == '\\' {
					n++
				}
			}
		}
	}
	r.Fail("truncated")
}

func (r *Reader) skipped(n int) {
	if !json.Valid(r.b[:n]) {
		r.Fail("value that is not JSON")
		return
	}
	r.b = r.b[n:]
}

// List takes an array of at most limit items.
func (r *Reader) List(limit int, item func()) { r.each('[', ']', limit, item) }

// Map takes an object of at most limit members, whose names are numbers.
func (r *Reader) Map(limit int, most uint64, item func(id uint64)) {
	r.each('{', '}', limit, func() {
		r.take('"')
		id := r.Uint(most)
		r.take('"')
		r.take(':')
		if !r.Failed() {
			item(id)
		}
	})
}

// Uint takes a number, from 0 to most.
func (r *Reader) Uint(most uint64) uint64 {
	n, v := 0, uint64(0)
	for ; n < len(r.b) && '0' <= r.b[n] && r.b[n] <= '9'; n++ {
		d := uint64(r.b[n] - '0')
		if d > most || v > (most-d)/10 {
			r.Fail("number beyond its bound")
			return 0
		}
		v = 10*v + d
	}
	if n == 0 || n > 1 && r.b[0] == '0' {
		r.Fail("not a plain number")
		return 0
	}
	r.b = r.b[n:]
	return v
}

// Bool takes true or false.
func (r *Reader) Bool() bool {
	if r.word("true") {
		return true
	}
	if !r.word("false") {
		r.Fail("neither true nor false")
	}
	return false
}

// Null takes null, if it stands here.
func (r *Reader) Null() bool { return r.word("null") }

// Choice takes one of some strings, and returns which.
func (r *Reader) Choice(choices ...string) int {
	name := r.name()
	for i, c := range choices {
		if string(name) == c && !r.Failed() {
			return i
		}
	}
	r.Fail("unknown variant")
	return 0
}

// Key takes the 32 bytes of a key, which must not be all zero: that stands for a
// key that is absent.
func (r *Reader) Key(dst *[KeySize]byte) {
	r.Bytes(dst[:])
	if !r.Failed() && secret.IsZero(dst[:]) {
		r.Fail("all-zero key")
	}
}

// SigningKey takes an Ed25519 private key: {"Normal":seed}, or {"Expanded":key}
// where it came from a libolm pickle.
func (r *Reader) SigningKey() (k *curve.SigningKey) {
	r.Variant(
		Member{Name: "Normal", Read: func() {
			var seed [curve.Size]byte
			defer secret.Wipe(seed[:])
			if r.Key(&seed); !r.Failed() {
				k = curve.SigningKeyFromSeed(&seed)
			}
		}},
		Member{Name: "Expanded", Read: func() {
			var expanded [curve.ExpandedSize]byte
			defer secret.Wipe(expanded[:])
			if r.Bytes(expanded[:]); !r.Failed() {
				k = curve.SigningKeyFromExpandedAlone(&expanded)
			}
		}},
	)
	return k
}

// Config returns the member for the version of a session, which is missing from
// older pickles. Version 2 is vodozemac's experiment with a MAC of 32 bytes.
func (r *Reader) Config() Member {
	return Member{Name: "config", Optional: true, Read: func() {
		r.Object(Member{Name: "version", Read: func() {
			if r.Choice("V1", "V2") == 1 && !r.Failed() {
				r.err, r.b = &errs.VersionError{What: r.what, Got: 2}, nil
			}
		}})
	}}
}
