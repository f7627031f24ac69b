package sas

import (
	"crypto/sha256"

	"github.com/chappe-e2ee/chappe/internal/ct64"
)

// The two methods below are deprecated. The specification forbids them wherever
// both sides know hkdf-hmac-sha256.v2 ("MAC calculation"): a program that calls
// them checks first that the other side offered nothing better.
//
// Both carry a fault of libolm's, which every peer of theirs has: the base64
// form is written over the MAC while it is still being read. Of the MAC's 256
// bits, 48 reach the result.

// legacyLongKeyLen is the length of the HMAC key of hmac-sha256 in bytes.
const legacyLongKeyLen = 256

// LegacyMAC is [Established.MAC] by the deprecated method hkdf-hmac-sha256. Its
// result depends on 48 bits of the MAC only.
func (e *Established) LegacyMAC(input, info []byte) (string, error) {
	return e.legacyMAC(input, info, sha256.Size)
}

// VerifyLegacyMAC is [Established.VerifyMAC] for [Established.LegacyMAC].
func (e *Established) VerifyLegacyMAC(input, info []byte, mac string) error {
	return e.verifyLegacyMAC(input, info, mac, sha256.Size)
}

// LegacyLongMAC is [Established.MAC] by the method hmac-sha256 of the first
// implementations, which the specification no longer has. Its result depends on
// 48 bits of the MAC only.
func (e *Established) LegacyLongMAC(input, info []byte) (string, error) {
	return e.legacyMAC(input, info, legacyLongKeyLen)
}

// VerifyLegacyLongMAC is [Established.VerifyMAC] for
// [Established.LegacyLongMAC].
func (e *Established) VerifyLegacyLongMAC(input, info []byte, mac string) error {
	return e.verifyLegacyMAC(input, info, mac, legacyLongKeyLen)
}

func (e *Established) legacyMAC(input, info []byte, keyLen int) (string, error) {
	sum, err := e.hmac(input, info, keyLen)
	if err != nil {
		return "", err
	}
	text := legacyEncode(sum)
	return string(text[:]), nil
}

func (e *Established) verifyLegacyMAC(input, info []byte, mac string, keyLen int) error {
	sum, err := e.hmac(input, info, keyLen)
	if err != nil {
		return err
	}
	want := legacyEncode(sum)
	return want.compare(mac)
}

// legacyEncode is libolm's base64 with one buffer for input and output: each
// group of 3 bytes is read where up to 4 characters for the group before it may
// have been written.
func legacyEncode(sum [sha256.Size]byte) (b macText) {
	copy(b[:], sum[:])
	in, out := 0, 0
	for ; in+3 <= len(sum); in, out = in+3, out+4 {
		group := [3]byte(b[in:])
		ct64.AppendEncode(b[:out], group[:])
	}
	rest := [len(sum) % 3]byte(b[in:])
	ct64.AppendEncode(b[:out], rest[:])
	return b
}
