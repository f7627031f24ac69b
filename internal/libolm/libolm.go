// Package libolm encrypts and decrypts libolm's pickles (libolm 3.2.13,
// pickle_encoding.c). What they hold is read and written with package layout.
package libolm

import (
	"errors"
	"fmt"

	"github.com/chappe-e2ee/chappe/internal/aessha2"
	"github.com/chappe-e2ee/chappe/internal/b64"
	"github.com/chappe-e2ee/chappe/internal/errs"
	"github.com/chappe-e2ee/chappe/internal/layout"
)

// ErrKey says that a pickle's MAC or padding does not fit the key: the key is
// another one, or the pickle is damaged.
var ErrKey = errors.New("wrong pickle key, or damaged")

const info = "Pickle"

// Decrypt returns the plaintext of a pickle, which the caller wipes. what
// names the pickle in errors. The key has any length, also none.
func Decrypt(what string, pickle, key []byte) ([]byte, error) {
	n := b64.DecodedLen(pickle)
	if n < 0 {
		return nil, &errs.MalformedError{What: what, Why: b64.ErrBase64.Error()}
	}
	raw := make([]byte, n)
	if err := b64.Decode(raw, pickle); err != nil {
		return nil, &errs.MalformedError{What: what, Why: err.Error()}
	}
	if n < aessha2.MACSize {
		return nil, fmt.Errorf("%s: %w", what, ErrKey)
	}
	var c aessha2.Cipher
	defer c.Wipe()
	c.Derive(key, info)
	ciphertext, mac := raw[:n-aessha2.MACSize], raw[n-aessha2.MACSize:]
	if !c.Verify(ciphertext, mac) {
		return nil, fmt.Errorf("%s: %w", what, ErrKey)
	}
	plaintext, ok := c.DecryptInPlace(ciphertext)
	if !ok {
		return nil, fmt.Errorf("%s: %w", what, ErrKey)
	}
	return plaintext, nil
}

// Encrypt returns the pickle of plaintext, byte for byte libolm's. Key and IV
// follow from the pickle key alone, so two pickles under one key show where
// they begin alike: the format is for moving to and from libolm, not for
// storage.
func Encrypt(plaintext, key []byte) []byte {
	w := NewWriter(len(plaintext))
	w.Bytes(plaintext)
	return EncryptWritten(w, key)
}

// NewWriter returns a writer of a plaintext of size bytes, for
// [EncryptWritten].
func NewWriter(size int) *layout.Writer {
	return layout.NewWriter(make([]byte, 0, b64.EncodedLen(aessha2.CiphertextLen(size)+aessha2.MACSize)))
}

// EncryptWritten is [Encrypt] of what was written to w, which [NewWriter] made.
// It works in place, so that no plaintext is left.
func EncryptWritten(w *layout.Writer, key []byte) []byte {
	var c aessha2.Cipher
	defer c.Wipe()
	c.Derive(key, info)
	raw := c.AppendEncrypt(w.Result()[:0], w.Result())
	mac := c.MAC(raw)
	return b64.EncodeInPlace(append(raw, mac[:]...))
}
