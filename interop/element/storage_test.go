package element

import (
	"testing"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/pk"
	"github.com/chappe-e2ee/chappe/secretstorage"
)

// usages are the names of the cross-signing keys in secret storage.
var usages = map[string]crosssigning.Usage{
	secretstorage.MasterKey: crosssigning.Master, secretstorage.SelfSigningKey: crosssigning.SelfSigning,
	secretstorage.UserSigningKey: crosssigning.UserSigning,
}

// stored is account data, and the secrets that the peer read from it.
type stored struct {
	Data     map[string]object
	Read     map[string]string
	Recovery string
}

// Secret storage that Element's client library made is opened and added to, with a
// recovery key and with a passphrase.
func TestStorageOfElement(t *testing.T) {
	for _, args := range []object{
		{},
		{"passphrase": passphrase, "salt": "a salt é of any text", "iterations": 500_000},
		{"passphrase": passphrase, "salt": "few rounds", "iterations": 1000},
	} {
		var s stored
		check(t, theirs.call("", "newStorage", args, &s))
		private := must(crosssigning.GeneratePrivateKeys(hers))
		public := must(private.Identity())
		secrets := object{"org.example.secret": "any text é"}
		for name, usage := range usages {
			secrets[name] = string(must(private.SecretText(usage)))
		}
		check(t, theirs.call("", "useStorage", object{"data": s.Data, "recovery": s.Recovery, "store": secrets, "read": []string{}}, &s))

		// We open it.
		var first secretstorage.DefaultKey
		check(t, first.UnmarshalJSON(encode(t, s.Data[secretstorage.DefaultKeyType])))
		description := must(secretstorage.ParseDescription(encode(t, s.Data[secretstorage.DescriptionTypePrefix+first.KeyID])))
		equal(t, "name", description.Name(), "a key")
		key := must(secretstorage.ParseRecoveryKey([]byte(s.Recovery)))
		if args["passphrase"] != nil {
			key = must(must(description.Passphrase()).Key([]byte(passphrase)))
			equal(t, "recovery key", string(must(key.RecoveryKey())), s.Recovery)
			wrong := must(must(description.Passphrase()).Key([]byte("wrong")))
			holds(t, "another passphrase is refused", description.Check(wrong) != nil)
		}
		check(t, description.Check(key))
		for name, usage := range usages {
			sealed := must(must(secretstorage.ParseStoredSecret(encode(t, s.Data[name]))).Under(first.KeyID))
			opened := must(key.OpenSigningKey(name, sealed, public.Key(usage).Key()))
			equal(t, name, must(opened.Secret()), must(private.Secret(usage)))
		}
		sealed := must(must(secretstorage.ParseStoredSecret(encode(t, s.Data["org.example.secret"]))).Under(first.KeyID))
		equal(t, "secret", string(must(key.Open("org.example.secret", sealed))), "any text é")

		// And add to it, which they read.
		var more secretstorage.StoredSecret
		more = must(more.With(first.KeyID, must(key.Seal("org.example.more", []byte("more é")))))
		s.Data["org.example.more"] = decode[object](t, must(more.MarshalJSON()))
		check(t, theirs.call("", "useStorage", object{"data": s.Data, "recovery": s.Recovery, "store": object{}, "read": []string{"org.example.more"}}, &s))
		equal(t, "more", s.Read["org.example.more"], "more é")
		counted("secret storages", 1)
		counted("stored secrets", 5)
	}
}

// Ours is opened and added to by Element's client library.
func TestStorageOfOurs(t *testing.T) {
	for _, key := range []*secretstorage.Key{
		secretstorage.GenerateKey(),
		must(secretstorage.NewPassphraseKey([]byte(passphrase))),
	} {
		id := secretstorage.GenerateKeyID()
		description := must(key.Describe("ours"))
		data := map[string]object{
			secretstorage.DefaultKeyType:             decode[object](t, must(secretstorage.DefaultKey{KeyID: id}.MarshalJSON())),
			secretstorage.DescriptionTypePrefix + id: decode[object](t, must(description.MarshalJSON())),
		}
		private := must(crosssigning.GeneratePrivateKeys(ours))
		backupKey := must(pk.GenerateDecryptionKey())
		put := func(name string, seed [32]byte) {
			var secret secretstorage.StoredSecret
			secret = must(secret.With(id, must(key.SealPrivateKey(name, seed[:]))))
			data[name] = decode[object](t, must(secret.MarshalJSON()))
		}
		names := []string{secretstorage.BackupKey}
		put(secretstorage.BackupKey, must(backupKey.Secret()))
		for name, usage := range usages {
			put(name, must(private.Secret(usage)))
			names = append(names, name)
		}

		ways := []object{{"recovery": string(must(key.RecoveryKey()))}}
		if _, err := description.Passphrase(); err == nil {
			ways = append(ways, object{"passphrase": passphrase})
			err := theirs.call("", "useStorage", object{"data": data, "passphrase": "wrong", "store": object{}, "read": names}, nil)
			holds(t, "another passphrase is refused", err != nil)
		}
		for _, args := range ways {
			args["data"], args["store"], args["read"] = data, object{"org.example.secret": "any text é"}, names
			var s stored
			check(t, theirs.call("", "useStorage", args, &s))
			equal(t, "backup key", s.Read[secretstorage.BackupKey], string(must(backupKey.SecretText())))
			for name, usage := range usages {
				equal(t, name, s.Read[name], string(must(private.SecretText(usage))))
			}
			sealed := must(must(secretstorage.ParseStoredSecret(encode(t, s.Data["org.example.secret"]))).Under(id))
			equal(t, "secret", string(must(key.Open("org.example.secret", sealed))), "any text é")
			counted("stored secrets", 5)
		}
		counted("secret storages", 1)
	}
}

// A backup key in their secret storage fits the backup.
func TestStoredBackupKey(t *testing.T) {
	var key struct{ Private, Public string }
	check(t, theirs.call("", "newBackupKey", nil, &key))
	var s stored
	check(t, theirs.call("", "newStorage", object{}, &s))
	check(t, theirs.call("", "useStorage", object{
		"data": s.Data, "recovery": s.Recovery, "store": object{secretstorage.BackupKey: key.Private}, "read": []string{},
	}, &s))
	stored := must(secretstorage.ParseStoredSecret(encode(t, s.Data[secretstorage.BackupKey])))
	sealed := must(stored.Under(stored.KeyIDs()[0]))
	opened := must(must(secretstorage.ParseRecoveryKey([]byte(s.Recovery))).
		OpenBackupKey(sealed, must(keys.ParseCurve25519(key.Public))))
	equal(t, "backup key", must(opened.Secret()), must(must(pk.ParseDecryptionKey([]byte(key.Private))).Secret()))
	counted("stored secrets", 1)
}
