package attachment_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/attachment"
	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/internal/redactiontest"
	"github.com/chappe-e2ee/chappe/internal/secret"
)

// secrets returns what holds the specification's key: a file with an unknown
// member, a reader that has not given it away, and readers of the plaintext.
func secrets(t *testing.T) (attachment.File, *attachment.EncryptReader, *attachment.DecryptReader, *attachment.UnverifiedReader) {
	replay(t, unhex(t, specKey), make([]byte, 8))
	e := attachment.NewEncryptReader(bytes.NewReader(pattern(40)), 40)
	_, err := e.Read(make([]byte, 20))
	require.NoError(t, err)
	ciphertext := ctr(t, unhex(t, specKey), make([]byte, 16), pattern(40))
	text := describe(unhex(t, specKey), make([]byte, 16), ciphertext)
	f := parse(t, strings.Replace(text, `"k":`, `"x":"hushed words","k":`, 1))
	d, err := attachment.NewDecryptReader(bytes.NewReader(ciphertext), f, 40)
	require.NoError(t, err)
	u, err := attachment.NewUnverifiedReader(bytes.NewReader(ciphertext), f, 40)
	require.NoError(t, err)
	return f, e, d, u
}

func TestAttack_G05_SecretsDoNotPrint(t *testing.T) {
	f, e, d, u := secrets(t)
	redactiontest.CheckPlaceholder(t, f)
	for _, v := range []any{&f, e, d, u} {
		redactiontest.CheckPlaceholder(t, v)
		redactiontest.Check(t, reflect.ValueOf(v).Elem().Interface(), unhex(t, specKey), []byte("hushed words")) // a copy, for what holds no pointer
	}
	redactiontest.Check(t, f, unhex(t, specKey), []byte("hushed words"))
	redactiontest.Check(t, e, unhex(t, specKey))
	redactiontest.Check(t, d, unhex(t, specKey))
	redactiontest.Check(t, u, unhex(t, specKey))
}

func TestAttack_G05_SecretsDoNotMarshal(t *testing.T) {
	f, e, d, u := secrets(t)
	redactiontest.CheckRefuses(t, f)
	redactiontest.CheckRefuses(t, e)
	redactiontest.CheckRefuses(t, d)
	redactiontest.CheckRefuses(t, u)
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
