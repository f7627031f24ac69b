// Package pickle opens and makes libolm's pickles, with the standard library
// alone, so that tests can look into them and alter them.
package pickle

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
)

const macSize = 8

type keys struct{ aes, mac, iv []byte }

func derive(key []byte) keys {
	okm, err := hkdf.Key(sha256.New, key, nil, "Pickle", 80)
	if err != nil {
		panic(err)
	}
	return keys{okm[:32], okm[32:64], okm[64:]}
}

func (k keys) block() cipher.Block {
	b, err := aes.NewCipher(k.aes)
	if err != nil {
		panic(err)
	}
	return b
}

func (k keys) sum(ciphertext []byte) []byte {
	m := hmac.New(sha256.New, k.mac)
	m.Write(ciphertext)
	return m.Sum(nil)[:macSize]
}

// Open returns the plaintext of a pickle.
func Open(pickle, key []byte) ([]byte, error) {
	raw, err := base64.RawStdEncoding.DecodeString(string(pickle))
	if err != nil {
		return nil, err
	}
	k := derive(key)
	n := len(raw) - macSize
	if n < aes.BlockSize || n%aes.BlockSize != 0 || !hmac.Equal(k.sum(raw[:n]), raw[n:]) {
		return nil, errors.New("pickle: wrong key or damaged")
	}
	out := make([]byte, n)
	cipher.NewCBCDecrypter(k.block(), k.iv).CryptBlocks(out, raw[:n])
	return out[:n-int(out[n-1])], nil
}

// Seal returns the pickle of a plaintext.
func Seal(plaintext, key []byte) []byte {
	k := derive(key)
	pad := aes.BlockSize - len(plaintext)%aes.BlockSize
	raw := append([]byte{}, plaintext...)
	for range pad {
		raw = append(raw, byte(pad))
	}
	cipher.NewCBCEncrypter(k.block(), k.iv).CryptBlocks(raw, raw)
	raw = append(raw, k.sum(raw)...)
	return []byte(base64.RawStdEncoding.EncodeToString(raw))
}
