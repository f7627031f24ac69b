package canonicaljson

import (
	"bytes"
	"unicode/utf8"
)

// RawMember is a member of an object whose value was not looked into.
type RawMember struct {
	Name  string
	Value []byte // a part of the input
	Err   error  // of the name: ErrText, or ErrDuplicate on all that share it
}

// Split takes an object of others apart, so that a bad member spoils itself
// only: it looks at the names, and finds where the values end. [Parse] is for
// the values; until then they are not known to be JSON. An error says that the
// object as a whole cannot be taken apart.
func Split(src []byte) ([]RawMember, error) {
	p := parser{src: src}
	p.space()
	if !p.take('{') {
		return nil, ErrSyntax
	}
	const usual = 8 // members
	list := make([]RawMember, 0, usual)
	seen := make(map[string]int, usual)
	p.space()
	for open := !p.take('}'); open; {
		m, err := p.rawMember()
		if err != nil {
			return nil, err
		}
		if first, ok := seen[m.Name]; ok && m.Err == nil {
			list[first].Err, m.Err = ErrDuplicate, ErrDuplicate
		} else if m.Err == nil {
			seen[m.Name] = len(list)
		}
		list = append(list, m)
		p.space()
		if p.take(',') {
			p.space()
		} else if open = false; !p.take('}') {
			return nil, ErrSyntax
		}
	}
	p.space()
	if p.pos < len(p.src) {
		return nil, ErrTrailing
	}
	return list, nil
}

func (p *parser) rawMember() (m RawMember, err error) {
	start := p.pos
	if err := p.skipText(); err != nil {
		return m, err
	}
	m.Name, m.Err = readName(p.src[start:p.pos])
	p.space()
	if !p.take(':') {
		return m, ErrSyntax
	}
	p.space()
	start = p.pos
	if err := p.skip(); err != nil {
		return m, err
	}
	m.Value = p.src[start:p.pos]
	return m, nil
}

// readName returns what a string says. Nearly all names are plain ASCII.
func readName(text []byte) (string, error) {
	inside := text[1 : len(text)-1]
	if !bytes.ContainsFunc(inside, func(r rune) bool { return r < ' ' || r == '\\' || r >= utf8.RuneSelf }) {
		return string(inside), nil
	}
	p := parser{src: text, dst: make([]byte, 0, len(text))}
	if err := p.text(); err != nil {
		return "", err
	}
	return unquote(string(p.dst)), nil
}

// skipText goes past a string without looking into it.
func (p *parser) skipText() error {
	if !p.take('"') {
		return ErrSyntax
	}
	for {
		n := bytes.IndexByte(p.src[p.pos:], '"')
		if n < 0 {
			return ErrSyntax
		}
		p.pos += n + 1
		escapes := 0
		for i := p.pos - 2; p.src[i] == '\\'; i-- {
			escapes++
		}
		if escapes%2 == 0 {
			return nil
		}
	}
}

// skip goes past a value. Brackets must fit each other; their number is bounded
// by nothing but the input, since nothing recurses.
func (p *parser) skip() error {
	var open []byte
	for {
		if p.pos == len(p.src) {
			return ErrSyntax
		}
		switch c := p.src[p.pos]; c {
		case '"':
			if err := p.skipText(); err != nil {
				return err
			}
		case '{', '[':
			open = append(open, c+2) // '{' + 2 is '}', and '[' + 2 is ']'
			p.pos++
			continue
		case '}', ']':
			if len(open) == 0 || open[len(open)-1] != c {
				return ErrSyntax
			}
			open = open[:len(open)-1]
			p.pos++
		case ',', ':', ' ', '\t', '\n', '\r':
			if len(open) == 0 {
				return ErrSyntax
			}
			p.pos++
			continue
		default:
			p.skipScalar()
		}
		if len(open) == 0 {
			return nil
		}
	}
}

// skipScalar goes past a number or a word, to what can follow one.
func (p *parser) skipScalar() {
	for p.pos < len(p.src) && bytes.IndexByte([]byte("{}[]:,\" \t\n\r"), p.src[p.pos]) < 0 {
		p.pos++
	}
}
