package conformance

import (
	"errors"
	"fmt"
)

// remoteOf returns where a session stands in the program.
func remoteOf(s Session) (remote, error) {
	r, ours := s.(remoteSession)
	if !ours {
		return remote{}, fmt.Errorf("conformance: a session of another implementation")
	}
	return r.remote, nil
}

func ignoreUnsupported(err error) error {
	if errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}

func (l *Lines) bytes(call, name string, args values) ([]byte, error) {
	return ask(l, 0, call, args, func(m *members) []byte { return m.Bytes(name) })
}

func (l *Lines) text(call, name string, args values) (string, error) {
	return ask(l, 0, call, args, func(m *members) string { return text(m, name) })
}

// BeginRandom implements [Randomness].
func (l *Lines) BeginRandom(random []byte) error {
	return l.tell(0, "begin-random", values{}.with("random_hex", random))
}

// EndRandom implements [Randomness].
func (l *Lines) EndRandom() error { return l.tell(0, "end-random", nil) }

// Verify implements [Signatures].
func (l *Lines) Verify(key string, message []byte, signature string) error {
	return l.tell(0, "verify", values{}.with("key", key).with("message_hex", message).with("signature", signature))
}

// CheckCurve25519 implements [PublicKeys].
func (l *Lines) CheckCurve25519(key string) error {
	return l.tell(0, "check-curve25519", values{}.with("key", key))
}

// CheckEd25519 implements [PublicKeys].
func (l *Lines) CheckEd25519(key string) error {
	return l.tell(0, "check-ed25519", values{}.with("key", key))
}

// PKKey implements [PK].
func (l *Lines) PKKey(private, pickleKey []byte) (public string, same, pickle []byte, err error) {
	type all struct {
		public       string
		same, pickle []byte
	}
	k, err := ask(l, 0, "pk.key", values{}.with("private_hex", private).with("key_hex", pickleKey), func(m *members) all {
		return all{m.Text("public"), m.Bytes("private_hex"), []byte(m.Text("pickle"))}
	})
	return k.public, k.same, k.pickle, err
}

// PKUnpickle implements [PK].
func (l *Lines) PKUnpickle(pickle, pickleKey []byte) ([]byte, error) {
	return l.bytes("pk.unpickle", "private_hex", values{}.with("pickle", string(pickle)).with("key_hex", pickleKey))
}

// PKEncrypt implements [PK].
func (l *Lines) PKEncrypt(public string, plaintext []byte) (ciphertext, mac, ephemeral string, err error) {
	b, err := ask(l, 0, "pk.encrypt", values{}.with("public", public).with("plaintext_hex", plaintext), func(m *members) [3]string {
		return [3]string{m.Text("ciphertext"), m.Text("mac"), m.Text("ephemeral")}
	})
	return b[0], b[1], b[2], err
}

// PKDecrypt implements [PK].
func (l *Lines) PKDecrypt(private []byte, ciphertext, mac, ephemeral string) ([]byte, error) {
	return l.bytes("pk.decrypt", "plaintext_hex", values{}.with("private_hex", private).
		with("ciphertext", ciphertext).with("mac", mac).with("ephemeral", ephemeral))
}

// PKSign implements [PK].
func (l *Lines) PKSign(seed, message []byte) (public, signature string, err error) {
	s, err := ask(l, 0, "pk.sign", values{}.with("seed_hex", seed).with("message_hex", message), func(m *members) [2]string {
		return [2]string{m.Text("public"), m.Text("signature")}
	})
	return s[0], s[1], err
}

// SASKey implements [SAS].
func (l *Lines) SASKey(private []byte) (string, error) {
	return l.text("sas.key", "public", values{}.with("private_hex", private))
}

// SASBytes implements [SAS].
func (l *Lines) SASBytes(private []byte, theirs string, info []byte, n int) ([]byte, error) {
	return l.bytes("sas.bytes", "bytes_hex", values{"length": n}.with("private_hex", private).with("theirs", theirs).with("info_hex", info))
}

// SASMAC implements [SAS].
func (l *Lines) SASMAC(method string, private []byte, theirs string, input, info []byte) (string, error) {
	return l.text("sas.mac", "mac", values{}.with("method", method).with("private_hex", private).with("theirs", theirs).
		with("input_hex", input).with("info_hex", info))
}

// OneTimeKeyLimit implements [KeyLimit].
func (l *Lines) OneTimeKeyLimit() (int, error) {
	return ask(l, 0, "one-time-key-limit", nil, func(m *members) int { return int(m.Number("count")) })
}

// EncodeBase64 implements [Base64].
func (l *Lines) EncodeBase64(b []byte) (string, error) {
	return l.text("base64.encode", "text", values{}.with("bytes_hex", b))
}

// DecodeBase64 implements [Base64].
func (l *Lines) DecodeBase64(s string) ([]byte, error) {
	return l.bytes("base64.decode", "bytes_hex", values{}.with("text", s))
}

// X25519 implements [Primitives].
func (l *Lines) X25519(private []byte) ([]byte, error) {
	return l.bytes("x25519.public", "public_hex", values{}.with("private_hex", private))
}

// Agree implements [Primitives].
func (l *Lines) Agree(private, public []byte) ([]byte, error) {
	return l.bytes("x25519.agree", "shared_hex", values{}.with("private_hex", private).with("public_hex", public))
}

// Ed25519 implements [Primitives].
func (l *Lines) Ed25519(seed, message []byte) (public, expanded, signature []byte, err error) {
	k, err := ask(l, 0, "ed25519", values{}.with("seed_hex", seed).with("message_hex", message), func(m *members) [3][]byte {
		return [3][]byte{m.Bytes("public_hex"), m.Bytes("expanded_hex"), m.Bytes("signature_hex")}
	})
	return k[0], k[1], k[2], err
}

// SHA256 implements [Primitives].
func (l *Lines) SHA256(input []byte) ([]byte, error) {
	return l.bytes("sha256", "digest_hex", values{}.with("input_hex", input))
}

// HMACSHA256 implements [Primitives].
func (l *Lines) HMACSHA256(key, input []byte) ([]byte, error) {
	return l.bytes("hmac-sha256", "mac_hex", values{}.with("key_hex", key).with("input_hex", input))
}

// HKDFSHA256 implements [Primitives].
func (l *Lines) HKDFSHA256(ikm, salt, info []byte, n int) ([]byte, error) {
	return l.bytes("hkdf-sha256", "okm_hex", values{"length": n}.with("ikm_hex", ikm).with("salt_hex", salt).with("info_hex", info))
}

// AES256CBC implements [Primitives].
func (l *Lines) AES256CBC(key, iv, input []byte, decrypt bool) ([]byte, error) {
	return l.bytes("aes-256-cbc", "output_hex", values{"decrypt": decrypt}.with("key_hex", key).with("iv_hex", iv).with("input_hex", input))
}

// EncodeMessage implements [Codec].
func (l *Lines) EncodeMessage(version byte, fields []Field) ([]byte, error) {
	return l.bytes("message.encode", "message_hex", values{"version": version, "fields": fieldValues(fields)})
}

// DecodeMessage implements [Codec].
func (l *Lines) DecodeMessage(b []byte) (byte, []Field, error) {
	type both struct {
		version byte
		fields  []Field
	}
	m, err := ask(l, 0, "message.decode", values{}.with("message_hex", b), func(m *members) both {
		return both{versionByte(m), fieldsOf(m)}
	})
	return m.version, m.fields, err
}

func fieldValues(fields []Field) []values {
	list := []values{}
	for _, f := range fields {
		v := values{"number": f.Number, "varint": f.Varint}
		if f.IsBytes {
			v = values{"number": f.Number}.with("bytes_hex", f.Bytes)
		}
		list = append(list, v)
	}
	return list
}

func fieldsOf(m *members) []Field {
	var fields []Field
	for _, o := range m.Objects("fields") {
		f := Field{Number: o.Number("number"), IsBytes: o.Has("bytes_hex")}
		if f.IsBytes {
			f.Bytes = o.Bytes("bytes_hex")
		} else {
			f.Varint = o.Number("varint")
		}
		fields = append(fields, f)
	}
	return fields
}
