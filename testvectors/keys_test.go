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

// verdict demands that an error is nil or of one of these classes, and says
// which of the two.
func verdict(err error, class string) bool {
	if err != nil {
		refused(class, err)
	}
	return err == nil
}

func curve25519PublicKey(c *call) {
	b := c.in.bytes("public_key_hex")
	key32(b)
	k, err := keys.NewCurve25519(b)
	accepted := verdict(err, "key")
	_, err = keys.ParseCurve25519(encode64(b))
	check(verdict(err, "key") == accepted, "bytes and text of a key have two verdicts")
	check(!accepted || bytes.Equal(k.Bytes(), b), "another key")
	c.out.is("accepted", accepted)

	u := must(new(fe.Element).SetBytes(b)).Bytes()
	canonical, lowOrder := bytes.Equal(u, b), zeroAgreement(u)
	c.out.is("canonical", canonical)
	c.out.is("low_order", lowOrder)
	c.out.is("u_hex", u)
	check(accepted == (canonical && !lowOrder), "accepted against the rule")
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
	b := c.in.bytes("public_key_hex")
	key32(b)
	k, err := keys.NewEd25519(b)
	accepted := verdict(err, "key")
	_, err = keys.ParseEd25519(encode64(b))
	check(verdict(err, "key") == accepted, "bytes and text of a key have two verdicts")
	check(!accepted || bytes.Equal(k.Bytes(), b), "another key")
	c.out.is("accepted", accepted)

	p := readPoint(b)
	var encoding []byte
	if p.p != nil {
		encoding = p.p.Bytes()
	}
	c.out.is("on_curve", p.p != nil)
	c.out.is("canonical", p.canonical)
	c.out.is("small_order", p.smallOrder())
	c.out.is("canonical_encoding_hex", encoding)
	check(accepted == (p.canonical && !p.smallOrder()), "accepted against the rule")
}

func ed25519Verify(c *call) {
	public, message, signature := c.in.bytes("public_key_hex"), c.in.bytes("message_utf8"), c.in.bytes("signature_hex")
	key32(public)
	check(len(signature) == keys.SignatureSize, "a signature of %d bytes", len(signature))

	strict := strictVerdict(public, message, signature)
	c.out.is("strict", strict)
	c.out.is("go", ed25519.Verify(public, message, signature))
	a, r := readPoint(public), readPoint(signature[:32])
	s, reduced := reduce(signature[32:])
	k := challenge(signature[:32], public, message)
	zip215 := a.p != nil && r.p != nil && reduced && equation(a.p, r.p, k, s, true)
	c.out.is("rfc8032", zip215 && a.canonical && r.canonical)
	c.out.is("zip215", zip215)
	c.out.is("k_hex", k.Bytes())
	c.out.is("s_mod_l_hex", s.Bytes())

	rule := a.canonical && r.canonical && !a.smallOrder() && !r.smallOrder() && reduced && equation(a.p, r.p, k, s, false)
	check(strict == rule, "verified against the rule")
}

// strictVerdict is the verdict of this module, which says it in three steps.
func strictVerdict(public, message, b []byte) bool {
	key, err := keys.NewEd25519(public)
	if !verdict(err, "key") {
		return false
	}
	signature, err := keys.NewSignature(b)
	if !verdict(err, "key") {
		return false
	}
	return verdict(key.Verify(message, signature), "signature")
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
