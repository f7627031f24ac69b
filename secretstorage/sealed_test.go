package secretstorage_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/secretstorage"
)

func sealedSecret(t testing.TB) secretstorage.Sealed {
	t.Helper()
	sealed, err := confirmed(t).Seal("org.example.secret", []byte("It's a secret to everybody"))
	require.NoError(t, err)
	return sealed
}

func TestSealOpen(t *testing.T) {
	k := confirmed(t)
	for _, n := range []int{1, 15, 16, 17, 31, 32, 33, 1000, secretstorage.MaxSecretSize} {
		plaintext := bytes.Repeat([]byte{'a'}, n)
		sealed, err := k.Seal("x", plaintext)
		require.NoError(t, err)
		require.Len(t, sealed.Ciphertext, n)
		require.Equal(t, bytes.Repeat([]byte{'a'}, n), plaintext)
		person := typed(t)
		got, err := person.Open("x", sealed)
		require.NoError(t, err)
		require.Equal(t, plaintext, got)
		require.True(t, person.Confirmed())
	}
	a, err := k.Seal("x", []byte("same"))
	require.NoError(t, err)
	b, err := k.Seal("x", []byte("same"))
	require.NoError(t, err)
	require.NotEqual(t, a, b)
}

// The construction once more, from the text of the specification: HKDF of two
// blocks is three HMACs.
func TestSealConstruction(t *testing.T) {
	const name, plaintext = "org.example.a-name-that-is-longer-than-thirty-two-bytes", "plaintext"
	sum := func(key []byte, parts ...string) []byte {
		h := hmac.New(sha256.New, key)
		for _, p := range parts {
			h.Write([]byte(p))
		}
		return h.Sum(nil)
	}
	prk := sum(make([]byte, 32), string(unhex(t, knownKey)))
	aesKey := sum(prk, name, "\x01")
	macKey := sum(prk, string(aesKey), name, "\x02")

	sealed, err := confirmed(t).Seal(name, []byte(plaintext))
	require.NoError(t, err)
	require.Equal(t, sum(macKey, string(sealed.Ciphertext)), sealed.MAC[:])
	block, err := aes.NewCipher(aesKey)
	require.NoError(t, err)
	got := make([]byte, len(sealed.Ciphertext))
	cipher.NewCTR(block, sealed.IV[:]).XORKeyStream(got, sealed.Ciphertext)
	require.Equal(t, plaintext, string(got))
}

// Bit 63 is the top bit of byte 8; all others are random.
func TestSealIV(t *testing.T) {
	k := confirmed(t)
	var or, and [16]byte
	for i := range and {
		and[i] = 0xff
	}
	for range 200 {
		sealed, err := k.Seal("x", []byte("y"))
		require.NoError(t, err)
		iv, _ := checkParts(t)
		for i := range or {
			or[i] |= sealed.IV[i] | iv[i]
			and[i] &= sealed.IV[i] & iv[i]
		}
	}
	want := [16]byte(bytes.Repeat([]byte{0xff}, 16))
	want[8] = 0x7f
	require.Equal(t, want, or)
	require.Equal(t, [16]byte{}, and)
}

// Bit 63 is not looked at when reading.
func TestOpenBit63(t *testing.T) {
	k := confirmed(t)
	sealed := sealedSecret(t)
	sealed.IV[8] |= 0x80
	garbled, err := k.Open("org.example.secret", sealed)
	require.NoError(t, err)
	require.NotEqual(t, "It's a secret to everybody", string(garbled))
}

func TestSealRefuses(t *testing.T) {
	k := confirmed(t)
	seal := func(name string, plaintext []byte) error {
		return keyFails(t, k, func() error {
			sealed, err := k.Seal(name, plaintext)
			require.True(t, sealed.IsZero())
			return err
		})
	}
	require.ErrorIs(t, seal("x", nil), keys.ErrAbsent)
	require.ErrorIs(t, seal("x", []byte{}), keys.ErrAbsent)
	require.ErrorIs(t, seal("x", make([]byte, secretstorage.MaxSecretSize+1)), secretstorage.ErrTooLong)
	for _, name := range badNames {
		require.ErrorIs(t, seal(name, []byte("y")), secretstorage.ErrName)
	}
	long := strings.Repeat("x", secretstorage.MaxNameSize)
	sealed, err := k.Seal(long, []byte("y"))
	require.NoError(t, err)
	_, err = k.Open(long, sealed)
	require.NoError(t, err)
}

var badNames = []string{
	"", "\xff", strings.Repeat("x", secretstorage.MaxNameSize+1),
	secretstorage.MasterKey, secretstorage.SelfSigningKey, secretstorage.UserSigningKey, secretstorage.BackupKey,
}

func TestOpenRefuses(t *testing.T) {
	sealed := sealedSecret(t)
	k := typed(t)
	open := func(name string, sealed secretstorage.Sealed) error {
		return keyFails(t, k, func() error {
			got, err := k.Open(name, sealed)
			require.Nil(t, got)
			return err
		})
	}
	for _, name := range badNames {
		require.ErrorIs(t, open(name, sealed), secretstorage.ErrName)
	}
	require.ErrorIs(t, open("org.example.Secret", sealed), secretstorage.ErrOpen)
	require.ErrorIs(t, open("x", secretstorage.Sealed{}), keys.ErrAbsent)
	require.ErrorIs(t, open("x", secretstorage.Sealed{Ciphertext: make([]byte, secretstorage.MaxSecretSize+1)}), secretstorage.ErrTooLong)
	flips(sealed.Ciphertext, func(b []byte) {
		bad := sealed
		bad.Ciphertext = b
		require.ErrorIs(t, open("org.example.secret", bad), secretstorage.ErrOpen)
	})
	flips(sealed.MAC[:], func(b []byte) {
		bad := sealed
		bad.MAC = [32]byte(b)
		require.ErrorIs(t, open("org.example.secret", bad), secretstorage.ErrOpen)
	})
	for n := 1; n < len(sealed.Ciphertext); n++ {
		bad := sealed
		bad.Ciphertext = sealed.Ciphertext[:n]
		require.ErrorIs(t, open("org.example.secret", bad), secretstorage.ErrOpen)
	}
	other := secretstorage.GenerateKey()
	err := keyFails(t, other, func() error { _, err := other.Open("org.example.secret", sealed); return err })
	require.ErrorIs(t, err, secretstorage.ErrOpen)
}

func TestOpenLeavesInput(t *testing.T) {
	sealed := sealedSecret(t)
	before := marshal(t, sealed)
	_, err := confirmed(t).Open("org.example.secret", sealed)
	require.NoError(t, err)
	require.Equal(t, before, marshal(t, sealed))
}

func TestSealedJSON(t *testing.T) {
	sealed := sealedSecret(t)
	text := marshal(t, sealed)
	require.NotContains(t, text, "=")
	for _, text := range []string{
		text,
		" " + strings.Replace(text, `{`, "{\n\"x\":{\"iv\":1},\"IV\":2,\"Mac\":1e5,", 1) + " ",
		sealedText(base64.StdEncoding, sealed),
		sealedText(base64.RawStdEncoding, sealed),
	} {
		var got secretstorage.Sealed
		require.NoError(t, json.Unmarshal([]byte(text), &got), text)
		require.Equal(t, sealed, got)
	}
}

func sealedText(e *base64.Encoding, s secretstorage.Sealed) string {
	return fmt.Sprintf(`{"mac":"%s","iv":"%s","ciphertext":"%s"}`, e.EncodeToString(s.MAC[:]), e.EncodeToString(s.IV[:]), e.EncodeToString(s.Ciphertext))
}

func TestSealedJSONRefuses(t *testing.T) {
	const iv, mac = "AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	text := func(iv, ciphertext, mac string) string {
		return `{"iv":` + iv + `,"ciphertext":` + ciphertext + `,"mac":` + mac + `}`
	}
	const qiv, qmac, qc = `"` + iv + `"`, `"` + mac + `"`, `"AAAA"`
	for text, why := range map[string]string{
		``:                              "not valid JSON",
		`[]`:                            "not a JSON object",
		`null`:                          "not a JSON object",
		`{}`:                            "iv is not one string",
		text(qiv, qc, qmac) + `x`:       "not valid JSON",
		text(`null`, qc, qmac):          "iv is not one string",
		text(`1`, qc, qmac):             "iv is not one string",
		text(qiv, `null`, qmac):         "ciphertext is not one string",
		text(qiv, `["AAAA"]`, qmac):     "ciphertext is not one string",
		text(qiv, `"\ud800"`, qmac):     "ciphertext is not one string",
		text(qiv, qc, `{}`):             "mac is not one string",
		text(`"`+iv[:20]+`"`, qc, qmac): "iv: wrong length",
		text(`"`+iv+`AA"`, qc, qmac):    "iv: wrong length",
		text(`""`, qc, qmac):            "iv: wrong length",
		text(qmac, qc, qmac):            "iv: wrong length", // 32 bytes, as in the self-check of nheko
		text(qiv, qc, `""`):             "mac: wrong length",
		text(qiv, qc, qiv):              "mac: wrong length",
		text(qiv, qc, `"AAAAAAAAAAA"`):  "mac: wrong length",
		text(qiv, qc, `"`+mac+`AAAA"`):  "mac: wrong length",
		text(qiv, `""`, qmac):           "ciphertext: empty",
		text(qiv, `"A"`, qmac):          "ciphertext: not valid base64",
		text(qiv, `"A==="`, qmac):       "ciphertext: not valid base64",
		`{"iv":"` + iv + `","iv":"` + iv + `","ciphertext":"AAAA","mac":"` + mac + `"}`: "a name stands twice",
		`{"iv":"` + iv + `","ciphertext":"AAAA","mac":"` + mac + `","m\u0061c":1}`:      "a name stands twice",
		`{"Iv":"` + iv + `","ciphertext":"AAAA","mac":"` + mac + `"}`:                   "iv is not one string",
		text(qiv, `"`+strings.Repeat("A", secretstorage.MaxSecretSize/3*4+8)+`"`, qmac): "ciphertext: too long",
	} {
		sealed := sealedSecret(t)
		requireMalformed(t, textFails(t, &sealed, text), why)
	}
	var sealed secretstorage.Sealed
	_, err := sealed.MarshalJSON()
	require.ErrorIs(t, err, keys.ErrAbsent)
	sealed.Ciphertext = make([]byte, secretstorage.MaxSecretSize+1)
	_, err = sealed.MarshalJSON()
	require.ErrorIs(t, err, secretstorage.ErrTooLong)
}
