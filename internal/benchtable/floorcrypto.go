package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"strings"

	"github.com/chappe-e2ee/chappe/internal/ct64"
)

var errFloor = errors.New("floor: refused")

// pads are the blocks that HMAC mixes with the key.
var innerPad, outerPad = pad(0x36), pad(0x5c)

func pad(x byte) (b [64]byte) {
	for i := range b {
		b[i] = x
	}
	return b
}

// hmacStep sets out to HMAC-SHA-256(key, b): one step of a ratchet.
func hmacStep(out, key *[32]byte, b byte) {
	var inner [65]byte
	var outer [96]byte
	copy(inner[32:], innerPad[32:])
	copy(outer[32:], outerPad[32:])
	subtle.XORBytes(inner[:32], key[:], innerPad[:])
	subtle.XORBytes(outer[:32], key[:], outerPad[:])
	inner[64] = b
	digest := sha256.Sum256(inner[:])
	copy(outer[64:], digest[:])
	*out = sha256.Sum256(outer[:])
}

// hmacShort is HMAC-SHA-256 of a key of 32 and a message of up to 128 bytes.
func hmacShort(key *[32]byte, message []byte) [32]byte {
	var inner [64 + 128]byte
	var outer [96]byte
	copy(inner[32:], innerPad[32:])
	copy(outer[32:], outerPad[32:])
	subtle.XORBytes(inner[:32], key[:], innerPad[:])
	subtle.XORBytes(outer[:32], key[:], outerPad[:])
	n := copy(inner[64:], message)
	digest := sha256.Sum256(inner[:64+n])
	copy(outer[64:], digest[:])
	return sha256.Sum256(outer[:])
}

// hmacLong is HMAC-SHA-256 of a message of any length.
func hmacLong(key *[32]byte, message []byte) [32]byte {
	var block [96]byte
	copy(block[:], innerPad[:])
	subtle.XORBytes(block[:32], block[:32], key[:])
	h := sha256.New()
	h.Write(block[:64])
	h.Write(message)
	copy(block[:], outerPad[:])
	subtle.XORBytes(block[:32], block[:32], key[:])
	h.Sum(block[:64])
	return sha256.Sum256(block[:])
}

// hkdf fills out with HKDF-SHA-256(salt, ikm, info).
func hkdf(out, ikm []byte, salt *[32]byte, info string) {
	prk := hmacShort(salt, ikm)
	var block [32 + 32 + 1]byte
	have := 0
	for i := byte(1); len(out) > 0; i++ {
		n := have + copy(block[have:], info)
		block[n] = i
		t := hmacShort(&prk, block[:n+1])
		out = out[copy(out, t[:]):]
		have = copy(block[:], t[:])
	}
}

// cipherKeys are what HKDF derives for AES-256-CBC with HMAC-SHA-256.
type cipherKeys struct {
	aes, mac [32]byte
	iv       [16]byte
}

func deriveCipher(secret []byte, info string) (k cipherKeys) {
	var okm [80]byte
	hkdf(okm[:], secret, new([32]byte), info)
	copy(k.aes[:], okm[:])
	copy(k.mac[:], okm[32:])
	copy(k.iv[:], okm[64:])
	return k
}

func paddedLen(n int) int { return n/16*16 + 16 }

// appendCBC appends the padded encryption of plaintext. dst has room for it.
func (k *cipherKeys) appendCBC(dst, plaintext []byte) []byte {
	start := len(dst)
	iv := append(dst, k.iv[:]...)[start:] // copied by the next call, then overwritten
	mode := cipher.NewCBCEncrypter(must(aes.NewCipher(k.aes[:])), iv)
	dst = append(dst, plaintext...)
	for n := byte(paddedLen(len(plaintext)) - len(plaintext)); len(dst) < start+paddedLen(len(plaintext)); {
		dst = append(dst, n)
	}
	mode.CryptBlocks(dst[start:], dst[start:])
	return dst
}

// appendMAC appends the truncated MAC of message.
func (k *cipherKeys) appendMAC(dst, message []byte) []byte {
	sum := hmacLong(&k.mac, message)
	return append(dst, sum[:8]...)
}

// open checks the MAC of message, decrypts ciphertext and checks the padding in
// constant time.
func (k *cipherKeys) open(message, mac, ciphertext []byte) ([]byte, error) {
	sum := hmacLong(&k.mac, message)
	if !hmac.Equal(sum[:8], mac) || len(ciphertext) == 0 || len(ciphertext)%16 != 0 {
		return nil, errFloor
	}
	p := make([]byte, len(ciphertext))
	iv := p[:copy(p, k.iv[:])] // copied by the next call, then overwritten
	cipher.NewCBCDecrypter(must(aes.NewCipher(k.aes[:])), iv).CryptBlocks(p, ciphertext)
	last := int(p[len(p)-1])
	good := subtle.ConstantTimeLessOrEq(1, last) & subtle.ConstantTimeLessOrEq(last, 16)
	for i := range 16 {
		good &= subtle.ConstantTimeLessOrEq(last, i) | subtle.ConstantTimeByteEq(p[len(p)-1-i], byte(last))
	}
	if good != 1 {
		return nil, errFloor
	}
	return p[:len(p)-last], nil
}

var strict = base64.RawStdEncoding.Strict()

// decodePublic decodes base64 of what is public, strictly, without line ends.
// The conversion of text does not copy: nothing writes to it or keeps it.
func decodePublic(text string) ([]byte, error) {
	if strings.IndexByte(text, '\n') >= 0 || strings.IndexByte(text, '\r') >= 0 {
		return nil, errFloor
	}
	raw := make([]byte, strict.DecodedLen(len(text)))
	_, err := strict.Decode(raw, []byte(text))
	return raw, err
}

// encodePublic encodes what is public.
func encodePublic(raw []byte) []byte {
	return strict.AppendEncode(make([]byte, 0, strict.EncodedLen(len(raw))), raw)
}

// decodeSecret decodes base64 of secrets, in constant time.
func decodeSecret(dst, text []byte) error { return ct64.Decode(dst, text) }

func encodeSecret(raw []byte) []byte {
	return ct64.AppendEncode(make([]byte, 0, ct64.EncodedLen(len(raw))), raw)
}

// agreement sets out to the shared secret; crypto/ecdh refuses zero.
func agreement(out []byte, private *ecdh.PrivateKey, public []byte) error {
	peer, err := ecdh.X25519().NewPublicKey(public)
	if err != nil {
		return err
	}
	shared, err := private.ECDH(peer)
	copy(out, shared)
	return err
}
