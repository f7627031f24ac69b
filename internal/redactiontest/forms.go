package redactiontest

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// window is how many bytes of a secret in a row nothing may show.
const window = 6

// forms are the ways in which bytes are written. Each reads a whole text as
// bytes, and skips what it does not understand. Numbers are read by their own
// list.
var forms = []struct {
	name string
	read func(text string) []byte
}{
	{"bytes", func(text string) []byte { return []byte(text) }},
	{"quoted bytes", unquoted},
	{"characters", characters},
	{"code points", codePoints},
	{"URL-encoded bytes", percent},
	{"hexadecimal", func(text string) []byte { return runs(isHex, 2, text, hex.DecodeString) }},
	{"base64", func(text string) []byte { return runs(isBase64, 4, text, decodeBase64) }},
}

// words are how lists of numbers hold bytes: one in each, or several as a key
// schedule or a curve's element does.
var words = []struct {
	name  string
	write func(b []byte, n uint64) []byte
}{
	{"numbers", func(b []byte, n uint64) []byte {
		if n > 0xff {
			return b
		}
		return append(b, byte(n))
	}},
	{"32-bit words", word32(binary.LittleEndian)},
	{"32-bit words, big-endian", word32(binary.BigEndian)},
	{"64-bit words", binary.LittleEndian.AppendUint64},
	{"64-bit words, big-endian", binary.BigEndian.AppendUint64},
}

// find returns the names of the forms in which a text shows a window of a
// secret.
func find(text string, secrets [][]byte) (found []string) {
	var begins [1 << 16]bool // by the first two bytes, because a map is slow
	windows := map[[window]byte]bool{}
	for _, s := range secrets {
		if len(s) < window {
			panic("redactiontest: a secret is too short to be looked for")
		}
		for i := range len(s) - window + 1 {
			windows[[window]byte(s[i:])] = true
			begins[binary.BigEndian.Uint16(s[i:])] = true
		}
	}
	if len(windows) == 0 {
		return nil
	}
	look := func(name string, b []byte) {
		for i := range len(b) - window + 1 {
			if begins[binary.BigEndian.Uint16(b[i:])] && windows[[window]byte(b[i:])] {
				found = append(found, name)
				return
			}
		}
	}
	for _, form := range forms {
		look(form.name, form.read(text))
	}
	for _, base := range []uint64{10, 16, 8, 2} {
		list := numbers(text, base)
		for _, w := range words {
			var b []byte
			for _, n := range list {
				b = w.write(b, n)
			}
			look("base "+strconv.Itoa(int(base))+" "+w.name, b)
		}
	}
	return found
}

// unquoted resolves what begins with a backslash, as Go and JSON write it.
func unquoted(text string) []byte {
	b := make([]byte, 0, len(text))
	for len(text) > 0 {
		if text[0] != '\\' {
			b, text = append(b, text[0]), text[1:]
			continue
		}
		value, multibyte, tail, err := strconv.UnquoteChar(text, 0)
		switch {
		case err != nil:
			b, tail = append(b, text[0]), text[1:]
		case value < utf8.RuneSelf || !multibyte:
			b = append(b, byte(value))
		default:
			b = utf8.AppendRune(b, value)
		}
		text = tail
	}
	return b
}

// characters takes each character for the byte of its number, whatever stands
// between them.
func characters(text string) (b []byte) {
	for s := unquoted(text); len(s) > 0; {
		r, n := utf8.DecodeRune(s)
		if r == utf8.RuneError && n == 1 {
			r = rune(s[0])
		}
		if s = s[n:]; r <= 0xff && r != ' ' && r != '\'' && r != ',' {
			b = append(b, byte(r))
		}
	}
	return b
}

var codePoint = regexp.MustCompile(`U\+0*([0-9A-Fa-f]{1,2})\b`)

func codePoints(text string) (b []byte) {
	for _, m := range codePoint.FindAllStringSubmatch(text, -1) {
		n, _ := strconv.ParseUint(m[1], 16, 8) // the expression lets nothing else through
		b = append(b, byte(n))
	}
	return b
}

// percent resolves what begins with a percent sign, as URLs have it.
func percent(text string) []byte {
	b := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) && isHex(text[i+1]) && isHex(text[i+2]) {
			b = append(b, byte(digit(text[i+1])<<4|digit(text[i+2])))
			i += 2
			continue
		}
		b = append(b, text[i])
	}
	return b
}

// runs decodes each run of symbols, a group of which makes whole bytes, wherever
// in the run the first group begins.
func runs(symbol func(c byte) bool, group int, text string, decode func(string) ([]byte, error)) (all []byte) {
	for i := 0; i < len(text); i++ {
		begin := i
		for i < len(text) && symbol(text[i]) {
			i++
		}
		for phase := 0; phase < group && i-begin >= window; phase++ {
			whole := text[begin+phase : i-(i-begin-phase)%group]
			b, err := decode(whole)
			if err != nil {
				panic(err) // these are symbols
			}
			all = append(all, b...)
		}
	}
	return all
}

var standard = strings.NewReplacer("-", "+", "_", "/")

func decodeBase64(symbols string) ([]byte, error) {
	return base64.StdEncoding.DecodeString(standard.Replace(symbols))
}

func isBase64(c byte) bool { return digit(c) < 36 || c == '+' || c == '/' || c == '-' || c == '_' }

func isHex(c byte) bool { return digit(c) < 16 }

// digit returns the value of a digit of any base up to 36, and 99 for what is
// none.
func digit(c byte) uint64 {
	switch {
	case c >= '0' && c <= '9':
		return uint64(c - '0')
	case c >= 'a' && c <= 'z':
		return uint64(c-'a') + 10
	case c >= 'A' && c <= 'Z':
		return uint64(c-'A') + 10
	}
	return 99
}

// numbers returns the numbers of a base that stand in a text, with the prefixes
// that Go knows or without. What is no number, or is wider than 64 bits, is
// skipped.
func numbers(text string, base uint64) (list []uint64) {
	for i := 0; i < len(text); i++ {
		begin, n, ok := i, uint64(0), true
		for ; i < len(text) && digit(text[i]) != 99; i++ {
			d := digit(text[i])
			if i == begin+1 && text[begin] == '0' && strings.IndexByte("xXoObB", text[i]) >= 0 {
				continue
			}
			ok = ok && d < base && n <= (1<<64-1-d)/base
			n = n*base + d
		}
		if ok && i > begin {
			list = append(list, n)
		}
	}
	return list
}

func word32(order binary.AppendByteOrder) func([]byte, uint64) []byte {
	return func(b []byte, n uint64) []byte {
		if n>>32 != 0 {
			return b
		}
		return order.AppendUint32(b, uint32(n))
	}
}
