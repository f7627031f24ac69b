package hostile

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"slices"
)

func encode(b []byte) string { return base64.RawStdEncoding.EncodeToString(b) }

func decode(text string) []byte {
	b, err := base64.RawStdEncoding.DecodeString(text)
	must(err)
	return b
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func mac(key []byte, message ...byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(message)
	return h.Sum(nil)
}

// keys are those of one message.
type keys struct{ aes, mac, iv []byte }

func derive(secret []byte, info string) keys {
	okm, err := hkdf.Key(sha256.New, secret, nil, info, 80)
	must(err)
	return keys{okm[:32], okm[32:64], okm[64:]}
}

// encrypt takes whole blocks, so that padding can be anything.
func (k keys) encrypt(blocks string) []byte {
	b, err := aes.NewCipher(k.aes)
	must(err)
	out := []byte(blocks)
	cipher.NewCBCEncrypter(b, k.iv).CryptBlocks(out, out)
	return out
}

const version = 3

func number(tag byte, n uint64) []byte { return binary.AppendUvarint([]byte{tag}, n) }

func field(tag byte, value []byte) []byte {
	return append(binary.AppendUvarint([]byte{tag}, uint64(len(value))), value...)
}

// long writes a varint with n more bytes than it needs.
func long(tag byte, value uint64, more int) []byte {
	b := number(tag, value)
	for range more {
		b[len(b)-1] |= 0x80
		b = append(b, 0)
	}
	return b
}

// A form is a way to write the fields of a message, a number and a list of
// byte strings, that is not the usual one.
type form struct {
	class  string
	fields func(usual [][]byte) [][]byte
}

func insert(at int, what ...byte) func([][]byte) [][]byte {
	return func(usual [][]byte) [][]byte {
		return slices.Insert(slices.Clone(usual), min(at, len(usual)), what)
	}
}

// forms are those that make sense for all messages.
func forms() []form {
	all := []form{
		{"fields in reverse order", func(u [][]byte) [][]byte {
			u = slices.Clone(u)
			slices.Reverse(u)
			return u
		}},
		{"unknown field of type 0", insert(1, 0x28, 5)},
		{"unknown field of type 1", insert(1, 0x29, 1, 2, 3, 4, 5, 6, 7, 8)},
		{"unknown field of type 2", insert(1, 0x2a, 2, 7, 7)},
		{"unknown group", insert(1, 0x2b, 0x2c)},
		{"unknown field of type 5", insert(1, 0x2d, 1, 2, 3, 4)},
		{"unknown field of type 6", insert(1, 0x2e)},
		{"unknown field of type 5, at the end", insert(9, 0x2d, 1, 2, 3, 4)},
		{"unknown group, at the end", insert(9, 0x2b, 0x2c)},
		{"field number 0", insert(1, 0x00, 5)},
		{"tag of two bytes", insert(1, 0x80, 0x01, 5)},
	}
	for i := range 4 {
		name := string(rune('1' + i))
		all = append(all,
			form{"without field " + name, func(u [][]byte) [][]byte {
				if i >= len(u) {
					return nil
				}
				return slices.Delete(slices.Clone(u), i, i+1)
			}},
			form{"field " + name + " twice", func(u [][]byte) [][]byte {
				if i >= len(u) {
					return nil
				}
				return append(slices.Clone(u), u[i])
			}},
			form{"field " + name + " with a longer varint", func(u [][]byte) [][]byte {
				if i >= len(u) {
					return nil
				}
				u = slices.Clone(u)
				u[i] = stretch(u[i], 1)
				return u
			}},
			form{"field " + name + " with a varint of 12 bytes", func(u [][]byte) [][]byte {
				if i >= len(u) {
					return nil
				}
				u = slices.Clone(u)
				u[i] = stretch(u[i], 11)
				return u
			}})
	}
	return all
}

// stretch makes the varint of a field longer, without changing its value.
func stretch(f []byte, more int) []byte {
	n, size := binary.Uvarint(f[1:])
	return append(long(f[0], n, more), f[1+size:]...)
}

func join(head byte, fields [][]byte) []byte {
	return append([]byte{head}, slices.Concat(fields...)...)
}

// olmMessage finishes a message with its MAC.
func olmMessage(k keys, fields [][]byte) []byte {
	b := join(version, fields)
	return append(b, mac(k.mac, b...)[:8]...)
}

// megolmMessage finishes a message with its MAC and signature.
func megolmMessage(k keys, signer ed25519.PrivateKey, fields [][]byte) []byte {
	b := olmMessage(k, fields)
	return append(b, ed25519.Sign(signer, b)...)
}

// paddings are plaintexts of whole blocks whose end is not PKCS#7.
func paddings() map[string]string {
	return map[string]string{
		"padding of 0":         "fifteen bytes..\x00",
		"padding of 17":        "thirty-one bytes are two blocks\x11",
		"padding over all":     "fifteen bytes..\x11",
		"padding of 255":       "fifteen bytes..\xff",
		"padding not repeated": "twelve bytes\x01\x02\x03\x04",
	}
}

// texts are forms of base64, for a text.
func texts(raw []byte) map[string]string {
	text := encode(raw)
	spare := map[int]byte{2: 'B', 3: 'D'}[len(text)%4] // not used when there are no spare bits
	all := map[string]string{
		"padded base64":                base64.StdEncoding.EncodeToString(raw),
		"base64 with a line break":     text[:8] + "\n" + text[8:],
		"base64 with CR LF at its end": text + "\r\n",
		"base64 with a space":          text[:8] + " " + text[8:],
		"base64 with a foreign symbol": text[:len(text)-3] + "*" + text[len(text)-2:],
		"base64 with one symbol more":  text + "A",
		"URL base64":                   base64.RawURLEncoding.EncodeToString(raw),
		"empty text":                   "",
	}
	if spare != 0 {
		alphabet := "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
		last := slices.Index([]byte(alphabet), text[len(text)-1])
		all["base64 with trailing bits"] = text[:len(text)-1] + string(alphabet[last|1])
	}
	return all
}
