package secretstorage_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/secretstorage"
)

// A new login asks for the recovery key and reads the master key.
func Example() {
	account := map[string]string{ // what the server holds
		"m.secret_storage.default_key":                          `{"key":"gEJqbfSEMnP5JXXcukpXEX1l0aI3MDs0"}`,
		"m.secret_storage.key.gEJqbfSEMnP5JXXcukpXEX1l0aI3MDs0": `{"algorithm":"m.secret_storage.v1.aes-hmac-sha2","iv":"xxkTK0L4UzxgAFkQ6XPwsw","mac":"MEhooO0ZhFJNxUhvRMSxBnJfL20wkLgle3ocY0ee/eA"}`,
		"m.cross_signing.master":                                `{"encrypted":{"gEJqbfSEMnP5JXXcukpXEX1l0aI3MDs0":{"iv":"BpKP9nQJTE9jrsAssoxPqQ==","ciphertext":"fNRiiiidezjerTgV+G6pUtmeF3izzj5re/mVvY0hO2kM6kYGrxLuIu2ej80=","mac":"/gWGDGMyOLmbJp+aoSLh5JxCs0AdS6nAhjzpe+9G2Q0="}}}`,
	}
	published, err := keys.ParseEd25519("JeaT6F+mrkF6kNJa7uE+ELcEVSOjvtwvLDoECeQ8KJI") // from /keys/query
	if err != nil {
		log.Fatal(err)
	}

	var defaultKey secretstorage.DefaultKey
	if err := json.Unmarshal([]byte(account[secretstorage.DefaultKeyType]), &defaultKey); err != nil {
		log.Fatal(err)
	}
	eventType, err := secretstorage.DescriptionType(defaultKey.KeyID)
	if err != nil {
		log.Fatal(err)
	}
	description, err := secretstorage.ParseDescription([]byte(account[eventType]))
	if err != nil {
		log.Fatal(err)
	}

	key, err := secretstorage.ParseRecoveryKey([]byte("EsTE s92N EtaX s2h6 VQYF 9Kao tHYL mkyL GKMh isZb KJ4E tvoC"))
	if err != nil {
		log.Fatal(err)
	}
	defer key.Close()
	if err := description.Check(key); err != nil && !errors.Is(err, secretstorage.ErrCannotCheck) {
		log.Fatal(err)
	}

	stored, err := secretstorage.ParseStoredSecret([]byte(account[secretstorage.MasterKey]))
	if err != nil {
		log.Fatal(err)
	}
	sealed, err := stored.Under(defaultKey.KeyID)
	if err != nil {
		log.Fatal(err)
	}
	master, err := key.OpenSigningKey(secretstorage.MasterKey, sealed, published)
	if err != nil {
		log.Fatal(err)
	}
	defer master.Close()
	fmt.Println("the master key is the published one")
	// Output: the master key is the published one
}

// A new user gets a key, and stores their backup key under it.
func ExampleGenerateKey() {
	key := secretstorage.GenerateKey()
	defer key.Close()
	recoveryKey, err := key.RecoveryKey() // for the person to keep
	if err != nil {
		log.Fatal(err)
	}
	description, err := key.Describe("My key")
	if err != nil {
		log.Fatal(err)
	}
	keyID := secretstorage.GenerateKeyID()

	sealed, err := key.SealPrivateKey(secretstorage.BackupKey, []byte("an example's key of 32 bytes ..."))
	if err != nil {
		log.Fatal(err)
	}
	var stored secretstorage.StoredSecret
	stored, err = stored.With(keyID, sealed)
	if err != nil {
		log.Fatal(err)
	}
	for _, content := range []json.Marshaler{description, secretstorage.DefaultKey{KeyID: keyID}, stored} {
		if _, err := json.Marshal(content); err != nil { // to the account data
			log.Fatal(err)
		}
	}
	fmt.Println(len(recoveryKey), description.Name())
	// Output: 59 My key
}

func ExampleParseRecoveryKey() {
	key, err := secretstorage.ParseRecoveryKey([]byte("EsTc LW2K PGiF wKEA 3As5 g5c4 BXwk qeeJ ZJV8 Q9fu gUMN UE4d"))
	if err != nil {
		log.Fatal(err)
	}
	defer key.Close()
	fmt.Println(key, key.Confirmed())
	_, err = secretstorage.ParseRecoveryKey([]byte("EsTc LW2K PGiF wKEA 3As5 g5c4 BXwk qeeJ ZJV8 Q9fu gUMN UE4e"))
	fmt.Println(err)
	// Output:
	// [redacted] false
	// secretstorage: recovery key: mistyped, or not a recovery key
}

func ExampleNewKey() {
	_, err := secretstorage.NewKey(make([]byte, 32))
	fmt.Println(errors.Is(err, keys.ErrAbsent))
	// Output: true
}

func ExampleNewPassphraseKey() {
	key, err := secretstorage.NewPassphraseKey([]byte("correct horse battery staple"))
	if err != nil {
		log.Fatal(err)
	}
	defer key.Close()
	description, err := key.Describe("")
	if err != nil {
		log.Fatal(err)
	}
	content, err := json.Marshal(description) // tells how to derive the key again
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(content))
}

func ExamplePBKDF2_Key() {
	description, err := secretstorage.ParseDescription([]byte(`{
		"algorithm": "m.secret_storage.v1.aes-hmac-sha2",
		"iv": "gH2iNpiETFhApvW6/FFEJQ",
		"mac": "9Lw12m5SKDipNghdQXKjgpfdj1/K7HFI2brO+UWAGoM",
		"passphrase": {"algorithm": "m.pbkdf2", "salt": "IuLnH7S85YtZmkkBJKwNUKxWF42g9O1H", "iterations": 10}
	}`))
	if err != nil {
		log.Fatal(err)
	}
	p, err := description.Passphrase()
	if err != nil {
		log.Fatal(err)
	}
	for _, passphrase := range []string{"It's a secret to nobody", "It's a secret to everybody"} {
		key, err := p.Key([]byte(passphrase))
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(description.Check(key))
		key.Close()
	}
	// Output:
	// secretstorage: not the key that is described
	// <nil>
}

// Without iv and mac, the first secret shows whether the key is right.
func ExampleDescription_Check() {
	description, err := secretstorage.ParseDescription([]byte(`{"algorithm":"m.secret_storage.v1.aes-hmac-sha2"}`))
	if err != nil {
		log.Fatal(err)
	}
	key, err := secretstorage.ParseRecoveryKey([]byte("EsTc LW2K PGiF wKEA 3As5 g5c4 BXwk qeeJ ZJV8 Q9fu gUMN UE4d"))
	if err != nil {
		log.Fatal(err)
	}
	defer key.Close()
	fmt.Println(description.Check(key))
	_, err = key.Seal("org.example.secret", []byte("secret"))
	fmt.Println(err)
	// Output:
	// secretstorage: the description does not allow to check a key
	// secretstorage: the key is not confirmed
}

func ExampleKey_Open() {
	key, err := secretstorage.ParseRecoveryKey([]byte("EsTc LW2K PGiF wKEA 3As5 g5c4 BXwk qeeJ ZJV8 Q9fu gUMN UE4d"))
	if err != nil {
		log.Fatal(err)
	}
	defer key.Close()
	var sealed secretstorage.Sealed
	err = json.Unmarshal([]byte(`{"iv":"gIGCg4SFhocIiYqLjI2Ojw","ciphertext":"LSEfbEYx","mac":"K5H4a88sM26hVd6dD5TejqL/ogJHkr0epp5bpmx4udk"}`), &sealed)
	if err != nil {
		log.Fatal(err)
	}
	plaintext, err := key.Open("org.example.secret", sealed)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(plaintext), key.Confirmed())
	// Output: secret true
}

func ExampleKey_OpenBackupKey() {
	key, err := secretstorage.ParseRecoveryKey([]byte("EsTc LW2K PGiF wKEA 3As5 g5c4 BXwk qeeJ ZJV8 Q9fu gUMN UE4d"))
	if err != nil {
		log.Fatal(err)
	}
	defer key.Close()
	var sealed secretstorage.Sealed
	err = json.Unmarshal([]byte(`{"iv":"kJGSk5SVlpcYmZqbnJ2enw","ciphertext":"t6+B83lhgj1Oc3eMjgMvCSwIvN63Vd+3H8ou+SGJZJMv5vjDBZbB1AA+Nw","mac":"Nu+cZeONqrK+aBHbZrxnSwk05/RSXKbI8znxgvFCi1E"}`), &sealed)
	if err != nil {
		log.Fatal(err)
	}
	publicKey, err := keys.ParseCurve25519("3p7bfXt9wbTTW2HC7OQ1Nz+DQ8hbeGdNrfx+FG+IK08") // of the backup's auth_data
	if err != nil {
		log.Fatal(err)
	}
	backupKey, err := key.OpenBackupKey(sealed, publicKey)
	if err != nil {
		log.Fatal(err)
	}
	backupKey.Close()

	// The server changes the IV, which the MAC does not cover.
	sealed.IV[0] ^= 1
	_, err = key.OpenBackupKey(sealed, publicKey)
	var mismatch *secretstorage.MismatchError
	fmt.Println(errors.As(err, &mismatch), err)
	// Output: true secretstorage: m.megolm_backup.v1: not the private key of the expected public key
}

func ExampleStoredSecret_With() {
	stored, err := secretstorage.ParseStoredSecret([]byte(`{"encrypted":{"old":{"iv":"gIGCg4SFhocIiYqLjI2Ojw","ciphertext":"LSEfbEYx","mac":"K5H4a88sM26hVd6dD5TejqL/ogJHkr0epp5bpmx4udk"}}}`))
	if err != nil {
		log.Fatal(err)
	}
	sealed, err := stored.Under("old")
	if err != nil {
		log.Fatal(err)
	}
	more, err := stored.With("new", sealed)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(stored.KeyIDs(), more.KeyIDs(), more.Without("old").KeyIDs())
	// Output: [old] [old new] [new]
}
