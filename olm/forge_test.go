package olm_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/olm"
)

// What follows makes messages by the specification, with the standard library
// alone, so that tests can send what Encrypt would never make under the right
// MAC.

// messageCipher is what follows from a message key.
type messageCipher struct{ aesKey, macKey, iv []byte }

func cipherOf(t testing.TB, key [32]byte) messageCipher {
	okm, err := hkdf.Key(sha256.New, key[:], make([]byte, 32), "OLM_KEYS", 80)
	require.NoError(t, err)
	return messageCipher{okm[:32], okm[32:64], okm[64:]}
}

// blocks encrypts whole blocks: padding is the caller's.
func (c messageCipher) blocks(t testing.TB, padded []byte) []byte {
	block, err := aes.NewCipher(c.aesKey)
	require.NoError(t, err)
	out := make([]byte, len(padded))
	cipher.NewCBCEncrypter(block, c.iv).CryptBlocks(out, padded)
	return out
}

// sign returns body with its MAC, n bytes of it.
func (c messageCipher) sign(body []byte, n int) []byte {
	h := hmac.New(sha256.New, c.macKey)
	h.Write(body)
	return append(append([]byte(nil), body...), h.Sum(nil)[:n]...)
}

func pad(plaintext []byte) []byte {
	n := 16 - len(plaintext)%16
	out := append([]byte(nil), plaintext...)
	for range n {
		out = append(out, byte(n))
	}
	return out
}

func bytesField(number int, b []byte) []byte {
	out := binary.AppendUvarint(nil, uint64(number)<<3|2)
	out = binary.AppendUvarint(out, uint64(len(b)))
	return append(out, b...)
}

func numberField(number int, v uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(nil, uint64(number)<<3), v)
}

func join(parts ...[]byte) (out []byte) {
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// normalBody returns a normal message without its MAC.
func normalBody(ratchetKey keys.Curve25519, index uint64, ciphertext []byte) []byte {
	return join([]byte{3}, bytesField(1, ratchetKey.Bytes()), numberField(2, index), bytesField(4, ciphertext))
}

// preKeyBytes returns a pre-key message.
func preKeyBytes(k olm.SessionKeys, inner []byte) []byte {
	return join([]byte{3}, bytesField(1, k.OneTimeKey.Bytes()), bytesField(2, k.BaseKey.Bytes()),
		bytesField(3, k.IdentityKey.Bytes()), bytesField(4, inner))
}

// Encrypt and the specification, written down a second time, agree on each byte.
func TestEncryptBySpecification(t *testing.T) {
	c := newConversation(t)
	for _, n := range []int{0, 1, 15, 16, 17, 31, 32, 33, 1000} {
		for _, s := range []*olm.Session{c.alice, c.bob, newOutbound(t, c.aliceAccount, c.bobAccount)} {
			plaintext := make([]byte, n)
			first := c.encrypt(s, plaintext)
			key := olm.SenderMessageKey(s, first.ChainIndex()+1)
			ci := cipherOf(t, key)
			want := ci.sign(normalBody(olm.SenderRatchetKey(s), uint64(first.ChainIndex()+1), ci.blocks(t, pad(plaintext))), 8)
			m := c.encrypt(s, plaintext)
			if k, ok := m.SessionKeys(); ok {
				require.False(t, s.HasReceivedMessage())
				want = preKeyBytes(k, want)
			}
			require.Equal(t, want, m.Bytes())
		}
	}
}

// pickleCipher is what follows from pickleKey.
func pickleCipher(t testing.TB) messageCipher {
	okm, err := hkdf.Key(sha256.New, pickleKey, make([]byte, 32), "Pickle", 80)
	require.NoError(t, err)
	return messageCipher{okm[:32], okm[32:64], okm[64:]}
}
