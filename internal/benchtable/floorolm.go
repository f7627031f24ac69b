package main

import (
	"crypto/ecdh"
	crand "crypto/rand"
	"crypto/subtle"
	"encoding/binary"

	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/olm"
)

// floorChain is a chain of Olm, ours or the peer's.
type floorChain struct {
	ratchetKey [32]byte
	key        [32]byte
	index      uint32
}

// floorSession is an Olm session of which both sides are heard: our chain, or
// the peer's newest one, or both.
type floorSession struct {
	root    [32]byte
	private *ecdh.PrivateKey // of send.ratchetKey
	send    floorChain
	receive floorChain
}

// floorSessionOf reads the state of a session that has a sender chain or a
// receiver chain, or both.
func floorSessionOf(s *olm.Session) (f floorSession) {
	c := openPickle(s.ExportLibolm(pickleKey))
	c.take(1 + 3*32)
	f.root = c.key()
	if c.number() == 1 {
		f.send.ratchetKey = c.key()
		f.private = must(ecdh.X25519().NewPrivateKey(c.take(32)))
		f.send.key, f.send.index = c.key(), c.number()
	}
	if c.number() > 0 {
		f.receive.ratchetKey, f.receive.key, f.receive.index = c.key(), c.key(), c.number()
	}
	return f
}

// floorEncrypt encrypts in the existing chain, as a normal message.
func floorEncrypt(f *floorSession, plaintext []byte) []byte {
	var key [32]byte
	hmacStep(&key, &f.send.key, 1)
	k := deriveCipher(key[:], "OLM_KEYS")
	raw := make([]byte, 0, 64+paddedLen(len(plaintext)))
	raw = append(raw, 3, 0x0a, 32)
	raw = append(raw, f.send.ratchetKey[:]...)
	raw = binary.AppendUvarint(append(raw, 0x10), uint64(f.send.index))
	raw = binary.AppendUvarint(append(raw, 0x22), uint64(paddedLen(len(plaintext))))
	raw = k.appendCBC(raw, plaintext)
	raw = k.appendMAC(raw, raw)
	hmacStep(&f.send.key, &f.send.key, 2)
	f.send.index++
	return encodePublic(raw)
}

// floorMessage is a normal message, with its ratchet key checked.
type floorMessage struct {
	ratchetKey                 [32]byte
	index                      uint32
	authenticated, mac, cipher []byte
}

func readNormal(raw []byte) (m floorMessage, err error) {
	c := cursor{b: raw}
	c.expect(3)
	ratchetKey := c.field(0x0a)
	c.expect(0x10)
	m.index = uint32(c.varint())
	m.cipher = c.field(0x22)
	m.authenticated = raw[:len(raw)-len(c.b)]
	m.mac = c.b
	if c.bad || len(m.mac) != 8 {
		return m, errFloor
	}
	m.ratchetKey = [32]byte(ratchetKey)
	return m, curve.CheckX25519(ratchetKey)
}

func (m *floorMessage) open(key *[32]byte) ([]byte, error) {
	k := deriveCipher(key[:], "OLM_KEYS")
	return k.open(m.authenticated, m.mac, m.cipher)
}

// floorSkipped is a message key that was set aside.
type floorSkipped struct {
	key   [32]byte
	index uint32
}

// decryptFrom decrypts m, which is in chain c, up to 2000 messages ahead, and
// sets the last 40 keys on the way aside.
func (c *floorChain) decryptFrom(m *floorMessage) ([]byte, []floorSkipped, error) {
	if m.index-c.index > 2000 {
		return nil, nil, errFloor
	}
	var skipped []floorSkipped
	if m.index > c.index {
		skipped = make([]floorSkipped, 0, min(40, m.index-c.index))
	}
	for ; c.index < m.index; c.index++ {
		if m.index-c.index <= 40 {
			skipped = append(skipped, floorSkipped{index: c.index})
			hmacStep(&skipped[len(skipped)-1].key, &c.key, 1)
		}
		hmacStep(&c.key, &c.key, 2)
	}
	var key [32]byte
	hmacStep(&key, &c.key, 1)
	plaintext, err := m.open(&key)
	hmacStep(&c.key, &c.key, 2)
	c.index++
	return plaintext, skipped, err
}

// floorDecrypt decrypts in the existing chain.
func floorDecrypt(f *floorSession, body string) ([]byte, []floorSkipped, error) {
	raw, err := decodePublic(body)
	if err != nil {
		return nil, nil, err
	}
	m, err := readNormal(raw)
	if err != nil || m.ratchetKey != f.receive.ratchetKey {
		return nil, nil, errFloor
	}
	return f.receive.decryptFrom(&m)
}

// rootStep derives root and chain key from an agreement.
func (f *floorSession) rootStep(c *floorChain, peer []byte) error {
	var shared, okm [64]byte
	if err := agreement(shared[:32], f.private, peer); err != nil {
		return err
	}
	hkdf(okm[:], shared[:32], &f.root, "OLM_RATCHET")
	f.root, c.key, c.index = [32]byte(okm[:32]), [32]byte(okm[32:]), 0
	return nil
}

// floorTurn makes a new ratchet key and encrypts under it.
func floorTurn(f *floorSession, plaintext []byte) ([]byte, error) {
	var private [32]byte
	crand.Read(private[:])
	var err error
	if f.private, err = ecdh.X25519().NewPrivateKey(private[:]); err != nil {
		return nil, err
	}
	copy(f.send.ratchetKey[:], f.private.PublicKey().Bytes())
	if err := f.rootStep(&f.send, f.receive.ratchetKey[:]); err != nil {
		return nil, err
	}
	return floorEncrypt(f, plaintext), nil
}

// floorAnswer decrypts a message under a ratchet key that is new.
func floorAnswer(f *floorSession, body string) ([]byte, error) {
	raw, err := decodePublic(body)
	if err != nil {
		return nil, err
	}
	m, err := readNormal(raw)
	if err != nil {
		return nil, err
	}
	f.receive.ratchetKey = m.ratchetKey
	if err := f.rootStep(&f.receive, m.ratchetKey[:]); err != nil {
		return nil, err
	}
	plaintext, _, err := f.receive.decryptFrom(&m)
	return plaintext, err
}

// sameKey is the comparison of two public keys.
func sameKey(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }
