package ratchetmodel

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"math/big"
	"slices"
)

// MACSize is the length of a message's MAC in bytes.
const MACSize = 8

// Random returns the next n bytes of randomness.
type Random func(n int) []byte

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func mac(key []byte, message ...byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(message)
	return h.Sum(nil)
}

// derive is HKDF-SHA-256.
func derive(salt, secret []byte, info string, n int) []byte {
	out, err := hkdf.Key(sha256.New, secret, salt, info, n)
	if err != nil {
		panic(err) // n is a constant of the model
	}
	return out
}

// Public returns the Curve25519 public key of a private key.
func Public(private []byte) []byte {
	k, err := ecdh.X25519().NewPrivateKey(private)
	if err != nil {
		panic(err) // private keys have 32 bytes
	}
	return k.PublicKey().Bytes()
}

// agree is ECDH. It returns nil when the result is all zero.
func agree(private, public []byte) []byte {
	k, _ := ecdh.X25519().NewPrivateKey(private)
	p, err := ecdh.X25519().NewPublicKey(public)
	if err != nil {
		return nil
	}
	secret, err := k.ECDH(p)
	if err != nil {
		return nil
	}
	return secret
}

var prime = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))

// number reads 32 bytes, the least significant first.
func number(b []byte) *big.Int {
	turned := bytes.Clone(b)
	slices.Reverse(turned)
	return new(big.Int).SetBytes(turned)
}

// lowOrder are the canonical Curve25519 keys of low order
// (https://cr.yp.to/ecdh.html): 0, 1, two of order 8, and -1.
var lowOrder = func() map[string]bool {
	out := map[string]bool{new(big.Int).Sub(prime, big.NewInt(1)).String(): true}
	for _, u := range []string{
		"0", "1",
		"325606250916557431795983626356110631294008115727848805560023387167927233504",
		"39382357235489614581723060781553021112529911719440698176882885853963445705823",
	} {
		out[u] = true
	}
	return out
}()

// goodCurve says whether b is a Curve25519 key that the rooms take: canonical,
// and not of low order.
func goodCurve(b []byte) bool {
	if len(b) != 32 {
		return false
	}
	u := number(b)
	return u.Cmp(prime) < 0 && !lowOrder[u.String()]
}

// A point of Ed25519 has -x² + y² = 1 + dx²y², d = -121665/121666 (RFC 8032):
// x² is (y² - 1) / (dy² + 1).
var edwardsD = mod(new(big.Int).Mul(big.NewInt(-121665), new(big.Int).ModInverse(big.NewInt(121666), prime)))

func mod(x *big.Int) *big.Int { return x.Mod(x, prime) }

// xSquared returns numerator and denominator of x².
func xSquared(y2 *big.Int) (up, down *big.Int) {
	one := big.NewInt(1)
	up = mod(new(big.Int).Sub(y2, one))
	return up, mod(new(big.Int).Add(new(big.Int).Mul(edwardsD, y2), one))
}

// ySquared reads y of an encoded point, and returns nil when it is not below the
// prime.
func ySquared(b []byte) *big.Int {
	clear := bytes.Clone(b)
	clear[31] &= 0x7f
	y := number(clear)
	if y.Cmp(prime) >= 0 {
		return nil
	}
	return mod(y.Mul(y, y))
}

// smallOrder says whether the order of a point divides 8: it is (0, ±1),
// (±√-1, 0), or one of the four points with x² = -y².
func smallOrder(y2 *big.Int) bool {
	up, down := xSquared(y2)
	return up.Sign() == 0 || y2.Sign() == 0 || mod(down.Add(down.Mul(down, y2), up)).Sign() == 0
}

// goodEd25519 says whether b is an Ed25519 key that the rooms take: the
// canonical encoding of a point of the curve, not of small order.
func goodEd25519(b []byte) bool {
	if len(b) != 32 {
		return false
	}
	y2 := ySquared(b)
	if y2 == nil || smallOrder(y2) {
		return false
	}
	up, down := xSquared(y2)
	// up/down is a square if, and only if, up·down is.
	return big.Jacobi(mod(up.Mul(up, down)), prime) == 1
}

// A cipherKeys is what one message is encrypted with.
type cipherKeys struct{ aes, mac, iv []byte }

func newCipherKeys(secret []byte, info string) cipherKeys {
	out := derive(nil, secret, info, 80)
	return cipherKeys{out[:32], out[32:64], out[64:]}
}

// encrypt is AES-256-CBC with the padding of PKCS#7.
func (k cipherKeys) encrypt(plaintext []byte) []byte {
	n := 16 - len(plaintext)%16
	return k.encryptBlocks(join(plaintext, bytes.Repeat([]byte{byte(n)}, n)))
}

func (k cipherKeys) encryptBlocks(padded []byte) []byte {
	block, _ := aes.NewCipher(k.aes)
	out := make([]byte, len(padded))
	cipher.NewCBCEncrypter(block, k.iv).CryptBlocks(out, padded)
	return out
}

func (k cipherKeys) decrypt(ciphertext []byte) ([]byte, bool) {
	if len(ciphertext) == 0 || len(ciphertext)%16 != 0 {
		return nil, false
	}
	block, _ := aes.NewCipher(k.aes)
	out := make([]byte, len(ciphertext))
	cipher.NewCBCDecrypter(block, k.iv).CryptBlocks(out, ciphertext)
	n := int(out[len(out)-1])
	if n < 1 || n > 16 || !bytes.HasSuffix(out, bytes.Repeat([]byte{byte(n)}, n)) {
		return nil, false
	}
	return out[:len(out)-n], true
}

// tag is the MAC of a message.
func (k cipherKeys) tag(message []byte) []byte { return mac(k.mac, message...)[:MACSize] }

// expanded is the form in which libolm keeps an Ed25519 private key.
func expanded(seed []byte) []byte {
	h := sha512.Sum512(seed)
	h[0] &= 248
	h[31] = h[31]&63 | 64
	return h[:]
}

func signingKey(seed []byte) (public []byte, sign func([]byte) []byte) {
	k := ed25519.NewKeyFromSeed(seed)
	return k.Public().(ed25519.PublicKey), func(m []byte) []byte { return ed25519.Sign(k, m) }
}

// verify is Ed25519 as the rooms take it, under a public key that they take: R
// must be neither of small order nor written in a second form. (The standard
// library compares R with the one form that it computes.)
func verify(public, message, signature []byte) bool {
	y2 := ySquared(signature[:32])
	return y2 != nil && !smallOrder(y2) && ed25519.Verify(public, message, signature)
}

// signSmallOrder makes a signature whose R is the neutral element: it fits the
// lax verification of RFC 8032, and only whoever has the private key can make
// it.
func signSmallOrder(seed, message []byte) []byte {
	public, _ := signingKey(seed)
	r := append([]byte{1}, make([]byte, 31)...)
	hash := sha512.Sum512(join(r, public, message))
	order := new(big.Int).Lsh(big.NewInt(1), 252)
	rest, _ := new(big.Int).SetString("27742317777372353535851937790883648493", 10)
	s := new(big.Int).Mul(number(hash[:]), number(expanded(seed)[:32]))
	s.Mod(s, order.Add(order, rest))
	turned := s.FillBytes(make([]byte, 32))
	slices.Reverse(turned)
	return join(r, turned)
}
