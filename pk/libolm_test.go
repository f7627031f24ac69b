package pk_test

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/b64"
	"github.com/chappe-e2ee/chappe/internal/libolm"
	"github.com/chappe-e2ee/chappe/pk"
)

func TestImportAndExportLibolm(t *testing.T) {
	k, err := pk.ImportLibolmDecryptionKey([]byte(pickle), []byte(pickleKey))
	require.NoError(t, err)
	require.Equal(t, alicePublic, k.PublicKey().String())
	require.Equal(t, alice(t).State(), k.State())
	plaintext, err := k.Decrypt(vectorMessage(t))
	require.NoError(t, err)
	require.Equal(t, vectorPlaintext, string(plaintext))

	out, err := k.ExportLibolm([]byte(pickleKey))
	require.NoError(t, err)
	require.Equal(t, pickle, string(out))
	raw, err := libolm.Decrypt("", out, []byte(pickleKey))
	require.NoError(t, err)
	require.Equal(t, picklePlain, hex.EncodeToString(raw))
}

// Private keys are stored as drawn, not clamped.
func TestExportLibolmKeepsEveryBit(t *testing.T) {
	for _, key := range [][]byte{nil, {0}, bytes.Repeat([]byte{'k'}, 100)} {
		k, err := pk.NewDecryptionKey(bytes.Repeat([]byte{0xff}, 32))
		require.NoError(t, err)
		out, err := k.ExportLibolm(key)
		require.NoError(t, err)
		again, err := pk.ImportLibolmDecryptionKey(out, key)
		require.NoError(t, err)
		require.Equal(t, k.State(), again.State())
	}
}

func TestImportLibolmRefuses(t *testing.T) {
	key := []byte(pickleKey)
	plain := unhex(t, picklePlain)
	alter := func(f func(b []byte) []byte) []byte {
		return libolm.Encrypt(f(bytes.Clone(plain)), key)
	}

	require.ErrorIs(t, importFails(t, []byte(pickle), []byte("another key")), pk.ErrPickleKey)
	require.ErrorIs(t, importFails(t, []byte(pickle), nil), pk.ErrPickleKey)
	require.ErrorIs(t, importFails(t, nil, key), pk.ErrPickleKey)

	// libolm answers OLM_PICKLE_EXTRA_DATA.
	requireMalformed(t, importFails(t, []byte(pickleJunk), key), "trailing data")

	for _, version := range []byte{0, 2, 255} {
		err := importFails(t, alter(func(b []byte) []byte { b[3] = version; return b }), key)
		var unsupported *pk.VersionError
		require.ErrorAs(t, err, &unsupported)
		require.EqualValues(t, version, unsupported.Got)
	}
	for n := range plain {
		requireMalformed(t, importFails(t, alter(func(b []byte) []byte { return b[:n] }), key), "truncated")
	}
	// Each bit of the public key, and a private key that another public key
	// belongs to.
	for bit := 32; bit < 36*8; bit++ {
		requireMalformed(t, importFails(t, alter(func(b []byte) []byte { b[bit/8] ^= 1 << (bit % 8); return b }), key), "do not match")
	}
	requireMalformed(t, importFails(t, alter(func(b []byte) []byte { b[40] ^= 1; return b }), key), "do not match")
	requireMalformed(t, importFails(t, alter(func(b []byte) []byte { clear(b[36:]); return b }), key), "all-zero")
}

func TestDamagedPickles(t *testing.T) {
	raw := make([]byte, b64.DecodedLen(pickle))
	require.NoError(t, b64.Decode(raw, []byte(pickle)))
	for bit := range 8 * len(raw) {
		bad := bytes.Clone(raw)
		bad[bit/8] ^= 1 << (bit % 8)
		require.ErrorIs(t, importFails(t, []byte(b64.Encode(bad)), []byte(pickleKey)), pk.ErrPickleKey)
	}
	for n := range raw {
		require.ErrorIs(t, importFails(t, []byte(b64.Encode(raw[:n])), []byte(pickleKey)), pk.ErrPickleKey)
	}
	for _, text := range []string{pickle + "AAA", pickle[:len(pickle)-1], "\n" + pickle[1:], "!" + pickle[1:]} {
		requireMalformed(t, importFails(t, []byte(text), []byte(pickleKey)), "base64")
	}
}

// FuzzImportLibolmDecryptionKey makes the MAC right, so that the fuzzer reaches
// what the pickle holds.
func FuzzImportLibolmDecryptionKey(f *testing.F) {
	plain := unhex(f, picklePlain)
	f.Add(plain)
	f.Add(plain[:36])
	f.Add(append(bytes.Clone(plain), 0xff))
	f.Add([]byte{0, 0, 0, 1})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		in := libolm.Encrypt(b, nil)
		k, err := pk.ImportLibolmDecryptionKey(in, nil)
		if err != nil {
			require.Nil(t, k)
			return
		}
		out, err := k.ExportLibolm(nil)
		require.NoError(t, err)
		require.Equal(t, string(in), string(out))
	})
}

// FuzzLibolmPickleText is the text as it may be found in a database.
func FuzzLibolmPickleText(f *testing.F) {
	f.Add(pickle)
	f.Add(pickleJunk)
	f.Add(pickle[1:])
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		k, err := pk.ImportLibolmDecryptionKey([]byte(text), []byte(pickleKey))
		require.Equal(t, err == nil, k != nil)
	})
}
