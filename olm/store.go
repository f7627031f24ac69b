package olm

import (
	"github.com/chappe-e2ee/chappe/internal/layout"
	"github.com/chappe-e2ee/chappe/keys"
)

// What is sealed begins, in layout 1, with:
//
//	layout    1 byte   1
//	suite     1 byte   1: Olm version 1
//	revision  8 bytes
//
// An account goes on with: form of the signing key, 1 byte, 1 for a 32-byte seed
// or 2 for the 64-byte expanded key; that key; Ed25519 public key; Curve25519
// public and private key; last key id, 4 bytes; algorithm of the one-time keys,
// 1 byte, 1 for Curve25519; their number, 4 bytes; the keys, oldest first;
// algorithm of the fallback keys, 1 byte; their number, 1 byte, 0 to 2; the
// keys, current first. A key is: id, 4 bytes; published, 1 byte; public and
// private key.
//
// A session goes on with: identity, base and one-time key; received, 1 byte;
// root key; whether the ratchet count is known, 1 byte; the count, 8 bytes;
// serial of the next skipped key, 8 bytes; number of lost skipped keys, 4
// bytes; whether there is a sender chain, 1 byte; public and private ratchet
// key, chain key, index; number of receiver chains, 1 byte; newest first, each:
// ratchet key, chain key, index, number of skipped keys, 1 byte; oldest first,
// each: index, 4 bytes, serial, 8 bytes, key.
const (
	layoutVersion = 1

	formSeed     = 1
	formExpanded = 2

	algorithmCurve25519 = 1

	stateHeaderLen = 1 + 1 + 8
	storedKeyLen   = 4 + 1 + 2*keySize
	chainLen       = keySize + 4
	skippedLen     = 4 + 8 + keySize

	sealedAccountName = "olm: sealed account"
	sealedSessionName = "olm: sealed session"
)

func writeStateHeader(w *layout.Writer, revision uint64) {
	w.Byte(layoutVersion)
	w.Byte(byte(V1))
	w.Uint64(revision)
}

func readStateHeader(in *layout.Reader) (revision uint64) {
	if in.Byte() != layoutVersion {
		in.Fail("unknown layout")
	}
	if Suite(in.Byte()) != V1 {
		in.Fail("unknown suite")
	}
	return in.Uint64()
}

func readCurve25519(in *layout.Reader) (public keys.Curve25519) {
	var b [keySize]byte
	in.Bytes(b[:])
	public, err := keys.NewCurve25519(b[:])
	if err != nil {
		in.Invalid("invalid Curve25519 public key")
	}
	return public
}

func writeCurve25519(w *layout.Writer, public keys.Curve25519) {
	b := public.Array()
	w.Bytes(b[:])
}
