package redactiontest_test

import (
	"encoding/base64"

	"github.com/chappe-e2ee/chappe/internal/errs"
	"github.com/chappe-e2ee/chappe/internal/libolm"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
	"github.com/chappe-e2ee/chappe/pk"
)

func errorSamples() []sample {
	return public(&errs.MalformedError{}, &errs.VersionError{})
}

func keysSamples() []sample {
	account := must(olm.GenerateAccount())
	identity := account.IdentityKeys()
	key := keys.GenerateSealKey()
	bytes := key.Secret()
	return append(public(identity.Curve25519, identity.Ed25519, keys.NewID(7), must(account.Sign(nil))),
		holds(key, bytes[:]))
}

// newSession returns a session between two accounts.
func newSession(from, to *olm.Account) *olm.Session {
	must(to.GenerateOneTimeKeys(1))
	list := to.UnpublishedOneTimeKeys()
	return must(from.NewOutboundSession(to.IdentityKeys().Curve25519, list[len(list)-1].Key))
}

// sessionSecrets returns the root key, a sender chain's private key and key, a
// receiver chain's key and a skipped message key, as they stand in a pickle.
func sessionSecrets(s *olm.Session) [][]byte {
	b := must(libolm.Decrypt("", must(s.ExportLibolm(nil)), nil))
	secrets := [][]byte{b[101:133]}
	rest := b[133:]
	if rest[3] > 0 {
		secrets, rest = append(secrets, rest[36:68], rest[68:100]), rest[100:]
	}
	rest = rest[4:]
	for range rest[3] {
		secrets = append(secrets, rest[36:68])
		rest = append(rest[:4:4], rest[72:]...)
	}
	rest = rest[4:]
	for range rest[3] {
		secrets = append(secrets, rest[36:68])
		rest = append(rest[:4:4], rest[68:]...)
	}
	return secrets
}

func olmSamples(r *recorder) []sample {
	var alice, bob *olm.Account
	secrets := r.during(func() {
		alice = must(olm.GenerateAccount())
		must(alice.GenerateOneTimeKeys(2))
		must(alice.GenerateFallbackKey())
		must(alice.GenerateFallbackKey())
		must(alice.Sign([]byte("the expanded key is there")))
	})
	bob = must(olm.GenerateAccount())
	toBob := newSession(alice, bob)
	must(toBob.Encrypt([]byte("skipped"))) // its key is kept by who does not get it
	first := must(toBob.Encrypt([]byte("hello")))
	in := must(bob.NewInboundSession(alice.IdentityKeys().Curve25519, first))
	must(toBob.Decrypt(must(in.Session.Encrypt([]byte("hello")))))
	must(in.Session.Decrypt(must(toBob.Encrypt([]byte("again")))))
	sessionKeys, _ := first.SessionKeys()
	return append(public(
		must(bob.Dehydrate(make32(9))), bob.IdentityKeys(), olm.OneTime, &olm.LossyPickleError{}, first, &olm.MessageGapError{},
		&olm.MessageKeyGoneError{}, olm.PreKey, in.Used.OneTimeKey, sessionKeys, olm.V1, &olm.UnknownOneTimeKeyError{}, in.Used,
	),
		holds(alice, secrets...),
		holds(toBob, sessionSecrets(toBob)...),
		holds(in.Session, sessionSecrets(in.Session)...),
		holds(in, sessionSecrets(in.Session)...),
	)
}

func megolmSamples(r *recorder) []sample {
	var out *megolm.OutboundSession
	secrets := r.during(func() { out = megolm.NewOutboundSession() })
	key := must(out.SessionKey())
	in := must(megolm.NewInboundSession(key))
	message := must(out.Encrypt([]byte("hello")))
	decrypted := must(in.Decrypt(message))
	ratchets, seed := secrets[:4], secrets[4]
	exported := must(in.ExportAt(1))
	texts := [][]byte{key.SecretText()[8:176], exported.SecretText()[8:176]}
	at1 := must(base64.RawStdEncoding.DecodeString(string(exported.SecretText())))[5 : 5+128]
	return append(public(decrypted, message, megolm.Equal, megolm.V1, &megolm.UnknownIndexError{}),
		holds(out, append(append(texts, ratchets...), seed)...),
		holds(in, append(texts, ratchets...)...),
		holds(key, append(texts, ratchets...)...),
		holds(exported, texts[1], at1),
	)
}

func pkSamples() []sample {
	secret := make32(11)
	decryption := must(pk.NewDecryptionKey(secret))
	message := must(pk.Encrypt(decryption.PublicKey(), []byte("hello")))
	must(decryption.Decrypt(message)) // so that it holds its parsed form too
	signing := must(pk.NewSigningKey(secret))
	must(signing.Sign(nil))
	return append(public(message), holds(decryption, secret), holds(signing, secret))
}
