package events

import (
	"unicode/utf16"
	"unicode/utf8"
)

// unquote returns what a JSON string says, in bytes that the caller can wipe. s
// is known to be valid JSON and valid UTF-8. It fails when s is something else
// than a string, or half of a surrogate pair stands in it.
func unquote(s []byte) ([]byte, bool) {
	if len(s) < 2 || s[0] != '"' {
		return nil, false
	}
	s = s[1 : len(s)-1]
	dst := make([]byte, 0, len(s)) // an escape is never shorter than what it says
	for len(s) > 0 {
		if s[0] != '\\' {
			dst = append(dst, s[0])
			s = s[1:]
			continue
		}
		switch c := s[1]; c {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r := unhex(s[2:])
			s = s[4:]
			if utf16.IsSurrogate(r) {
				if len(s) < 8 || s[2] != '\\' || s[3] != 'u' {
					return dst, false
				}
				if r = utf16.DecodeRune(r, unhex(s[4:])); r == utf8.RuneError {
					return dst, false
				}
				s = s[6:]
			}
			dst = utf8.AppendRune(dst, r)
		default:
			dst = append(dst, c)
		}
		s = s[2:]
	}
	return dst, true
}

// unhex returns the number that four hexadecimal digits stand for.
func unhex(s []byte) (r rune) {
	for _, c := range s[:4] {
		switch {
		case c <= '9':
			c -= '0'
		default:
			c = c | 0x20 - 'a' + 10
		}
		r = r<<4 | rune(c)
	}
	return r
}

// quote returns text as a JSON string, in one array that the caller can wipe.
// text is valid UTF-8.
func quote(text []byte) []byte {
	const digits = "0123456789abcdef"
	dst := make([]byte, 0, 6*len(text)+2)
	dst = append(dst, '"')
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < 0x20:
			dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
