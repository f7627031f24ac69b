package secretstorage_test

import (
	"encoding/base64"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/secretstorage"
)

func TestDescribe(t *testing.T) {
	d, err := confirmed(t).Describe("the \"key\"")
	require.NoError(t, err)
	var again secretstorage.Description
	require.NoError(t, json.Unmarshal([]byte(marshal(t, d)), &again))
	require.Equal(t, "the \"key\"", again.Name())
	k := typed(t)
	require.NoError(t, again.Check(k))
	require.True(t, k.Confirmed())

	d, err = confirmed(t).Describe("")
	require.NoError(t, err)
	require.Empty(t, d.Name())
	require.NotContains(t, marshal(t, d), "name")
	require.NotContains(t, marshal(t, d), "passphrase")
	require.NotContains(t, marshal(t, d), "=")

	err = keyFails(t, confirmed(t), func() error { _, err := confirmed(t).Describe("\xff"); return err })
	require.ErrorIs(t, err, secretstorage.ErrName)
}

// What this package does not know stays, as it is and where it is.
func TestDescriptionKeepsMembers(t *testing.T) {
	const text = `{"x":1.50e3, "algorithm" :"m.secret_storage.v1.aes-hmac-sha2","name":"n","io.\u0065lement":{"b":[1,{"a":"\ud800"}],"a":-0},"IV":7,"passphrase":{"algorithm":"m.pbkdf2","salt":"s","iterations":1,"x":null}}`
	const kept = `{"x":1.50e3,"algorithm":"m.secret_storage.v1.aes-hmac-sha2","name":"n","io.element":{"b":[1,{"a":"\ud800"}],"a":-0},"IV":7,"passphrase":{"algorithm":"m.pbkdf2","salt":"s","iterations":1,"x":null}}`
	d := parseDescription(t, text)
	require.Equal(t, kept, marshal(t, d))

	checked, err := d.WithCheck(confirmed(t))
	require.NoError(t, err)
	require.Equal(t, kept, marshal(t, d), "the description is immutable")
	require.NoError(t, checked.Check(typed(t)))
	var before, after map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(kept), &before))
	require.NoError(t, json.Unmarshal([]byte(marshal(t, checked)), &after))
	require.NotEmpty(t, after["iv"])
	delete(after, "iv")
	require.NotEmpty(t, after["mac"])
	delete(after, "mac")
	require.Equal(t, before, after)
}

func TestDescriptionRefuses(t *testing.T) {
	for text, why := range map[string]string{
		``:                "not valid JSON",
		`{`:               "not valid JSON",
		`{}{}`:            "not valid JSON",
		`{"a":01}`:        "not valid JSON",
		"{\"\xff\":1}":    "not valid JSON",
		`null`:            "not a JSON object",
		`[]`:              "not a JSON object",
		`"x"`:             "not a JSON object",
		`{}`:              "algorithm is not one string",
		`{"algorithm":1}`: "algorithm is not one string",
		`{"Algorithm":"` + secretstorage.Algorithm + `"}`:                                               "algorithm is not one string",
		`{"algorithm":"` + secretstorage.Algorithm + `","algorithm":"` + secretstorage.Algorithm + `"}`: "a name stands twice",
		`{"algorithm":"` + secretstorage.Algorithm + `","mac":"","m\u0061c":""}`:                        "a name stands twice",
		`{"algorithm":"` + secretstorage.Algorithm + `","\udc00":""}`:                                   "not valid Unicode",
	} {
		var d secretstorage.Description
		requireMalformed(t, textFails(t, &d, text), why)
		require.True(t, d.IsZero())
		d = parseDescription(t, mautrixKey1)
		textFails(t, &d, text)
		require.Equal(t, parseDescription(t, mautrixKey1), d)
	}
	for _, algorithm := range []string{"", "m.secret_storage.v1.curve25519-aes-sha2", "M.secret_storage.v1.aes-hmac-sha2"} {
		require.ErrorIs(t, textFails(t, new(secretstorage.Description), `{"algorithm":"`+algorithm+`"}`), secretstorage.ErrAlgorithm)
	}
}

func TestDescriptionAbsent(t *testing.T) {
	var d secretstorage.Description
	require.True(t, d.IsZero())
	require.Empty(t, d.Name())
	require.ErrorIs(t, marshalFails(t, d), keys.ErrAbsent)
	for _, k := range []*secretstorage.Key{typed(t), confirmed(t)} {
		require.ErrorIs(t, keyFails(t, k, func() error { return d.Check(k) }), keys.ErrAbsent)
		err := keyFails(t, k, func() error { _, err := d.WithCheck(k); return err })
		require.ErrorIs(t, err, keys.ErrAbsent)
	}
}

// A name of the wrong type spoils the name only.
func TestDescriptionName(t *testing.T) {
	for _, name := range []string{`1`, `null`, `["x"]`, `"\ud800"`} {
		d := parseDescription(t, `{"algorithm":"m.secret_storage.v1.aes-hmac-sha2","name":`+name+`}`)
		require.Empty(t, d.Name())
	}
}

// description returns one with the given members beside the algorithm.
func description(t testing.TB, members string) secretstorage.Description {
	t.Helper()
	return parseDescription(t, `{"algorithm":"m.secret_storage.v1.aes-hmac-sha2"`+members+`}`)
}

// checkParts returns iv and mac of a check of the known key.
func checkParts(t testing.TB) (iv, mac []byte) {
	t.Helper()
	d, err := confirmed(t).Describe("")
	require.NoError(t, err)
	var parts struct{ IV, MAC string }
	require.NoError(t, json.Unmarshal([]byte(marshal(t, d)), &parts))
	iv, err = base64.RawStdEncoding.DecodeString(parts.IV)
	require.NoError(t, err)
	mac, err = base64.RawStdEncoding.DecodeString(parts.MAC)
	require.NoError(t, err)
	return iv, mac
}

func withParts(t testing.TB, iv, mac []byte) secretstorage.Description {
	t.Helper()
	return description(t, `,"iv":"`+base64.StdEncoding.EncodeToString(iv)+`","mac":"`+base64.StdEncoding.EncodeToString(mac)+`"`)
}

// Here every bit counts, of the iv too: its plaintext is known.
func TestCheckEveryBit(t *testing.T) {
	iv, mac := checkParts(t)
	require.NoError(t, withParts(t, iv, mac).Check(typed(t)))
	k := typed(t)
	wrong := func(iv, mac []byte) {
		err := keyFails(t, k, func() error { return withParts(t, iv, mac).Check(k) })
		require.ErrorIs(t, err, secretstorage.ErrWrongKey)
	}
	flips(iv, func(iv []byte) { wrong(iv, mac) })
	flips(mac, func(mac []byte) { wrong(iv, mac) })
}

func TestCheckLengths(t *testing.T) {
	iv, mac := checkParts(t)
	long := make([]byte, 100)
	copy(long, iv)
	k := typed(t)
	for n := range 100 {
		if n == 16 || n == 32 {
			require.NoError(t, withParts(t, long[:n], mac).Check(typed(t)), n)
			continue
		}
		err := keyFails(t, k, func() error { return withParts(t, long[:n], mac).Check(k) })
		requireMalformed(t, err, "iv: wrong length")
	}
	copy(long, mac)
	for n := range 100 {
		if n == 32 {
			continue
		}
		err := keyFails(t, k, func() error { return withParts(t, iv, long[:n]).Check(k) })
		requireMalformed(t, err, "mac: wrong length")
	}
}

func TestCheckMalformed(t *testing.T) {
	const iv, mac = "AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	k := typed(t)
	for members, why := range map[string]string{
		`,"iv":"` + iv + `"`:                              "mac is not one string",
		`,"mac":"` + mac + `"`:                            "iv is not one string",
		`,"iv":null,"mac":null`:                           "iv is not one string",
		`,"iv":1,"mac":"` + mac + `"`:                     "iv is not one string",
		`,"iv":"` + iv + `","mac":null`:                   "mac is not one string",
		`,"IV":"` + iv + `","mac":"` + mac + `"`:          "iv is not one string",
		`,"iv":"","mac":"` + mac + `"`:                    "iv: wrong length",
		`,"iv":"` + iv + `","mac":""`:                     "mac: wrong length",
		`,"iv":"A","mac":"` + mac + `"`:                   "not valid base64",
		`,"iv":"` + iv[:21] + `B","mac":"` + mac + `"`:    "not valid base64",
		`,"iv":"` + iv[:20] + `_A","mac":"` + mac + `"`:   "not valid base64",
		`,"iv":"` + iv + `","mac":"` + mac[:42] + `B"`:    "not valid base64",
		`,"iv":"` + iv + `","mac":"` + mac[:40] + `\n\n"`: "wrong length",
	} {
		err := keyFails(t, k, func() error { return description(t, members).Check(k) })
		requireMalformed(t, err, why)
	}
}

func TestWithCheckNeedsConfirmedKey(t *testing.T) {
	k := typed(t)
	err := keyFails(t, k, func() error { _, err := description(t, "").WithCheck(k); return err })
	require.ErrorIs(t, err, secretstorage.ErrUnconfirmed)
	err = keyFails(t, k, func() error { _, err := k.Describe(""); return err })
	require.ErrorIs(t, err, secretstorage.ErrUnconfirmed)
}

// One key's description is not made that of another; half a check is nobody's. A
// right key replaces its own, also an iv that is too long.
func TestWithCheckKeepsTheKey(t *testing.T) {
	d, err := confirmed(t).Describe("n")
	require.NoError(t, err)
	other := secretstorage.GenerateKey()
	fails := func(d secretstorage.Description, k *secretstorage.Key) error {
		return keyFails(t, k, func() error {
			got, err := d.WithCheck(k)
			require.True(t, got.IsZero())
			return err
		})
	}
	require.ErrorIs(t, fails(d, other), secretstorage.ErrWrongKey)

	phrase, err := secretstorage.PBKDF2{Salt: "s", Iterations: 1}.Key([]byte("x"))
	require.NoError(t, err)
	require.ErrorIs(t, fails(d, phrase), secretstorage.ErrUnconfirmed)

	for _, members := range []string{`,"iv":"AAAAAAAAAAAAAAAAAAAAAA"`, `,"mac":"x"`, `,"iv":null,"mac":null`} {
		requireMalformed(t, fails(description(t, members), confirmed(t)), "")
	}

	iv, mac := checkParts(t)
	for _, iv := range [][]byte{iv, append(iv, make([]byte, 16)...)} {
		d = description(t, `,"iv":"`+base64.StdEncoding.EncodeToString(iv)+`","mac":"`+base64.StdEncoding.EncodeToString(mac)+`"`)
		got, err := d.WithCheck(confirmed(t))
		require.NoError(t, err)
		require.NotEqual(t, marshal(t, d), marshal(t, got))
		require.NoError(t, got.Check(typed(t)))
		require.ErrorIs(t, keyFails(t, other, func() error { return got.Check(other) }), secretstorage.ErrWrongKey)
	}
}

func TestDescriptionDoesNotAlias(t *testing.T) {
	text := []byte(mautrixKey1)
	d, err := secretstorage.ParseDescription(text)
	require.NoError(t, err)
	want := marshal(t, d)
	for i := range text {
		text[i] = 'x'
	}
	require.Equal(t, want, marshal(t, d))
}
