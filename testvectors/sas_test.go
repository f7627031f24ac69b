package testvectors_test

import (
	"bytes"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/sas"
)

// sasPair returns the key pair of a private key.
func sasPair(private []byte) *sas.KeyPair {
	return random(private, func() *sas.KeyPair { return must(sas.Generate()) })
}

// establish returns both sides of a verification, Alice's first.
func establish(c *call) (sides []*sas.Established) {
	a, b := sasPair(c.in.bytes("alice_private_hex")), sasPair(c.in.bytes("bob_private_hex"))
	sides = append(sides, must(a.Agree(b.PublicKey())), must(b.Agree(a.PublicKey())))
	for i, e := range sides {
		other := sides[1-i]
		check(e.OurKey() == other.TheirKey() && e.TheirKey() == other.OurKey(), "keys on the wrong side")
	}
	return sides
}

func sasBytes(c *call) {
	info, n := c.in.bytes("info_utf8"), c.in.number("length")
	sides := establish(c)
	c.out.is("alice_public_b64", sides[0].OurKey().String())
	c.out.is("bob_public_b64", sides[1].OurKey().String())
	for _, e := range sides {
		b := must(e.Bytes(info, int(min(n, sas.MaxBytes+1))))
		c.out.is("bytes_hex", b)
		if n == sas.CodeSize {
			code := must(e.Code(info))
			check(bytes.Equal(code[:], b), "the code is not these bytes")
		}
	}
}

// sasMACs are the three MACs, with what makes and what verifies them.
var sasMACs = []struct {
	name   string
	mac    func(e *sas.Established, input, info []byte) (string, error)
	verify func(e *sas.Established, input, info []byte, mac string) error
}{
	{"hkdf_hmac_sha256_v2_b64", (*sas.Established).MAC, (*sas.Established).VerifyMAC},
	{"hkdf_hmac_sha256_b64", (*sas.Established).LegacyMAC, (*sas.Established).VerifyLegacyMAC},
	{"hmac_sha256_b64", (*sas.Established).LegacyLongMAC, (*sas.Established).VerifyLegacyLongMAC},
}

func sasMAC(c *call) {
	input, info := c.in.bytes("input_utf8"), c.in.bytes("info_utf8")
	sides := establish(c)
	for _, m := range sasMACs {
		for i, e := range sides {
			text := must(m.mac(e, input, info))
			c.out.is(m.name, text)
			ok(m.verify(sides[1-i], input, info, text))
		}
	}
}

func sasMACOneSide(c *call) {
	e := must(sasPair(c.in.bytes("alice_private_hex")).Agree(must(keys.ParseCurve25519(c.in.text("bob_public_b64")))))
	c.out.is("hkdf_hmac_sha256_b64", must(e.LegacyMAC(c.in.bytes("input_utf8"), c.in.bytes("info_utf8"))))
}

// sasAbsentKey meets the absent key in all its forms: as bytes, as text, and as
// the zero value. A refusal leaves the key pair as it was.
func sasAbsentKey(c *call) {
	k, absent := sasPair(c.in.bytes("private_key_hex")), c.in.bytes("absent_public_key_hex")
	check(bytes.Equal(absent, make([]byte, keys.PublicKeySize)), "the absent key is not 32 zero bytes")
	_, err := keys.NewCurve25519(absent)
	refused(c.errorClass(), err)
	_, err = keys.ParseCurve25519(encode64(absent))
	refused(c.errorClass(), err)
	_, err = k.Agree(keys.Curve25519{})
	refused(c.errorClass(), err)
	e := must(k.Agree(must(keys.ParseCurve25519(c.in.text("public_key_b64")))))
	c.out.is("bytes_hex", must(e.Bytes(c.in.bytes("info_utf8"), int(min(c.in.number("length"), sas.MaxBytes+1)))))
}
