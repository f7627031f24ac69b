package aessha2_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/aessha2"
	"github.com/chappe-e2ee/chappe/internal/failtest"
)

const label = "MEGOLM_KEYS"

func randomBytes(n int, seed byte) []byte {
	b := make([]byte, n)
	random := rand.New(rand.NewChaCha8([32]byte{seed}))
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	return b
}

// plain is the same cipher, put together from the standard library.
type plain struct{ aesKey, macKey, iv []byte }

func newPlain(t *testing.T, secret []byte, info string) plain {
	okm, err := hkdf.Key(sha256.New, secret, nil, info, 80)
	require.NoError(t, err)
	return plain{okm[:32], okm[32:64], okm[64:]}
}

// crypt encrypts whole blocks without adding any padding.
func (p plain) crypt(t *testing.T, blocks []byte) []byte {
	b, err := aes.NewCipher(p.aesKey)
	require.NoError(t, err)
	out := make([]byte, len(blocks))
	cipher.NewCBCEncrypter(b, p.iv).CryptBlocks(out, blocks)
	return out
}

func (p plain) mac(message []byte) []byte {
	h := hmac.New(sha256.New, p.macKey)
	h.Write(message)
	return h.Sum(nil)[:8]
}

func pad(b []byte) []byte {
	n := 16 - len(b)%16
	return append(bytes.Clone(b), bytes.Repeat([]byte{byte(n)}, n)...)
}

func TestEqualsStandardLibrary(t *testing.T) {
	for n := range 100 {
		secret, plaintext := randomBytes(n, 1), randomBytes(n, 2)
		p := newPlain(t, secret, label)
		var c aessha2.Cipher
		c.Derive(secret, label)
		want := p.crypt(t, pad(plaintext))
		require.Equal(t, len(want), aessha2.CiphertextLen(n))

		input := bytes.Clone(plaintext)
		got := c.AppendEncrypt([]byte("head"), input)
		require.Equal(t, append([]byte("head"), want...), got)
		require.Equal(t, plaintext, input, "the plaintext was changed")

		mac := c.MAC(want)
		require.Equal(t, p.mac(want), mac[:])
		require.True(t, c.Verify(want, mac[:]))
		require.True(t, c.Verify(want, mac[:]), "again")

		ciphertext := bytes.Clone(want)
		back, ok := c.Decrypt(ciphertext)
		require.True(t, ok)
		require.Equal(t, plaintext, append([]byte{}, back...))
		require.Equal(t, len(back), cap(back), "padding is within reach of append")
		require.Equal(t, want, ciphertext, "the ciphertext was changed")
	}
}

var errNo = errors.New("aessha2_test: no")

// requireNo asserts that a verdict is no, and that it is a refusal like any.
func requireNo(t testing.TB, verdict func() bool, subjects ...failtest.Subject) {
	t.Helper()
	failtest.Refused(t, func() error {
		if verdict() {
			return nil
		}
		return errNo
	}, subjects...)
}

func TestLabelsSeparate(t *testing.T) {
	secret := randomBytes(32, 3)
	seen := map[string]string{}
	for _, info := range []string{"", "Pickle", "OLM_KEYS", "MEGOLM_KEYS"} {
		var c aessha2.Cipher
		c.Derive(secret, info)
		mac := c.MAC([]byte("message"))
		require.Empty(t, seen[string(mac[:])])
		seen[string(mac[:])] = info + "."
	}
}

func TestAttack_P07_MACLengthsAndBits(t *testing.T) {
	var c aessha2.Cipher
	c.Derive(randomBytes(128, 4), label)
	message := randomBytes(50, 5)
	p := newPlain(t, randomBytes(128, 4), label)
	whole := hmac.New(sha256.New, p.macKey)
	whole.Write(message)
	sum := whole.Sum(nil)

	refused := func(message, mac []byte) {
		t.Helper()
		requireNo(t, func() bool { return c.Verify(message, mac) }, failtest.Input(message), failtest.Input(mac))
	}
	require.True(t, c.Verify(message, sum[:aessha2.MACSize]))
	for n := range len(sum) + 1 {
		if n != aessha2.MACSize {
			refused(message, sum[:n])
		}
	}
	refused(message, nil)
	for bit := range 8 * aessha2.MACSize {
		mac := bytes.Clone(sum[:8])
		mac[bit/8] ^= 1 << (bit % 8)
		refused(message, mac)
	}
	for bit := range 8 * len(message) {
		m := bytes.Clone(message)
		m[bit/8] ^= 1 << (bit % 8)
		refused(m, sum[:8])
	}
}

func TestAttack_P23_Padding(t *testing.T) {
	secret := randomBytes(128, 6)
	p := newPlain(t, secret, label)
	decrypt := func(ciphertext []byte) ([]byte, bool) {
		var c aessha2.Cipher
		c.Derive(secret, label)
		return c.Decrypt(ciphertext)
	}
	refused := func(ciphertext []byte) {
		t.Helper()
		requireNo(t, func() bool {
			plaintext, ok := decrypt(ciphertext)
			require.Nil(t, plaintext)
			return ok
		}, failtest.Input(ciphertext), failtest.Secret(secret))
	}
	// Every last byte, in one block and in three: right where the bytes
	// before it are the same, wrong where one of them is not.
	for _, n := range []int{16, 48} {
		for last := range 256 {
			blocks := randomBytes(n, 7)
			for i := range min(last, n) {
				blocks[n-1-i] = byte(last)
			}
			blocks[n-1] = byte(last)
			if last < 1 || last > 16 {
				refused(p.crypt(t, blocks))
				continue
			}
			plaintext, ok := decrypt(p.crypt(t, blocks))
			require.True(t, ok, "last byte %d", last)
			require.Equal(t, blocks[:n-last], append([]byte{}, plaintext...))
			for i := 1; i < last; i++ {
				wrong := bytes.Clone(blocks)
				wrong[n-1-i] ^= 0x10
				refused(p.crypt(t, wrong))
			}
		}
	}
	for n := range 64 {
		if n == 0 || n%16 != 0 {
			refused(make([]byte, n))
		}
	}
	refused(nil)
}

func TestCiphertextLen(t *testing.T) {
	for n, want := range map[int]int{0: 16, 1: 16, 15: 16, 16: 32, 17: 32, 31: 32, 32: 48, 16 << 20: 16<<20 + 16} {
		require.Equal(t, want, aessha2.CiphertextLen(n))
	}
}

func TestAttack_G06_Wipe(t *testing.T) {
	var c, zero aessha2.Cipher
	c.Derive(randomBytes(32, 8), label)
	c.MAC([]byte("message"))
	require.NotEqual(t, zero, c)
	c.Wipe()
	require.Equal(t, zero, c)
}

// TestKnownAnswer is AES-256-CBC with key, IV and one block of zeros (libolm
// 3.2.13, tests/test_crypto.cpp:113).
func TestKnownAnswer(t *testing.T) {
	p := plain{aesKey: make([]byte, 32), iv: make([]byte, 16)}
	require.Equal(t, "dc95c078a2408989ad48a21492842087f3c003ddc4a7b8a94baedffc3d214c38",
		hex.EncodeToString(p.crypt(t, pad(make([]byte, 16)))))
}
