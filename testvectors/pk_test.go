package testvectors_test

import (
	"bytes"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/pk"
)

func pkEncrypt(c *call) {
	recipient := must(pk.NewDecryptionKey(c.in.bytes("recipient_private_hex")))
	c.out.is("recipient_public_b64", recipient.PublicKey().String())
	plaintext := c.in.bytes("plaintext_utf8")
	m := random(c.in.bytes("ephemeral_private_hex"), func() pk.Message {
		return must(pk.Encrypt(recipient.PublicKey(), plaintext))
	})
	ciphertext, mac, ephemeral := m.Text()
	c.out.is("ephemeral_public_b64", ephemeral)
	c.out.is("ciphertext_b64", ciphertext)
	c.out.is("mac_b64", mac)
	got := must(recipient.Decrypt(must(pk.ParseMessage(ciphertext, mac, ephemeral))))
	check(bytes.Equal(got, plaintext), "decrypts to %q", got)
}

func pkDecrypt(c *call) { pkDecrypts(c, must(pk.NewDecryptionKey(c.in.bytes("private_key_hex")))) }

func pkDecrypts(c *call, k *pk.DecryptionKey) {
	m := must(pk.ParseMessage(c.in.text("ciphertext_b64"), c.in.text("mac_b64"), c.in.text("ephemeral_public_b64")))
	c.out.is("plaintext_utf8", must(k.Decrypt(m)))
}

func pkDecryptBadMAC(c *call) {
	k := must(pk.NewDecryptionKey(c.in.bytes("private_key_hex")))
	tampered := c.tamper(c.in.text("mac_b64"))
	c.out.is("tampered_mac_b64", tampered)
	m := must(pk.ParseMessage(c.in.text("ciphertext_b64"), tampered, c.in.text("ephemeral_public_b64")))
	_, err := k.Decrypt(m)
	refused(c.errorClass(), err)
	pkDecrypts(c, k)
}

func pkPickle(c *call) {
	k, key := must(pk.NewDecryptionKey(c.in.bytes("private_key_hex"))), c.in.bytes("pickle_key_utf8")
	imported := must(pk.ImportLibolmDecryptionKey(must(k.ExportLibolm(key)), key))
	for _, k := range []*pk.DecryptionKey{k, imported} {
		c.out.is("public_key_b64", k.PublicKey().String())
		c.out.is("pickle_b64", string(must(k.ExportLibolm(key))))
		c.out.is("raw_pickle_hex", unpickle(string(must(k.ExportLibolm(key))), key))
		private := must(k.Secret())
		check(bytes.Equal(private[:], c.in.bytes("private_key_hex")), "another private key")
	}
}

func pkPrivateKey(c *call) {
	k := must(pk.NewDecryptionKey(c.in.bytes("private_key_hex")))
	parsed := must(pk.ParseDecryptionKey(must(k.SecretText())))
	for _, k := range []*pk.DecryptionKey{k, parsed} {
		private := must(k.Secret())
		c.out.is("private_key_hex", private[:])
		c.out.is("public_key_b64", k.PublicKey().String())
	}
}

func pkSign(c *call) {
	k, message := must(pk.NewSigningKey(c.in.bytes("seed_hex"))), c.in.bytes("message_utf8")
	parsed := must(pk.ParseSigningKey(must(k.SecretText())))
	for _, k := range []*pk.SigningKey{k, parsed} {
		signature := must(k.Sign(message))
		c.out.is("public_key_b64", k.PublicKey().String())
		c.out.is("signature_b64", signature.String())
		ok(k.PublicKey().Verify(message, signature))
	}
}

func ed25519VerifyTampered(c *call) {
	key, message := must(keys.ParseEd25519(c.in.text("public_key_b64"))), c.in.bytes("message_utf8")
	text := c.in.text("signature_b64")
	ok(key.Verify(message, must(keys.ParseSignature(text))))
	tampered := c.tamper(text)
	c.out.is("tampered_signature_b64", tampered)
	refused(c.errorClass(), key.Verify(message, must(keys.ParseSignature(tampered))))
}
