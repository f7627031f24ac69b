package attachment_test

import (
	"bytes"
	"encoding"
	"encoding/base64"
	"encoding/binary"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/attachment"
	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/internal/secret"
)

// The key of a file in the forms in which a print could show it.
func requireNoSecret(t *testing.T, out string) {
	t.Helper()
	b := unhex(t, specKey)
	hex := strings.ReplaceAll(specKey, " ", "")
	numbers := strings.Trim(fmt.Sprint(b[:4]), "[]")
	source := strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", b[:3]), "[]byte{"), "}")
	for _, form := range []string{
		hex[:8], strings.ToUpper(hex[:8]), string(b[:4]), numbers, source,
		// The key's schedule, as it stands in crypto/aes.
		fmt.Sprint(binary.BigEndian.Uint32(b)), fmt.Sprint(binary.LittleEndian.Uint32(b)), fmt.Sprintf("%08x", binary.LittleEndian.Uint32(b)),
		base64.StdEncoding.EncodeToString(b)[:8], base64.URLEncoding.EncodeToString(b)[:8], "kept secret",
	} {
		require.NotContains(t, out, form)
	}
}

// secrets returns what holds the specification's key: a file with an unknown
// member, a reader that has not given it away, and readers of the plaintext.
func secrets(t *testing.T) (attachment.File, *attachment.EncryptReader, *attachment.DecryptReader, *attachment.UnverifiedReader) {
	replay(t, unhex(t, specKey), make([]byte, 8))
	e := attachment.NewEncryptReader(bytes.NewReader(pattern(40)), 40)
	_, err := e.Read(make([]byte, 20))
	require.NoError(t, err)
	ciphertext := ctr(t, unhex(t, specKey), make([]byte, 16), pattern(40))
	text := describe(unhex(t, specKey), make([]byte, 16), ciphertext)
	f := parse(t, strings.Replace(text, `"k":`, `"x":"kept secret","k":`, 1))
	d, err := attachment.NewDecryptReader(bytes.NewReader(ciphertext), f, 40)
	require.NoError(t, err)
	u, err := attachment.NewUnverifiedReader(bytes.NewReader(ciphertext), f, 40)
	require.NoError(t, err)
	return f, e, d, u
}

func TestAttack_G05_SecretsDoNotPrint(t *testing.T) {
	type holder struct {
		Value  any
		hidden any
	}
	f, e, d, u := secrets(t)
	// fmt does not call the methods of what stands in an unexported field.
	held := struct {
		f attachment.File
		p *attachment.File
		e *attachment.EncryptReader
		d *attachment.DecryptReader
		u *attachment.UnverifiedReader
	}{f, &f, e, d, u}
	for _, v := range []any{f, &f, e, d, u} {
		require.Equal(t, "[redacted]", fmt.Sprint(v))
		value := reflect.Indirect(reflect.ValueOf(v)).Interface() // a copy, for what holds no pointer
		for _, verb := range "vsdqxXbcoOUeEfFgGtpT" {
			for _, flag := range []string{"", "+", "#", " ", "0", "-40.3"} {
				format := "%" + flag + string(verb)
				requireNoSecret(t, fmt.Sprintf(format, v))
				requireNoSecret(t, fmt.Sprintf(format, holder{v, v}))
				requireNoSecret(t, fmt.Sprintf(format, &holder{v, v}))
				requireNoSecret(t, fmt.Sprintf(format, holder{value, value}))
				requireNoSecret(t, fmt.Sprintf(format, &holder{value, &value}))
				requireNoSecret(t, fmt.Sprintf(format, held))
				requireNoSecret(t, fmt.Sprintf(format, &held))
				requireNoSecret(t, fmt.Sprintf(format, []any{v}))
				requireNoSecret(t, fmt.Sprintf(format, []attachment.File{f}))
				requireNoSecret(t, fmt.Sprintf(format, map[string]any{"x": v}))
			}
		}
		var log bytes.Buffer
		for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
			slog.New(handler).Info("x", "key", v, "in", holder{v, v})
		}
		requireNoSecret(t, log.String())
		require.Contains(t, log.String(), "[redacted]")
	}
}

func TestAttack_G05_SecretsDoNotMarshal(t *testing.T) {
	f, e, d, u := secrets(t)
	for _, v := range []any{f, &f, e, d, u} {
		for _, marshal := range []func() error{
			func() error { _, err := json.Marshal(v); return err },
			func() error { _, err := json.Marshal(struct{ In any }{v}); return err },
			func() error { _, err := xml.Marshal(v); return err },
			func() error { return gob.NewEncoder(new(bytes.Buffer)).Encode(v) },
			func() error { _, err := v.(encoding.TextMarshaler).MarshalText(); return err },
			func() error { _, err := v.(encoding.BinaryMarshaler).MarshalBinary(); return err },
		} {
			failtest.RefusedWith(t, secret.ErrMarshal, marshal, failtest.Secret(unhex(t, specKey)), e)
		}
	}
	// A content that holds a File cannot be sent by mistake.
	failtest.RefusedWith(t, secret.ErrMarshal, func() error {
		_, err := json.Marshal(struct {
			File attachment.File `json:"file"`
		}{f})
		return err
	}, failtest.Secret(unhex(t, specKey)))
	// The one way out, which fits where a File stood.
	text, err := f.SecretJSON()
	require.NoError(t, err)
	b, err := json.Marshal(map[string]any{"file": text})
	require.NoError(t, err)
	require.Equal(t, `{"file":`+string(text)+`}`, string(b))
}

// No error holds a byte of what was read.
func TestAttack_G05_ErrorsHoldNoSecret(t *testing.T) {
	const k = "aWF6-32KGYaC3A_FEUCk1Bt0JA37zP0wrStgmdCaW-0"
	for _, text := range []string{
		k, `"` + k + `"`, replaced(t, k, k+"A"), replaced(t, k, k[:42]+"1"), replaced(t, `"kty"`, `"`+k+`":1,"`+k+`":2,"kty"`),
		replaced(t, `"oct"`, `"`+k+`"`), replaced(t, `"v2"`, `"`+k+`"`), replaced(t, testURL, k), replaced(t, `"iv"`, `"`+k+`"`),
		replaced(t, `"k"`, `"K"`), specFile[:len(specFile)-1], replaced(t, `["encrypt","decrypt"]`, `["`+k+`"]`),
	} {
		parseFails(t, text)
		inRequest := []byte(`{"file":` + text + `}`)
		mustFail(t, func() error { _, err := attachment.ParseScanRequest(inRequest); return err }, failtest.Input(inRequest))
		requestFails(t, string(request(t, string(inRequest))))
	}
	f := parse(t, specFile)
	readFails(t, verified, nil, f, 1)
	readFails(t, unverified, nil, f, 1)
	replay(t, unhex(t, specKey), make([]byte, 8))
	e := attachment.NewEncryptReader(readFunc(func([]byte) (int, error) { return 0, errors.New("x") }), 1)
	mustFail(t, func() error { _, err := io.ReadAll(e); return err })
	mustFail(t, func() error { _, err := e.Finish(testURL); return err })
}
