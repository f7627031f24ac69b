package secretstorage_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/secretstorage"
)

// Computed apart from this package, with Python: hashlib, hmac and the package
// cryptography.
const (
	vectorRecoveryKey           = `EsTf 9nSP BiQ3 RQz1 UuZe rKF6 Jiz7 n9C2 hVK7 Jsec QzLF Z3Hb`
	vectorDescription           = `{"name":"name","algorithm":"m.secret_storage.v1.aes-hmac-sha2","iv":"gIGCg4SFhocIiYqLjI2Ojw","mac":"1jjiW8JatsWAlWHeK+GNWD0hmR7EqTgFI/7uVz1Ll/I"}`
	vectorPassphraseDescription = `{"algorithm":"m.secret_storage.v1.aes-hmac-sha2","passphrase":{"algorithm":"m.pbkdf2","bits":256,"iterations":500000,"salt":"808182838485868788898a8b8c8d8e8f"},"iv":"kJGSk5SVlpcYmZqbnJ2enw","mac":"5nZUR6ntRcC4UqPYx1VFE2pSEPW2LUo/ToJTSJHkBV0"}`
	vectorSecret                = `{"iv":"gIGCg4SFhocIiYqLjI2Ojw","ciphertext":"LSEfbEYx","mac":"K5H4a88sM26hVd6dD5TejqL/ogJHkr0epp5bpmx4udk"}`
	vectorMaster                = `{"encrypted":{"ABCD":{"iv":"gIGCg4SFhocIiYqLjI2Ojw","ciphertext":"vN05wwJ16GEzt/KPaO8F2Qero4qzZk5yJNnoBrJXtgZvzWyiogyWNvmRlA","mac":"lmaP03idleUry/ZT39l+jAgK592IbAJDZY04Le/oUp0"}}}`
	vectorBackup                = `{"iv":"kJGSk5SVlpcYmZqbnJ2enw","ciphertext":"t6+B83lhgj1Oc3eMjgMvCSwIvN63Vd+3H8ou+SGJZJMv5vjDBZbB1AA+Nw","mac":"Nu+cZeONqrK+aBHbZrxnSwk05/RSXKbI8znxgvFCi1E"}`
)

// What this package writes when crypto/rand returns 0x80, 0x81, … and how many
// bytes it takes. What other implementations wrote is in interop_test.go.
func TestVectors(t *testing.T) {
	t.Run("generated key", func(t *testing.T) {
		replay(t, 32)
		text, err := secretstorage.GenerateKey().RecoveryKey()
		require.NoError(t, err)
		require.Equal(t, vectorRecoveryKey, string(text))
	})
	t.Run("key id", func(t *testing.T) {
		replay(t, 16)
		require.Equal(t, "808182838485868788898a8b8c8d8e8f", secretstorage.GenerateKeyID())
	})
	t.Run("description", func(t *testing.T) {
		replay(t, 16)
		d, err := confirmed(t).Describe("name")
		require.NoError(t, err)
		require.Equal(t, vectorDescription, marshal(t, d))
	})
	t.Run("passphrase", func(t *testing.T) {
		replay(t, 16, 16)
		k, err := secretstorage.NewPassphraseKey([]byte("passphrase"))
		require.NoError(t, err)
		require.True(t, k.Confirmed())
		d, err := k.Describe("")
		require.NoError(t, err)
		require.Equal(t, vectorPassphraseDescription, marshal(t, d))
		p, err := d.Passphrase()
		require.NoError(t, err)
		require.Equal(t, secretstorage.NewIterations, p.Iterations)
	})
	t.Run("secret", func(t *testing.T) {
		replay(t, 16)
		sealed, err := confirmed(t).Seal("org.example.secret", []byte("secret"))
		require.NoError(t, err)
		require.Equal(t, vectorSecret, marshal(t, sealed))
	})
	t.Run("private keys", func(t *testing.T) {
		replay(t, 16, 16)
		sealed, err := confirmed(t).SealPrivateKey(secretstorage.MasterKey, unhex(t, seed))
		require.NoError(t, err)
		var s secretstorage.StoredSecret
		s, err = s.With("ABCD", sealed)
		require.NoError(t, err)
		require.Equal(t, vectorMaster, marshal(t, s))
		sealed, err = confirmed(t).SealPrivateKey(secretstorage.BackupKey, unhex(t, backupPrivate))
		require.NoError(t, err)
		require.Equal(t, vectorBackup, marshal(t, sealed))
	})
	t.Run("what fails takes nothing", func(t *testing.T) {
		replay(t)
		k := typed(t)
		k.Seal("x", []byte("y"))
		k.SealPrivateKey(secretstorage.MasterKey, unhex(t, seed))
		k.Describe("")
		confirmed(t).Seal("", []byte("y"))
		confirmed(t).Seal("x", nil)
		confirmed(t).SealPrivateKey("x", unhex(t, seed))
	})
}
