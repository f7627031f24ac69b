package exact

import (
	"bytes"
	"crypto/rand"
	"testing"

	"github.com/chappe-e2ee/chappe/interop/conversation"
	"github.com/chappe-e2ee/chappe/interop/libolm"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/pk"
)

// A box made by either side, with the same random bytes, is the same box, and
// opens on both; keys move through pickles.
func TestPk(t *testing.T) {
	for seed := range uint64(20) {
		private := make([]byte, 32)
		check(t, conversation.WithEntropy(seed, func() error { rand.Read(private); return nil }))
		ours, err := pk.NewDecryptionKey(private)
		check(t, err)
		theirs, public, err := libolm.PkKeyFromPrivate(private)
		check(t, err)
		equal(t, "pk public key", ours.PublicKey().String(), public)
		a, err := ours.ExportLibolm([]byte("key"))
		check(t, err)
		b, err := theirs.Pickle([]byte("key"))
		check(t, err)
		equal(t, "pk pickle", string(a), string(b))
		ours, err = pk.ImportLibolmDecryptionKey(b, []byte("key"))
		check(t, err)
		theirs, again, err := libolm.UnpicklePkDecryption(a, []byte("key"))
		check(t, err)
		equal(t, "pk public key", again, public)
		for n := range 80 {
			box(t, seed, ours, theirs, bytesOf(n))
		}
	}
}

func box(t *testing.T, seed uint64, ours *pk.DecryptionKey, theirs *libolm.PkDecryption, plaintext []byte) {
	t.Helper()
	var a, b [3]string
	check(t, conversation.WithEntropy(seed+1<<32, func() error {
		m, err := pk.Encrypt(ours.PublicKey(), plaintext)
		a[0], a[1], a[2] = m.Text()
		return err
	}))
	check(t, conversation.WithEntropy(seed+1<<32, func() (err error) {
		b[0], b[1], b[2], err = libolm.PkEncrypt(ours.PublicKey().String(), plaintext)
		return err
	}))
	for i, what := range []string{"pk ciphertext", "pk MAC", "pk ephemeral key"} {
		equal(t, what, a[i], b[i])
	}
	got, err := theirs.Decrypt(a[0], a[1], a[2])
	check(t, err)
	equal(t, "pk plaintext", string(got), string(plaintext))
	m, err := pk.ParseMessage(b[0], b[1], b[2])
	check(t, err)
	got, err = ours.Decrypt(m)
	check(t, err)
	equal(t, "pk plaintext", string(got), string(plaintext))
}

func TestPkSigning(t *testing.T) {
	for n := range 60 {
		seed, message := bytes.Repeat([]byte{byte(n + 1)}, 32), bytesOf(n*5)
		key, err := pk.NewSigningKey(seed)
		check(t, err)
		signature, err := key.Sign(message)
		check(t, err)
		public, other, err := libolm.PkSign(seed, message)
		check(t, err)
		equal(t, "pk signing key", key.PublicKey().String(), public)
		equal(t, "pk signature", signature.String(), other)
		check(t, libolm.Verify(public, message, signature.String()))
		s, err := keys.ParseSignature(other)
		check(t, err)
		check(t, key.PublicKey().Verify(message, s))
	}
}
