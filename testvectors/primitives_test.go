package testvectors_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"strings"

	"github.com/chappe-e2ee/chappe/internal/aessha2"
	"github.com/chappe-e2ee/chappe/internal/b64"
	"github.com/chappe-e2ee/chappe/internal/ct64"
	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/internal/kdf"
	"github.com/chappe-e2ee/chappe/keys"
)

// encode64 encodes with both of the module's encoders.
func encode64(b []byte) string {
	text := b64.Encode(b)
	check(string(ct64.AppendEncode(nil, b)) == text, "two encoders, two texts")
	return text
}

// decode64 decodes with both of the module's decoders.
func decode64(text string) ([]byte, error) {
	n := b64.DecodedLen(text)
	if n < 0 {
		return nil, keys.ErrBase64
	}
	b, c := make([]byte, n), make([]byte, n)
	err, other := b64.Decode(b, []byte(text)), ct64.Decode(c, text)
	check((err == nil) == (other == nil), "two decoders, two verdicts: %v, %v", err, other)
	if err != nil {
		return nil, err
	}
	check(bytes.Equal(b, c), "two decoders, two values")
	return b, nil
}

func base64Encode(c *call) { c.out.is("text_utf8", encode64(c.in.bytes("input_utf8"))) }

// base64Decode also demands that the same text with a spare bit set is refused.
func base64Decode(c *call) {
	text := c.in.text("text_utf8")
	c.out.is("output_utf8", must(decode64(text)))
	check(len(text)%4 != 0, "a text without spare bits")
	last := len(text) - 1
	_, err := decode64(text[:last] + alphabet[strings.IndexByte(alphabet, text[last])+1:][:1])
	refused("base64", err)
}

func base64DecodeInvalid(c *call) {
	text := c.in.text("text_utf8")
	check(text != "", "no last symbol")
	_, err := decode64(text)
	refused(c.errorClass(), err)
	c.out.is("without_last_symbol_hex", must(decode64(text[:len(text)-1])))
}

// key32 returns a value of 32 bytes.
func key32(b []byte) *[32]byte {
	check(len(b) == 32, "%d bytes instead of 32", len(b))
	return (*[32]byte)(b)
}

// pair is an X25519 key pair.
type pair struct {
	private *curve.PrivateKey
	public  []byte
}

func newPair(private []byte) pair {
	b := key32(private)
	p := pair{private: must(curve.ParsePrivateKey(b))}
	public := p.private.PublicKey()
	check(public == curve.PublicFromPrivate(b), "two ways to the public key, two keys")
	p.public = public[:]
	return p
}

// agree returns the shared secret with a public key, which must be good.
func (p pair) agree(public []byte) []byte {
	peer := must(keys.NewCurve25519(public)).Array()
	shared := make([]byte, curve.Size)
	ok(p.private.Agree(shared, &peer))
	return shared
}

func x25519(c *call) {
	alice, bob := newPair(c.in.bytes("alice_private_hex")), newPair(c.in.bytes("bob_private_hex"))
	c.out.is("alice_public_hex", alice.public)
	c.out.is("bob_public_hex", bob.public)
	c.out.is("shared_secret_hex", alice.agree(bob.public))
	c.out.is("shared_secret_hex", bob.agree(alice.public))
}

func ed25519KeyPair(c *call) {
	k := curve.SigningKeyFromSeed(key32(c.in.bytes("seed_utf8")))
	public, message := k.PublicKey(), c.in.text("message_utf8")
	c.out.is("public_key_hex", public[:])
	c.out.is("expanded_private_key_hex", k.Expanded()[:])
	var b [curve.SignatureSize]byte
	k.Sign(&b, []byte(message))
	c.out.is("signature_hex", b[:])
	// libolm's form of the key signs alike.
	var other [curve.SignatureSize]byte
	must(curve.SigningKeyFromExpanded(k.Expanded(), &public)).Sign(&other, []byte(message))
	check(other == b, "seed and expanded key sign differently")

	key, signature := must(keys.NewEd25519(public[:])), must(keys.NewSignature(b[:]))
	verifies := func(message string) bool {
		err := key.Verify([]byte(message), signature)
		if err != nil {
			refused("signature", err)
		}
		return err == nil
	}
	c.out.is("verifies", verifies(message))
	tampered := c.tamper(message)
	c.out.is("tampered_message_utf8", tampered)
	c.out.is("tampered_verifies", verifies(tampered))
}

// aes256CBC has no way to hand a key to package aessha2, whose keys all come
// from HKDF. So the vector judges a CBC of a few lines, and this CBC, under keys
// that HKDF can give, judges the package.
func aes256CBC(c *call) {
	key, iv, plaintext := c.in.bytes("key_hex"), c.in.bytes("iv_hex"), c.in.bytes("plaintext_hex")
	c.out.is("ciphertext_hex", cbc(key, iv, plaintext))

	const label = "OLM_KEYS"
	var okm [80]byte
	kdf.HKDF(okm[:], key, nil, label)
	var ours aessha2.Cipher
	ours.Derive(key, label)
	ciphertext := ours.AppendEncrypt(nil, plaintext)
	check(bytes.Equal(ciphertext, cbc(okm[:32], okm[64:], plaintext)), "package aessha2 encrypts otherwise")
	back, good := ours.Decrypt(ciphertext)
	check(good && bytes.Equal(back, plaintext), "does not decrypt to the plaintext")
}

func cbc(key, iv, plaintext []byte) []byte {
	check(len(key) == 32 && len(iv) == aes.BlockSize, "wrong length of key or IV")
	pad := aes.BlockSize - len(plaintext)%aes.BlockSize
	b := append(bytes.Clone(plaintext), bytes.Repeat([]byte{byte(pad)}, pad)...)
	cipher.NewCBCEncrypter(must(aes.NewCipher(key)), iv).CryptBlocks(b, b)
	return b
}

func sha256Digest(c *call) {
	digest := sha256.Sum256(c.in.bytes("input_hex"))
	c.out.is("digest_hex", digest[:])
}

func sha256Base64(c *call) {
	digest := sha256.Sum256(c.in.bytes("input_utf8"))
	c.out.is("digest_b64", encode64(digest[:]))
}

func hmacSHA256(c *call) {
	var mac [kdf.Size]byte
	kdf.HMAC(&mac, c.in.bytes("key_hex"), c.in.bytes("input_hex"))
	c.out.is("mac_hex", mac[:])
}

func hkdfSHA256(c *call) {
	info, n := string(c.in.bytes("info_hex")), c.in.number("length")
	check(n <= 255*kdf.Size && len(info) <= 32, "longer than HKDF, or package kdf, allows")
	okm := make([]byte, n)
	kdf.HKDF(okm, c.in.bytes("ikm_hex"), c.in.bytes("salt_hex"), info)
	c.out.is("okm_hex", okm)
}
