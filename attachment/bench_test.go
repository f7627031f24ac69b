package attachment_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/attachment"
)

var benchSizes = []int{4 << 10, 1 << 20, 64 << 20}

// floor hashes passes times and encrypts once, in pieces as large as io.Copy's.
func floor(b *testing.B, size, passes int) {
	block, err := aes.NewCipher(pattern(32))
	require.NoError(b, err)
	piece := make([]byte, 32<<10)
	b.SetBytes(int64(size))
	for b.Loop() {
		stream, hash := cipher.NewCTR(block, make([]byte, 16)), sha256.New()
		for pass := range passes {
			for left := size; left > 0; left -= len(piece) {
				p := piece[:min(left, len(piece))]
				hash.Write(p)
				if pass == 0 {
					stream.XORKeyStream(p, p)
				}
			}
			hash.Sum(nil)
		}
	}
}

func drain(b *testing.B, r io.Reader, buffer []byte) {
	for {
		if _, err := r.Read(buffer); err == io.EOF {
			return
		} else if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncrypt(b *testing.B) {
	for _, size := range benchSizes {
		b.Run(fmt.Sprintf("%dKiB/floor", size>>10), func(b *testing.B) { floor(b, size, 1) })
		b.Run(fmt.Sprintf("%dKiB/ours", size>>10), func(b *testing.B) {
			text, buffer := pattern(size), make([]byte, 32<<10)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				e := attachment.NewEncryptReader(bytes.NewReader(text), attachment.MaxSize)
				drain(b, e, buffer)
				if _, err := e.Finish(testURL); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecrypt(b *testing.B) {
	for _, size := range benchSizes {
		b.Run(fmt.Sprintf("%dKiB/floor", size>>10), func(b *testing.B) { floor(b, size, 2) })
		b.Run(fmt.Sprintf("%dKiB/ours", size>>10), func(b *testing.B) {
			text, f := encrypt(b, pattern(size))
			buffer := make([]byte, 32<<10)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				d, err := attachment.NewDecryptReader(bytes.NewReader(text), f, attachment.MaxSize)
				if err != nil {
					b.Fatal(err)
				}
				drain(b, d, buffer)
			}
		})
	}
}

func BenchmarkDecryptUnverified(b *testing.B) {
	for _, size := range benchSizes {
		b.Run(fmt.Sprintf("%dKiB/floor", size>>10), func(b *testing.B) { floor(b, size, 1) })
		b.Run(fmt.Sprintf("%dKiB/ours", size>>10), func(b *testing.B) {
			text, f := encrypt(b, pattern(size))
			buffer := make([]byte, 32<<10)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				u, err := attachment.NewUnverifiedReader(bytes.NewReader(text), f, attachment.MaxSize)
				if err != nil {
					b.Fatal(err)
				}
				drain(b, u, buffer)
			}
		})
	}
}

func BenchmarkParseFile(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := attachment.ParseFile([]byte(specFile)); err != nil {
			b.Fatal(err)
		}
	}
}
