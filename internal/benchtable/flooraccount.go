package main

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ed25519"
	crand "crypto/rand"

	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/olm"
)

// floorKey is a one-time key.
type floorKey struct{ private, public [32]byte }

// floorAccount is an account whose identity key was parsed, as it is after its
// first agreement.
type floorAccount struct {
	signing         *curve.SigningKey
	private, public [32]byte
	parsed          *ecdh.PrivateKey
	oneTime         []floorKey
}

// floorAccountOf reads the state of an account.
func floorAccountOf(a *olm.Account) *floorAccount {
	c := openPickle(a.ExportLibolm(pickleKey))
	public, expanded := c.key(), [64]byte(c.take(64))
	f := &floorAccount{signing: must(curve.SigningKeyFromExpanded(&expanded, &public))}
	f.public, f.private = c.key(), c.key()
	f.parsed = must(ecdh.X25519().NewPrivateKey(f.private[:]))
	for range c.number() {
		c.take(5)
		public := c.key()
		f.oneTime = append(f.oneTime, floorKey{c.key(), public})
	}
	return f
}

// floorAccountNew makes both identity keys. Public keys are checked as any other.
func floorAccountNew() *floorAccount {
	var seed [32]byte
	crand.Read(seed[:])
	f := &floorAccount{signing: curve.SigningKeyFromSeed(&seed)}
	crand.Read(f.private[:])
	f.public = curve.PublicFromPrivate(&f.private)
	signing := f.signing.PublicKey()
	check(curve.CheckEd25519(signing[:]))
	check(curve.CheckX25519(f.public[:]))
	return f
}

// floorOneTimeKeys makes n one-time keys.
func floorOneTimeKeys(n int) []floorKey {
	list := make([]floorKey, n)
	for i := range list {
		crand.Read(list[i].private[:])
		list[i].public = curve.PublicFromPrivate(&list[i].private)
	}
	return list
}

// floorSign signs with the expanded key.
func floorSign(f *floorAccount, message []byte) (signature [64]byte) {
	f.signing.Sign(&signature, message)
	return signature
}

// floorVerify verifies with a key that passed the strict check.
func floorVerify(public, message, signature []byte) bool {
	return ed25519.Verify(public, message, signature)
}

// threeAgreements derives root and chain key from Olm's three agreements.
func threeAgreements(f *floorSession, c *floorChain, shared *[96]byte) {
	var okm [64]byte
	hkdf(okm[:], shared[:], new([32]byte), "OLM_ROOT")
	f.root, c.key = [32]byte(okm[:32]), [32]byte(okm[32:])
}

// floorOutboundNew makes a session with keys that were checked.
func floorOutboundNew(f *floorAccount, identity, oneTime []byte) (s floorSession, err error) {
	var private [32]byte
	crand.Read(private[:])
	base, err := ecdh.X25519().NewPrivateKey(private[:]) // gives the public key
	if err != nil {
		return s, err
	}
	crand.Read(private[:])
	s.send.ratchetKey = curve.PublicFromPrivate(&private)
	var shared [96]byte
	if err := agreement(shared[:32], f.parsed, oneTime); err != nil {
		return s, err
	}
	if err := agreement(shared[32:64], base, identity); err != nil {
		return s, err
	}
	if err := agreement(shared[64:], base, oneTime); err != nil {
		return s, err
	}
	threeAgreements(&s, &s.send, &shared)
	return s, nil
}

// floorInboundNew makes the session of a pre-key message and decrypts it. The
// one-time key is parsed for the first time, and matched with its public key.
func floorInboundNew(f *floorAccount, identity []byte, body string) ([]byte, error) {
	raw, err := decodePublic(body)
	if err != nil {
		return nil, err
	}
	c := cursor{b: raw}
	c.expect(3)
	oneTime, baseKey, theirs := c.field(0x0a), c.field(0x12), c.field(0x1a)
	inner := c.field(0x22)
	if c.bad || len(c.b) > 0 || !bytes.Equal(theirs, identity) {
		return nil, errFloor
	}
	for _, key := range [...][]byte{oneTime, baseKey, theirs} {
		if err := curve.CheckX25519(key); err != nil {
			return nil, err
		}
	}
	m, err := readNormal(inner)
	if err != nil {
		return nil, err
	}
	i := 0
	for i < len(f.oneTime) && f.oneTime[i].public != [32]byte(oneTime) {
		i++
	}
	if i == len(f.oneTime) {
		return nil, errFloor
	}
	parsed, err := ecdh.X25519().NewPrivateKey(f.oneTime[i].private[:])
	if err != nil || !sameKey(parsed.PublicKey().Bytes(), oneTime) {
		return nil, errFloor
	}
	var shared [96]byte
	if err := agreement(shared[:32], parsed, theirs); err != nil {
		return nil, err
	}
	if err := agreement(shared[32:64], f.parsed, baseKey); err != nil {
		return nil, err
	}
	if err := agreement(shared[64:], parsed, baseKey); err != nil {
		return nil, err
	}
	var s floorSession
	s.receive.ratchetKey = m.ratchetKey
	threeAgreements(&s, &s.receive, &shared)
	plaintext, _, err := s.receive.decryptFrom(&m)
	return plaintext, err
}
