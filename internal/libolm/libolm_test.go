package libolm_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/errs"
	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/internal/libolm"
)

const what = "test: pickle"

// blank is libolm's pickle of an all-zero outbound group session under the key
// "secret_key" (libolm 3.2.13, tests/test_group_session.cpp:22).
const blank = "icDKYm0b4aO23WgUuOxdpPoxC0UlEOYPVeuduNH3IkpFsmnWx5KuEOpxGiZw5IuB/sSn2RZUCTiJ90IvgC7AClkYGHep9O8lpiqQX73X" +
	"VKD9okZDCAkBc83eEq0DKYC7HBkGRAU/4T6QPIBBY3UK4QZwULLE/fLsi3j4YZBehMtnlsqgHK0q1bvX4cRznZItUO3TiOp5I+6PnQka6n8e" +
	"HTyIEh3tCetilD+BKnHvtakE0eHHvG6pjEsMNN/vs7lkB5rV6XkoUKHLTE1dAfFunYEeHEZuKQpbG385dBwaMJXt4JrC0hU5jnv6jWNqAA0U" +
	"d9GxRDvkp04"

var key = []byte("secret_key")

func blankPlaintext() []byte {
	p := make([]byte, 4+128+4+32+64)
	p[3] = 1
	return p
}

// decrypt calls Decrypt, which changes no input.
func decrypt(t *testing.T, pickle, key []byte) ([]byte, error) {
	t.Helper()
	in, k := bytes.Clone(pickle), bytes.Clone(key)
	plaintext, err := libolm.Decrypt(what, pickle, key)
	require.True(t, bytes.Equal(in, pickle) && bytes.Equal(k, key), "an input was changed")
	return plaintext, err
}

// decryptFails calls Decrypt, which must fail and return no plaintext.
func decryptFails(t *testing.T, pickle, key []byte) error {
	t.Helper()
	err := failtest.Refused(t, func() error {
		plaintext, err := libolm.Decrypt(what, pickle, key)
		require.Nil(t, plaintext)
		return err
	}, failtest.Input(pickle), failtest.Secret(key))
	require.Less(t, len(err.Error()), 100)
	return err
}

func TestKnownPickle(t *testing.T) {
	plaintext, err := decrypt(t, []byte(blank), key)
	require.NoError(t, err)
	require.Equal(t, blankPlaintext(), plaintext)
	require.Equal(t, blank, string(libolm.Encrypt(plaintext, key)))

	plaintext, err = decrypt(t, []byte(blank+"="), key)
	require.NoError(t, err, "with padding")
	require.Equal(t, blankPlaintext(), plaintext)
}

func TestRoundTrip(t *testing.T) {
	for _, k := range [][]byte{nil, {0}, key, bytes.Repeat([]byte{7}, 32), bytes.Repeat([]byte{8}, 200)} {
		for n := range 50 {
			plaintext := bytes.Repeat([]byte{0x3c}, n)
			pickle := libolm.Encrypt(plaintext, k)
			require.Equal(t, bytes.Repeat([]byte{0x3c}, n), plaintext)
			require.Equal(t, len(pickle), cap(pickle))
			got, err := decrypt(t, pickle, k)
			require.NoError(t, err)
			require.Equal(t, plaintext, append([]byte{}, got...))
		}
	}
}

func TestWrongKey(t *testing.T) {
	for _, k := range [][]byte{nil, []byte("secret_kex"), []byte("secret_key\x01"), []byte("Secret_key"), make([]byte, 32)} {
		err := decryptFails(t, []byte(blank), k)
		require.ErrorIs(t, err, libolm.ErrKey)
	}
}

func TestAttack_P10_EveryBitAndLength(t *testing.T) {
	raw, err := base64.RawStdEncoding.DecodeString(blank)
	require.NoError(t, err)
	for bit := range 8 * len(raw) {
		flipped := bytes.Clone(raw)
		flipped[bit/8] ^= 1 << (bit % 8)
		err := decryptFails(t, []byte(base64.RawStdEncoding.EncodeToString(flipped)), key)
		require.ErrorIs(t, err, libolm.ErrKey, "bit %d", bit)
	}
	for n := range raw {
		err := decryptFails(t, []byte(base64.RawStdEncoding.EncodeToString(raw[:n])), key)
		require.ErrorIs(t, err, libolm.ErrKey, "truncated to %d bytes", n)
	}
	for _, more := range [][]byte{{0}, make([]byte, 8), make([]byte, 16)} {
		err := decryptFails(t, []byte(base64.RawStdEncoding.EncodeToString(append(raw, more...))), key)
		require.ErrorIs(t, err, libolm.ErrKey)
	}
	for n := range len(blank) {
		decryptFails(t, []byte(blank[:n]), key)
	}
}

func TestAttack_P41_Base64(t *testing.T) {
	for _, text := range []string{
		"A", blank + "\n", "\n" + blank, blank[:40] + "\r\n" + blank[40:], blank[:10] + "-" + blank[11:],
		blank[:len(blank)-1] + "5", // trailing bits
		blank + "==", blank + "A=", "\x00" + blank[1:],
	} {
		err := decryptFails(t, []byte(text), key)
		require.Equal(t, &errs.MalformedError{What: what, Why: "not valid base64"}, err, "%q", text)
	}
}

// forge encrypts whole blocks under the right key with the right MAC: what
// only a wrong padding can spoil.
func forge(t *testing.T, blocks []byte) []byte {
	okm, err := hkdf.Key(sha256.New, key, nil, "Pickle", 80)
	require.NoError(t, err)
	b, err := aes.NewCipher(okm[:32])
	require.NoError(t, err)
	out := make([]byte, len(blocks))
	if len(blocks)%16 == 0 {
		cipher.NewCBCEncrypter(b, okm[64:]).CryptBlocks(out, blocks)
	}
	h := hmac.New(sha256.New, okm[32:64])
	h.Write(out)
	return []byte(base64.RawStdEncoding.EncodeToString(append(out, h.Sum(nil)[:8]...)))
}

// requireSame requires the one error for all that secret bytes decide.
func requireSame(t *testing.T, err error) {
	t.Helper()
	require.ErrorIs(t, err, libolm.ErrKey)
	require.EqualError(t, err, what+": "+libolm.ErrKey.Error())
}

func TestAttack_P23_Padding(t *testing.T) {
	plaintext, err := decrypt(t, forge(t, append(blankPlaintext(), bytes.Repeat([]byte{8}, 8)...)), key)
	require.NoError(t, err)
	require.Equal(t, blankPlaintext(), plaintext)
	for _, last := range [][]byte{
		bytes.Repeat([]byte{0}, 8), append(bytes.Repeat([]byte{8}, 7), 17), append(bytes.Repeat([]byte{8}, 7), 255),
		append(bytes.Repeat([]byte{8}, 7), 9), {7, 8, 8, 8, 8, 8, 8, 8}, {8, 8, 8, 9, 8, 8, 8, 8},
	} {
		err := decryptFails(t, forge(t, append(blankPlaintext(), last...)), key)
		requireSame(t, err)
	}
	for _, n := range []int{0, 1, 15, 17, 31} {
		err := decryptFails(t, forge(t, make([]byte, n)), key)
		requireSame(t, err)
	}
}

func TestAttack_P20_EveryLength(t *testing.T) {
	for n := range 201 {
		decryptFails(t, bytes.Repeat([]byte{'q'}, n), key)
		decryptFails(t, bytes.Repeat([]byte{0xf7}, n), key)
	}
}
