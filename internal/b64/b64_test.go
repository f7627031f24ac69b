package b64_test

import (
	"bytes"
	"encoding/base64"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/b64"
	"github.com/chappe-e2ee/chappe/internal/ct64"
	"github.com/chappe-e2ee/chappe/internal/failtest"
)

// decodeFails decodes a text into a number of bytes, which must fail.
func decodeFails(t testing.TB, text []byte, n int) {
	t.Helper()
	dst := make([]byte, max(n, 0))
	failtest.RefusedWith(t, b64.ErrBase64, func() error { return b64.Decode(dst, text) }, failtest.Input(text))
	failtest.RefusedWith(t, b64.ErrBase64, func() error { return b64.DecodeString(dst, string(text)) }, failtest.Input(text))
}

// check requires that b64 and ct64 give one verdict, which it returns, and one
// value.
func check(t *testing.T, text []byte) (valid bool) {
	t.Helper()
	n := b64.DecodedLen(text)
	if m := ct64.DecodedLen(text); n != m {
		t.Fatalf("%q: lengths %d and %d", text, n, m)
	}
	if n < 0 {
		if b64.DecodeString(nil, string(text)) == nil || ct64.Decode(nil, text) == nil {
			t.Fatalf("%q has no length and decodes", text)
		}
		return false
	}
	fast, slow := make([]byte, n), make([]byte, n)
	input := bytes.Clone(text)
	fastErr, slowErr := b64.Decode(fast, text), ct64.Decode(slow, text)
	if (fastErr == nil) != (slowErr == nil) || fastErr == nil && !bytes.Equal(fast, slow) {
		t.Fatalf("%q: b64 %x, %v; ct64 %x, %v", text, fast, fastErr, slow, slowErr)
	}
	again := make([]byte, n)
	if err := b64.DecodeString(again, string(text)); err != fastErr || err == nil && !bytes.Equal(again, fast) {
		t.Fatalf("%q: Decode %x, %v; DecodeString %x, %v", text, fast, fastErr, again, err)
	}
	if fastErr != nil && (fastErr != b64.ErrBase64 || slowErr != b64.ErrBase64) {
		t.Fatalf("%q: %v, %v", text, fastErr, slowErr)
	}
	if !bytes.Equal(input, text) {
		t.Fatalf("%q was changed", input)
	}
	return fastErr == nil
}

func TestEncode(t *testing.T) {
	random := rand.New(rand.NewChaCha8([32]byte{3}))
	for n := range 101 {
		src := make([]byte, n)
		for i := range src {
			src[i] = byte(random.Uint32())
		}
		want := base64.RawStdEncoding.EncodeToString(src)
		require.Equal(t, want, b64.Encode(src))
		require.Equal(t, "x"+want, string(b64.AppendEncode([]byte("x"), src)))
		require.Equal(t, want, string(ct64.AppendEncode(nil, src)))
		require.Equal(t, len(want), b64.EncodedLen(n))
		for _, m := range []int{n + 1, n - 1} {
			if m >= 0 {
				decodeFails(t, []byte(want), m)
			}
		}
	}
}

// TestKnownTexts holds what libolm's own test expects (libolm 3.2.13,
// tests/test_base64.cpp:10 and :40).
func TestKnownTexts(t *testing.T) {
	require.Equal(t, "SGVsbG8gV29ybGQ", b64.Encode([]byte("Hello World")))
	for _, text := range []string{"SGVsbG8gV29ybGQ", "SGVsbG8gV29ybGQ="} {
		dst := make([]byte, b64.DecodedLen(text))
		require.NoError(t, b64.Decode(dst, []byte(text)))
		require.Equal(t, "Hello World", string(dst))
	}
}

func TestAttack_P41_SameAsConstantTime(t *testing.T) {
	for _, text := range []string{"AA", "AAA", "AAAA", "AA==", "AAA=", "AAAAAA", "AAAAAAAA", "AAAAAA==", "AAAAAAA="} {
		for i := range len(text) {
			for c := range 256 {
				b := []byte(text)
				b[i] = byte(c)
				check(t, b)
			}
		}
	}
	const alphabet = "ABQgw9+/=\n\r -_\x00\x80\xff"
	longest := 4
	if testing.Short() {
		longest = 3
	}
	var walk func(text string, left int)
	walk = func(text string, left int) {
		for _, text := range []string{text, "zZ09" + text} {
			// The longest are too many to measure each.
			if !check(t, []byte(text)) && left > 0 {
				decodeFails(t, []byte(text), b64.DecodedLen(text))
			}
		}
		if left > 0 {
			for i := range len(alphabet) {
				walk(text+alphabet[i:i+1], left-1)
			}
		}
	}
	walk("", longest)

	random := rand.New(rand.NewChaCha8([32]byte{4}))
	for range 5000 {
		src := make([]byte, random.IntN(400))
		for i := range src {
			src[i] = byte(random.Uint32())
		}
		text := []byte(base64.StdEncoding.EncodeToString(src))
		if random.IntN(2) == 0 {
			text = bytes.TrimRight(text, "=")
		}
		check(t, text)
		if len(text) > 0 {
			i := random.IntN(len(text))
			text[i] = byte(random.Uint32())
			check(t, text)
			text = append(text[:i], append([]byte{"\n\r= \x00"[random.IntN(5)]}, text[i:]...)...)
			check(t, text)
		}
	}
}

func TestAttack_P41_LineEndsAndTrailingBits(t *testing.T) {
	for _, text := range []string{"AA\n==", "AAAA\n", "\r\nAAAA", "AAAA\r", "AA\r\n", "AB", "AAB", "A-_A", "AA==AAAA", "AA=A", "AAAA=", "AA A"} {
		decodeFails(t, []byte(text), b64.DecodedLen(text))
	}
}

func FuzzBase64(f *testing.F) {
	for n := range 10 {
		text := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0xa7}, n))
		f.Add([]byte(text))
		f.Add([]byte(strings.TrimRight(text, "=")))
	}
	f.Add([]byte("AA\n=="))
	f.Add([]byte("AB"))
	f.Fuzz(func(t *testing.T, text []byte) {
		check(t, text)
		if n := b64.DecodedLen(text); n >= 0 {
			dst := make([]byte, n)
			if b64.Decode(dst, text) == nil && b64.Encode(dst) != strings.TrimRight(string(text), "=") {
				t.Fatalf("%q encodes as %q", text, b64.Encode(dst))
			}
		}
	})
}

// TestEncodeInPlace is with all lengths around the pieces, and in the memory of
// the input.
func TestEncodeInPlace(t *testing.T) {
	for n := range 3*768 + 5 {
		raw := make([]byte, n, b64.EncodedLen(n))
		for i := range raw {
			raw[i] = byte(i*7 + i>>8)
		}
		want := b64.Encode(raw)
		text := b64.EncodeInPlace(raw)
		require.Equal(t, want, string(text))
		if n > 0 {
			require.Same(t, &raw[0], &text[0])
		}
	}
}
