//go:build linux && !race && !386

package memscan

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"io"
	"iter"

	"github.com/chappe-e2ee/chappe/attachment"
	"github.com/chappe-e2ee/chappe/backup"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
)

// What is written to files and read from them.
var fileScenarios = map[string]func(o *order) func(){
	"attachment.DecryptReader": func(o *order) func() {
		f := o.file()
		d := call(func() (*attachment.DecryptReader, error) {
			return attachment.NewDecryptReader(bytes.NewReader(o.Public["ciphertext"]), f, 5000)
		})
		must(io.ReadFull(d, make([]byte, d.Size())))
		saveRegisters()
		return f.Close
	},
	"attachment.UnverifiedReader": func(o *order) func() {
		f := o.file()
		u := must(attachment.NewUnverifiedReader(bytes.NewReader(o.Public["ciphertext"]), f, 5000))
		must(io.ReadFull(u, make([]byte, len(o.Public["ciphertext"]))))
		saveRegisters()
		return f.Close
	},
	"backup.KeyFileWriter": func(o *order) func() {
		var session megolm.ExportedSession
		o.secret("export", func(b []byte) { session = call1(megolm.ParseExportedSession, b) })
		var w *backup.KeyFileWriter
		o.secret("passphrase", func(b []byte) {
			w = call(func() (*backup.KeyFileWriter, error) {
				return backup.NewKeyFileWriter(io.Discard, b, backup.MinNewRounds)
			})
		})
		for range 2 {
			call(func() (int, error) {
				return 0, w.WriteEntry(backup.Entry{RoomID: "!room:example.org", Session: session, SenderKey: o.curve25519("sender")})
			})
		}
		call(func() (int, error) { return 0, w.Finish() })
		return session.Close
	},
	"backup.KeyFile": func(o *order) func() {
		var f *backup.KeyFile
		o.secret("passphrase", func(b []byte) {
			f = call(func() (*backup.KeyFile, error) { return backup.OpenKeyFile(bytes.NewReader(o.Public["file"]), b) })
		})
		end := first(f.Entries())
		return func() { end(); f.Close() }
	},
	"backup.PlainEntries": func(o *order) func() {
		var end func()
		o.secret("file", func(b []byte) { end = first(backup.PlainEntries(bytes.NewReader(b))) })
		return end
	},
}

func (o *order) file() (f attachment.File) {
	o.secret("file", func(b []byte) { f = call1(attachment.ParseFile, b) })
	return f
}

// first takes all entries, and returns what closes the first.
func first(entries iter.Seq2[backup.Entry, error]) func() {
	kept := call(func() (kept []backup.Entry, _ error) {
		for e, err := range entries {
			kept = append(kept, must(e, err))
		}
		return kept, nil
	})
	for _, e := range kept[1:] {
		e.Close()
	}
	return kept[0].Close
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func fileTrials() []trial {
	return []trial{decryptReader("attachment.DecryptReader"), decryptReader("attachment.UnverifiedReader"), keyFileWriter(), keyFile(), plainEntries()}
}

func decryptReader(name string) trial {
	key, iv, ciphertext := random(32), append(random(8), make([]byte, 8)...), random(1000)
	stream := keystream(key, iv, len(ciphertext))
	hash := sha256.Sum256(ciphertext)
	text := base64.RawURLEncoding.EncodeToString(key)
	file := fmt.Sprintf(`{"v":"v2","url":"mxc://example.org/file","key":{"kty":"oct","alg":"A256CTR","ext":true,"k":%q,"key_ops":["encrypt","decrypt"]},"iv":%q,"hashes":{"sha256":%q}}`,
		text, base64.RawStdEncoding.EncodeToString(iv), base64.RawStdEncoding.EncodeToString(hash[:]))
	tr := trial{name: name, secrets: map[string][]byte{"file": []byte(file)}, public: map[string][]byte{"ciphertext": ciphertext}}
	tr.add(both, "AES key, also the start of its schedule", key)
	tr.add(used, "AES key in base64", []byte(text))
	tr.add(register, "last block of the keystream", stream[len(stream)-aes.BlockSize:])
	return tr
}

func keystream(key, iv []byte, n int) []byte {
	b := make([]byte, (n+15)&^15)
	cipher.NewCTR(must(aes.NewCipher(key)), iv).XORKeyStream(b, b)
	return b
}

const passphrase = "a passphrase of some length"

// exported is a session that is written.
func exported(ratchet []byte) (e megolm.ExportedSession) {
	drawing(ratchet, func() {
		e = must(must(megolm.NewInboundSession(must(megolm.NewOutboundSession().SessionKey()))).Export())
	})
	return e
}

func (tr *trial) addEntry(at where, ratchet []byte) {
	text := base64.RawStdEncoding.EncodeToString(append([]byte{1, 0, 0, 0, 0}, ratchet[:128]...))
	tr.add(at, "R0", ratchet)
	tr.add(at, "R3", ratchet[96:])
	tr.add(used, "session key in base64", []byte(text[8:]))
	tr.add(used, "session key in base64, at its end", []byte(text[len(text)-20:]))
}

// addKeys adds the keys that follow from the passphrase.
func (tr *trial) addKeys(at where, salt []byte) {
	okm := must(pbkdf2.Key(sha512.New, passphrase, salt, backup.MinNewRounds, 64))
	tr.add(at, "AES key, also the start of its schedule", okm[:32])
	tr.add(at, "MAC key", okm[32:])
	tr.add(library, "MAC key, padded for HMAC", padded(okm[32:], 0x36))
	tr.add(library, "MAC key, padded for HMAC outside", padded(okm[32:], 0x5c))
	tr.add(library, "passphrase", []byte(passphrase))
}

func keyFileWriter() trial {
	ratchet, key := random(160), random(32)
	tr := trial{name: "backup.KeyFileWriter", random: random(32), public: map[string][]byte{"sender": public(key)},
		secrets: map[string][]byte{"passphrase": []byte(passphrase), "export": exported(ratchet).SecretText()}}
	tr.addKeys(library, tr.random[:16])
	tr.addEntry(held, ratchet)
	return tr
}

func keyFile() trial {
	var file bytes.Buffer
	ratchets := [][]byte{random(160), random(160)}
	salt := random(32)
	var w *backup.KeyFileWriter
	drawing(salt, func() { w = must(backup.NewKeyFileWriter(&file, []byte(passphrase), backup.MinNewRounds)) })
	for _, r := range ratchets {
		check(w.WriteEntry(entry(r)))
	}
	check(w.Finish())
	tr := trial{name: "backup.KeyFile", secrets: map[string][]byte{"passphrase": []byte(passphrase)}, public: map[string][]byte{"file": file.Bytes()}}
	tr.addKeys(both, salt[:16])
	tr.addEntry(held, ratchets[0])
	tr.addEntry(used, ratchets[1])
	return tr
}

func entry(ratchet []byte) backup.Entry {
	identity := must(olm.GenerateAccount()).IdentityKeys()
	return backup.Entry{RoomID: "!room:example.org", Session: exported(ratchet), SenderKey: identity.Curve25519, ClaimedEd25519: identity.Ed25519}
}

func plainEntries() trial {
	ratchets := [][]byte{random(160), random(160)}
	text := []byte("[")
	for i, r := range ratchets {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(text, must(entry(r).SecretJSON())...)
	}
	tr := trial{name: "backup.PlainEntries", secrets: map[string][]byte{"file": append(text, ']')}}
	tr.addEntry(held, ratchets[0])
	tr.addEntry(used, ratchets[1])
	return tr
}
