package main

import (
	"crypto/ed25519"
	crand "crypto/rand"
	"encoding/binary"

	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/megolm"
)

// floorRatchet is the Megolm ratchet.
type floorRatchet struct {
	parts [128]byte
	index uint32
}

func (r *floorRatchet) part(i int) *[32]byte { return (*[32]byte)(r.parts[32*i:]) }

// advanceTo moves the ratchet to a later index.
func (r *floorRatchet) advanceTo(index uint32) {
	for j := range 4 {
		shift := 8 * (3 - j)
		steps := index>>shift - r.index>>shift
		if steps == 0 {
			continue
		}
		for range steps - 1 {
			hmacStep(r.part(j), r.part(j), byte(j))
		}
		for to := 3; to >= j; to-- {
			hmacStep(r.part(to), r.part(j), byte(to))
		}
		r.index = index &^ (1<<shift - 1)
	}
}

// floorOutbound is an outbound group session.
type floorOutbound struct {
	ratchet floorRatchet
	signing *curve.SigningKey
}

// floorOutboundOf reads the state of a session.
func floorOutboundOf(s *megolm.OutboundSession) *floorOutbound {
	c := openPickle(s.ExportLibolm(pickleKey))
	f := &floorOutbound{}
	copy(f.ratchet.parts[:], c.take(128))
	f.ratchet.index = c.number()
	public, expanded := c.key(), [64]byte(c.take(64))
	f.signing = must(curve.SigningKeyFromExpanded(&expanded, &public))
	return f
}

// floorGroupNew makes a session. Its public key is checked as any other.
func floorGroupNew() *floorOutbound {
	f := &floorOutbound{}
	crand.Read(f.ratchet.parts[:])
	var seed [32]byte
	crand.Read(seed[:])
	f.signing = curve.SigningKeyFromSeed(&seed)
	public := f.signing.PublicKey()
	check(curve.CheckEd25519(public[:]))
	return f
}

// floorGroupEncrypt encrypts and moves on.
func floorGroupEncrypt(f *floorOutbound, plaintext []byte) []byte {
	k := deriveCipher(f.ratchet.parts[:], "MEGOLM_KEYS")
	raw := make([]byte, 0, 96+paddedLen(len(plaintext)))
	raw = binary.AppendUvarint(append(raw, 3, 0x08), uint64(f.ratchet.index))
	raw = binary.AppendUvarint(append(raw, 0x12), uint64(paddedLen(len(plaintext))))
	raw = k.appendCBC(raw, plaintext)
	raw = k.appendMAC(raw, raw)
	n := len(raw)
	raw = raw[:n+64]
	f.signing.Sign((*[64]byte)(raw[n:]), raw[:n])
	f.ratchet.advanceTo(f.ratchet.index + 1)
	return encodePublic(raw)
}

// floorInbound is an inbound group session whose key was checked.
type floorInbound struct {
	initial, latest floorRatchet
	public          [32]byte
}

// floorGroupDecrypt verifies and decrypts, from the nearest ratchet before the
// message.
func floorGroupDecrypt(f *floorInbound, text string) ([]byte, error) {
	raw, err := decodePublic(text)
	if err != nil {
		return nil, err
	}
	c := cursor{b: raw}
	c.expect(3)
	c.expect(0x08)
	index := uint32(c.varint())
	ciphertext := c.field(0x12)
	if c.bad || len(c.b) != 8+64 || index < f.initial.index {
		return nil, errFloor
	}
	n := len(raw) - 64
	if !ed25519.Verify(f.public[:], raw[:n], raw[n:]) {
		return nil, errFloor
	}
	r := &f.latest
	if index < r.index {
		first := f.initial
		r = &first
	}
	r.advanceTo(index)
	k := deriveCipher(r.parts[:], "MEGOLM_KEYS")
	return k.open(raw[:n-8], raw[n-8:n], ciphertext)
}

// readShared reads a session key or an export, whose secret text has exactly
// size bytes, and checks the signing key.
func readShared(raw, text []byte, version byte) (f floorInbound, err error) {
	if err := decodeSecret(raw, text); err != nil {
		return f, err
	}
	if raw[0] != version {
		return f, errFloor
	}
	f.initial.index = binary.BigEndian.Uint32(raw[1:])
	copy(f.initial.parts[:], raw[5:])
	f.latest = f.initial
	copy(f.public[:], raw[5+128:])
	return f, curve.CheckEd25519(f.public[:])
}

// floorFromSessionKey makes a session from a signed session key.
func floorFromSessionKey(text []byte) (floorInbound, error) {
	var raw [229]byte
	f, err := readShared(raw[:], text, 2)
	if err == nil && !ed25519.Verify(f.public[:], raw[:165], raw[165:]) {
		err = errFloor
	}
	return f, err
}

// floorImport makes a session from an export.
func floorImport(text []byte) (floorInbound, error) {
	var raw [165]byte
	return readShared(raw[:], text, 1)
}

// floorExport gives a session on from its first index.
func floorExport(f *floorInbound) []byte {
	var raw [165]byte
	raw[0] = 1
	binary.BigEndian.PutUint32(raw[1:], f.initial.index)
	copy(raw[5:], f.initial.parts[:])
	copy(raw[5+128:], f.public[:])
	return encodeSecret(raw[:])
}
