package megolm_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"

	"github.com/chappe-e2ee/chappe/internal/libolm"
)

// peer is Megolm written a second time, from the specification and with the
// standard library alone: what the package is compared with, and what makes
// the messages that no honest sender makes.
type peer struct {
	parts [128]byte
	index uint32
	key   ed25519.PrivateKey
}

var pickleKey = []byte("secret_key")

// newPeer returns a peer at index 0; the number makes it differ from others.
func newPeer(n byte) *peer {
	p := &peer{}
	random := newRandom(n)
	copy(p.parts[:], randomBytes(random, 128))
	p.key = ed25519.NewKeyFromSeed(randomBytes(random, 32))
	return p
}

func hmacSHA256(key, message []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(message)
	return h.Sum(nil)
}

// part returns R(index, j) as the specification defines it ("The Megolm ratchet
// algorithm"), beginning from the ratchet that the peer holds: part j changes
// where index is a multiple of 2^(8(3-j)), and is then made from the first part
// that changes with it, as that was one index before.
func (p *peer) part(index uint32, j int) []byte {
	shift := 8 * (3 - j)
	if index>>shift == p.index>>shift {
		return p.parts[32*j : 32*j+32]
	}
	changed := index >> shift << shift
	k := 0
	for changed&(1<<(8*(3-k))-1) != 0 {
		k++
	}
	return hmacSHA256(p.part(changed-1, k), []byte{byte(j)})
}

// at returns the peer at a later index.
func (p *peer) at(index uint32) *peer {
	q := &peer{index: index, key: p.key}
	for j := range 4 {
		copy(q.parts[32*j:], p.part(index, j))
	}
	return q
}

func (p *peer) public() []byte { return p.key.Public().(ed25519.PublicKey) }

func (p *peer) shared(version byte) []byte {
	b := binary.BigEndian.AppendUint32([]byte{version}, p.index)
	return append(append(b, p.parts[:]...), p.public()...)
}

func (p *peer) export() []byte { return p.shared(1) }

func (p *peer) sessionKey() []byte { return p.sign(p.shared(2)) }

// sign appends the signature of all of b.
func (p *peer) sign(b []byte) []byte { return append(bytes.Clone(b), ed25519.Sign(p.key, b)...) }

func (p *peer) cipherKeys() (aesKey, macKey, iv []byte) {
	okm, err := hkdf.Key(sha256.New, p.parts[:], nil, "MEGOLM_KEYS", 80)
	if err != nil {
		panic(err)
	}
	return okm[:32], okm[32:64], okm[64:]
}

// crypt encrypts whole blocks without padding them.
func (p *peer) crypt(blocks []byte) []byte {
	key, _, iv := p.cipherKeys()
	b, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	out := make([]byte, len(blocks))
	cipher.NewCBCEncrypter(b, iv).CryptBlocks(out, blocks)
	return out
}

func pkcs7(b []byte) []byte {
	n := 16 - len(b)%16
	return append(bytes.Clone(b), bytes.Repeat([]byte{byte(n)}, n)...)
}

// fields returns version, index and ciphertext.
func fields(index uint64, ciphertext []byte) []byte {
	b := binary.AppendUvarint([]byte{3, 0x08}, index)
	b = binary.AppendUvarint(append(b, 0x12), uint64(len(ciphertext)))
	return append(b, ciphertext...)
}

// finish appends the right MAC and the right signature.
func (p *peer) finish(b []byte) []byte {
	_, key, _ := p.cipherKeys()
	return p.sign(append(bytes.Clone(b), hmacSHA256(key, b)[:8]...))
}

// encrypt returns the message of plaintext at the peer's index.
func (p *peer) encrypt(plaintext []byte) []byte {
	return p.finish(fields(uint64(p.index), p.crypt(pkcs7(plaintext))))
}

func (p *peer) stored() []byte {
	return binary.BigEndian.AppendUint32(bytes.Clone(p.parts[:]), p.index)
}

// expanded returns the private signing key as libolm stores it.
func (p *peer) expanded() []byte {
	k := sha512.Sum512(p.key.Seed())
	k[0] &= 248
	k[31] = k[31]&63 | 64
	return k[:]
}

func (p *peer) outboundPlaintext() []byte {
	b := append([]byte{0, 0, 0, 1}, p.stored()...)
	return append(append(b, p.public()...), p.expanded()...)
}

func (p *peer) outboundPickle() []byte { return libolm.Encrypt(p.outboundPlaintext(), pickleKey) }

// inboundPlaintext returns libolm's version 2 with the latest ratchet at latest.
func (p *peer) inboundPlaintext(latest *peer, verified byte) []byte {
	b := append([]byte{0, 0, 0, 2}, p.stored()...)
	b = append(append(b, latest.stored()...), p.public()...)
	return append(b, verified)
}
