package conformance

// verdict says whether a key or signature was accepted; a refusal must be of one
// of these classes.
func (r *runner) verdict(err error, classes ...string) bool {
	if err == nil {
		return true
	}
	for _, class := range classes {
		for _, got := range r.i.Classes(err) {
			if got == class {
				return false
			}
		}
	}
	fail("should be refused as one of %q: %w", classes, err)
	return false
}

func (r *runner) publicKeys() PublicKeys {
	return need[PublicKeys](r.i, "verdicts on public keys")
}

// The other members of these vectors are about the bytes, not about what an
// implementation does.

func curve25519PublicKey(r *runner, c *call) {
	err := r.publicKeys().CheckCurve25519(encode64(key32(c.In.Bytes("public_key_hex"))))
	c.Out.Is("accepted", r.verdict(err, "key"))
	c.Out.Ignore("canonical", "low_order", "u_hex")
}

func ed25519PublicKey(r *runner, c *call) {
	err := r.publicKeys().CheckEd25519(encode64(key32(c.In.Bytes("public_key_hex"))))
	c.Out.Is("accepted", r.verdict(err, "key"))
	c.Out.Ignore("on_curve", "canonical", "small_order", "canonical_encoding_hex")
}

func ed25519Verify(r *runner, c *call) {
	key, text, signature := key32(c.In.Bytes("public_key_hex")), c.In.Bytes("message_utf8"), c.In.Bytes("signature_hex")
	check(len(signature) == 64, "a signature of %d bytes", len(signature))
	err := r.signatures().Verify(encode64(key), text, encode64(signature))
	c.Out.Is("strict", r.verdict(err, "key", "signature"))
	c.Out.Ignore("go", "rfc8032", "zip215", "k_hex", "s_mod_l_hex")
}
