package conformance

import (
	"bytes"
	"strings"
)

func (r *runner) base64() Base64 { return need[Base64](r.i, "base64 by itself") }

func (r *runner) primitives() Primitives { return need[Primitives](r.i, "primitives by themselves") }

func base64Encode(r *runner, c *call) {
	c.Out.Is("text_utf8", must(r.base64().EncodeBase64(c.In.Bytes("input_utf8"))))
}

func base64Decode(r *runner, c *call) {
	text := c.In.Text("text_utf8")
	c.Out.Is("output_utf8", must(r.base64().DecodeBase64(text)))
	check(len(text)%4 != 0, "a text without spare bits")
	last := len(text) - 1
	_, err := r.base64().DecodeBase64(text[:last] + alphabet[strings.IndexByte(alphabet, text[last])+1:][:1])
	r.refused("base64", err)
}

func base64DecodeInvalid(r *runner, c *call) {
	text := c.In.Text("text_utf8")
	check(text != "", "no last symbol")
	_, err := r.base64().DecodeBase64(text)
	r.refused(c.ErrorClass(), err)
	c.Out.Is("without_last_symbol_hex", must(r.base64().DecodeBase64(text[:len(text)-1])))
}

// key32 demands that a key has 32 bytes.
func key32(b []byte) []byte {
	check(len(b) == 32, "%d bytes instead of 32", len(b))
	return b
}

func x25519(r *runner, c *call) {
	p, alice, bob := r.primitives(), key32(c.In.Bytes("alice_private_hex")), key32(c.In.Bytes("bob_private_hex"))
	alicePublic, bobPublic := must(p.X25519(alice)), must(p.X25519(bob))
	c.Out.Is("alice_public_hex", alicePublic)
	c.Out.Is("bob_public_hex", bobPublic)
	c.Out.Is("shared_secret_hex", must(p.Agree(alice, bobPublic)))
	c.Out.Is("shared_secret_hex", must(p.Agree(bob, alicePublic)))
}

func ed25519KeyPair(r *runner, c *call) {
	text := c.In.Text("message_utf8")
	public, expanded, signature, err := r.primitives().Ed25519(key32(c.In.Bytes("seed_utf8")), []byte(text))
	ok(err)
	c.Out.Is("public_key_hex", public)
	c.Out.Is("expanded_private_key_hex", expanded)
	c.Out.Is("signature_hex", signature)
	verifies := func(text string) bool {
		err := r.signatures().Verify(encode64(public), []byte(text), encode64(signature))
		if err != nil {
			r.refused("signature", err)
		}
		return err == nil
	}
	c.Out.Is("verifies", verifies(text))
	tampered := c.Tamper(text)
	c.Out.Is("tampered_message_utf8", tampered)
	c.Out.Is("tampered_verifies", verifies(tampered))
}

func aes256CBC(r *runner, c *call) {
	key, iv, plaintext := key32(c.In.Bytes("key_hex")), c.In.Bytes("iv_hex"), c.In.Bytes("plaintext_hex")
	check(len(iv) == 16, "an IV of %d bytes", len(iv))
	ciphertext := must(r.primitives().AES256CBC(key, iv, plaintext, false))
	c.Out.Is("ciphertext_hex", ciphertext)
	back := must(r.primitives().AES256CBC(key, iv, ciphertext, true))
	check(bytes.Equal(back, plaintext), "decrypts to %x", back)
}

func sha256Digest(r *runner, c *call) {
	c.Out.Is("digest_hex", must(r.primitives().SHA256(c.In.Bytes("input_hex"))))
}

func sha256Base64(r *runner, c *call) {
	c.Out.Is("digest_b64", must(r.base64().EncodeBase64(must(r.primitives().SHA256(c.In.Bytes("input_utf8"))))))
}

func hmacSHA256(r *runner, c *call) {
	c.Out.Is("mac_hex", must(r.primitives().HMACSHA256(c.In.Bytes("key_hex"), c.In.Bytes("input_hex"))))
}

func hkdfSHA256(r *runner, c *call) {
	n := byteCount(c)
	c.Out.Is("okm_hex", must(r.primitives().HKDFSHA256(c.In.Bytes("ikm_hex"), c.In.Bytes("salt_hex"), c.In.Bytes("info_hex"), n)))
}
