package pk_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/pk"
)

const vectorJSON = `{"ciphertext":"` + vectorCiphertext + `","mac":"` + vectorMAC + `","ephemeral":"` + bobPublic + `"}`

func TestMessageJSON(t *testing.T) {
	m := vectorMessage(t)
	b, err := json.Marshal(m)
	require.NoError(t, err)
	require.Equal(t, vectorJSON, string(b))

	for name, text := range map[string]string{
		"as written":       vectorJSON,
		"another order":    `{"ephemeral":"` + bobPublic + `","mac":"` + vectorMAC + `","ciphertext":"` + vectorCiphertext + `"}`,
		"padded":           `{"ciphertext":"` + vectorCiphertext + `==","mac":"` + vectorMAC + `=","ephemeral":"` + bobPublic + `="}`,
		"white space":      " { \"ciphertext\" : \"" + vectorCiphertext + "\",\n\"mac\":\"" + vectorMAC + "\",\t\"ephemeral\":\"" + bobPublic + "\" } ",
		"escaped":          strings.Replace(vectorJSON, `"mac"`, `"\u006dac"`, 1),
		"unknown members":  strings.Replace(vectorJSON, "{", `{"x":{"mac":[1]},"y":null,"x":1,`, 1),
		"other letters":    strings.Replace(vectorJSON, "{", `{"MAC":"x","Ciphertext":1,`, 1),
		"names that begin": strings.Replace(vectorJSON, "{", `{"ma":"x","ciphertexts":1,"":2,`, 1),
	} {
		var got pk.Message
		require.NoError(t, json.Unmarshal([]byte(text), &got), name)
		require.Equal(t, m, got, name)
	}
}

func TestMessageJSONRefuses(t *testing.T) {
	member := func(name, value string) string { return `"` + name + `":"` + value + `"` }
	c, mac, e := member("ciphertext", vectorCiphertext), member("mac", vectorMAC), member("ephemeral", bobPublic)
	for text, why := range map[string]string{
		``:                                      "not a JSON object",
		`null`:                                  "not a JSON object",
		`[]`:                                    "not a JSON object",
		`"x"`:                                   "not a JSON object",
		`{}`:                                    "missing",
		`{` + c + `,` + mac + `}`:               "missing",
		`{` + c + `,` + e + `}`:                 "missing",
		`{` + mac + `,` + e + `}`:               "missing",
		`{` + c + `,` + mac + `,` + e:           "not valid JSON",
		`{` + c + `,` + mac + `,` + e + `]`:     "not valid JSON",
		`{` + c + `,` + mac + `,` + e + `}{}`:   "data after",
		`{` + c + `,` + mac + `,` + e + `} x`:   "data after",
		`{` + c + `,` + mac + `,"ephemeral":`:   "not valid JSON",
		`{` + c + `,` + mac + `,` + e + `,1:2}`: "not valid JSON",
		vectorJSON[:len(vectorJSON)-1] + `,` + c + `}`:                                                       "ciphertext is not one string",
		vectorJSON[:len(vectorJSON)-1] + `,` + mac + `}`:                                                     "mac is not one string",
		vectorJSON[:len(vectorJSON)-1] + `,` + e + `}`:                                                       "ephemeral is not one string",
		vectorJSON[:len(vectorJSON)-1] + `,"mac":null}`:                                                      "mac is not one string",
		`{` + c + `,"mac":null,` + e + `}`:                                                                   "mac is not one string",
		`{` + c + `,"mac":1,` + e + `}`:                                                                      "mac is not one string",
		`{` + c + `,"mac":["` + vectorMAC + `"],` + e + `}`:                                                  "mac is not one string",
		`{` + member("ciphertext", "") + `,` + mac + `,` + e + `}`:                                           "ciphertext: empty",
		`{` + member("ciphertext", "AAAA") + `,` + mac + `,` + e + `}`:                                       "whole blocks",
		`{` + c + `,` + mac + `,` + member("ephemeral", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA") + `}`: "ephemeral",
	} {
		requireMalformed(t, textFails(t, text), why)
	}
}

func TestParseMessageRefuses(t *testing.T) {
	for name, c := range map[string]struct{ ciphertext, mac, ephemeral, why string }{
		"no ciphertext":            {"", vectorMAC, bobPublic, "ciphertext: empty"},
		"length":                   {vectorCiphertext[:21], vectorMAC, bobPublic, "ciphertext"},
		"length of no base64":      {vectorCiphertext + "AAA", vectorMAC, bobPublic, "base64"},
		"symbol":                   {"-" + vectorCiphertext[1:], vectorMAC, bobPublic, "base64"},
		"line end":                 {vectorCiphertext[:21] + "\n", vectorMAC, bobPublic, "base64"},
		"trailing bits":            {vectorCiphertext[:21] + "h", vectorMAC, bobPublic, "base64"},
		"17 bytes":                 {vectorCiphertext[:20] + "AAA", vectorMAC, bobPublic, "blocks"},
		"no mac":                   {vectorCiphertext, "", bobPublic, "mac: not 8 bytes long"},
		"mac of 7 bytes":           {vectorCiphertext, vectorMAC[:10], bobPublic, "mac: not 8 bytes long"},
		"mac of 9 bytes":           {vectorCiphertext, "zpzU6BkZcNIA", bobPublic, "mac: not 8 bytes long"},
		"mac of 32 bytes":          {vectorCiphertext, bobPublic, bobPublic, "mac: not 8 bytes long"},
		"mac with a symbol":        {vectorCiphertext, "_" + vectorMAC[1:], bobPublic, "mac"},
		"mac with trailing bits":   {vectorCiphertext, vectorMAC[:10] + "J", bobPublic, "mac"},
		"no ephemeral":             {vectorCiphertext, vectorMAC, "", "ephemeral"},
		"short ephemeral":          {vectorCiphertext, vectorMAC, bobPublic[:42], "ephemeral"},
		"all-zero ephemeral":       {vectorCiphertext, vectorMAC, strings.Repeat("A", 43), "ephemeral"},
		"ephemeral of order 4":     {vectorCiphertext, vectorMAC, "AQ" + strings.Repeat("A", 41), "ephemeral"},
		"ephemeral of order 8":     {vectorCiphertext, vectorMAC, "4Ot6fDtBuK4WVuP68Z/EatoJjeucMrH9hmIFFl9JuAA", "ephemeral"},
		"ephemeral p-1":            {vectorCiphertext, vectorMAC, "7P///////////////////////////////////////38", "ephemeral"},
		"ephemeral p":              {vectorCiphertext, vectorMAC, "7f///////////////////////////////////////38", "ephemeral"},
		"ephemeral p+9":            {vectorCiphertext, vectorMAC, "9v///////////////////////////////////////38", "ephemeral"},
		"ephemeral with a top bit": {vectorCiphertext, vectorMAC, "3p7bfXt9wbTTW2HC7OQ1Nz+DQ8hbeGdNrfx+FG+IK88", "ephemeral"},
	} {
		requireMalformed(t, mustFail(t, func() error {
			m, err := pk.ParseMessage(c.ciphertext, c.mac, c.ephemeral)
			require.Equal(t, pk.Message{}, m, name)
			return err
		}), c.why)
	}
}

func TestParseMessageRefusesLengthBeforeContent(t *testing.T) {
	long := strings.Repeat("\n", (pk.MaxPlaintextSize+32)/3*4+4)
	// The text is no subject, so nothing may be allocated on its account.
	err := mustFail(t, func() error { _, err := pk.ParseMessage(long, vectorMAC, bobPublic); return err })
	requireMalformed(t, err, "too long")
}

func TestMarshalRefusesWhatCannotBeAMessage(t *testing.T) {
	fails := func(m pk.Message) error {
		mustFail(t, func() error { _, err := json.Marshal(map[string]pk.Message{"x": m}); return err }, failtest.Input(m.Ciphertext))
		return mustFail(t, func() error { _, err := m.MarshalJSON(); return err }, failtest.Input(m.Ciphertext))
	}
	require.ErrorIs(t, fails(pk.Message{}), keys.ErrAbsent)
	require.True(t, pk.Message{}.IsZero())
	m := vectorMessage(t)
	require.False(t, m.IsZero())
	m.Ciphertext = m.Ciphertext[:15]
	requireMalformed(t, fails(m), "blocks")
}

func TestTruncatedMessages(t *testing.T) {
	for n := range len(vectorJSON) {
		textFails(t, vectorJSON[:n])
	}
}

func FuzzMessageJSON(f *testing.F) {
	for _, seed := range []string{
		vectorJSON, `{}`, `null`, `[]`, `{"mac":"` + vectorMAC + `"}`,
		vectorJSON + vectorJSON, strings.ToUpper(vectorJSON),
		strings.Replace(vectorJSON, "{", `{"mac":"",`, 1),
		strings.Replace(vectorJSON, vectorMAC, vectorMAC+"=", 1),
		strings.Replace(vectorJSON, "{", `{"x":[[{}]],`, 1),
	} {
		f.Add([]byte(seed))
	}
	k := alice(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		var m pk.Message
		if err := m.UnmarshalJSON(b); err != nil {
			var malformed *pk.MalformedError
			require.ErrorAs(t, err, &malformed)
			require.Equal(t, pk.Message{}, m)
			return
		}
		text, err := m.MarshalJSON()
		require.NoError(t, err)
		var again pk.Message
		require.NoError(t, again.UnmarshalJSON(text))
		require.Equal(t, m, again)
		parsed, err := pk.ParseMessage(m.Text())
		require.NoError(t, err)
		require.Equal(t, m, parsed)
		if plaintext, err := k.Decrypt(m); err != nil {
			require.ErrorIs(t, err, pk.ErrDecrypt)
			require.Nil(t, plaintext)
		}
	})
}

// FuzzCiphertext goes behind the MAC, which covers nothing: any whole blocks
// decrypt or fail as one.
func FuzzCiphertext(f *testing.F) {
	m := vectorMessage(f)
	f.Add(m.Ciphertext)
	f.Add(append(m.Ciphertext, m.Ciphertext...))
	f.Add(make([]byte, 64))
	f.Add([]byte{})
	k := alice(f)
	f.Fuzz(func(t *testing.T, ciphertext []byte) {
		m := m
		m.Ciphertext = ciphertext
		plaintext, err := k.Decrypt(m)
		switch {
		case len(ciphertext) == 0 || len(ciphertext)%16 != 0:
			requireMalformed(t, err, "ciphertext")
		case err != nil:
			require.Equal(t, pk.ErrDecrypt, err)
			require.Nil(t, plaintext)
		default:
			require.Less(t, len(plaintext), len(ciphertext))
			require.GreaterOrEqual(t, len(plaintext), len(ciphertext)-16)
		}
	})
}
