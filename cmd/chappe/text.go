package main

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode"
	"unicode/utf8"
)

// printable returns a text in which nothing can act on a terminal: a room's name
// or a file's content may have been chosen by somebody else.
func printable(text string) string {
	for _, r := range text {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			quoted := strconv.QuoteToGraphic(text)
			return quoted[1 : len(quoted)-1]
		}
	}
	return text
}

// escapeControls returns JSON in which the characters that JSON allows and a
// terminal may act on are escaped. It means the same.
func escapeControls(text []byte) []byte {
	if bytes.IndexFunc(text, acts) < 0 {
		return text
	}
	b := make([]byte, 0, len(text)+len(text)/8)
	for _, r := range string(text) {
		if acts(r) {
			b = fmt.Appendf(b, `\u%04x`, r)
		} else {
			b = utf8.AppendRune(b, r)
		}
	}
	return b
}

// acts says whether a character is a control beyond ASCII's first 32, which JSON
// does not have, or turns the direction of text.
func acts(r rune) bool {
	return r >= 0x7f && r <= 0x9f || r == 0x200e || r == 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// plural returns a count with its noun.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
