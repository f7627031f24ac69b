package keys_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/chappe-e2ee/chappe/keys"
)

// seeds adds good values, padded and not, and near misses.
func seeds(f *testing.F, values ...[]byte) {
	for _, b := range values {
		text := base64.StdEncoding.EncodeToString(b)
		f.Add(text)
		f.Add(strings.TrimRight(text, "="))
		f.Add(text[:len(text)/2] + "\n" + text[len(text)/2:])
		f.Add(base64.URLEncoding.EncodeToString(b))
	}
	f.Add("")
	f.Add(strings.Repeat("A", 43))
}

// fuzzText: a text that parses encodes as itself without padding, and parses
// again to the same value; one that does not leaves the value alone.
func fuzzText[T value, P pointer[T]](f *testing.F, c constructors[T]) {
	f.Fuzz(func(t *testing.T, text string) {
		k, err := c.fromText(text)
		var u T
		if (P(&u).UnmarshalText([]byte(text)) == nil) != (err == nil) || u != k {
			t.Fatalf("%q: two doors, two verdicts", text)
		}
		if err != nil {
			if !k.IsZero() {
				t.Fatalf("%q: error and value", text)
			}
			return
		}
		if k.IsZero() || k.String() != strings.TrimRight(text, "=") {
			t.Fatalf("%q encodes as %q", text, k.String())
		}
		again, err := c.fromText(k.String())
		if err != nil || again != k {
			t.Fatalf("%q: %v", text, err)
		}
		b, err := c.fromBytes(k.Bytes())
		if err != nil || b != k || !bytes.Equal(b.Bytes(), k.Bytes()) {
			t.Fatalf("%q: %v", text, err)
		}
	})
}

func FuzzParseCurve25519(f *testing.F) {
	seeds(f, curvePublic(f, 1), curvePublic(f, 2), make([]byte, 32))
	fuzzText(f, curves)
}

func FuzzParseEd25519(f *testing.F) {
	seeds(f, signerPublic(1), signerPublic(2), make([]byte, 32))
	fuzzText(f, edwards)
}

func FuzzParseSignature(f *testing.F) {
	seeds(f, ed25519.Sign(signer(1), nil), make([]byte, 64))
	fuzzText(f, signatures)
}

func FuzzParseID(f *testing.F) {
	seeds(f, []byte{0, 0, 0, 0}, []byte{0, 0, 0, 1}, []byte{255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, text string) {
		id, err := keys.ParseID(text)
		if err != nil {
			if !id.IsZero() {
				t.Fatalf("%q: error and value", text)
			}
			return
		}
		again, err := keys.ParseID(id.String())
		if err != nil || again != id || id.String() != strings.TrimRight(text, "=") || keys.NewID(id.Number()) != id {
			t.Fatalf("%q reads as %q, %v", text, id, err)
		}
	})
}
