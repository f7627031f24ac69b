package main

import (
	"crypto/aes"
	"crypto/cipher"
	"math/big"
	"strings"

	"github.com/chappe-e2ee/chappe/internal/kdf"
)

// What follows does the jobs of the library as one would write them without a
// thought to time. The tests hold that it does the same jobs.

// branchyEncode appends the unpadded base64 form of src, of whole groups of three
// bytes, to dst.
func branchyEncode(dst, src []byte) []byte {
	for ; len(src) >= 3; src = src[3:] {
		v := uint(src[0])<<16 | uint(src[1])<<8 | uint(src[2])
		for shift := 18; shift >= 0; shift -= 6 {
			c := byte(v >> shift & 63)
			switch {
			case c < 26:
				c += 'A'
			case c < 52:
				c += 'a' - 26
			case c < 62:
				c = c - 52 + '0'
			case c == 62:
				c = '+'
			default:
				c = '/'
			}
			dst = append(dst, c)
		}
	}
	return dst
}

// branchyDecode decodes text of whole groups of four symbols into dst.
func branchyDecode(dst, text []byte) bool {
	for ; len(text) >= 4; text, dst = text[4:], dst[3:] {
		var v uint
		for _, c := range text[:4] {
			switch {
			case 'A' <= c && c <= 'Z':
				c -= 'A'
			case 'a' <= c && c <= 'z':
				c -= 'a' - 26
			case '0' <= c && c <= '9':
				c = c - '0' + 52
			case c == '+':
				c = 62
			case c == '/':
				c = 63
			default:
				return false
			}
			v = v<<6 | uint(c)
		}
		dst[0], dst[1], dst[2] = byte(v>>16), byte(v>>8), byte(v)
	}
	return true
}

// earlyEqual stops at the first difference.
func earlyEqual(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// earlyVerify computes the MAC as the library does, and stops at the first byte
// that differs.
func earlyVerify(macKey, message, mac []byte) bool {
	var sum [kdf.Size]byte
	kdf.HMAC(&sum, macKey, message)
	return earlyEqual(sum[:8], mac)
}

// earlyDecrypt decrypts as the library does, and stops at the first byte of the
// padding that is wrong.
func earlyDecrypt(aesKey, iv, ciphertext []byte) ([]byte, bool) {
	block, err := aes.NewCipher(aesKey)
	if err != nil {
		return nil, false
	}
	p := make([]byte, len(ciphertext))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(p, ciphertext)
	pad := int(p[len(p)-1])
	if pad < 1 || pad > aes.BlockSize {
		return nil, false
	}
	for i := range pad {
		if p[len(p)-1-i] != byte(pad) {
			return nil, false
		}
	}
	return p[:len(p)-pad], true
}

const base58Alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// searchedKey decodes a recovery key: each character is searched for in the
// alphabet, and the number grows as it is read.
func searchedKey(text []byte) ([]byte, bool) {
	n, base := new(big.Int), big.NewInt(int64(len(base58Alphabet)))
	for _, c := range text {
		if c == ' ' {
			continue
		}
		v := strings.IndexByte(base58Alphabet, c)
		if v < 0 {
			return nil, false
		}
		n.Add(n.Mul(n, base), big.NewInt(int64(v)))
	}
	b := n.Bytes()
	if len(b) != 35 || b[0] != 0x8B || b[1] != 0x01 {
		return nil, false
	}
	var parity byte
	for _, v := range b {
		parity ^= v
	}
	return b[2:34], parity == 0
}
