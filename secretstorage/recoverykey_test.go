package secretstorage_test

import (
	"bytes"
	"crypto/rand"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/secretstorage"
)

const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

func TestRecoveryKey(t *testing.T) {
	text, err := confirmed(t).RecoveryKey()
	require.NoError(t, err)
	require.Equal(t, knownRecoveryKey, string(text))
	require.Len(t, text, secretstorage.RecoveryKeySize)

	k := typed(t)
	b, err := k.Secret()
	require.NoError(t, err)
	require.Equal(t, unhex(t, knownKey), b[:])
}

func TestRecoveryKeyWhiteSpace(t *testing.T) {
	bare := strings.ReplaceAll(knownRecoveryKey, " ", "")
	for _, space := range []string{"", " ", "\t", "\n", "\r\n", "\v", "\f", "\u00a0", "\u0085", "\u2003", "\u3000", " \n \t "} {
		for _, text := range []string{
			strings.ReplaceAll(knownRecoveryKey, " ", space),
			space + bare + space,
			strings.Join(strings.Split(bare, ""), space),
		} {
			k, err := secretstorage.ParseRecoveryKey([]byte(text))
			require.NoError(t, err, "%q", text)
			require.Equal(t, typed(t).State(), k.State())
		}
	}
}

func TestRecoveryKeyRefuses(t *testing.T) {
	bare := strings.ReplaceAll(knownRecoveryKey, " ", "")
	for text, why := range map[string]string{
		"":                              "48 characters",
		"   ":                           "48 characters",
		bare[:47]:                       "48 characters",
		bare + "1":                      "48 characters",
		"1" + bare:                      "48 characters",
		bare + bare:                     "48 characters",
		bare[:47] + "é":                 "48 characters",
		bare[:46] + "é":                 "a character",
		bare[:46] + "\xc2\xc2":          "a character",
		bare[:47] + "\xa0":              "a character",
		bare[:47] + "0":                 "a character",
		bare[:47] + "O":                 "a character",
		bare[:47] + "I":                 "a character",
		bare[:47] + "l":                 "a character",
		bare[:47] + "\x00":              "a character",
		bare[:47] + "\x1f":              "a character",
		strings.Repeat("z", 48):         "mistyped", // too great for 35 bytes
		strings.Repeat("1", 48):         "mistyped",
		strings.ToUpper(bare[:47]):      "48 characters",
		bare[1:2] + bare[:1] + bare[2:]: "mistyped",
	} {
		requireMalformed(t, recoveryKeyFails(t, text), why)
	}
}

// recoveryKeyFails parses a recovery key, which must fail.
func recoveryKeyFails(t testing.TB, text string) error {
	t.Helper()
	return mustFail(t, func() error {
		k, err := secretstorage.ParseRecoveryKey([]byte(text))
		require.Nil(t, k)
		return err
	}, failtest.Secret(text))
}

// Every single mistake in typing is noticed: one wrong character anywhere, and
// two neighbours exchanged.
func TestRecoveryKeyMistakes(t *testing.T) {
	bare := []byte(strings.ReplaceAll(knownRecoveryKey, " ", ""))
	accepted, tried := 0, 0
	try := func(text []byte) {
		if bytes.Equal(text, bare) {
			return
		}
		tried++
		if _, err := secretstorage.ParseRecoveryKey(text); err == nil {
			accepted++
		}
	}
	for i := range bare {
		for c := range 256 {
			text := bytes.Clone(bare)
			text[i] = byte(c)
			try(text)
		}
	}
	for i := range len(bare) - 1 {
		text := bytes.Clone(bare)
		text[i], text[i+1] = text[i+1], text[i]
		try(text)
	}
	// One byte of parity lets one mistake in 256 pass among those that leave the
	// prefix alone. That is the format's; the self-check finds them.
	require.Greater(t, tried, 12000)
	require.LessOrEqual(t, accepted, 25)
}

// Wrong prefix, parity and content, in a text that is well-formed.
func TestRecoveryKeyChecks(t *testing.T) {
	good := append([]byte{0x8b, 1}, unhex(t, knownKey)...)
	parity := byte(0)
	for _, b := range good {
		parity ^= b
	}
	good = append(good, parity)
	_, err := secretstorage.ParseRecoveryKey([]byte(secretstorage.EncodeBase58([35]byte(good))))
	require.NoError(t, err)
	parse := func(b []byte) error { return recoveryKeyFails(t, secretstorage.EncodeBase58([35]byte(b))) }
	flips(good, func(b []byte) { requireMalformed(t, parse(b), "mistyped") })
	for _, prefix := range [][2]byte{{0x8a, 1}, {0x8b, 0}, {0x8b, 2}, {0, 1}, {0x8b ^ 0x10, 1 ^ 0x10}, {1, 0x8b}, {0x8a, 0}} {
		b := bytes.Clone(good)
		b[34] ^= b[0] ^ b[1] ^ prefix[0] ^ prefix[1]
		copy(b, prefix[:])
		requireMalformed(t, parse(b), "mistyped") // with the right parity
	}
	// The same 35 bytes, and a 36th in front: 48 symbols hold that too.
	text := base58(new(big.Int).SetBytes(append([]byte{1}, good...)))
	requireMalformed(t, recoveryKeyFails(t, text), "mistyped")
	zero := make([]byte, 35)
	zero[0], zero[1], zero[34] = 0x8b, 1, 0x8a
	require.ErrorIs(t, parse(zero), keys.ErrAbsent)
}

func TestBase58Symbols(t *testing.T) {
	for v := range int32(58) {
		require.Equal(t, alphabet[v], secretstorage.Base58Symbol(v))
	}
	for c := range int32(256) {
		require.Equal(t, int32(strings.IndexByte(alphabet, byte(c))), secretstorage.Base58Value(c))
	}
}

// base58 returns the 48 symbols of n by math/big.
func base58(n *big.Int) string {
	digits := make([]byte, 48)
	n, r := new(big.Int).Set(n), new(big.Int)
	for i := range digits {
		n.DivMod(n, big.NewInt(58), r)
		digits[47-i] = alphabet[r.Int64()]
	}
	return string(digits)
}

func TestBase58(t *testing.T) {
	numbers := [][35]byte{{}, {34: 1}, {0: 255}, {0: 0x8b, 1: 1}}
	for range 3000 {
		var b [35]byte
		rand.Read(b[:])
		numbers = append(numbers, b)
	}
	for _, b := range numbers {
		text := base58(new(big.Int).SetBytes(b[:]))
		require.Equal(t, text, secretstorage.EncodeBase58(b))
		got, ok := secretstorage.DecodeBase58([48]byte([]byte(text)))
		require.True(t, ok)
		require.Equal(t, b, got)
	}
	limit := new(big.Int).Lsh(big.NewInt(1), 8*35)
	for _, delta := range []int64{-1, 0, 1} {
		text := base58(new(big.Int).Add(limit, big.NewInt(delta)))
		_, ok := secretstorage.DecodeBase58([48]byte([]byte(text)))
		require.Equal(t, delta < 0, ok)
	}
}
