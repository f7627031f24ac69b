package main

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"

	"github.com/chappe-e2ee/chappe/internal/aessha2"
	"github.com/chappe-e2ee/chappe/internal/dudect"
)

const (
	label       = "MEGOLM_KEYS"
	messageSize = 32 // what is under the MAC, in bytes
	paddedSize  = 48 // what is decrypted, in bytes
)

// keySet is the cipher of the messages, and its keys for the controls.
type keySet struct {
	cipher          *aessha2.Cipher
	block           cipher.Block
	aesKey, mac, iv []byte
}

func newKeys() (*keySet, error) {
	ratchet := random(128)
	okm, err := hkdf.Key(sha256.New, ratchet, nil, label, 80)
	if err != nil {
		return nil, err
	}
	k := &keySet{cipher: new(aessha2.Cipher), aesKey: okm[:32], mac: okm[32:64], iv: okm[64:]}
	k.cipher.Derive(ratchet, label)
	k.block, err = aes.NewCipher(k.aesKey)
	return k, err
}

// macSubjects compares MACs that are wrong from their first byte with such as
// are wrong in their last one only: who sees the difference finds a MAC byte by
// byte.
func (k *keySet) macSubjects() []subject {
	const classes = "first byte wrong, last byte wrong"
	message := random(messageSize)
	mac := k.cipher.MAC(message)
	input := func(c dudect.Class) []byte { return wrongMAC(c, mac[:]) }
	return []subject{
		{"MAC comparison: internal/aessha2", classes, false, dudect.Operation{
			Input: input, Run: func(b []byte) { accepted = k.cipher.Verify(message, b) },
		}},
		{"MAC comparison: control, stops at the first difference", classes, true, dudect.Operation{
			Input: input, Run: func(b []byte) { accepted = earlyVerify(k.mac, message, b) },
		}},
	}
}

// wrongMAC returns mac with its first byte changed, or its last.
func wrongMAC(c dudect.Class, mac []byte) []byte {
	b := bytes.Clone(mac)
	if c == 0 {
		b[0] ^= 1
	} else {
		b[len(b)-1] ^= 1
	}
	return b
}

// paddingSubjects decrypts what passed the MAC.
func (k *keySet) paddingSubjects() []subject {
	const right, wrong = "1 byte, 16 bytes", "last byte wrong, first byte wrong"
	library := func(b []byte) { _, accepted = k.cipher.Decrypt(b) }
	control := func(b []byte) { _, accepted = earlyDecrypt(k.aesKey, k.iv, b) }
	return []subject{
		{"padding, right: internal/aessha2", right, false, dudect.Operation{Input: k.rightPadding, Run: library}},
		{"padding, right: control, a loop as long as the padding", right, true, dudect.Operation{Input: k.rightPadding, Run: control}},
		{"padding, wrong: internal/aessha2", wrong, false, dudect.Operation{Input: k.wrongPadding, Run: library}},
		{"padding, wrong: control, stops at the first wrong byte", wrong, true, dudect.Operation{Input: k.wrongPadding, Run: control}},
	}
}

// padded returns random bytes that end in n of PKCS#7's.
func padded(n int) []byte {
	b := random(paddedSize)
	for i := range n {
		b[len(b)-1-i] = byte(n)
	}
	return b
}

func (k *keySet) encrypt(b []byte) []byte {
	cipher.NewCBCEncrypter(k.block, k.iv).CryptBlocks(b, b)
	return b
}

func (k *keySet) rightPadding(c dudect.Class) []byte {
	if c == 0 {
		return k.encrypt(padded(1))
	}
	return k.encrypt(padded(aes.BlockSize))
}

// wrongPadding returns 16 bytes of padding, of which the last or the first is
// changed.
func (k *keySet) wrongPadding(c dudect.Class) []byte {
	b := padded(aes.BlockSize)
	if c == 0 {
		b[len(b)-1] ^= 0x80
	} else {
		b[len(b)-aes.BlockSize] ^= 0x80
	}
	return k.encrypt(b)
}
