// Package canonicaljson reads and writes the canonical JSON of the Matrix
// specification (appendices, "Canonical JSON"): the bytes that are signed.
//
// [Parse] checks a JSON text and returns it as a [Value], which holds nothing
// but the canonical bytes. Members are read from these same bytes, so what was
// verified and what is used cannot differ. Members that nobody asks for are in
// them like all others.
//
// It is strict where JSON is ambiguous and encoding/json is lax. Refused are
// numbers with a fraction or an exponent, -0, integers beyond 2^53-1, duplicate
// names, invalid UTF-8, surrogates that are no pair, nesting deeper than
// [MaxDepth] and data after the end. Names are taken to the letter. The
// specification's last example turns -0 into 0 and 1e10 into 10000000000,
// although its rules bar both; here the rules hold.
package canonicaljson

import (
	"bytes"
	"errors"
	"slices"
	"unicode/utf8"
)

// MaxDepth is how deeply objects and arrays may be nested. What Matrix signs is
// three or four levels deep.
const MaxDepth = 100

// The reasons for which a text is refused.
var (
	ErrSyntax    = errors.New("not valid JSON")
	ErrNumber    = errors.New("a number that canonical JSON does not have")
	ErrText      = errors.New("a string that is not valid Unicode")
	ErrDuplicate = errors.New("a name stands twice in an object")
	ErrDepth     = errors.New("nested too deeply")
	ErrTrailing  = errors.New("data after the end")
)

// maxInteger is 2^53-1, the greatest integer that a double holds safely.
const (
	maxInteger       = 1<<53 - 1
	maxIntegerDigits = "9007199254740991"
)

// Parse returns the value of a JSON text. It is absent when there is an error.
func Parse(src []byte) (Value, error) {
	p := parser{src: src, dst: make([]byte, 0, len(src))}
	p.space()
	if err := p.value(0); err != nil {
		return Value{}, err
	}
	p.space()
	if p.pos < len(p.src) {
		return Value{}, ErrTrailing
	}
	return Value{string(p.dst)}, nil
}

// parser appends to dst the canonical form of what it reads in src.
type parser struct {
	src     []byte
	pos     int
	dst     []byte
	members []member // of the objects that are open, innermost last
	scratch []byte
}

// member is where a member of an object stands in dst: name, colon and value.
type member struct{ start, nameEnd, end int }

func (p *parser) space() {
	for p.pos < len(p.src) {
		switch p.src[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

// take goes past c if it is next.
func (p *parser) take(c byte) bool {
	if p.pos < len(p.src) && p.src[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

func (p *parser) value(depth int) error {
	if p.pos == len(p.src) {
		return ErrSyntax
	}
	switch c := p.src[p.pos]; c {
	case '{':
		return p.object(depth + 1)
	case '[':
		return p.array(depth + 1)
	case '"':
		return p.text()
	case 'n':
		return p.literal("null")
	case 't':
		return p.literal("true")
	case 'f':
		return p.literal("false")
	default:
		return p.number()
	}
}

func (p *parser) literal(word string) error {
	if !bytes.HasPrefix(p.src[p.pos:], []byte(word)) {
		return ErrSyntax
	}
	p.pos += len(word)
	p.dst = append(p.dst, word...)
	return nil
}

func (p *parser) number() error {
	start := p.pos
	p.take('-')
	first := p.pos
	for p.pos < len(p.src) && '0' <= p.src[p.pos] && p.src[p.pos] <= '9' {
		p.pos++
	}
	text, digits := p.src[start:p.pos], p.src[first:p.pos]
	switch {
	case len(digits) == 0:
		return ErrSyntax
	case digits[0] == '0' && len(text) > 1, // -0, or leading zeros
		len(digits) > len(maxIntegerDigits),
		len(digits) == len(maxIntegerDigits) && string(digits) > maxIntegerDigits,
		p.pos < len(p.src) && bytes.IndexByte([]byte(".eE"), p.src[p.pos]) >= 0:
		return ErrNumber
	}
	p.dst = append(p.dst, text...)
	return nil
}

func (p *parser) array(depth int) error {
	if depth > MaxDepth {
		return ErrDepth
	}
	p.pos++
	p.dst = append(p.dst, '[')
	p.space()
	if p.take(']') {
		p.dst = append(p.dst, ']')
		return nil
	}
	for {
		if err := p.value(depth); err != nil {
			return err
		}
		p.space()
		switch {
		case p.take(','):
			p.dst = append(p.dst, ',')
			p.space()
		case p.take(']'):
			p.dst = append(p.dst, ']')
			return nil
		default:
			return ErrSyntax
		}
	}
}

func (p *parser) object(depth int) error {
	if depth > MaxDepth {
		return ErrDepth
	}
	p.pos++
	p.dst = append(p.dst, '{')
	p.space()
	if p.take('}') {
		p.dst = append(p.dst, '}')
		return nil
	}
	outer := len(p.members)
	sorted := true
	for {
		m, err := p.member(depth)
		if err != nil {
			return err
		}
		if len(p.members) > outer {
			sorted = sorted && p.compare(p.members[len(p.members)-1], m) < 0
		}
		p.members = append(p.members, m)
		p.space()
		if p.take(',') {
			p.dst = append(p.dst, ',')
			p.space()
			continue
		}
		if !p.take('}') {
			return ErrSyntax
		}
		break
	}
	if !sorted {
		if err := p.sort(p.members[outer:]); err != nil {
			return err
		}
	}
	p.members = p.members[:outer]
	p.dst = append(p.dst, '}')
	return nil
}

func (p *parser) member(depth int) (member, error) {
	m := member{start: len(p.dst)}
	if p.pos == len(p.src) || p.src[p.pos] != '"' {
		return m, ErrSyntax
	}
	if err := p.text(); err != nil {
		return m, err
	}
	m.nameEnd = len(p.dst)
	p.space()
	if !p.take(':') {
		return m, ErrSyntax
	}
	p.dst = append(p.dst, ':')
	p.space()
	if err := p.value(depth); err != nil {
		return m, err
	}
	m.end = len(p.dst)
	return m, nil
}

// sort puts the members at the end of dst in the order of their names, and
// finds names that stand twice.
func (p *parser) sort(members []member) error {
	start := members[0].start
	slices.SortFunc(members, p.compare)
	for i := 1; i < len(members); i++ {
		if p.compare(members[i-1], members[i]) == 0 {
			return ErrDuplicate
		}
	}
	p.scratch = append(p.scratch[:0], p.dst[start:]...)
	p.dst = p.dst[:start]
	for i, m := range members {
		if i > 0 {
			p.dst = append(p.dst, ',')
		}
		p.dst = append(p.dst, p.scratch[m.start-start:m.end-start]...)
	}
	return nil
}

// compare orders members by the code points of their names. In UTF-8, that is
// the order of the bytes; UTF-16 would have another one above U+FFFF.
func (p *parser) compare(a, b member) int {
	x, y := p.dst[a.start+1:a.nameEnd-1], p.dst[b.start+1:b.nameEnd-1]
	if bytes.IndexByte(x, '\\') < 0 && bytes.IndexByte(y, '\\') < 0 {
		return bytes.Compare(x, y)
	}
	return bytes.Compare(appendUnescaped(nil, string(x)), appendUnescaped(nil, string(y)))
}

// text reads a string.
func (p *parser) text() error {
	p.pos++
	p.dst = append(p.dst, '"')
	for {
		start := p.pos
		for p.pos < len(p.src) && plain(p.src[p.pos]) {
			p.pos++
		}
		p.dst = append(p.dst, p.src[start:p.pos]...)
		if p.pos == len(p.src) {
			return ErrSyntax
		}
		switch c := p.src[p.pos]; {
		case c == '"':
			p.pos++
			p.dst = append(p.dst, '"')
			return nil
		case c == '\\':
			r, err := p.escape()
			if err != nil {
				return err
			}
			p.dst = appendRune(p.dst, r)
		case c < 0x20:
			return ErrSyntax
		default:
			r, n := utf8.DecodeRune(p.src[p.pos:])
			if r == utf8.RuneError && n <= 1 {
				return ErrText
			}
			p.dst = append(p.dst, p.src[p.pos:p.pos+n]...)
			p.pos += n
		}
	}
}
