// Package kdf is HMAC-SHA-256 (RFC 2104) and HKDF-SHA-256 (RFC 5869) for the
// short inputs of the ratchets, composed from crypto/sha256 on the stack.
//
// The ratchets call HMAC under a fresh key each time. crypto/hmac spends two
// thirds of such a call on building its state, in five allocations; hashing
// two padded blocks with sha256.Sum256 gives the same bytes (the tests compare
// them) in half the time and without any.
package kdf

import (
	"crypto/hmac"
	"crypto/sha256"

	"github.com/chappe-e2ee/chappe/internal/secret"
)

// Size is the length of a MAC and of a key, in bytes.
const Size = sha256.Size

const (
	blockSize = sha256.BlockSize
	maxShort  = 160 // longest message that is hashed on the stack: 128 bytes of Megolm ratchet fit
)

// HMAC sets out to HMAC-SHA-256(key, message). out may be the key's own array.
// No input leaves the stack while the key has at most 64 and the message at
// most 160 bytes; longer ones go through crypto/hmac.
func HMAC(out *[Size]byte, key, message []byte) {
	if len(key) > blockSize || len(message) > maxShort {
		h := hmac.New(sha256.New, key)
		h.Write(message)
		h.Sum(out[:0])
		return
	}
	var inner [blockSize + maxShort]byte
	var outer [blockSize + Size]byte
	copy(inner[:], key)
	copy(outer[:], key)
	for i := range blockSize {
		inner[i] ^= 0x36
		outer[i] ^= 0x5c
	}
	n := copy(inner[blockSize:], message)
	digest := sha256.Sum256(inner[:blockSize+n])
	copy(outer[blockSize:], digest[:])
	*out = sha256.Sum256(outer[:])
	secret.Wipe(inner[:blockSize+n])
	secret.Wipe(outer[:])
	secret.Wipe(digest[:])
}

// maxInfo is the longest info of the ratchets' own labels, in bytes.
const maxInfo = 32

// HKDF fills out with HKDF-SHA-256(salt, ikm, info). A nil salt stands for
// 32 zero bytes, as the specification's "default salt". It panics when info is
// longer than 32 bytes or out longer than 255 blocks: both are constants of
// the caller.
func HKDF(out, ikm, salt []byte, info string) {
	if len(info) > maxInfo || len(out) > 255*Size {
		panic("kdf: internal error: HKDF label or output too long")
	}
	var zero, prk, t [Size]byte
	if salt == nil {
		salt = zero[:]
	}
	HMAC(&prk, salt, ikm)
	var block [Size + maxInfo + 1]byte
	have := 0 // bytes of the previous T in block: none before the first
	for i := byte(1); len(out) > 0; i++ {
		n := have + copy(block[have:], info)
		block[n] = i
		HMAC(&t, prk[:], block[:n+1])
		out = out[copy(out, t[:]):]
		have = copy(block[:], t[:])
	}
	secret.Wipe(prk[:])
	secret.Wipe(t[:])
	secret.Wipe(block[:])
}
