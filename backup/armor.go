package backup

import (
	"bytes"
	"io"

	"github.com/chappe-e2ee/chappe/internal/b64"
)

const (
	armorHeader = "-----BEGIN MEGOLM SESSION DATA-----"
	armorFooter = "-----END MEGOLM SESSION DATA-----"

	byteOrderMark = "\xef\xbb\xbf"

	rawSize    = 32 << 10 // of the file, read at a time
	symbolSize = 8 << 10  // decoded at a time; whole groups of four
)

const keyFileName = "backup: key file"

// armor reads the binary inside a key file's text: between header and footer,
// each on a line of its own, base64 with blanks and line ends anywhere, padded or
// not. Around them stand blanks only. It reads the file to its end.
type armor struct {
	src      source
	raw      []byte
	pos, end int
	simple   bool // raw holds symbols and line feeds, as far as is known: most of a file does

	begun   bool
	symbols []byte // gathered, and not decoded
	padding int
	fresh   bool // nothing but blanks since the last line end
	out     []byte
	left    []byte // of out, not yet read
	err     error
}

func newArmor(r io.Reader) *armor {
	return &armor{
		src:     source{r: r},
		raw:     make([]byte, rawSize),
		symbols: make([]byte, 0, symbolSize),
		out:     make([]byte, symbolSize/4*3),
	}
}

// Read implements io.Reader. Before io.EOF, the footer was there.
func (a *armor) Read(p []byte) (int, error) {
	if len(a.left) == 0 && a.err == nil {
		a.err = a.fill()
	}
	if len(a.left) > 0 {
		n := copy(p, a.left)
		a.left = a.left[n:]
		return n, nil
	}
	return 0, a.err
}

// fill decodes a piece. It returns an error beside the last one.
func (a *armor) fill() error {
	if !a.begun {
		if err := a.begin(); err != nil {
			return err
		}
		a.begun, a.fresh = true, true
	}
	a.symbols = a.symbols[:0]
	end := a.gather()
	if end != nil && end != io.EOF {
		return end
	}
	if a.padding > 0 && (len(a.symbols)+a.padding)%4 != 0 {
		return malformed(keyFileName, "wrong padding")
	}
	n := b64.DecodedLen(a.symbols)
	if n < 0 || b64.Decode(a.out[:n], a.symbols) != nil {
		return malformed(keyFileName, b64.ErrBase64.Error())
	}
	a.left = a.out[:n]
	return end
}

// begin goes past the header line.
func (a *armor) begin() error {
	missing := malformed(keyFileName, "does not begin with "+armorHeader)
	c, err := a.byte()
	for first := true; err == nil && (blank(c) || first && c == byteOrderMark[0]); first = false {
		if c == byteOrderMark[0] && !a.literal(byteOrderMark[1:]) {
			return a.unless(missing)
		}
		c, err = a.byte()
	}
	if c != '-' || !a.literal(armorHeader[1:]) { // c is 0 where nothing came
		return a.unless(missing)
	}
	for {
		c, err := a.byte()
		switch {
		case err == io.EOF:
			return malformed(keyFileName, "ends early")
		case err != nil:
			return err
		case lineEnd(c):
			return nil
		case !blank(c):
			return missing
		}
	}
}

// gather appends to symbols until they are as many as fit, or until the end,
// where it returns io.EOF.
func (a *armor) gather() error {
	for len(a.symbols) < cap(a.symbols) {
		if run := a.run(); len(run) > 0 && a.padding == 0 {
			a.symbols = append(a.symbols, run...)
			a.pos += len(run)
			a.fresh = false
			continue
		}
		c, err := a.byte()
		if err == io.EOF {
			return malformed(keyFileName, "ends early")
		}
		if err != nil {
			return err
		}
		switch {
		case lineEnd(c):
			a.fresh = true
		case blank(c):
		case c == '-':
			return a.finish()
		case c == '=' && a.padding < 2:
			a.padding++
			a.fresh = false
		case a.padding > 0:
			return malformed(keyFileName, "data after the padding")
		default: // b64 says whether it is a symbol
			a.symbols = append(a.symbols, c)
			a.fresh = false
		}
	}
	return nil
}

// run returns the symbols that are next and fit, as far as they were read.
func (a *armor) run() []byte {
	b := a.raw[a.pos:min(a.end, a.pos+cap(a.symbols)-len(a.symbols))]
	if a.simple {
		if n := bytes.IndexByte(b, '\n'); n >= 0 {
			return b[:n]
		}
		return b
	}
	for i, c := range b {
		if c < '/' && c != '+' || c == '=' {
			return b[:i]
		}
	}
	return b
}

// finish goes past the footer, whose first byte was read, to the end of the file.
func (a *armor) finish() error {
	if !a.fresh || !a.literal(armorFooter[1:]) {
		return a.unless(malformed(keyFileName, "does not end with "+armorFooter))
	}
	for {
		c, err := a.byte()
		if err != nil {
			return err
		}
		if !blank(c) {
			return malformed(keyFileName, "data after the end")
		}
	}
}

// literal goes past a text if it is next.
func (a *armor) literal(text string) bool {
	for i := range len(text) {
		if c, err := a.byte(); err != nil || c != text[i] {
			return false
		}
	}
	return true
}

// unless returns what the file's reader has failed with, or else err.
func (a *armor) unless(err error) error {
	if a.src.err != nil && a.src.err != io.EOF && a.pos == a.end {
		return a.src.err
	}
	return err
}

func (a *armor) byte() (byte, error) {
	if a.pos == a.end {
		n, err := a.src.Read(a.raw)
		if err != nil {
			return 0, err
		}
		a.pos, a.end = 0, n
		a.simple = true
		for _, c := range []byte("\r \t=-") {
			a.simple = a.simple && bytes.IndexByte(a.raw[:n], c) < 0
		}
	}
	c := a.raw[a.pos]
	a.pos++
	return c, nil
}

func lineEnd(c byte) bool { return c == '\n' || c == '\r' }

func blank(c byte) bool { return c == ' ' || c == '\t' || lineEnd(c) }
