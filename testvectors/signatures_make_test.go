package testvectors_test

import (
	"fmt"
	"math/big"
	"slices"

	"filippo.io/edwards25519"
)

// signer makes signatures under A = aB + T, where T is a multiple of the point
// of order 8.
type signer struct {
	id     string
	a      *edwards25519.Scalar
	public []byte
}

func newSigner(id string, torsion int) signer {
	s := signer{id: id, a: must(new(edwards25519.Scalar).SetUniformBytes(bytesOf(id, 64)))}
	p := new(edwards25519.Point).ScalarBaseMult(s.a)
	s.public = p.Add(p, multiple(torsion)).Bytes()
	return s
}

// nonce returns r and rB + T.
func (s signer) nonce(torsion int) (*edwards25519.Scalar, []byte) {
	r := must(new(edwards25519.Scalar).SetUniformBytes(bytesOf(s.id+" nonce", 64)))
	p := new(edwards25519.Point).ScalarBaseMult(r)
	return r, p.Add(p, multiple(torsion)).Bytes()
}

// finish returns R and S = r + ka. R need not be rB.
func (s signer) finish(r *edwards25519.Scalar, encodedR []byte, message string) []byte {
	k := challenge(encodedR, s.public, []byte(message))
	return append(slices.Clone(encodedR), new(edwards25519.Scalar).MultiplyAdd(k, s.a, r).Bytes()...)
}

// messageWhere returns a message for which k, the low three bits of it, is as
// wanted.
func messageWhere(encodedR, public []byte, wanted func(low byte) bool) string {
	for i := 0; ; i++ {
		message := fmt.Sprintf("message %d", i)
		if wanted(challenge(encodedR, public, []byte(message)).Bytes()[0] & 7) {
			return message
		}
	}
}

func isZero(low byte) bool  { return low == 0 }
func notZero(low byte) bool { return low != 0 }

// plusOrder adds L to the S of a signature.
func plusOrder(signature []byte) []byte {
	s := slices.Clone(signature[32:])
	slices.Reverse(s)
	n := new(big.Int).SetBytes(s)
	return append(slices.Clone(signature[:32]), little(n.Add(n, order))...)
}

func signatureFiles() []recipe {
	const message = "message"
	zero := edwards25519.NewScalar()
	honest := newSigner("signer", 0)
	r, encodedR := honest.nonce(0)
	good := honest.finish(r, encodedR, message)

	verify := func(id, description string, public []byte, message string, signature []byte) recipe {
		return recipe{id, "ed25519-verify", description, func(string) []member {
			return []member{{"public_key_hex", public}, {"message_utf8", message}, {"signature_hex", signature}}
		}}
	}
	list := []recipe{
		verify("verify-honest", "A signature as RFC 8032 makes it, but for its nonce.", honest.public, message, good),
		verify("verify-other-message", "The same signature over another message.", honest.public, "massage", good),
		verify("verify-s-plus-l", "S plus the order of the group. The equation holds; S is not reduced.", honest.public, message, plusOrder(good)),
		verify("verify-r-not-on-curve", "R is no point.", honest.public, message,
			honest.finish(zero, small(first(func(b []byte) bool { return readPoint(b).p == nil })), message)),
	}

	// A of mixed order: the equation without cofactor holds when the order
	// divides k, and only then.
	mixed := newSigner("signer", 1)
	m := messageWhere(encodedR, mixed.public, isZero)
	list = append(list, verify("verify-mixed-key-k-multiple-of-8", "A has a part of order 8, and k is a multiple of 8: the part vanishes and all agree.", mixed.public, m, mixed.finish(r, encodedR, m)))
	m = messageWhere(encodedR, mixed.public, notZero)
	list = append(list, verify("verify-mixed-key", "A has a part of order 8, and k is no multiple of 8: only the equation with cofactor holds.", mixed.public, m, mixed.finish(r, encodedR, m)))

	// R of small or mixed order, or not canonically encoded.
	identity := small(1)
	mixedR := must(new(edwards25519.Point).SetBytes(encodedR))
	mixedR.Add(mixedR, torsion8)
	for _, v := range []struct {
		id, description string
		r               *edwards25519.Scalar
		encoded         []byte
	}{
		{"verify-r-identity", "R is the point of order 1, and both equations hold.", zero, identity},
		{"verify-r-order-8", "R is a point of order 8: only the equation with cofactor holds.", zero, torsion8.Bytes()},
		{"verify-r-mixed-order", "R has a part of order 8: only the equation with cofactor holds.", r, mixedR.Bytes()},
		{"verify-r-identity-as-p-plus-1", "R is the point of order 1, y = 1 written as 2^255 - 18. Who compares encodings refuses it.", zero, primePlus(1)},
		{"verify-r-identity-sign", "R is the point of order 1 with the sign of x set, though x is zero.", zero, top(identity)},
	} {
		list = append(list, verify(v.id, v.description, honest.public, message, honest.finish(v.r, v.encoded, message)))
	}
	return append(list, smallKeySignatures(verify)...)
}

// smallKeySignatures are signatures that anybody can make, for keys of small
// order: R = rB and S = r fit every message for which kA vanishes.
func smallKeySignatures(verify func(id, description string, public []byte, message string, signature []byte) recipe) []recipe {
	r, encodedR := newSigner("signer", 0).nonce(0)
	forged := append(slices.Clone(encodedR), r.Bytes()...)
	order8, order4 := torsion8.Bytes(), small(0)
	zero := make([]byte, 64)
	return []recipe{
		verify("verify-key-identity", "A is the point of order 1: this signature fits every message.", small(1), "any message", forged),
		verify("verify-key-order-8-k-multiple-of-8", "A is of order 8, and k is a multiple of 8.", order8, messageWhere(encodedR, order8, isZero), forged),
		verify("verify-key-order-8", "A is of order 8, and k is no multiple of 8: only the equation with cofactor holds.", order8, messageWhere(encodedR, order8, notZero), forged),
		verify("verify-key-identity-as-p-plus-1", "A is the point of order 1, y = 1 written as 2^255 - 18.", primePlus(1), "any message", forged),
		verify("verify-key-identity-sign", "A is the point of order 1 with the sign of x set, though x is zero.", top(small(1)), "any message", forged),
		// -kA is R when k is 3 modulo 4.
		verify("verify-all-zero", "A signature of 64 zero bytes under a key of 32 zero bytes, both points of order 4.", order4,
			messageWhere(order4, order4, func(low byte) bool { return low&3 == 3 }), zero),
	}
}
