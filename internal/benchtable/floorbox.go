package main

import (
	"crypto/ecdh"
	"crypto/hmac"
	crand "crypto/rand"

	"github.com/chappe-e2ee/chappe/internal/curve"
)

// deriveBox derives the keys of libolm's PkEncryption from an agreement.
func deriveBox(private *ecdh.PrivateKey, public []byte) (cipherKeys, error) {
	var shared [32]byte
	if err := agreement(shared[:], private, public); err != nil {
		return cipherKeys{}, err
	}
	return deriveCipher(shared[:], ""), nil
}

// floorBoxEncrypt encrypts to a public key that was checked. It gives the three
// texts of the message.
func floorBoxEncrypt(recipient, plaintext []byte) (ciphertext, mac, ephemeral []byte, err error) {
	var seed [32]byte
	crand.Read(seed[:])
	private, err := ecdh.X25519().NewPrivateKey(seed[:]) // gives the public key
	if err != nil {
		return nil, nil, nil, err
	}
	k, err := deriveBox(private, recipient)
	if err != nil {
		return nil, nil, nil, err
	}
	raw := k.appendCBC(make([]byte, 0, paddedLen(len(plaintext))), plaintext)
	sum := hmacLong(&k.mac, nil)
	return encodePublic(raw), encodePublic(sum[:8]), encodePublic(private.PublicKey().Bytes()), nil
}

// floorBoxDecrypt decrypts with a key that was parsed.
func floorBoxDecrypt(private *ecdh.PrivateKey, ciphertext, mac, ephemeral string) ([]byte, error) {
	raw, err := decodePublic(ciphertext)
	if err != nil {
		return nil, err
	}
	sum, err := decodePublic(mac)
	if err != nil {
		return nil, err
	}
	public, err := decodePublic(ephemeral)
	if err != nil {
		return nil, err
	}
	if err := curve.CheckX25519(public); err != nil {
		return nil, err
	}
	k, err := deriveBox(private, public)
	if err != nil {
		return nil, err
	}
	return k.open(nil, sum, raw)
}

// hkdfLong returns one block of HKDF-SHA-256 with any info, without salt.
func hkdfLong(ikm *[32]byte, info []byte) [32]byte {
	prk := hmacShort(new([32]byte), ikm[:])
	return hmacLong(&prk, append(append(make([]byte, 0, 256), info...), 1))
}

// floorVerification makes a key pair, agrees, and gives the code and the MAC of
// one key, whose counterpart it verifies.
func floorVerification(theirs, info, macInfo, input []byte) (code [6]byte, mac []byte, err error) {
	var seed, shared [32]byte
	crand.Read(seed[:])
	private, err := ecdh.X25519().NewPrivateKey(seed[:]) // gives the public key
	if err != nil {
		return code, nil, err
	}
	if err := agreement(shared[:], private, theirs); err != nil {
		return code, nil, err
	}
	okm := hkdfLong(&shared, info)
	key := hkdfLong(&shared, macInfo)
	sum := hmacLong(&key, input)
	mac = encodeSecret(sum[:])

	key = hkdfLong(&shared, macInfo)
	sum = hmacLong(&key, input)
	var got [32]byte
	if err := decodeSecret(got[:], mac); err != nil || !hmac.Equal(sum[:], got[:]) {
		return code, nil, errFloor
	}
	return [6]byte(okm[:]), mac, nil
}
