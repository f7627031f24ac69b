package conformance

import "bytes"

func (r *runner) pk() PK { return need[PK](r.i, "public-key box") }

func pkEncrypt(r *runner, c *call) {
	private, plaintext := c.In.Bytes("recipient_private_hex"), c.In.Bytes("plaintext_utf8")
	public, _, _, err := r.pk().PKKey(private, stateKey)
	ok(err)
	c.Out.Is("recipient_public_b64", public)
	var ciphertext, mac, ephemeral string
	r.random(c.In.Bytes("ephemeral_private_hex"), func() {
		ciphertext, mac, ephemeral, err = r.pk().PKEncrypt(public, plaintext)
		ok(err)
	})
	c.Out.Is("ephemeral_public_b64", ephemeral)
	c.Out.Is("ciphertext_b64", ciphertext)
	c.Out.Is("mac_b64", mac)
	got := must(r.pk().PKDecrypt(private, ciphertext, mac, ephemeral))
	check(bytes.Equal(got, plaintext), "decrypts to %q", got)
}

func pkDecrypt(r *runner, c *call) {
	c.Out.Is("plaintext_utf8", must(r.pk().PKDecrypt(c.In.Bytes("private_key_hex"),
		c.In.Text("ciphertext_b64"), c.In.Text("mac_b64"), c.In.Text("ephemeral_public_b64"))))
}

func pkDecryptBadMAC(r *runner, c *call) {
	tampered := c.Tamper(c.In.Text("mac_b64"))
	c.Out.Is("tampered_mac_b64", tampered)
	_, err := r.pk().PKDecrypt(c.In.Bytes("private_key_hex"), c.In.Text("ciphertext_b64"), tampered, c.In.Text("ephemeral_public_b64"))
	r.refused(c.ErrorClass(), err)
	pkDecrypt(r, c)
}

func pkPickle(r *runner, c *call) {
	key, private := c.In.Bytes("pickle_key_utf8"), c.In.Bytes("private_key_hex")
	public, _, first, err := r.pk().PKKey(private, key)
	ok(err)
	c.Out.Is("public_key_b64", public)
	c.Out.Is("pickle_b64", string(first))
	c.Out.Is("raw_pickle_hex", unpickle(string(first), key))
	again := must(r.pk().PKUnpickle(first, key))
	check(bytes.Equal(again, private), "another private key")
}

func pkPrivateKey(r *runner, c *call) {
	public, private, _, err := r.pk().PKKey(c.In.Bytes("private_key_hex"), stateKey)
	ok(err)
	c.Out.Is("public_key_b64", public)
	c.Out.Is("private_key_hex", private)
}

func pkSign(r *runner, c *call) {
	text := c.In.Bytes("message_utf8")
	public, signature, err := r.pk().PKSign(c.In.Bytes("seed_hex"), text)
	ok(err)
	c.Out.Is("public_key_b64", public)
	c.Out.Is("signature_b64", signature)
	ok(r.signatures().Verify(public, text, signature))
}

func (r *runner) signatures() Signatures {
	return need[Signatures](r.i, "verification of signatures")
}

func ed25519VerifyTampered(r *runner, c *call) {
	key, text, signature := c.In.Text("public_key_b64"), c.In.Bytes("message_utf8"), c.In.Text("signature_b64")
	ok(r.signatures().Verify(key, text, signature))
	tampered := c.Tamper(signature)
	c.Out.Is("tampered_signature_b64", tampered)
	r.refused(c.ErrorClass(), r.signatures().Verify(key, text, tampered))
}
