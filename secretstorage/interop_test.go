package secretstorage_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/secretstorage"
)

// Values of other implementations' tests: mautrix-go, crypto/ssss/meta_test.go
// and key_test.go (made by Element); matrix-rust-sdk, secret_storage.rs.
const (
	mautrixKey1 = `{
		"algorithm": "m.secret_storage.v1.aes-hmac-sha2",
		"passphrase": {"algorithm": "m.pbkdf2", "iterations": 500000, "salt": "y863BOoqOadgDp8S3FtHXikDJEalsQ7d"},
		"iv": "xxkTK0L4UzxgAFkQ6XPwsw",
		"mac": "MEhooO0ZhFJNxUhvRMSxBnJfL20wkLgle3ocY0ee/eA"
	}`
	mautrixKey1ID         = "gEJqbfSEMnP5JXXcukpXEX1l0aI3MDs0"
	mautrixKey1Text       = "EsTE s92N EtaX s2h6 VQYF 9Kao tHYL mkyL GKMh isZb KJ4E tvoC"
	mautrixKey1Passphrase = "correct horse battery staple"
	mautrixMaster         = `{
		"encrypted": {
			"gEJqbfSEMnP5JXXcukpXEX1l0aI3MDs0": {
				"iv": "BpKP9nQJTE9jrsAssoxPqQ==",
				"ciphertext": "fNRiiiidezjerTgV+G6pUtmeF3izzj5re/mVvY0hO2kM6kYGrxLuIu2ej80=",
				"mac": "/gWGDGMyOLmbJp+aoSLh5JxCs0AdS6nAhjzpe+9G2Q0="
			}
		}
	}`

	mautrixKey2 = `{
		"algorithm": "m.secret_storage.v1.aes-hmac-sha2",
		"iv": "O0BOvTqiIAYjC+RMcyHfWw==",
		"mac": "7k6OruQlWg0UmQjxGZ0ad4Q6DdwkgnoI7G6X3IjBYtI="
	}`
	mautrixKey2Text = "EsUC xSxt XJgQ dz19 8WBZ rHdE GZo7 ybsn EFmG Y5HY MDAG GNWe"

	rustPassphraseKey = `{
		"algorithm": "m.secret_storage.v1.aes-hmac-sha2",
		"iv": "gH2iNpiETFhApvW6/FFEJQ",
		"mac": "9Lw12m5SKDipNghdQXKjgpfdj1/K7HFI2brO+UWAGoM",
		"passphrase": {"algorithm": "m.pbkdf2", "salt": "IuLnH7S85YtZmkkBJKwNUKxWF42g9O1H", "iterations": 10}
	}`
	rustPassphrase = "It's a secret to everybody"
	rustKey        = `{
		"algorithm": "m.secret_storage.v1.aes-hmac-sha2",
		"iv": "xv5b6/p3ExEw++wTyfSHEg==",
		"mac": "ujBBbXahnTAMkmPUX2/0+VTfUh63pGyVRuBcDMgmJC8="
	}`
	rustKeyText = "EsTj 3yST y93F SLpB jJsz eAXc 2XzA ygD3 w69H fGaN TKBj jXEd"
)

func TestKeysOfOthers(t *testing.T) {
	descriptions := map[string]string{mautrixKey1Text: mautrixKey1, mautrixKey2Text: mautrixKey2, rustKeyText: rustKey}
	for text, right := range descriptions {
		for _, description := range descriptions {
			k, err := secretstorage.ParseRecoveryKey([]byte(text))
			require.NoError(t, err)
			again, err := k.RecoveryKey()
			require.NoError(t, err)
			require.Equal(t, text, string(again))
			d := parseDescription(t, description)
			if description == right {
				require.NoError(t, d.Check(k))
				require.True(t, k.Confirmed())
				continue
			}
			fresh, err := secretstorage.ParseRecoveryKey([]byte(text))
			require.NoError(t, err)
			require.ErrorIs(t, keyFails(t, fresh, func() error { return d.Check(fresh) }), secretstorage.ErrWrongKey)
		}
	}
}

func TestPassphrasesOfOthers(t *testing.T) {
	for passphrase, description := range map[string]string{rustPassphrase: rustPassphraseKey, mautrixKey1Passphrase: mautrixKey1} {
		d := parseDescription(t, description)
		p, err := d.Passphrase()
		require.NoError(t, err)
		k, err := p.Key([]byte(passphrase))
		require.NoError(t, err)
		require.False(t, k.Confirmed())
		require.NoError(t, d.Check(k))
		require.True(t, k.Confirmed())
		if description == mautrixKey1 {
			text, err := k.RecoveryKey()
			require.NoError(t, err)
			require.Equal(t, mautrixKey1Text, string(text))
			continue
		}
		wrong, err := p.Key([]byte("It's a secret to nobody"))
		require.NoError(t, err)
		require.ErrorIs(t, keyFails(t, wrong, func() error { return d.Check(wrong) }), secretstorage.ErrWrongKey)
		require.False(t, wrong.Confirmed())
	}
}

func TestSecretOfOthers(t *testing.T) {
	var stored secretstorage.StoredSecret
	require.NoError(t, json.Unmarshal([]byte(mautrixMaster), &stored))
	require.Equal(t, []string{mautrixKey1ID}, stored.KeyIDs())
	sealed, err := stored.Under(mautrixKey1ID)
	require.NoError(t, err)
	k, err := secretstorage.ParseRecoveryKey([]byte(mautrixKey1Text))
	require.NoError(t, err)
	master, err := k.OpenSigningKey(secretstorage.MasterKey, sealed, seedPublic(t))
	require.NoError(t, err)
	require.True(t, k.Confirmed())
	b, err := master.Secret()
	require.NoError(t, err)
	require.Equal(t, unhex(t, seed), b[:])
}

// The specification's examples hold placeholders where values should be. They
// read as what they are.
func TestSpecificationExamples(t *testing.T) {
	d := parseDescription(t, `{"name":"m.default","algorithm":"m.secret_storage.v1.aes-hmac-sha2","iv":"random+data","mac":"mac+of+encrypted+zeros"}`)
	require.Equal(t, "m.default", d.Name())
	k := typed(t)
	requireMalformed(t, keyFails(t, k, func() error { return d.Check(k) }), "iv: wrong length")

	d = parseDescription(t, `{"algorithm":"m.secret_storage.v1.aes-hmac-sha2","passphrase":{"algorithm":"m.pbkdf2","salt":"MmMsAlty","iterations":100000,"bits":256}}`)
	p, err := d.Passphrase()
	require.NoError(t, err)
	require.Equal(t, secretstorage.PBKDF2{Salt: "MmMsAlty", Iterations: 100000}, p)

	stored, err := secretstorage.ParseStoredSecret([]byte(`{"encrypted":{"key_id":{"iv":"16+bytes+base64","ciphertext":"base64+encoded+encrypted+data","mac":"base64+encoded+mac"}}}`))
	require.NoError(t, err)
	requireMalformed(t, underFails(t, stored, "key_id"), "iv: wrong length")
}
