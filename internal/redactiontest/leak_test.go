package redactiontest

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/secret"
)

var key = []byte{0x3d, 0x00, 0xe5, 0x41, 0xfb, 0x9c, 0x07, 0x62, 0xaa, 0x10, 0xd8, 0x2f, 0x7e, 0xff, 0x51, 0x93}

// box is what a secret value of this module is.
type box struct {
	secret.Redacted
	p **[16]byte
}

func newBox() box {
	p := (*[16]byte)(bytes.Clone(key))
	return box{p: &p}
}

// Types that leak in one way each.
type (
	onePointer struct {
		secret.Redacted
		p *[16]byte
	}
	inPlace struct {
		secret.Redacted
		b [16]byte
	}
	holding    struct{ p *box }
	stringer   struct{ box }
	goStringer struct{ box }
	logValuer  struct{ box }
	textual    struct{ box }
	binaryForm struct{ box }
	jsonForm   struct{ box }
	xmlForm    struct{ box }
	gobForm    struct{ box }
	exported   struct{ Key []byte }
	quiet      struct{ box } // only where it is asked for a number
	asArray    struct{ Key [16]byte }
	errorForm  struct{ box }
	mapped     struct{ m map[string][]byte }
	words32    struct{ w [4]uint32 }
	truncated  struct{ box }
)

func (stringer) Format(f fmt.State, _ rune)      { io.WriteString(f, hex.EncodeToString(key)) }
func (goStringer) Format(f fmt.State, verb rune) { fmt.Fprintf(f, "%#v", key) }
func (logValuer) LogValue() slog.Value           { return slog.AnyValue(key) }
func (textual) MarshalText() ([]byte, error) {
	return []byte(base64.RawURLEncoding.EncodeToString(key)), nil
}
func (textual) MarshalJSON() ([]byte, error) { return []byte(`""`), nil }
func (binaryForm) MarshalBinary() ([]byte, error) {
	return key, nil
}
func (jsonForm) MarshalJSON() ([]byte, error) {
	return []byte("[" + strings.Trim(strings.Join(strings.Fields(fmt.Sprint(key)), ","), "[]") + "]"), nil
}
func (xmlForm) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	return e.EncodeElement(base64.StdEncoding.EncodeToString(append([]byte("x"), key...)), start)
}
func (gobForm) GobEncode() ([]byte, error) { return key, nil }
func (quiet) Format(f fmt.State, verb rune) {
	if width, ok := f.Width(); ok && verb == 's' && width == 40 {
		fmt.Fprintf(f, "% X", key)
	}
}
func (errorForm) Error() string                { return fmt.Sprintf("%q", key) }
func (errorForm) Format(f fmt.State, _ rune)   {}
func (errorForm) String() string               { return "" }
func (errorForm) MarshalText() ([]byte, error) { return nil, errorForm{} }
func (truncated) Format(f fmt.State, _ rune)   { fmt.Fprintf(f, "%x…", key[9:15]) }

func leaks[T any](v T, secrets [][]byte) []string { return find(outputs(v), secrets) }

// Each way in which a value can show its secret is noticed.
func TestLeaksAreFound(t *testing.T) {
	b := newBox()
	array := (*[16]byte)(bytes.Clone(key))
	for name, found := range map[string][]string{
		"one pointer": leaks(onePointer{p: array}, [][]byte{key}),
		"in place":    leaks(inPlace{b: *array}, [][]byte{key}),
		"pointer":     leaks(&inPlace{b: *array}, [][]byte{key}),
		"String":      leaks(stringer{b}, [][]byte{key}),
		"GoString":    leaks(goStringer{b}, [][]byte{key}),
		"LogValue":    leaks(logValuer{b}, [][]byte{key}),
		"text":        leaks(textual{b}, [][]byte{key}),
		"binary":      leaks(binaryForm{b}, [][]byte{key}),
		"JSON":        leaks(jsonForm{b}, [][]byte{key}),
		"XML":         leaks(xmlForm{b}, [][]byte{key}),
		"gob":         leaks(gobForm{b}, [][]byte{key}),
		"exported":    leaks(exported{key}, [][]byte{key}),
		"array":       leaks(&asArray{*array}, [][]byte{key}),
		"one format":  leaks(quiet{b}, [][]byte{key}),
		"error":       leaks(errorForm{b}, [][]byte{key}),
		"map":         leaks(mapped{map[string][]byte{"x": key}}, [][]byte{key}),
		"words":       leaks(words32{[4]uint32{0, 0, 0xaa10d82f, 0x7eff5193}}, [][]byte{key}),
		"a part":      leaks(truncated{b}, [][]byte{key}),
		"slice":       leaks(key, [][]byte{key}),
		"string":      leaks(string(key), [][]byte{key}),
		"second":      leaks(string(key), [][]byte{bytes.Repeat([]byte{1}, 16), key}),
		"passphrase":  leaks(struct{ p string }{"correct horse"}, [][]byte{[]byte("correct horse")}),
	} {
		require.NotEmpty(t, found, name)
	}
}

func TestNothingIsFoundWhereNothingIs(t *testing.T) {
	b := newBox()
	require.Empty(t, leaks(b, [][]byte{key}))
	require.Empty(t, leaks(&b, [][]byte{key}))
	require.Empty(t, leaks(holding{&b}, [][]byte{key}))
	Check(t, b, key)
	CheckText(t, "nothing", key)
	CheckPlaceholder(t, b)
	CheckRefuses(t, b)
}

// Every form in which bytes are written is noticed in the middle of a text.
func TestForms(t *testing.T) {
	text := bytes.Clone(key)
	for _, format := range []string{
		"%x", "%X", "% x", "% X", "%#x", "%# x", "%v", "%d", "%#v", "%s", "%q", "%+q", "%#q", "%o", "%#o", "%O", "%b", "%c", "%U", "%#U", "%e", "%t", "%08d",
	} {
		require.NotEmpty(t, find("x"+fmt.Sprintf(format, text)+"y", [][]byte{key}), format)
		require.NotEmpty(t, find("x"+fmt.Sprintf(format, [16]byte(text))+"y", [][]byte{key}), format)
		require.NotEmpty(t, find("x"+fmt.Sprintf(format, struct{ b []byte }{text})+"y", [][]byte{key}), format)
	}
	for before := range 4 {
		whole := append(make([]byte, before), key...)
		for name, e := range map[string]*base64.Encoding{
			"std": base64.StdEncoding, "raw": base64.RawStdEncoding, "URL": base64.URLEncoding, "raw URL": base64.RawURLEncoding,
		} {
			require.NotEmpty(t, find(e.EncodeToString(whole), [][]byte{key}), name)
		}
	}
	require.Panics(t, func() { find("", [][]byte{key[:5]}) })
}
