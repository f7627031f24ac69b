package main

import (
	"crypto/aes"
	"crypto/cipher"
	crand "crypto/rand"
	"encoding/binary"

	"github.com/chappe-e2ee/chappe/internal/curve"
)

// floorPickle encrypts the plaintext of a libolm pickle.
func floorPickle(plaintext []byte) []byte {
	k := deriveCipher(pickleKey, "Pickle")
	raw := k.appendCBC(make([]byte, 0, paddedLen(len(plaintext))+8), plaintext)
	return encodePublic(k.appendMAC(raw, raw))
}

// floorUnpickle decrypts a libolm pickle and checks the keys in it.
func floorUnpickle(pickle string, checkKeys func([]byte) error) ([]byte, error) {
	raw, err := decodePublic(pickle)
	if err != nil || len(raw) < 8 {
		return nil, errFloor
	}
	k := deriveCipher(pickleKey, "Pickle")
	n := len(raw) - 8
	plaintext, err := k.open(raw[:n], raw[n:], raw[:n])
	if err != nil {
		return nil, err
	}
	return plaintext, checkKeys(plaintext)
}

const sealHeader = 6 + 1 + 1 + 32

func sealCipher(key *[32]byte, header, context []byte, label string) (cipher.AEAD, []byte) {
	var derived [32]byte
	salt := [32]byte(header[8:])
	hkdf(derived[:], key[:], &salt, label)
	ad := append(make([]byte, 0, 128), header...)
	ad = append(binary.BigEndian.AppendUint64(ad, uint64(len(context))), context...)
	return must(cipher.NewGCM(must(aes.NewCipher(derived[:])))), ad
}

// floorSeal seals a state.
func floorSeal(state []byte, kind byte, label string, key *[32]byte, context []byte) []byte {
	sealed := make([]byte, 0, sealHeader+12+len(state)+16)
	sealed = append(sealed, "chappe\x01"...)
	sealed = append(sealed, kind)[:sealHeader+12]
	crand.Read(sealed[8:])
	gcm, ad := sealCipher(key, sealed[:sealHeader], context, label)
	sealed = append(sealed, state...)
	body := sealed[sealHeader+12:]
	return sealed[:sealHeader+12+len(gcm.Seal(body[:0], sealed[sealHeader:sealHeader+12], body, ad))]
}

// floorOpen opens a sealed state and checks the keys in it.
func floorOpen(sealed []byte, kind byte, label string, key *[32]byte, context []byte, checkKeys func([]byte) error) ([]byte, error) {
	if len(sealed) < sealHeader+12+16 || string(sealed[:7]) != "chappe\x01" || sealed[7] != kind {
		return nil, errFloor
	}
	gcm, ad := sealCipher(key, sealed[:sealHeader], context, label)
	state, err := gcm.Open(nil, sealed[sealHeader:sealHeader+12], sealed[sealHeader+12:], ad)
	if err != nil {
		return nil, err
	}
	return state, checkKeys(state)
}

// checkCurve checks Curve25519 keys that stand at distances of stride.
func checkCurve(b []byte, n, stride int) error {
	for i := range n {
		if err := curve.CheckX25519(b[i*stride : i*stride+32]); err != nil {
			return err
		}
	}
	return nil
}

// checkSeed checks that an Ed25519 key is strict, and that of a seed.
func checkSeed(seed, public []byte) error {
	signing := curve.SigningKeyFromSeed((*[32]byte)(seed))
	if signing.PublicKey() != [32]byte(public) {
		return errFloor
	}
	return curve.CheckEd25519(public)
}

// checkExpanded is checkSeed for an expanded key.
func checkExpanded(expanded, public []byte) error {
	if _, err := curve.SigningKeyFromExpanded((*[64]byte)(expanded), (*[32]byte)(public)); err != nil {
		return err
	}
	return curve.CheckEd25519(public)
}

// In libolm's account, one-time keys begin behind the four identity keys.
func checkAccountPickle(b []byte) error {
	if err := checkExpanded(b[36:100], b[4:36]); err != nil {
		return err
	}
	if err := checkCurve(b[100:], 1, 0); err != nil {
		return err
	}
	if curve.PublicFromPrivate((*[32]byte)(b[132:])) != [32]byte(b[100:]) {
		return errFloor
	}
	return checkCurve(b[168+5:], 100, 69)
}

// A session here has one sender chain and two receiver chains.
func checkSessionPickle(b []byte) error {
	if err := checkCurve(b[5:], 3, 32); err != nil {
		return err
	}
	if err := checkCurve(b[137:], 1, 0); err != nil {
		return err
	}
	return checkCurve(b[241:], 2, 68)
}

func checkGroupPickle(b []byte) error { return curve.CheckEd25519(b[4+2*132 : 4+2*132+32]) }

// Our own forms begin with 10 bytes.
func checkAccountState(b []byte) error {
	if err := checkSeed(b[11:43], b[43:75]); err != nil {
		return err
	}
	if err := checkCurve(b[75:], 1, 0); err != nil {
		return err
	}
	return checkCurve(b[148+5:], 100, 69)
}

func checkSessionState(b []byte) error {
	if err := checkCurve(b[10:], 3, 32); err != nil {
		return err
	}
	if err := checkCurve(b[161:], 1, 0); err != nil {
		return err
	}
	return checkCurve(b[262:], 2, 69)
}

func checkOutboundState(b []byte) error { return checkSeed(b[143:175], b[175:207]) }

func checkInboundState(b []byte) error { return curve.CheckEd25519(b[10+132+1+132 : 10+132+1+132+32]) }
