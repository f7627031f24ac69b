// Package kdf is HMAC-SHA-256 (RFC 2104) and HKDF-SHA-256 (RFC 5869) for the
// short inputs of the ratchets, composed from crypto/sha256 on the stack.
//
// The ratchets call HMAC under a fresh key each time. crypto/hmac spends two
// thirds of such a call on building its state, in five allocations; hashing
// two padded blocks with sha256.Sum256 gives the same bytes (the tests compare
// them) in half the time and without any. Nothing here may call crypto/hmac:
// through its interfaces, keys and outputs of all callers would move to the
// heap.
package kdf

import (
	"crypto/sha256"
	"crypto/subtle"

	"github.com/chappe-e2ee/chappe/internal/secret"
)

// Size is the length of a MAC and of a key, in bytes.
const Size = sha256.Size

const (
	blockSize = sha256.BlockSize
	maxShort  = 160 // longest message that is hashed on the stack: 128 bytes of Megolm ratchet fit
)

// What HMAC combines with the key: 64 bytes 0x36, which is "6", and 0x5c, which
// is the backslash.
const (
	innerPad = "6666666666666666666666666666666666666666666666666666666666666666"
	outerPad = `\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\`
)

// padded sets block to pad combined with a key of at most 64 bytes.
func padded(block []byte, pad string, key []byte) {
	copy(block, pad)
	subtle.XORBytes(block, block, key)
}

// mac is the memory of HMACs of short messages, on the caller's stack. Under one
// key, several need one padding and one wipe.
type mac struct {
	inner [blockSize + maxShort]byte // padded key, then the message
	outer [blockSize + Size]byte     // padded key, then the digest of inner
}

func (m *mac) setKey(key []byte) {
	padded(m.inner[:blockSize], innerPad, key)
	padded(m.outer[:blockSize], outerPad, key)
}

func (m *mac) message() []byte { return m.inner[blockSize:] }

// sum sets out to the MAC of the first n bytes of message.
func (m *mac) sum(out *[Size]byte, n int) {
	*(*[Size]byte)(m.outer[blockSize:]) = sha256.Sum256(m.inner[:blockSize+n])
	*out = sha256.Sum256(m.outer[:])
}

func (m *mac) wipe() {
	secret.Wipe(m.inner[:])
	secret.Wipe(m.outer[:])
}

// HMAC sets out to HMAC-SHA-256(key, message). out may be the key's own array.
// Nothing is allocated, and no input leaves the stack.
func HMAC(out *[Size]byte, key, message []byte) {
	if len(key) > blockSize || len(message) > maxShort {
		long(out, key, message)
		return
	}
	var m mac
	m.setKey(key)
	m.sum(out, copy(m.message(), message))
	m.wipe()
}

// Step is HMAC of a single byte, a ratchet's step. out may be the key.
func Step(out, key *[Size]byte, b byte) {
	var inner [blockSize + 1]byte
	var outer [blockSize + Size]byte
	padded(inner[:blockSize], innerPad, key[:])
	padded(outer[:blockSize], outerPad, key[:])
	inner[blockSize] = b
	*(*[Size]byte)(outer[blockSize:]) = sha256.Sum256(inner[:])
	*out = sha256.Sum256(outer[:])
	secret.Wipe(inner[:])
	secret.Wipe(outer[:])
}

// long streams a message of any length, under a key of any length.
func long(out *[Size]byte, key, message []byte) {
	var block [blockSize]byte
	if len(key) > blockSize {
		digest := sha256.Sum256(key)
		copy(block[:], digest[:])
		secret.Wipe(digest[:])
		key = block[:Size]
	}
	var inner, outer [blockSize]byte
	padded(inner[:], innerPad, key)
	padded(outer[:], outerPad, key)
	h := sha256.New()
	h.Write(inner[:])
	h.Write(message)
	h.Sum(inner[:0])
	h.Reset()
	h.Write(outer[:])
	h.Write(inner[:Size])
	h.Sum(out[:0])
	secret.Wipe(block[:])
	secret.Wipe(inner[:])
	secret.Wipe(outer[:])
}

// maxInfo is the longest info of the ratchets' own labels, in bytes.
const maxInfo = 32

// HKDF fills out with HKDF-SHA-256(salt, ikm, info). A nil salt stands for
// 32 zero bytes, the specification's "default salt": to HMAC, which pads its key
// with zeros, they are one key. It panics when info is longer than 32 bytes or
// out longer than 255 blocks: both are constants of the caller.
func HKDF(out, ikm, salt []byte, info string) {
	if len(info) > maxInfo || len(out) > 255*Size {
		panic("kdf: internal error: HKDF label or output too long")
	}
	var t [Size]byte
	HMAC(&t, salt, ikm)
	var m mac
	m.setKey(t[:])
	have := 0 // bytes of the previous T in the message: none before the first
	for i := byte(1); len(out) > 0; i++ {
		n := have + copy(m.message()[have:], info)
		m.message()[n] = i
		m.sum(&t, n+1)
		out = out[copy(out, t[:]):]
		have = copy(m.message(), t[:])
	}
	secret.Wipe(t[:])
	m.wipe()
}
