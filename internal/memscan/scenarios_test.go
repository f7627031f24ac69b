//go:build linux && !race && !386

package memscan

import (
	"bytes"
	"io"

	"github.com/chappe-e2ee/chappe/attachment"
	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
	"github.com/chappe-e2ee/chappe/pk"
	"github.com/chappe-e2ee/chappe/sas"
	"github.com/chappe-e2ee/chappe/secretstorage"
)

// forgotten is what the control leaves behind.
var forgotten []byte

// scenario returns what uses values in the process that is looked through, and
// returns what closes them.
func scenario(name string) func(o *order) func() {
	for _, group := range []map[string]func(o *order) func(){scenarios, olmScenarios, pickleScenarios, fileScenarios, storedScenarios} {
		if use := group[name]; use != nil {
			return use
		}
	}
	panic("memscan: no scenario " + name)
}

var scenarios = map[string]func(o *order) func(){
	// A copy that nobody wipes must be found, before and after.
	"control": func(o *order) func() {
		o.secret("key", func(b []byte) { forgotten = bytes.Clone(b) })
		return func() {}
	},
	"olm.Account": func(o *order) func() {
		account := must(olm.GenerateAccount())
		must(account.GenerateOneTimeKeys(1))
		must(account.Sign([]byte("message")))
		return account.Close
	},
	"olm.Session": func(o *order) func() {
		account := must(olm.GenerateAccount())
		session := must(account.NewOutboundSession(o.curve25519("identity"), o.curve25519("one-time")))
		must(session.Encrypt([]byte("first")))
		must(session.Encrypt([]byte("second")))
		return func() { session.Close(); account.Close() }
	},
	"megolm.OutboundSession": func(o *order) func() {
		session := megolm.NewOutboundSession()
		must(session.Encrypt([]byte("first")))
		must(session.Encrypt([]byte("second")))
		return session.Close
	},
	"megolm.InboundSession": func(o *order) func() {
		var session *megolm.InboundSession
		o.secret("session key", func(b []byte) {
			key := must(megolm.ParseSessionKey(b))
			session = must(megolm.NewInboundSession(key))
			key.Close()
		})
		must(session.Decrypt(must(megolm.NewMessage(o.Public["message"]))))
		return session.Close
	},
	"pk.DecryptionKey": func(o *order) func() {
		var key *pk.DecryptionKey
		o.secret("key", func(b []byte) { key = must(pk.NewDecryptionKey(b)) })
		must(key.Decrypt(must(pk.ParseMessage(string(o.Public["ciphertext"]), string(o.Public["mac"]), string(o.Public["ephemeral"])))))
		return key.Close
	},
	"pk.Encrypt": func(o *order) func() {
		must(pk.Encrypt(o.curve25519("recipient"), []byte("plaintext")))
		return func() {}
	},
	"pk.SigningKey": func(o *order) func() {
		key := pk.GenerateSigningKey()
		must(key.Sign([]byte("message")))
		return key.Close
	},
	"sas.Established": func(o *order) func() {
		established := must(must(sas.Generate()).Agree(o.curve25519("theirs")))
		must(established.Code([]byte("info")))
		must(established.MAC([]byte("input"), []byte("info")))
		return established.Close
	},
	"secretstorage.Key": func(o *order) func() {
		var key *secretstorage.Key
		o.secret("key", func(b []byte) { key = must(secretstorage.NewKey(b)) })
		description := must(key.Describe("name"))
		if err := description.Check(key); err != nil {
			panic(err)
		}
		must(key.SealPrivateKey(secretstorage.MasterKey, bytes.Repeat([]byte{1}, 32)))
		return key.Close
	},
	"crosssigning.PrivateKeys": func(o *order) func() {
		private := must(crosssigning.GeneratePrivateKeys("@alice:example.org"))
		must(private.Identity())
		return private.Close
	},
	"attachment.EncryptReader": func(o *order) func() {
		e := attachment.NewEncryptReader(bytes.NewReader(make([]byte, 1000)), 1000)
		must(io.Copy(io.Discard, e))
		return e.Close
	},
	"keys.SealKey": func(o *order) func() {
		account, key := must(olm.GenerateAccount()), keys.GenerateSealKey()
		must(olm.OpenAccount(must(account.Seal(key, nil)), key, nil)).Close()
		return func() { account.Close(); key.Close() }
	},
}
