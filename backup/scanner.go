package backup

import (
	"bytes"
	"io"

	"github.com/chappe-e2ee/chappe/internal/secret"
)

const scanSize = 32 << 10

// scanner takes a JSON text apart as it comes. It looks for where values end,
// and not into them: until they are parsed, they are not known to be JSON.
type scanner struct {
	what     string // for errors
	src      source
	buf      []byte
	pos, end int
	raw      []byte // the value that was read last
}

func newScanner(what string, r io.Reader) *scanner {
	return &scanner{what: what, src: source{r: r}, buf: make([]byte, scanSize)}
}

func (s *scanner) wipe() {
	secret.Wipe(s.buf)
	secret.Wipe(s.raw[:cap(s.raw)])
}

func (s *scanner) malformed(why string) error { return malformed(s.what, why) }

// fill gets more when the buffer is empty.
func (s *scanner) fill() error {
	if s.pos < s.end {
		return nil
	}
	n, err := s.src.Read(s.buf)
	if err != nil {
		return err
	}
	s.pos, s.end = 0, n
	return nil
}

// peek returns the next byte that is not white space.
func (s *scanner) peek() (byte, error) {
	for {
		err := s.fill()
		if err == io.EOF {
			return 0, s.malformed("ends early")
		}
		if err != nil {
			return 0, err
		}
		if c := s.buf[s.pos]; !blank(c) {
			return c, nil
		}
		s.pos++
	}
}

// take goes past c, which must be next.
func (s *scanner) take(c byte) error {
	got, err := s.peek()
	if err != nil {
		return err
	}
	if got != c {
		return s.malformed("not valid JSON")
	}
	s.pos++
	return nil
}

// more says whether an array or object that was opened has one item more, and
// goes past the comma or the end.
func (s *scanner) more(end byte, first bool) (bool, error) {
	c, err := s.peek()
	if err != nil {
		return false, err
	}
	if c == end {
		s.pos++
		return false, nil
	}
	if first {
		return true, nil
	}
	err = s.take(',') // no value and no name begins with a bracket that closes
	return err == nil, err
}

// finish expects nothing but white space.
func (s *scanner) finish() error {
	for {
		err := s.fill()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if !blank(s.buf[s.pos]) {
			return s.malformed("data after the end")
		}
		s.pos++
	}
}

// value goes past a value and returns it, until the next call. A value of more
// than limit bytes comes back as nil.
func (s *scanner) value(limit int) ([]byte, error) {
	first, err := s.peek()
	if err != nil {
		return nil, err
	}
	s.raw = s.raw[:0]
	long := false
	v := extent{scalar: first != '"' && first != '{' && first != '['}
	for {
		err := s.fill()
		if err == io.EOF {
			return nil, s.malformed("ends early")
		}
		if err != nil {
			return nil, err
		}
		n, done := v.scan(s.buf[s.pos:s.end])
		if long = long || len(s.raw)+n > limit; !long {
			s.keep(s.buf[s.pos : s.pos+n])
		}
		s.pos += n
		if !done {
			continue
		}
		if v.scalar && n == 0 && len(s.raw) == 0 && !long {
			return nil, s.malformed("not valid JSON")
		}
		if long {
			return nil, nil
		}
		return s.raw, nil
	}
}

// keep appends to raw, and leaves no copy of a key behind where that grows.
func (s *scanner) keep(piece []byte) {
	if need := len(s.raw) + len(piece); need > cap(s.raw) {
		grown := append(make([]byte, 0, max(2*need, 4<<10)), s.raw...)
		secret.Wipe(s.raw[:cap(s.raw)])
		s.raw = grown
	}
	s.raw = append(s.raw, piece...)
}

// name goes past the name of a member and its colon. A name that is not valid, or
// too long, comes back as false.
func (s *scanner) name() (string, bool, error) {
	if c, err := s.peek(); err != nil || c != '"' {
		if err == nil {
			err = s.malformed("not valid JSON")
		}
		return "", false, err
	}
	raw, err := s.value(MaxEntrySize)
	if err != nil {
		return "", false, err
	}
	name, ok := unquote(raw)
	return name, ok, s.take(':')
}

// extent finds the end of a value that comes in pieces. Brackets are counted and
// not told apart: the number is all that is kept, however deep they are.
type extent struct {
	scalar  bool // a number or a word: ends before what can follow one
	text    bool // within a string
	escaped bool // after a backslash
	depth   int
}

// scan returns how much of b belongs to the value, and whether it ends there.
func (v *extent) scan(b []byte) (int, bool) {
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case v.escaped:
			v.escaped = false
		case v.text:
			rest := b[i:]
			quote := bytes.IndexByte(rest, '"')
			if quote >= 0 {
				rest = rest[:quote]
			}
			if n := bytes.IndexByte(rest, '\\'); n >= 0 {
				v.escaped = true
				i += n
				continue
			}
			if quote < 0 {
				return len(b), false
			}
			i += quote
			if v.text = false; v.depth == 0 {
				return i + 1, true
			}
		case v.scalar:
			if blank(c) || c == ',' || c == ']' || c == '}' {
				return i, true
			}
		case c == '"':
			v.text = true
		case c == '{' || c == '[':
			v.depth++
		case c == '}' || c == ']':
			if v.depth--; v.depth == 0 {
				return i + 1, true
			}
		}
	}
	return len(b), false
}
