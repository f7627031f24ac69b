package ct64_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/ct64"
	"github.com/chappe-e2ee/chappe/internal/failtest"
)

// reference is the accepted form in terms of encoding/base64: padded or
// unpadded, no line ends, no trailing bits.
func reference(text string) ([]byte, bool) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, false
	}
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.StdEncoding} {
		if b, err := encoding.Strict().DecodeString(text); err == nil {
			return b, true
		}
	}
	return nil, false
}

func decode(text string) ([]byte, bool) {
	n := ct64.DecodedLen(text)
	if n < 0 {
		return nil, false
	}
	b := make([]byte, n)
	return b, ct64.Decode(b, text) == nil
}

// decodeFails decodes a text into a number of bytes, which must fail.
func decodeFails(t testing.TB, text string, n int) {
	t.Helper()
	dst := make([]byte, max(n, 0))
	failtest.RefusedWith(t, ct64.ErrBase64, func() error { return ct64.Decode(dst, text) }, failtest.Secret(text))
}

// check compares the verdict and the value of a text with the reference, and
// returns the verdict.
func check(t *testing.T, text string) (valid bool) {
	t.Helper()
	want, valid := reference(text)
	got, ok := decode(text)
	if b := make([]byte, max(ct64.DecodedLen(text), 0)); (ct64.Decode(b, []byte(text)) == nil) != ok || ok && !bytes.Equal(b, got) {
		t.Fatalf("%q: two verdicts, of text and of bytes", text)
	}
	if ok != valid || ok && !bytes.Equal(got, want) {
		t.Fatalf("%q decodes to %x, %t; encoding/base64: %x, %t", text, got, ok, want, valid)
	}
	return valid
}

func TestEverySymbol(t *testing.T) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	var text []byte
	for v := range 64 {
		text = ct64.AppendEncode(text[:0], []byte{byte(v << 2), byte(v), byte(v)})
		require.Equal(t, alphabet[v], text[0], "symbol %d", v)
		require.Equal(t, alphabet[v], text[3], "symbol %d", v)
	}
	// In every position of eight symbols that are computed at once, beside
	// every other.
	for v := range 64 {
		for w := range 64 {
			var bits uint64
			for i := range 8 {
				bits = bits<<6 | uint64([]int{v, w}[i%2])
			}
			src := binary.BigEndian.AppendUint64(nil, bits<<16)[:6]
			text = ct64.AppendEncode(text[:0], append(src, 1, 2, 3, 4, 5, 6))
			require.Equal(t, strings.Repeat(string([]byte{alphabet[v], alphabet[w]}), 4), string(text[:8]))
		}
	}
}

// TestEveryPairOfNeighbours: eight symbols are decoded at once, and none may
// carry over into the next.
func TestEveryPairOfNeighbours(t *testing.T) {
	positions := 7
	if testing.Short() {
		positions = 2
	}
	for _, fill := range []string{"A", "/"} {
		for i := range positions {
			for c := range 256 {
				for d := range 256 {
					b := []byte(strings.Repeat(fill, 8))
					b[i], b[i+1] = byte(c), byte(d)
					check(t, string(b))
				}
			}
		}
	}
}

// TestEveryByteAtEveryPosition is about the symbols as well as about all that
// is none: every byte value, in every position of texts of each length class.
func TestEveryByteAtEveryPosition(t *testing.T) {
	for _, text := range []string{
		"AA", "AAA", "AAAA", "AA==", "AAA=", "AAAAAA", "AAAAAAA", "AAAAAAAA", "AAAAAA==", "AAAAAAA=",
		"zzzzzzzz", "////////", "AAAAAAAAAA", "AAAAAAAAAAAA", "AAAAAAAAAAAAAAA=", "AAAAAAAAAAAAAAAA", "0a+Z/9zA0a+Z/9zA0a+Z/9zA",
	} {
		for i := range len(text) {
			for c := range 256 {
				b := []byte(text)
				b[i] = byte(c)
				check(t, string(b))
			}
		}
	}
}

func TestLengths(t *testing.T) {
	random := rand.New(rand.NewChaCha8([32]byte{1}))
	for n := range 101 {
		for range 5 {
			src := make([]byte, n)
			for i := range src {
				src[i] = byte(random.Uint32())
			}
			want := base64.RawStdEncoding.EncodeToString(src)
			text := ct64.AppendEncode([]byte("x"), src)
			require.Equal(t, "x"+want, string(text))
			require.Equal(t, len(want), ct64.EncodedLen(n))
			require.Equal(t, n, ct64.DecodedLen(want))

			got, ok := decode(want)
			require.True(t, ok)
			require.Equal(t, src, got)
			got, ok = decode(base64.StdEncoding.EncodeToString(src))
			require.True(t, ok, "padded")
			require.Equal(t, src, got)

			for _, m := range []int{n - 1, n + 1} {
				if m >= 0 {
					decodeFails(t, want, m)
				}
			}
		}
	}
	for _, text := range []string{"A", "AAAAA", "=", "=====", "A===="} {
		require.Equal(t, -1, ct64.DecodedLen([]byte(text)), text)
		decodeFails(t, text, 0)
	}
}

func TestAttack_P41_Malleability(t *testing.T) {
	for _, text := range []string{
		"AA\n==", "AAA\n", "AAAA\r\n", "\nAAAA", "AA A", " AAA", "AAAA ", "AA\t=", // white space
		"AB", "AAB", "AB==", "AAB=", "AP", "AAD", // trailing bits
		"-_-_", "AA-A", "AAA_", // the alphabet for URLs
		"AA==AAAA", "AA=A", "A=AA", "=AAA", "AAA=AAAA", "AAAA=", "AAAA==", "AAAA====", "A===", "====", "==", "AA=", // padding
		"AAAA\x00", "AA\x80A", "AAA\xff", "ÄÄ",
	} {
		_, valid := reference(text)
		require.False(t, valid, "the reference accepts %q", text)
		decodeFails(t, text, ct64.DecodedLen(text))
	}
}

// TestAttack_P41_Exhaustive compares all short texts over an alphabet that
// holds a member of every class of bytes.
func TestAttack_P41_Exhaustive(t *testing.T) {
	const alphabet = "ABQgw9+/=\n\r -_\x00\x7f\x80\xff"
	longest := 4
	if testing.Short() {
		longest = 3
	}
	var walk func(text string, left int)
	walk = func(text string, left int) {
		for _, text := range []string{text, "zZ09" + text} {
			// The longest are too many to measure each.
			if !check(t, text) && left > 0 {
				decodeFails(t, text, ct64.DecodedLen(text))
			}
		}
		if left > 0 {
			for i := range len(alphabet) {
				walk(text+alphabet[i:i+1], left-1)
			}
		}
	}
	walk("", longest)
}

func TestAttack_P41_RandomLong(t *testing.T) {
	random := rand.New(rand.NewChaCha8([32]byte{2}))
	for range 20000 {
		src := make([]byte, random.IntN(300))
		for i := range src {
			src[i] = byte(random.Uint32())
		}
		text := []byte(base64.StdEncoding.EncodeToString(src))
		if random.IntN(2) == 0 {
			text = bytes.TrimRight(text, "=")
		}
		for range random.IntN(3) {
			if len(text) > 0 {
				text[random.IntN(len(text))] = byte(random.Uint32())
			}
		}
		if !check(t, string(text)) {
			decodeFails(t, string(text), ct64.DecodedLen(text))
		}
	}
}

func FuzzBase64(f *testing.F) {
	for n := range 10 {
		text := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0xa7}, n))
		f.Add(text)
		f.Add(strings.TrimRight(text, "="))
	}
	f.Add("AA\n==")
	f.Add("AB")
	f.Fuzz(func(t *testing.T, text string) {
		check(t, text)
		if b, ok := decode(text); ok {
			again := string(ct64.AppendEncode(nil, b))
			if again != strings.TrimRight(text, "=") {
				t.Fatalf("%q encodes as %q", text, again)
			}
		}
	})
}

func ExampleDecode() {
	text := "c2VjcmV0"
	b := make([]byte, ct64.DecodedLen(text))
	fmt.Println(ct64.Decode(b, text), string(b))
	// Output: <nil> secret
}
