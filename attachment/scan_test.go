package attachment_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/attachment"
	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/pk"
)

// The examples of github.com/element-hq/matrix-content-scanner-python,
// docs/api.md, commit 003733ee. The private key of the encrypted one is not
// published.
const (
	apiRequest = `{
    "file": {
        "v": "v2",
        "key": {
            "alg": "A256CTR",
            "ext": true,
            "k": "qcHVMSgYg-71CauWBezXI5qkaRb0LuIy-Wx5kIaHMIA",
            "key_ops": [
                "encrypt",
                "decrypt"
            ],
            "kty": "oct"
        },
        "iv": "X85+XgHN+HEAAAAAAAAAAA",
        "hashes": {
            "sha256": "5qG4fFnbbVdlAB1Q72JDKwCagV6Dbkx9uds4rSak37c"
        },
        "url": "mxc://matrix.org/oSTbuSlyZKXvgtbtUsPxRbto"
    }
}`
	apiEncrypted = `{
    "encrypted_body": {
        "ciphertext": "tED6iNpKcZti+HMZ6t1M+ZlE27IbvF9nojz59dg3jtJHv/9wtH6KiYyaZsVvCNzuwWCjdcxA4PMevZuWnVIEWHArCKdcFJeAvzxzlVtFvlgM5PIiTNtkh8sXIaC7RP5+3s0/aQs9PhuhlJ5nGlS86BZJ56dDwQWS5DO/WPqsTko9lz6//XtZ8ko417vybz81NTNpoADRc8XRntsI1+rmdKkXJtuXTA3d46CCAhLvoJLZlk7xb7IGHADk3eYQ9WTaKQ76/PW1dDo5xQGyXOr+lJByisjkoz4C8i4wRYXnks+d3q6kIndGZgO8s/H7/kfYC052IAlAk3LmYavXaNwXJtnWUCCakTHME154yup8DtmsyuZkC3p3KhSsKAeoxmYvsSf0+p0MinOWB4BgeWwaBaKDKTHbaUKwQzdbZrBXKP+QBdmM9PUrmsTPR2RmWRsPCC3dcmz4rakCZB/Xvwg++xDzpxi3+iJxJ011g1Dfp4sd44U6LJDVZafIoPu7esChYD4o+x4tP4airHueLGpP0rQxPuDZRvklwCRZ5xtzr47fINel2IGrTQEPyNES+lASGr2xeWwBJXBe47OkM0rXZn1HVM6iK3g3HfUT6pFhdI/52ztUf+gOhOhRvTpP079Je9INLApXSu793EQGJpH+ms3ymJ3mfBhEYVVnj8zbczo",
        "mac": "nipjbUCnIEw",
        "ephemeral": "fk2xOTmttnFDTAORxVQTtIlbsu7O01Oe52+umaOjIiE"
    }
}`
	apiPublicKey = `{
    "public_key": "GdwYYj5Ey9O96FMi4DjIhPhY604RuZg2Om98Kqh+3GE"
}`
	apiResult = `{
    "clean": false,
    "info": "***VIRUS DETECTED***"
}`
	apiError = `{
    "info": "***VIRUS DETECTED***",
    "reason": "MCS_MEDIA_NOT_CLEAN"
}`
)

// scanner is a scanner's key: Alice's of libolm's tests.
func scanner(t testing.TB) *pk.DecryptionKey {
	t.Helper()
	k, err := pk.NewDecryptionKey(unhex(t, "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"))
	require.NoError(t, err)
	return k
}

// request encrypts any body to the scanner.
func request(t testing.TB, plaintext string) []byte {
	t.Helper()
	m, err := pk.Encrypt(scanner(t).PublicKey(), []byte(plaintext))
	require.NoError(t, err)
	b, err := json.Marshal(map[string]pk.Message{"encrypted_body": m})
	require.NoError(t, err)
	return b
}

// requestFails has the scanner decrypt a request, which must fail.
func requestFails(t testing.TB, text string) error {
	t.Helper()
	k := scanner(t)
	private, err := k.Secret()
	require.NoError(t, err)
	return mustFail(t, func() error {
		f, err := attachment.DecryptScanRequest([]byte(text), k)
		require.True(t, f.IsZero())
		return err
	}, failtest.Input(text), failtest.Secret(private[:]))
}

func TestScanRequest(t *testing.T) {
	f := parse(t, specFile)
	body, err := attachment.EncryptScanRequest(f, scanner(t).PublicKey())
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(body, []byte(`{"encrypted_body":{"ciphertext":"`)))
	got, err := attachment.DecryptScanRequest(body, scanner(t))
	require.NoError(t, err)
	require.Equal(t, f.State(), got.State())

	// What is encrypted is the request without encryption, to the letter.
	var outer struct {
		Body pk.Message `json:"encrypted_body"`
	}
	require.NoError(t, json.Unmarshal(body, &outer))
	plaintext, err := scanner(t).Decrypt(outer.Body)
	require.NoError(t, err)
	text, err := f.SecretJSON()
	require.NoError(t, err)
	require.Equal(t, `{"file":`+string(text)+`}`, string(plaintext))
	got, err = attachment.ParseScanRequest(plaintext)
	require.NoError(t, err)
	require.Equal(t, f.State(), got.State())

	again, err := attachment.EncryptScanRequest(f, scanner(t).PublicKey())
	require.NoError(t, err)
	require.NotEqual(t, body, again)
}

func TestScanRequestsOfTheAPI(t *testing.T) {
	f, err := attachment.ParseScanRequest([]byte(apiRequest))
	require.NoError(t, err)
	require.Equal(t, "mxc://matrix.org/oSTbuSlyZKXvgtbtUsPxRbto", f.URL())
	text, err := f.SecretJSON()
	require.NoError(t, err)
	require.JSONEq(t, apiRequest, `{"file":`+string(text)+`}`)

	key, err := attachment.ParseScannerKey([]byte(apiPublicKey))
	require.NoError(t, err)
	require.Equal(t, "GdwYYj5Ey9O96FMi4DjIhPhY604RuZg2Om98Kqh+3GE", key.String())
	_, err = attachment.EncryptScanRequest(f, key)
	require.NoError(t, err)

	require.Equal(t, attachment.ErrDecrypt, requestFails(t, apiEncrypted)) // to another scanner
	require.Equal(t, attachment.ErrUnencrypted, requestFails(t, apiRequest))
	requireMalformed(t, mustFail(t, func() error { _, err := attachment.ParseScanRequest([]byte(apiEncrypted)); return err }), "encrypted")
}

// "file" is ignored when there is an encrypted_body.
func TestScanRequestWithBoth(t *testing.T) {
	both := strings.Replace(string(request(t, `{"file":`+specFile+`}`)), "{", `{"file":{"v":"v7"},"more":[],`, 1)
	f, err := attachment.DecryptScanRequest([]byte(both), scanner(t))
	require.NoError(t, err)
	require.Equal(t, testURL, f.URL())
	err = mustFail(t, func() error { _, err := attachment.ParseScanRequest([]byte(both)); return err }, failtest.Input(both))
	requireMalformed(t, err, "encrypted")
}

func TestEncryptScanRequestRefuses(t *testing.T) {
	fails := func(f attachment.File, key keys.Curve25519) error {
		return mustFail(t, func() error {
			body, err := attachment.EncryptScanRequest(f, key)
			require.Nil(t, body)
			return err
		}, f)
	}
	require.ErrorIs(t, fails(attachment.File{}, scanner(t).PublicKey()), keys.ErrAbsent)
	_, want := pk.Encrypt(keys.Curve25519{}, nil)
	require.EqualError(t, fails(parse(t, specFile), keys.Curve25519{}), want.Error())
}

// The largest file that is read fits into a request that is read.
func TestLargestScanRequest(t *testing.T) {
	text := replaced(t, `"v2",`, `"v2","x":"`+strings.Repeat("x", attachment.MaxFileJSONSize-len(specFile)-7)+`",`)
	require.Len(t, text, attachment.MaxFileJSONSize)
	f := parse(t, text)
	body, err := attachment.EncryptScanRequest(f, scanner(t).PublicKey())
	require.NoError(t, err)
	require.Less(t, len(body), attachment.MaxScanRequestSize)
	got, err := attachment.DecryptScanRequest(body, scanner(t))
	require.NoError(t, err)
	require.Equal(t, f.State(), got.State())
}

func TestMalformedScanRequests(t *testing.T) {
	good := string(request(t, `{"file":`+specFile+`}`))
	for text, why := range map[string]string{
		"":                        "not valid JSON",
		"null":                    "not an object",
		"{}":                      "encrypted_body: missing",
		`{"Encrypted_body":{}}`:   "encrypted_body: missing",
		`{"encrypted_body":null}`: "not a JSON object",
		`{"encrypted_body":{}}`:   "missing",
		`{"encrypted_body":"x"}`:  "not a JSON object",
		good + good:               "not valid JSON",
		good[:len(good)-1] + `,"encrypted_body":{}}`:                                              "twice",
		good[:len(good)-1] + `,"x":1,"x":2}`:                                                      "twice",
		strings.Replace(good, `"mac":"`, `"mac":"A`, 1):                                           "mac",
		good[:len(good)-1] + `,"x":"` + strings.Repeat("x", attachment.MaxScanRequestSize) + `"}`: "too long",
	} {
		err := requestFails(t, text)
		var malformed *attachment.MalformedError
		require.ErrorAs(t, err, &malformed, text)
		require.Contains(t, err.Error(), why)
	}
	for n := range len(good) {
		requireMalformed(t, requestFails(t, good[:n]), "not valid JSON")
	}
	closed := scanner(t)
	closed.Close()
	err := mustFail(t, func() error { _, err := attachment.DecryptScanRequest([]byte(good), closed); return err }, failtest.Input(good))
	require.ErrorIs(t, err, pk.ErrClosed)
}

// All that is wrong behind the encryption is one error: its MAC covers nothing,
// so whoever saw a request can have it decrypted in any altered form.
func TestScanRequestFailuresAreOpaque(t *testing.T) {
	plaintext := `{"file":` + specFile + `}`
	fail := func(body []byte) {
		t.Helper()
		require.Equal(t, attachment.ErrDecrypt, requestFails(t, string(body)))
	}
	for _, text := range []string{
		"", "x", "null", "{}", `{"file":null}`, `{"file":{}}`, `{"file":` + specFile, plaintext + plaintext, `{"File":` + specFile + `}`,
		`{"file":` + specFile + `,"file":` + specFile + `}`, "\xff", strings.Replace(plaintext, `"v2"`, `"v1"`, 1),
		strings.Replace(plaintext, `"v2"`, `"v2","x":"`+strings.Repeat("x", attachment.MaxScanRequestSize)+`"`, 1)[:80000],
		strings.Replace(plaintext, "mxc", "xxx", 1), strings.Replace(plaintext, "A256CTR", "A256GCM", 1), specFile,
	} {
		fail(request(t, text))
	}

	m, err := pk.Encrypt(scanner(t).PublicKey(), []byte(plaintext))
	require.NoError(t, err)
	send := func(m pk.Message) []byte {
		b, err := json.Marshal(map[string]pk.Message{"encrypted_body": m})
		require.NoError(t, err)
		return b
	}
	for i := range m.MAC {
		bad := m
		bad.MAC[i] ^= 1
		fail(send(bad))
	}
	// Padding: a flip in the last block but one changes the last.
	for bit := range 8 {
		bad := m
		bad.Ciphertext = bytes.Clone(m.Ciphertext)
		bad.Ciphertext[len(bad.Ciphertext)-17] ^= 1 << bit
		fail(send(bad))
	}
	// Plaintext: what was a name is garbled.
	bad := m
	bad.Ciphertext = bytes.Clone(m.Ciphertext)
	bad.Ciphertext[0] ^= 1
	fail(send(bad))
	bad.Ciphertext = m.Ciphertext[:16]
	fail(send(bad))
}

func TestScannerKeyRefuses(t *testing.T) {
	for text, why := range map[string]string{
		"":                     "not valid JSON",
		"[]":                   "not an object",
		"{}":                   "public_key: missing",
		`{"Public_key":"x"}`:   "public_key: missing",
		`{"public_key":1}`:     "public_key: not a string",
		`{"public_key":""}`:    "public_key: ",
		`{"public_key":"AAA"}`: "public_key: ",
		`{"public_key":"` + strings.Repeat("A", 43) + `"}`:                                                    "public_key: ",
		strings.Replace(apiPublicKey, "{", `{"public_key":"GdwYYj5Ey9O96FMi4DjIhPhY604RuZg2Om98Kqh+3GE",`, 1): "twice",
	} {
		requireMalformed(t, mustFail(t, func() error {
			key, err := attachment.ParseScannerKey([]byte(text))
			require.True(t, key.IsZero())
			return err
		}, failtest.Input(text)), why)
	}
}

func TestScanResults(t *testing.T) {
	var r attachment.ScanResult
	require.False(t, r.Clean)
	require.NoError(t, json.Unmarshal([]byte(apiResult), &r))
	require.Equal(t, attachment.ScanResult{Info: "***VIRUS DETECTED***"}, r)
	b, err := json.Marshal(r)
	require.NoError(t, err)
	require.JSONEq(t, apiResult, string(b))
	require.NoError(t, json.Unmarshal([]byte(`{"clean":true,"more":1.5}`), &r))
	require.Equal(t, attachment.ScanResult{Clean: true}, r)

	// Nothing but one "clean" of true is clean. With encoding/json, the first
	// three would be.
	r = attachment.ScanResult{Info: "before"}
	for _, text := range []string{
		`{"clean":false,"clean":true}`, `{"Clean":true}`, `{"cl\u0065an":false,"clean":true}`,
		`{"clean":1}`, `{"clean":"true"}`, `{"clean":null}`, `{"info":"x"}`, `{}`, `null`, `[true]`, `true`, ``,
		`{"clean":true}{"clean":false}`, `{"clean":true,"info":1}`, `{"clean":true`, `{"clean":[true]}`,
	} {
		requireMalformed(t, mustFail(t, func() error { return r.UnmarshalJSON([]byte(text)) }, failtest.Input(text)), "")
		require.Equal(t, attachment.ScanResult{Info: "before"}, r)
	}
	require.NoError(t, r.UnmarshalJSON([]byte(`{"clean":false,"Clean":true}`)))
	require.False(t, r.Clean)
}

func TestScanErrors(t *testing.T) {
	e := new(attachment.ScanError)
	require.NoError(t, json.Unmarshal([]byte(apiError), e))
	require.Equal(t, attachment.ReasonNotClean, e.Reason)
	require.Equal(t, `attachment: scanner answers "MCS_MEDIA_NOT_CLEAN": "***VIRUS DETECTED***"`, e.Error())
	b, err := json.Marshal(e)
	require.NoError(t, err)
	require.JSONEq(t, apiError, string(b))
	before := *e
	for _, text := range []string{
		`{}`, `{"reason":1}`, `{"Reason":"x"}`, `{"reason":"x","reason":"y"}`, `{"reason":"x","info":{}}`, `{"reason":"\ud800"}`, `x`,
	} {
		requireMalformed(t, mustFail(t, func() error { return e.UnmarshalJSON([]byte(text)) }, failtest.Input(text)), "")
		require.Equal(t, before, *e)
	}
	require.NoError(t, e.UnmarshalJSON([]byte(`{"reason":"M_UNKNOWN\n"}`)))
	require.Equal(t, `attachment: scanner answers "M_UNKNOWN\n": ""`, e.Error())
	e.Info = strings.Repeat("é", 10000)
	require.Less(t, len(e.Error()), 1000)
}
