package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ed25519"
	crand "crypto/rand"
	"crypto/sha512"

	"github.com/chappe-e2ee/chappe/internal/curve"
)

// part says how many of a primitive an operation is made of.
type part struct {
	primitive string
	size      int // in bytes, of a primitive whose cost depends on it
	count     int
}

// Primitives of one cost.
const (
	agree        = "X25519 agreement"
	parsePrivate = "X25519 private key"
	tablePublic  = "Curve25519 public key"
	checkPublic  = "Curve25519 key check"
	seedKey      = "Ed25519 key of a seed"
	expandedKey  = "Ed25519 expanded key"
	strictKey    = "Ed25519 key check"
	sign         = "Ed25519 sign"
	verify       = "Ed25519 verify"
	step         = "HMAC step"
	hkdf80of32   = "HKDF 80 of 32"
	hkdf80of128  = "HKDF 80 of 128"
	hkdf64of32   = "HKDF 64 of 32"
	hkdf64of96   = "HKDF 64 of 96"
	hkdf32of32   = "HKDF 32 of 32"
	aesCBC       = "AES-CBC set-up"
	aesGCM       = "AES-GCM set-up"
	random32     = "random 32"
	random44     = "random 44"
	random128    = "random 128"
)

// Primitives whose cost depends on a size.
const (
	cbcEncrypt = "CBC encrypt"
	cbcDecrypt = "CBC decrypt"
	gcmSeal    = "GCM seal"
	gcmOpen    = "GCM open"
	hmacSum    = "HMAC-SHA-256"
	sha512Sum  = "SHA-512"
	encode64   = "base64 encode"
	decode64   = "base64 decode"
	encodeCT   = "ct64 encode"
	decodeCT   = "ct64 decode"
)

// sizes are those at which such a primitive is timed. Costs between them are
// interpolated.
var sizes = []int{0, 256, 1024, 4096, 65536}

// primitive is one that is timed, with the number of bytes that it takes.
type primitive struct {
	name string
	size int
	run  func()
}

func fixedPrimitives() []primitive {
	var key, public, out32 [32]byte
	copy(key[:], random(32))
	private := must(ecdh.X25519().NewPrivateKey(key[:]))
	peer := private.PublicKey()
	public = [32]byte(peer.Bytes())
	signing := curve.SigningKeyFromSeed(&key)
	signer := signing.PublicKey()
	var signature [64]byte
	signing.Sign(&signature, nil)
	out := make([]byte, 128)
	long := random(128)
	fill := func(n int) func() { return func() { crand.Read(out[:n]) } }
	derive := func(n, from int) func() {
		return func() { hkdf(out[:n], long[:from], &key, "MEGOLM_KEYS") }
	}
	return []primitive{
		{agree, 0, func() { must(private.ECDH(peer)) }},
		{parsePrivate, 0, func() { must(ecdh.X25519().NewPrivateKey(key[:])) }},
		{tablePublic, 0, func() { out32 = curve.PublicFromPrivate(&key) }},
		{checkPublic, 0, func() { check(curve.CheckX25519(public[:])) }},
		{seedKey, 0, func() { curve.SigningKeyFromSeed(&key) }},
		{expandedKey, 0, func() { must(curve.SigningKeyFromExpanded(signing.Expanded(), &signer)) }},
		{strictKey, 0, func() { check(curve.CheckEd25519(signer[:])) }},
		{sign, 0, func() { signing.Sign(&signature, nil) }},
		{verify, 0, func() { ed25519.Verify(signer[:], nil, signature[:]) }},
		{step, 0, func() { hmacStep(&out32, &out32, 1) }},
		{hkdf80of32, 0, derive(80, 32)},
		{hkdf80of128, 0, derive(80, 128)},
		{hkdf64of32, 0, derive(64, 32)},
		{hkdf64of96, 0, derive(64, 96)},
		{hkdf32of32, 0, derive(32, 32)},
		{aesCBC, 0, func() { cipher.NewCBCEncrypter(must(aes.NewCipher(key[:])), long[:16]) }},
		{aesGCM, 0, func() { must(cipher.NewGCM(must(aes.NewCipher(key[:])))) }},
		{random32, 0, fill(32)},
		{random44, 0, fill(44)},
		{random128, 0, fill(128)},
	}
}

// sizedPrimitives returns those that take n bytes.
func sizedPrimitives(n int) []primitive {
	key := [32]byte(random(32))
	data, out := random(n), make([]byte, 0, 2*n+16)
	block := must(aes.NewCipher(key[:]))
	encrypter, decrypter := cipher.NewCBCEncrypter(block, key[:16]), cipher.NewCBCDecrypter(block, key[:16])
	gcm := must(cipher.NewGCM(block))
	nonce := key[:12]
	boxed := gcm.Seal(nil, nonce, data, nil)
	text := encodePublic(data)
	publicText := string(text)
	back := make([]byte, n)
	return []primitive{
		{cbcEncrypt, n, func() { encrypter.CryptBlocks(back, data) }},
		{cbcDecrypt, n, func() { decrypter.CryptBlocks(back, data) }},
		{gcmSeal, n, func() { gcm.Seal(out, nonce, data, nil) }},
		{gcmOpen, n, func() { must(gcm.Open(out, nonce, boxed, nil)) }},
		{hmacSum, n, func() { hmacLong(&key, data) }},
		{sha512Sum, n, func() { sha512.Sum512(data) }},
		{encode64, n, func() { encodePublic(data) }},
		{decode64, n, func() { must(decodePublic(publicText)) }},
		{encodeCT, n, func() { encodeSecret(data) }},
		{decodeCT, n, func() { check(decodeSecret(back, text)) }},
	}
}

// costs are the times of primitives, in seconds.
type costs map[string]map[int]float64

// of returns the cost of a part. SHA-512 of no bytes is in sign and verify.
func (c costs) of(p part) float64 {
	at := c[p.primitive]
	if len(at) == 1 {
		return at[0] * float64(p.count)
	}
	i := 1
	for i < len(sizes)-1 && p.size > sizes[i] {
		i++
	}
	low, high := sizes[i-1], sizes[i]
	cost := at[low] + (at[high]-at[low])*float64(p.size-low)/float64(high-low)
	if p.primitive == sha512Sum {
		cost -= at[0]
	}
	return cost * float64(p.count)
}

// sum is the cost of all parts.
func (c costs) sum(parts []part) (total float64) {
	for _, p := range parts {
		total += c.of(p)
	}
	return total
}
