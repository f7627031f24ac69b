package attachment_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/attachment"
	"github.com/chappe-e2ee/chappe/pk"
)

// FuzzFileJSON: what is refused is so in one of two ways and leaves nothing; what
// is read is written so that it is read as the same file, twice over.
func FuzzFileJSON(f *testing.F) {
	for _, seed := range []string{
		specFile, vectorV1, vectorV0, `{}`, `null`, `[]`, strings.ToUpper(specFile), specFile + specFile,
		strings.ReplaceAll(specFile, "/", `\/`), strings.Replace(specFile, "-", "+", 1),
		strings.Replace(specFile, "{", `{"x":[1.5,{}],`, 1), strings.Replace(specFile, `"kty"`, `"kty":"RSA","kty"`, 1),
		strings.Replace(specFile, `"kty"`, `"\ud83d\ude00":1e9,"kty"`, 1),
		describe(make([]byte, 32), bytes.Repeat([]byte{255}, 16), nil),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := attachment.ParseFile(text)
		if err != nil {
			var malformed *attachment.MalformedError
			var version *attachment.VersionError
			require.True(t, errors.As(err, &malformed) || errors.As(err, &version), "%v", err)
			require.True(t, file.IsZero())
			return
		}
		require.True(t, json.Valid(text))
		out, err := file.SecretJSON()
		require.NoError(t, err)
		require.True(t, json.Valid(out))
		var again attachment.File
		require.NoError(t, json.Unmarshal(out, &again))
		second, err := again.SecretJSON()
		require.NoError(t, err)
		require.Equal(t, string(out), string(second))
		require.Equal(t, file.State(), again.State())

		plaintext, err := unverified([]byte("any ciphertext of more than one block"), file, 100)
		require.Error(t, err)
		require.NotErrorIs(t, err, io.EOF)
		require.LessOrEqual(t, len(plaintext), 37)
	})
}

// FuzzScannerBody reads input as a request, and also as what is encrypted in one:
// the MAC covers nothing, so anyone reaches that far.
func FuzzScannerBody(f *testing.F) {
	good := string(request(f, `{"file":`+specFile+`}`))
	for _, seed := range []string{
		good, apiRequest, apiEncrypted, `{}`, `null`, `{"file":` + specFile + `}`, `{"file":{}}`,
		strings.Replace(good, "{", `{"file":null,`, 1), strings.Replace(good, `"mac"`, `"MAC"`, 1),
		good[:len(good)-1], good + good, apiResult, apiError, apiPublicKey,
	} {
		f.Add([]byte(seed))
	}
	key := scanner(f)
	// One ephemeral key for all, or each run of one input would take another
	// path and look interesting.
	old := rand.Reader
	rand.Reader = readFunc(func(p []byte) (int, error) { return copy(p, bytes.Repeat([]byte{7}, len(p))), nil })
	f.Cleanup(func() { rand.Reader = old })
	f.Fuzz(func(t *testing.T, body []byte) {
		file, err := attachment.DecryptScanRequest(body, key)
		plain, plainErr := attachment.ParseScanRequest(body)
		require.True(t, err != nil || plainErr != nil, "a request of both kinds")
		require.Equal(t, err != nil, file.IsZero())
		require.Equal(t, plainErr != nil, plain.IsZero())
		if plainErr == nil {
			require.Equal(t, attachment.ErrUnencrypted, err)
		} else if err != nil && err != attachment.ErrDecrypt && err != attachment.ErrUnencrypted {
			require.ErrorAs(t, err, new(*attachment.MalformedError))
		}

		m, err := pk.Encrypt(key.PublicKey(), body)
		require.NoError(t, err)
		text, err := json.Marshal(map[string]pk.Message{"encrypted_body": m})
		require.NoError(t, err)
		if len(text) > attachment.MaxScanRequestSize {
			return
		}
		file, err = attachment.DecryptScanRequest(text, key)
		if err != nil {
			require.Equal(t, attachment.ErrDecrypt, err)
			require.True(t, file.IsZero())
			return
		}
		again, err := attachment.EncryptScanRequest(file, key.PublicKey())
		require.NoError(t, err)
		read, err := attachment.DecryptScanRequest(again, key)
		require.NoError(t, err)
		require.Equal(t, file.State(), read.State())
	})
}

// FuzzScanResponse: a result is clean only when encoding/json, which reads more,
// finds true somewhere too, and what is read is written as it was.
func FuzzScanResponse(f *testing.F) {
	for _, seed := range []string{
		apiResult, apiError, apiPublicKey, `{"clean":true}`, `{"clean":true,"Clean":false}`, `{"clean":true,"info":"\ud800"}`, `{}`, `[]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var r attachment.ScanResult
		if err := r.UnmarshalJSON(body); err == nil {
			text, err := json.Marshal(r)
			require.NoError(t, err)
			var again attachment.ScanResult
			require.NoError(t, again.UnmarshalJSON(text))
			require.Equal(t, r, again)
			require.True(t, !r.Clean || bytes.Contains(body, []byte("true")))
		} else {
			requireMalformed(t, err, "")
			require.Zero(t, r)
		}
		var e attachment.ScanError
		if err := e.UnmarshalJSON(body); err == nil {
			text, err := json.Marshal(&e)
			require.NoError(t, err)
			var again attachment.ScanError
			require.NoError(t, again.UnmarshalJSON(text))
			require.Equal(t, e, again)
		} else {
			requireMalformed(t, err, "")
		}
		if key, err := attachment.ParseScannerKey(body); err != nil {
			requireMalformed(t, err, "")
			require.True(t, key.IsZero())
		}
	})
}
