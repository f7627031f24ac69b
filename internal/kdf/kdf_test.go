package kdf_test

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/kdf"
)

func randomBytes(n int, seed byte) []byte {
	b := make([]byte, n)
	random := rand.New(rand.NewChaCha8([32]byte{seed}))
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	return b
}

func reference(key, message []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(message)
	return h.Sum(nil)
}

func TestHMACEqualsStandardLibrary(t *testing.T) {
	keys, messages := randomBytes(130, 1), randomBytes(300, 2)
	step := 1
	if testing.Short() {
		step = 7
	}
	for k := 0; k <= 130; k++ {
		for m := 0; m <= 300; m += step {
			var out [kdf.Size]byte
			kdf.HMAC(&out, keys[:k], messages[:m])
			if !bytes.Equal(out[:], reference(keys[:k], messages[:m])) {
				t.Fatalf("key of %d bytes, message of %d bytes", k, m)
			}
		}
	}
	long := randomBytes(1<<20, 9)
	for _, m := range []int{1000, 4096, 65535, 65536, 1 << 20} {
		for _, k := range []int{0, 32, 64, 65, 130} {
			var out [kdf.Size]byte
			kdf.HMAC(&out, keys[:k], long[:m])
			require.Equal(t, reference(keys[:k], long[:m]), out[:])
		}
	}
	require.Equal(t, randomBytes(1<<20, 9), long)
	require.Equal(t, randomBytes(130, 1), keys)
	require.Equal(t, randomBytes(300, 2), messages)
}

// TestHMACInPlace is how the ratchets call it: the result replaces the key.
func TestHMACInPlace(t *testing.T) {
	for _, m := range []int{0, 1, 128, 160, 161, 300} {
		message := randomBytes(m, 3)
		var key [kdf.Size]byte
		copy(key[:], randomBytes(kdf.Size, 4))
		want := reference(key[:], message)
		kdf.HMAC(&key, key[:], message)
		require.Equal(t, want, key[:], "out is the key, message of %d bytes", m)

		long := randomBytes(128, 5)
		want = reference(long, message)
		kdf.HMAC((*[kdf.Size]byte)(long[32:]), long, message)
		require.Equal(t, want, long[32:64], "out is a part of a long key")

		var both [kdf.Size]byte
		copy(both[:], randomBytes(kdf.Size, 6))
		want = reference(both[:], both[:])
		kdf.HMAC(&both, both[:], both[:])
		require.Equal(t, want, both[:], "out is key and message")
	}
}

func TestStep(t *testing.T) {
	for b := range 256 {
		key := [kdf.Size]byte(randomBytes(kdf.Size, byte(b)))
		want := reference(key[:], []byte{byte(b)})
		var out [kdf.Size]byte
		kdf.Step(&out, &key, byte(b))
		require.Equal(t, want, out[:])
		require.Equal(t, randomBytes(kdf.Size, byte(b)), key[:])
		kdf.Step(&key, &key, byte(b))
		require.Equal(t, want, key[:], "in place")
	}
	require.Zero(t, testing.AllocsPerRun(100, func() { var key [kdf.Size]byte; kdf.Step(&key, &key, 1) }))
}

func TestHMACDoesNotAllocate(t *testing.T) {
	var key [kdf.Size]byte
	message := make([]byte, 128)
	require.Zero(t, testing.AllocsPerRun(100, func() { kdf.HMAC(&key, key[:], message) }))
	require.Zero(t, testing.AllocsPerRun(100, func() {
		var out, key [kdf.Size]byte
		var message [1]byte
		kdf.HMAC(&out, key[:], message[:])
	}), "the inputs were moved to the heap")
}

// TestKnownAnswers has libolm's vectors (libolm 3.2.13, tests/test_crypto.cpp:168,
// :192 and :210), the last two being RFC 5869, appendix A.1.
func TestKnownAnswers(t *testing.T) {
	fromHex := func(s string) []byte { b, _ := hex.DecodeString(s); return b }
	var out [kdf.Size]byte
	kdf.HMAC(&out, nil, nil)
	require.Equal(t, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad", hex.EncodeToString(out[:]))

	ikm, salt := bytes.Repeat([]byte{0x0b}, 22), fromHex("000102030405060708090a0b0c")
	kdf.HMAC(&out, salt, ikm)
	require.Equal(t, "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5", hex.EncodeToString(out[:]))

	okm := make([]byte, 42)
	kdf.HKDF(okm, ikm, salt, string(fromHex("f0f1f2f3f4f5f6f7f8f9")))
	require.Equal(t, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865", hex.EncodeToString(okm))

	// RFC 5869, appendix A.3: no salt, no info.
	kdf.HKDF(okm, ikm, nil, "")
	require.Equal(t, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8", hex.EncodeToString(okm))
}

func TestHKDFEqualsStandardLibrary(t *testing.T) {
	material, info := randomBytes(300, 7), string(randomBytes(32, 8))
	compare := func(out, ikm, salt []byte, info string) {
		t.Helper()
		want, err := hkdf.Key(sha256.New, ikm, salt, info, len(out))
		require.NoError(t, err)
		kdf.HKDF(out, ikm, salt, info)
		if !bytes.Equal(want, out) {
			t.Fatalf("out %d, ikm %d, salt %d, info %d bytes", len(out), len(ikm), len(salt), len(info))
		}
	}
	for n := range 300 {
		compare(make([]byte, 80), material[:n], nil, info[:n%33])
		compare(make([]byte, 64), material[:32], material[:n%130], info[:n%33])
		compare(make([]byte, n), material[:32], material[:32], info[:n%33])
	}
	for n := range 33 {
		compare(make([]byte, 200), material[:128], nil, info[:n])
	}
	compare(make([]byte, 255*kdf.Size), material[:32], nil, info)
	compare(make([]byte, 80), material[:32], []byte{}, info)
	compare(make([]byte, 80), material[:32], make([]byte, 32), info)
}

// TestHKDFPanicsForInternalConstantsOnly: label and output length are
// constants of the callers; no input has a length that panics.
func TestHKDFPanicsForInternalConstantsOnly(t *testing.T) {
	const text = "kdf: internal error: HKDF label or output too long"
	require.PanicsWithValue(t, text, func() { kdf.HKDF(make([]byte, 32), nil, nil, string(make([]byte, 33))) })
	require.PanicsWithValue(t, text, func() { kdf.HKDF(make([]byte, 255*kdf.Size+1), nil, nil, "") })
	kdf.HKDF(nil, make([]byte, 100000), make([]byte, 100000), "")
	kdf.HKDF(make([]byte, 80), make([]byte, 100000), make([]byte, 100000), "OLM_KEYS")
}
