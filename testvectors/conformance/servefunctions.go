package conformance

// functionServices are the calls of an implementation that make no object.
var functionServices = map[string]service{
	"name": can(func(i Implementation, _ *members) values { return values{"name": i.Name()} }),

	"begin-random": can(func(r Randomness, in *members) values { return none(r.BeginRandom(in.Bytes("random_hex"))) }),
	"end-random":   can(func(r Randomness, _ *members) values { return none(r.EndRandom()) }),

	"verify": can(func(s Signatures, in *members) values {
		return none(s.Verify(text(in, "key"), in.Bytes("message_hex"), text(in, "signature")))
	}),
	"check-curve25519": can(func(p PublicKeys, in *members) values { return none(p.CheckCurve25519(text(in, "key"))) }),
	"check-ed25519":    can(func(p PublicKeys, in *members) values { return none(p.CheckEd25519(text(in, "key"))) }),

	"pk.key": can(func(p PK, in *members) values {
		public, private, pickle, err := p.PKKey(in.Bytes("private_hex"), in.Bytes("key_hex"))
		return one("public", public, err).with("private_hex", private).with("pickle", string(pickle))
	}),
	"pk.unpickle": can(func(p PK, in *members) values {
		private, err := p.PKUnpickle([]byte(text(in, "pickle")), in.Bytes("key_hex"))
		return one("private_hex", private, err)
	}),
	"pk.encrypt": can(func(p PK, in *members) values {
		ciphertext, mac, ephemeral, err := p.PKEncrypt(text(in, "public"), in.Bytes("plaintext_hex"))
		return one("ciphertext", ciphertext, err).with("mac", mac).with("ephemeral", ephemeral)
	}),
	"pk.decrypt": can(func(p PK, in *members) values {
		plaintext, err := p.PKDecrypt(in.Bytes("private_hex"), text(in, "ciphertext"), text(in, "mac"), text(in, "ephemeral"))
		return one("plaintext_hex", plaintext, err)
	}),
	"pk.sign": can(func(p PK, in *members) values {
		public, signature, err := p.PKSign(in.Bytes("seed_hex"), in.Bytes("message_hex"))
		return one("public", public, err).with("signature", signature)
	}),

	"sas.key": can(func(s SAS, in *members) values {
		public, err := s.SASKey(in.Bytes("private_hex"))
		return one("public", public, err)
	}),
	"sas.bytes": can(func(s SAS, in *members) values {
		b, err := s.SASBytes(in.Bytes("private_hex"), text(in, "theirs"), in.Bytes("info_hex"), int(in.Number("length")))
		return one("bytes_hex", b, err)
	}),
	"sas.mac": can(func(s SAS, in *members) values {
		mac, err := s.SASMAC(in.Text("method"), in.Bytes("private_hex"), text(in, "theirs"), in.Bytes("input_hex"), in.Bytes("info_hex"))
		return one("mac", mac, err)
	}),

	"one-time-key-limit": can(func(k KeyLimit, _ *members) values {
		n, err := k.OneTimeKeyLimit()
		return one("count", n, err)
	}),

	"base64.encode": can(func(b Base64, in *members) values {
		t, err := b.EncodeBase64(in.Bytes("bytes_hex"))
		return one("text", t, err)
	}),
	"base64.decode": can(func(b Base64, in *members) values {
		out, err := b.DecodeBase64(text(in, "text"))
		return one("bytes_hex", out, err)
	}),

	"x25519.public": can(func(p Primitives, in *members) values {
		public, err := p.X25519(in.Bytes("private_hex"))
		return one("public_hex", public, err)
	}),
	"x25519.agree": can(func(p Primitives, in *members) values {
		shared, err := p.Agree(in.Bytes("private_hex"), in.Bytes("public_hex"))
		return one("shared_hex", shared, err)
	}),
	"ed25519": can(func(p Primitives, in *members) values {
		public, expanded, signature, err := p.Ed25519(in.Bytes("seed_hex"), in.Bytes("message_hex"))
		return one("public_hex", public, err).with("expanded_hex", expanded).with("signature_hex", signature)
	}),
	"sha256": can(func(p Primitives, in *members) values {
		digest, err := p.SHA256(in.Bytes("input_hex"))
		return one("digest_hex", digest, err)
	}),
	"hmac-sha256": can(func(p Primitives, in *members) values {
		mac, err := p.HMACSHA256(in.Bytes("key_hex"), in.Bytes("input_hex"))
		return one("mac_hex", mac, err)
	}),
	"hkdf-sha256": can(func(p Primitives, in *members) values {
		okm, err := p.HKDFSHA256(in.Bytes("ikm_hex"), in.Bytes("salt_hex"), in.Bytes("info_hex"), int(in.Number("length")))
		return one("okm_hex", okm, err)
	}),
	"aes-256-cbc": can(func(p Primitives, in *members) values {
		out, err := p.AES256CBC(in.Bytes("key_hex"), in.Bytes("iv_hex"), in.Bytes("input_hex"), in.Boolean("decrypt"))
		return one("output_hex", out, err)
	}),

	"message.encode": can(func(c Codec, in *members) values {
		b, err := c.EncodeMessage(versionByte(in), fieldsOf(in))
		return one("message_hex", b, err)
	}),
	"message.decode": can(func(c Codec, in *members) values {
		version, fields, err := c.DecodeMessage(in.Bytes("message_hex"))
		refuse(err)
		return values{"version": version, "fields": fieldValues(fields)}
	}),
}
