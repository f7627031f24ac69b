package testvectors_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/sha512"

	"filippo.io/edwards25519"
	fe "filippo.io/edwards25519/field"

	"github.com/chappe-e2ee/chappe/keys"
)

// What this module says of these keys and signatures is for package conformance
// to see. Here the files are judged, by the rule and with other arithmetic.

func curve25519PublicKey(c *call) {
	b := c.In.Bytes("public_key_hex")
	checkKey(b)
	u := must(new(fe.Element).SetBytes(b)).Bytes()
	canonical, lowOrder := bytes.Equal(u, b), zeroAgreement(u)
	c.Out.Is("accepted", canonical && !lowOrder)
	c.Out.Is("canonical", canonical)
	c.Out.Is("low_order", lowOrder)
	c.Out.Is("u_hex", u)
}

// zeroAgreement says whether X25519 with any private key gives zero, for which
// one private key stands.
func zeroAgreement(public []byte) bool {
	private := must(ecdh.X25519().NewPrivateKey(bytes.Repeat([]byte{7}, 32)))
	_, err := private.ECDH(must(ecdh.X25519().NewPublicKey(public)))
	return err != nil
}

// point is a decoded point, nil when the bytes are none, and its one encoding.
type point struct {
	p         *edwards25519.Point
	canonical bool
}

// readPoint takes every encoding of a point, canonical or not.
func readPoint(b []byte) point {
	p, err := new(edwards25519.Point).SetBytes(b)
	if err != nil {
		return point{}
	}
	return point{p, bytes.Equal(p.Bytes(), b)}
}

func (p point) smallOrder() bool {
	return p.p != nil && new(edwards25519.Point).MultByCofactor(p.p).Equal(edwards25519.NewIdentityPoint()) == 1
}

func ed25519PublicKey(c *call) {
	b := c.In.Bytes("public_key_hex")
	checkKey(b)
	p := readPoint(b)
	var encoding []byte
	if p.p != nil {
		encoding = p.p.Bytes()
	}
	c.Out.Is("accepted", p.canonical && !p.smallOrder())
	c.Out.Is("on_curve", p.p != nil)
	c.Out.Is("canonical", p.canonical)
	c.Out.Is("small_order", p.smallOrder())
	c.Out.Is("canonical_encoding_hex", encoding)
}

func ed25519Verify(c *call) {
	public, message, signature := c.In.Bytes("public_key_hex"), c.In.Bytes("message_utf8"), c.In.Bytes("signature_hex")
	checkKey(public)
	check(len(signature) == keys.SignatureSize, "a signature of %d bytes", len(signature))

	a, r := readPoint(public), readPoint(signature[:32])
	s, reduced := reduce(signature[32:])
	k := challenge(signature[:32], public, message)
	strict := a.canonical && r.canonical && !a.smallOrder() && !r.smallOrder() && reduced && equation(a.p, r.p, k, s, false)
	c.Out.Is("strict", strict)
	c.Out.Is("go", ed25519.Verify(public, message, signature))
	zip215 := a.p != nil && r.p != nil && reduced && equation(a.p, r.p, k, s, true)
	c.Out.Is("rfc8032", zip215 && a.canonical && r.canonical)
	c.Out.Is("zip215", zip215)
	c.Out.Is("k_hex", k.Bytes())
	c.Out.Is("s_mod_l_hex", s.Bytes())
}

// challenge returns k, SHA-512 of R, A and the message, modulo L.
func challenge(r, public, message []byte) *edwards25519.Scalar {
	digest := sha512.Sum512(append(append(bytes.Clone(r), public...), message...))
	return must(new(edwards25519.Scalar).SetUniformBytes(digest[:]))
}

// reduce returns S modulo L, and says whether it was below L.
func reduce(b []byte) (*edwards25519.Scalar, bool) {
	s := must(new(edwards25519.Scalar).SetUniformBytes(append(bytes.Clone(b), make([]byte, 32)...)))
	return s, bytes.Equal(s.Bytes(), b)
}

// equation says whether SB = R + kA, or with cofactor 8SB = 8R + 8kA.
func equation(a, r *edwards25519.Point, k, s *edwards25519.Scalar, cofactor bool) bool {
	left := new(edwards25519.Point).ScalarBaseMult(s)
	right := new(edwards25519.Point).ScalarMult(k, a)
	right.Add(right, r)
	if cofactor {
		left.MultByCofactor(left)
		right.MultByCofactor(right)
	}
	return left.Equal(right) == 1
}
