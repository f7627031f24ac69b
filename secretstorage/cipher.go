package secretstorage

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"

	"github.com/chappe-e2ee/chappe/internal/secret"
)

// Sizes in bytes of the public parts of an encryption.
const (
	IVSize  = aes.BlockSize
	MACSize = sha256.Size
)

const (
	aesKeySize = 32
	macKeySize = 32
)

// zeroSalt is HKDF's salt.
var zeroSalt [sha256.Size]byte

// secretKeys are the keys for one secret: AES-256-CTR and HMAC-SHA-256.
type secretKeys struct{ okm []byte }

// derive returns the keys of the secret with a name; of the self-check, which
// has none. Wiping them is the caller's.
func (k *Key) derive(name string) (secretKeys, error) {
	key, err := k.Secret()
	defer secret.Wipe(key[:])
	if err != nil {
		return secretKeys{}, err
	}
	okm, err := hkdf.Key(sha256.New, key[:], zeroSalt[:], name, aesKeySize+macKeySize)
	if err != nil {
		panic("secretstorage: internal error: " + err.Error())
	}
	return secretKeys{okm}, nil
}

func (s secretKeys) wipe() { secret.Wipe(s.okm) }

// newIV returns a random IV whose bit 63 is zero, so that the lower half does
// not carry over: some implementations of CTR count in 64 bits.
func newIV() (iv [IVSize]byte) {
	rand.Read(iv[:])
	iv[8] &= 0x7F
	return iv
}

// crypt encrypts or decrypts src into dst, which has the same length.
func (s secretKeys) crypt(dst, src []byte, iv *[IVSize]byte) {
	block, err := aes.NewCipher(s.okm[:aesKeySize])
	if err != nil {
		panic("secretstorage: internal error: " + err.Error())
	}
	cipher.NewCTR(block, iv[:]).XORKeyStream(dst, src)
}

// mac returns the MAC of a ciphertext. It does not cover the IV: that is the
// format's.
func (s secretKeys) mac(ciphertext []byte) (mac [MACSize]byte) {
	h := hmac.New(sha256.New, s.okm[aesKeySize:])
	h.Write(ciphertext)
	h.Sum(mac[:0])
	return mac
}

func (s secretKeys) verify(ciphertext []byte, mac *[MACSize]byte) bool {
	sum := s.mac(ciphertext)
	return hmac.Equal(sum[:], mac[:])
}
