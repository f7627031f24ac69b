package secretstorage_test

import (
	"crypto/pbkdf2"
	"crypto/sha512"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/secretstorage"
)

func TestPassphrase(t *testing.T) {
	for _, p := range []secretstorage.PBKDF2{
		{Salt: "s", Iterations: 1},
		{Salt: "c2FsdA==", Iterations: 2}, // not decoded
		{Salt: "sél\x00", Iterations: 3},
		{Salt: strings.Repeat("x", secretstorage.MaxSaltSize), Iterations: 4},
	} {
		for _, passphrase := range []string{"x", "pässword", strings.Repeat("long", 50)} {
			k, err := p.Key([]byte(passphrase))
			require.NoError(t, err)
			require.False(t, k.Confirmed())
			want, err := pbkdf2.Key(sha512.New, passphrase, []byte(p.Salt), p.Iterations, 32)
			require.NoError(t, err)
			got, err := k.Secret()
			require.NoError(t, err)
			require.Equal(t, want, got[:])
		}
	}
}

// What a derived key describes is JSON, whatever the salt.
func TestPassphraseDescription(t *testing.T) {
	for _, salt := range []string{"s", "sél", "\x00\"\\\n\u2028", "\ufffd", "\xff", "a\xc3"} {
		p := secretstorage.PBKDF2{Salt: salt, Iterations: 1}
		k, err := p.Key([]byte("x"))
		if err != nil {
			require.False(t, utf8.ValidString(salt))
			continue
		}
		sealed := k.SealAny("x", []byte("y"))
		_, err = k.Open("x", sealed)
		require.NoError(t, err)
		d, err := k.Describe("n")
		require.NoError(t, err)
		b, err := d.MarshalJSON()
		require.NoError(t, err)
		require.True(t, json.Valid(b), "%q", b)
		again, err := parseDescription(t, string(b)).Passphrase()
		require.NoError(t, err)
		require.Equal(t, p, again)
	}
}

// Not normalized: two ways to write é are two passphrases.
func TestPassphraseIsNotNormalized(t *testing.T) {
	p := secretstorage.PBKDF2{Salt: "s", Iterations: 1}
	a, err := p.Key([]byte("\u00e9"))
	require.NoError(t, err)
	b, err := p.Key([]byte("e\u0301"))
	require.NoError(t, err)
	require.NotEqual(t, a.State(), b.State())
}

func TestPassphraseRefuses(t *testing.T) {
	long := strings.Repeat("x", secretstorage.MaxSaltSize+1)
	for p, why := range map[secretstorage.PBKDF2]string{
		{}:                                     "salt: not 1 to 1024 bytes",
		{Iterations: 1}:                        "salt: not 1 to 1024 bytes",
		{Salt: long, Iterations: 1}:            "salt: not 1 to 1024 bytes",
		{Salt: "\xff\xfe", Iterations: 1}:      "salt: not UTF-8",
		{Salt: "s\xed\xa0\x80", Iterations: 1}: "salt: not UTF-8",
		{Salt: "x"}:                            "iterations: not 1 to 10000000",
		{Salt: "x", Iterations: -1}:            "iterations: not 1 to 10000000",
		{Salt: "x", Iterations: -1 << 31}:      "iterations: not 1 to 10000000",
		{Salt: "x", Iterations: 10000001}:      "iterations: not 1 to 10000000",
		{Salt: "x", Iterations: 1<<31 - 1}:     "iterations: not 1 to 10000000",
	} {
		passphrase := []byte("correct horse")
		err := mustFail(t, func() error {
			k, err := p.Key(passphrase)
			require.Nil(t, k)
			return err
		}, failtest.Secret(passphrase))
		requireMalformed(t, err, why)
	}
	for _, empty := range [][]byte{nil, {}} {
		err := mustFail(t, func() error { _, err := secretstorage.PBKDF2{Salt: "x", Iterations: 1}.Key(empty); return err })
		require.ErrorIs(t, err, keys.ErrAbsent)
		err = mustFail(t, func() error { _, err := secretstorage.NewPassphraseKey(empty); return err })
		require.ErrorIs(t, err, keys.ErrAbsent)
	}
}

func TestPassphraseParameters(t *testing.T) {
	for text, want := range map[string]secretstorage.PBKDF2{
		`{"algorithm":"m.pbkdf2","salt":"x","iterations":1}`:                                         {Salt: "x", Iterations: 1},
		`{"algorithm":"m.pbkdf2","salt":"x","iterations":10000000,"bits":256}`:                       {Salt: "x", Iterations: secretstorage.MaxIterations},
		`{ "bits" : 256 , "x" : 1.5e3 , "iterations":500000,"salt":"\u0078","algorithm":"m.pbkdf2"}`: {Salt: "x", Iterations: 500000},
		`{"algorithm":"m.pbkdf2","salt":"x","iterations":1,"Bits":8,"SALT":1}`:                       {Salt: "x", Iterations: 1},
	} {
		p, err := parseDescription(t, `{"algorithm":"m.secret_storage.v1.aes-hmac-sha2","passphrase":`+text+`}`).Passphrase()
		require.NoError(t, err, text)
		require.Equal(t, want, p)
	}
}

func TestPassphraseParametersRefused(t *testing.T) {
	const good = `"algorithm":"m.pbkdf2","salt":"x","iterations":1`
	fails := func(members string) error {
		d := description(t, members)
		return mustFail(t, func() error {
			p, err := d.Passphrase()
			require.Equal(t, secretstorage.PBKDF2{}, p)
			return err
		}, marshalled{d})
	}
	for text, why := range map[string]string{
		`null`:               "not a JSON object",
		`"m.pbkdf2"`:         "not a JSON object",
		`[]`:                 "not a JSON object",
		`{}`:                 "algorithm is not one string",
		`{"algorithm":null}`: "algorithm is not one string",
		`{"Algorithm":"m.pbkdf2","salt":"x","iterations":1}`:                                 "algorithm is not one string",
		`{"algorithm":"m.pbkdf2","iterations":1}`:                                            "salt is not one string",
		`{"algorithm":"m.pbkdf2","salt":1,"iterations":1}`:                                   "salt is not one string",
		`{"algorithm":"m.pbkdf2","salt":"\ud800","iterations":1}`:                            "salt is not one string",
		`{"algorithm":"m.pbkdf2","salt":"","iterations":1}`:                                  "salt: not 1 to 1024 bytes",
		`{"algorithm":"m.pbkdf2","salt":"` + strings.Repeat("x", 1025) + `","iterations":1}`: "salt: not 1 to 1024 bytes",
		`{"algorithm":"m.pbkdf2","salt":"x"}`:                                                "iterations",
		`{` + good + `,"bits":null}`:                                                         "bits: not 256",
		`{` + good + `,"bits":"256"}`:                                                        "bits: not 256",
		`{` + good + `,"bits":256.0}`:                                                        "bits: not 256",
		`{` + good + `,"salt":"y"}`:                                                          "a name stands twice",
		`{` + good + `,"iter\u0061tions":2}`:                                                 "a name stands twice",
		`{` + good + `,"\ud800":2}`:                                                          "not valid Unicode",
	} {
		requireMalformed(t, fails(`,"passphrase":`+text), why)
	}
	// The first that is wrong is told.
	for _, iterations := range []string{`0`, `-1`, `10000001`, `4294967297`, `1.5`, `"1"`} {
		err := fails(`,"passphrase":{"algorithm":"m.pbkdf2","salt":"","iterations":` + iterations + `,"bits":1}`)
		requireMalformed(t, err, "iterations: not 1 to 10000000")
	}
	for _, bits := range []int{-256, 0, 1, 8, 128, 255, 257, 512, 4096} {
		requireMalformed(t, fails(fmt.Sprintf(`,"passphrase":{%s,"bits":%d}`, good, bits)), "bits: not 256")
	}
	require.ErrorIs(t, fails(`,"passphrase":{"algorithm":"m.argon2id"}`), secretstorage.ErrAlgorithm)
	require.ErrorIs(t, fails(``), secretstorage.ErrNoPassphrase)
	err := mustFail(t, func() error { _, err := secretstorage.Description{}.Passphrase(); return err })
	require.ErrorIs(t, err, secretstorage.ErrNoPassphrase)
}
