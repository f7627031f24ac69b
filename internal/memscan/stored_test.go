//go:build linux && !race && !386

package memscan

import (
	"crypto/ed25519"
	"crypto/pbkdf2"
	"crypto/sha512"
	"encoding/json"
	"runtime"

	"github.com/chappe-e2ee/chappe/backup"
	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/events"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/pk"
	"github.com/chappe-e2ee/chappe/secretstorage"
)

// What opens and seals what is stored, and what lets a key out.
var storedScenarios = map[string]func(o *order) func(){
	"events.ReplayGuard": func(o *order) func() {
		var session *megolm.InboundSession
		o.secret("session key", func(b []byte) {
			key := must(megolm.ParseSessionKey(b))
			session = must(megolm.NewInboundSession(key))
			key.Close()
		})
		key := keys.GenerateSealKey()
		sealed := call2(events.NewReplayGuard(session).Seal, key, nil)
		call(func() (*events.ReplayGuard, error) { return events.OpenReplayGuard(sealed, key, nil) })
		return func() { session.Close(); key.Close() }
	},
	"secretstorage.Key.OpenSigningKey": func(o *order) func() {
		key := o.passphraseKey()
		seed := call(func() (*secretstorage.PrivateKey, error) {
			return key.OpenSigningKey(secretstorage.MasterKey, o.sealed("seed"), must(keys.NewEd25519(o.Public["Ed25519"])))
		})
		return func() { seed.Close(); key.Close() }
	},
	"secretstorage.Key.OpenBackupKey": func(o *order) func() {
		key := o.passphraseKey()
		private := call2(key.OpenBackupKey, o.sealed("private"), o.curve25519("Curve25519"))
		return func() { private.Close(); key.Close() }
	},
	"Secret": func(o *order) func() {
		var closers []func()
		o.secret("key", func(b []byte) {
			sealKey, storageKey := must(keys.NewSealKey(b)), must(secretstorage.NewKey(b))
			decryption, signing := must(pk.NewDecryptionKey(b)), must(pk.NewSigningKey(b))
			private := must(crosssigning.NewPrivateKeys("@alice:example.org", crosssigning.Seeds{}.With(crosssigning.Master, b)))
			for _, get := range []func() ([32]byte, error){
				func() ([32]byte, error) { return sealKey.Secret(), nil }, storageKey.Secret, decryption.Secret, signing.Secret,
				func() ([32]byte, error) { return private.Secret(crosssigning.Master) },
			} {
				out(get)
			}
			for _, get := range []func() ([]byte, error){
				storageKey.RecoveryKey, decryption.SecretText, signing.SecretText,
				func() ([]byte, error) { return private.SecretText(crosssigning.Master) },
			} {
				clear(call(get))
			}
			closers = []func(){sealKey.Close, storageKey.Close, decryption.Close, signing.Close, private.Close}
		})
		return func() {
			for _, end := range closers {
				end()
			}
		}
	},
	"backup.RecoveryKey": func(o *order) func() {
		var key *pk.DecryptionKey
		o.secret("key", func(b []byte) { key = must(pk.NewDecryptionKey(b)) })
		text := call1(backup.RecoveryKey, key)
		call1(backup.ParseRecoveryKey, text).Close()
		clear(text)
		return key.Close
	},
}

// out lets a key out as a program does, and wipes what it got: the array, and
// where on its own stack it was returned, which the next call uses again.
func out(get func() ([32]byte, error)) {
	b, err := get()
	clear(b[:])
	check(err)
	b, _ = nothing()
	runtime.KeepAlive(&b)
}

//go:noinline
func nothing() (b [32]byte, err error) { return b, nil }

func (o *order) passphraseKey() (key *secretstorage.Key) {
	o.secret("passphrase", func(b []byte) {
		key = call1(secretstorage.PBKDF2{Salt: "salt", Iterations: iterations}.Key, b)
	})
	return key
}

func (o *order) sealed(name string) (s secretstorage.Sealed) {
	check(json.Unmarshal(o.Public[name], &s))
	return s
}

const iterations = 1000

func storedTrials() []trial {
	seed, private32 := random(32), random(32)
	return []trial{
		guard(),
		opening("secretstorage.Key.OpenSigningKey", secretstorage.MasterKey, "seed", seed, map[string][]byte{
			"Ed25519": ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey),
		}),
		opening("secretstorage.Key.OpenBackupKey", secretstorage.BackupKey, "private", private32, map[string][]byte{
			"Curve25519": public(private32),
		}),
		secrets(),
		recoveryKey(),
	}
}

func guard() trial {
	group := megolm.NewOutboundSession()
	tr := trial{name: "events.ReplayGuard", random: random(32 + 32 + 12), secrets: map[string][]byte{"session key": must(group.SessionKey()).SecretText()}}
	tr.add(both, "seal key", tr.random[:32])
	derived := expand(tr.random[:32], tr.random[32:64], "chappe seal 1 replay guard", 32)
	tr.add(library, "derived AES key, also the start of its schedule", derived)
	return tr
}

func opening(name, secretName, label string, private []byte, publics map[string][]byte) trial {
	storageKey := must(pbkdf2.Key(sha512.New, passphrase, []byte("salt"), iterations, 32))
	sealed := must(must(secretstorage.NewKey(storageKey)).SealPrivateKey(secretName, private))
	publics[label] = must(json.Marshal(sealed))
	tr := trial{name: name, secrets: map[string][]byte{"passphrase": []byte(passphrase)}, public: publics}
	okm := expand(storageKey, make([]byte, 32), secretName, 64)
	tr.add(library, "passphrase", []byte(passphrase))
	tr.add(both, "key", storageKey)
	tr.add(library, "AES key, also the start of its schedule", okm[:32])
	tr.add(library, "MAC key", okm[32:])
	tr.add(library, "MAC key, padded for HMAC", padded(okm[32:], 0x36))
	tr.add(held, "private key", private)
	tr.add(used, "private key in base64", []byte(encode(private)))
	return tr
}

func secrets() trial {
	tr := trial{name: "Secret", secrets: map[string][]byte{"key": random(32)}}
	tr.add(both, "key", tr.secrets["key"]) // an array stands on the stack of each caller
	tr.add(used, "key in base64", []byte(encode(tr.secrets["key"])))
	return tr
}

func recoveryKey() trial {
	tr := trial{name: "backup.RecoveryKey", secrets: map[string][]byte{"key": random(32)}}
	tr.add(both, "key", tr.secrets["key"])
	return tr
}
