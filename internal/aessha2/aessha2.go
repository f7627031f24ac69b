// Package aessha2 is the cipher that Olm messages, Megolm messages, libolm
// pickles and libolm's PkEncryption share: AES-256-CBC with PKCS#7 padding,
// and HMAC-SHA-256 truncated to 8 bytes, under keys and IV that HKDF derives
// from one secret (Matrix specification, "Olm: The Olm message format" and
// "Megolm: Cryptography"; libolm, cipher.cpp).
//
// AES is crypto/aes. It is constant-time where the processor has AES
// instructions, and table-based, hence not constant-time, where it has not.
package aessha2

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/subtle"

	"github.com/chappe-e2ee/chappe/internal/kdf"
	"github.com/chappe-e2ee/chappe/internal/secret"
)

// MACSize is the length of the truncated MAC in bytes. It is a constant of the
// format: no length is ever taken from the input.
const MACSize = 8

const (
	blockSize = aes.BlockSize
	keySize   = 32
)

// Cipher holds the three values that HKDF derives: 32 bytes of AES key, 32 of
// MAC key, 16 of IV. It encrypts one message, or decrypts one; Wipe ends it.
type Cipher struct {
	okm [keySize + keySize + blockSize]byte
	sum [kdf.Size]byte
}

// Derive sets c to the keys that follow from secret under the label info.
func (c *Cipher) Derive(secret []byte, info string) { kdf.HKDF(c.okm[:], secret, nil, info) }

// Wipe overwrites the keys.
func (c *Cipher) Wipe() {
	secret.Wipe(c.okm[:])
	secret.Wipe(c.sum[:])
}

func (c *Cipher) aesKey() []byte { return c.okm[:keySize] }
func (c *Cipher) macKey() []byte { return c.okm[keySize : 2*keySize] }

// iv returns a copy: crypto/cipher takes the IV through an interface, so that it
// moves to the heap, and in place it would take the keys along.
func (c *Cipher) iv() [blockSize]byte { return [blockSize]byte(c.okm[2*keySize:]) }

// block cannot fail: the key has a length that AES takes.
func (c *Cipher) block() cipher.Block {
	b, err := aes.NewCipher(c.aesKey())
	if err != nil {
		panic("aessha2: internal error: " + err.Error())
	}
	return b
}

// CiphertextLen returns the length of the encryption of n bytes: PKCS#7 always
// adds 1 to 16.
func CiphertextLen(n int) int { return n/blockSize*blockSize + blockSize }

// AppendEncrypt appends the encryption of plaintext to dst. plaintext may stand
// where its encryption will.
func (c *Cipher) AppendEncrypt(dst, plaintext []byte) []byte {
	start := len(dst)
	dst = append(dst, plaintext...)
	pad := byte(CiphertextLen(len(plaintext)) - len(plaintext))
	for range pad {
		dst = append(dst, pad)
	}
	iv := c.iv()
	cipher.NewCBCEncrypter(c.block(), iv[:]).CryptBlocks(dst[start:], dst[start:])
	secret.Wipe(iv[:])
	return dst
}

// MAC returns the truncated MAC of message.
func (c *Cipher) MAC(message []byte) (mac [MACSize]byte) {
	kdf.HMAC(&c.sum, c.macKey(), message)
	copy(mac[:], c.sum[:])
	return mac
}

// Verify reports whether mac is exactly the truncated MAC of message.
func (c *Cipher) Verify(message, mac []byte) bool {
	kdf.HMAC(&c.sum, c.macKey(), message)
	return hmac.Equal(c.sum[:MACSize], mac)
}

// Decrypt decrypts ciphertext into a new slice. It reports false when the
// length is not a positive multiple of 16 or the padding is not PKCS#7's. The
// caller has verified the MAC before, and answers both failures alike.
//
// libolm checks the last byte only; no writer makes other padding.
func (c *Cipher) Decrypt(ciphertext []byte) ([]byte, bool) {
	return c.decrypt(make([]byte, len(ciphertext)), ciphertext)
}

// DecryptInPlace is Decrypt into the ciphertext's own memory.
func (c *Cipher) DecryptInPlace(ciphertext []byte) ([]byte, bool) {
	return c.decrypt(ciphertext, ciphertext)
}

func (c *Cipher) decrypt(p, ciphertext []byte) ([]byte, bool) {
	if len(ciphertext) == 0 || len(ciphertext)%blockSize != 0 {
		return nil, false
	}
	iv := c.iv()
	cipher.NewCBCDecrypter(c.block(), iv[:]).CryptBlocks(p, ciphertext)
	secret.Wipe(iv[:])
	pad := p[len(p)-1]
	good := subtle.ConstantTimeLessOrEq(1, int(pad)) & subtle.ConstantTimeLessOrEq(int(pad), blockSize)
	for i := range blockSize {
		outside := subtle.ConstantTimeLessOrEq(int(pad), i)
		good &= outside | subtle.ConstantTimeByteEq(p[len(p)-1-i], pad)
	}
	if good != 1 {
		secret.Wipe(p)
		return nil, false
	}
	n := len(p) - int(pad)
	return p[:n:n], true
}
