package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"unicode/utf8"

	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
)

// A scanner takes a JSON text apart as it comes, in memory for one value. It
// finds where values end and does not look into them, so that one that is bad
// spoils itself only.
type scanner struct {
	r   *bufio.Reader
	raw []byte // the value that was read last
}

func notJSON(why string) error { return failf(exitDamaged, "not valid JSON: %s", why) }

// peek returns the next byte that is not white space, or io.EOF.
func (s *scanner) peek() (byte, error) {
	for {
		c, err := s.r.ReadByte()
		if err != nil {
			return 0, err
		}
		if !blank(c) {
			return c, s.r.UnreadByte()
		}
	}
}

// take goes past c, which must be next.
func (s *scanner) take(c byte) error {
	got, err := s.peek()
	if err == io.EOF {
		return notJSON("it ends early")
	}
	if err != nil {
		return err
	}
	if got != c {
		return notJSON("something else stands where " + string(c) + " should")
	}
	_, err = s.r.Discard(1)
	return err
}

// more says whether the array or object that was opened has one item more, and
// goes past the comma or the end.
func (s *scanner) more(end byte, first bool) (bool, error) {
	c, err := s.peek()
	switch {
	case err == io.EOF:
		return false, notJSON("it ends early")
	case err != nil:
		return false, err
	case c == end:
		_, err := s.r.Discard(1)
		return false, err
	case first:
		return true, nil
	}
	return true, s.take(',')
}

// ended expects nothing but white space.
func (s *scanner) ended() error {
	_, err := s.peek()
	if err == io.EOF {
		return nil
	}
	if err == nil {
		err = notJSON("data after the end")
	}
	return err
}

// value goes past a value and returns it, until the next call; one of more than
// limit bytes comes back as nil.
func (s *scanner) value(limit int) ([]byte, error) {
	if _, err := s.peek(); err != nil {
		if err == io.EOF {
			err = notJSON("it ends early")
		}
		return nil, err
	}
	s.raw = s.raw[:0]
	long := false
	var depth int
	var text, escaped bool
	for n := 0; ; n++ {
		c, err := s.r.ReadByte()
		if err == io.EOF && n > 0 && depth == 0 && !text {
			break // a number or word at the end
		}
		if err == io.EOF {
			return nil, notJSON("it ends early")
		}
		if err != nil {
			return nil, err
		}
		done := false
		switch {
		case escaped:
			escaped = false
		case text && c == '\\':
			escaped = true
		case c == '"':
			text = !text
			done = !text && depth == 0
		case text:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
			done = depth == 0
		}
		if !text && !done && depth <= 0 && (blank(c) || c == ',' || depth < 0) { // behind a number or word
			if n == 0 {
				return nil, notJSON("a value is missing")
			}
			if err := s.r.UnreadByte(); err != nil {
				return nil, err
			}
			break
		}
		if long = long || len(s.raw) >= limit; !long {
			s.raw = append(s.raw, c)
		}
		if done {
			break
		}
	}
	if long {
		return nil, nil
	}
	return s.raw, nil
}

// name goes past the name of a member and its colon.
func (s *scanner) name() (string, error) {
	raw, err := s.value(1 << 10)
	if err != nil {
		return "", err
	}
	name, _ := textOf(raw)
	return name, s.take(':')
}

func blank(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

// skipMark goes past a byte order mark.
func skipMark(r *bufio.Reader) {
	if b, err := r.Peek(3); err == nil && string(b) == "\xef\xbb\xbf" {
		_, _ = r.Discard(3)
	}
}

func skipBlank(b []byte) []byte {
	return bytes.TrimLeft(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), " \r\n\t")
}

// members are those of an object. Names are taken to the letter.
type members map[string]json.RawMessage

// parseMembers takes an object apart. It refuses one in which a name stands twice:
// readers do not agree which one counts.
func parseMembers(raw []byte) (members, error) {
	if !utf8.Valid(raw) || !json.Valid(raw) {
		return nil, failf(exitDamaged, "not valid JSON")
	}
	list, err := canonicaljson.Split(raw)
	if err != nil {
		return nil, failf(exitDamaged, "not a JSON object")
	}
	m := members{}
	for _, member := range list {
		if member.Err != nil {
			return nil, failf(exitDamaged, "%w", member.Err)
		}
		m[member.Name] = member.Value
	}
	return m, nil
}

// text returns a member that is a string.
func (m members) text(name string) (string, bool) { return textOf(m[name]) }

func textOf(raw []byte) (string, bool) {
	v, err := canonicaljson.Parse(raw)
	if err != nil {
		return "", false
	}
	return v.Text()
}

// appendCompact appends valid JSON without the white space between its tokens.
func appendCompact(dst, raw []byte) []byte {
	text := false
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		switch {
		case text && c == '\\':
			dst = append(dst, c)
			i++
			c = raw[i]
		case c == '"':
			text = !text
		case !text && blank(c):
			continue
		}
		dst = append(dst, c)
	}
	return dst
}
