package canonicaljson

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// plain says whether c is an ASCII character that stands for itself in a string.
func plain(c byte) bool { return 0x20 <= c && c < utf8.RuneSelf && c != '"' && c != '\\' }

// short holds the characters that have an escape of two characters, and the
// second of these.
const (
	short       = "\b\t\n\f\r\"\\"
	shortEscape = "btnfr\"\\"
)

const hexDigits = "0123456789abcdef"

// appendRune appends r as it stands in a canonical string: escaped only when it
// must be, and then in the one form that the specification's grammar has.
func appendRune(dst []byte, r rune) []byte {
	if i := strings.IndexRune(short, r); i >= 0 {
		return append(dst, '\\', shortEscape[i])
	}
	if r < 0x20 {
		return append(dst, '\\', 'u', '0', '0', hexDigits[r>>4], hexDigits[r&15])
	}
	return utf8.AppendRune(dst, r)
}

// appendText appends a canonical string. s must be valid UTF-8.
func appendText(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for s != "" {
		n := 0
		for n < len(s) && (plain(s[n]) || s[n] >= utf8.RuneSelf) {
			n++
		}
		dst = append(dst, s[:n]...)
		if s = s[n:]; s != "" {
			dst = appendRune(dst, rune(s[0]))
			s = s[1:]
		}
	}
	return append(dst, '"')
}

// escape reads an escape and returns what it stands for.
func (p *parser) escape() (rune, error) {
	p.pos++
	if p.pos == len(p.src) {
		return 0, ErrSyntax
	}
	c := p.src[p.pos]
	p.pos++
	if c == '/' {
		return '/', nil
	}
	if i := strings.IndexByte(shortEscape, c); i >= 0 {
		return rune(short[i]), nil
	}
	if c != 'u' {
		return 0, ErrSyntax
	}
	r, err := p.hex4()
	if err != nil || !utf16.IsSurrogate(r) {
		return r, err
	}
	if !p.take('\\') || !p.take('u') {
		return 0, ErrText
	}
	low, err := p.hex4()
	if err != nil {
		return 0, err
	}
	if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
		return 0, ErrText
	}
	return r, nil
}

// hex4 reads four hexadecimal digits.
func (p *parser) hex4() (r rune, err error) {
	if len(p.src)-p.pos < 4 {
		return 0, ErrSyntax
	}
	for _, c := range p.src[p.pos : p.pos+4] {
		i := strings.IndexByte(hexDigits, c|0x20)
		if i < 0 || c < '0' {
			return 0, ErrSyntax
		}
		r = r<<4 | rune(i)
	}
	p.pos += 4
	return r, nil
}

// appendUnescaped appends what the inside of a canonical string stands for.
func appendUnescaped(dst []byte, s string) []byte {
	for {
		i := strings.IndexByte(s, '\\')
		if i < 0 {
			return append(dst, s...)
		}
		dst = append(dst, s[:i]...)
		if c := s[i+1]; c == 'u' { // \u00xx, lower-case
			dst = append(dst, byte(strings.IndexByte(hexDigits, s[i+4])<<4|strings.IndexByte(hexDigits, s[i+5])))
			s = s[i+6:]
		} else {
			dst = append(dst, short[strings.IndexByte(shortEscape, c)])
			s = s[i+2:]
		}
	}
}
