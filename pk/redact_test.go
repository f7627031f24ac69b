package pk_test

import (
	"bytes"
	"encoding"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/internal/libolm"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/pk"
)

// The secret in the forms in which a print could show it.
func requireNoSecret(t *testing.T, out string) {
	t.Helper()
	b, err := hex.DecodeString(alicePrivate)
	require.NoError(t, err)
	numbers := strings.Trim(fmt.Sprint(b[:4]), "[]")
	for _, form := range []string{alicePrivate[:8], strings.ToUpper(alicePrivate[:8]), "dwdtCn", string(b[:4]), numbers, "0x77, 0x7"} {
		require.NotContains(t, out, form)
	}
}

func TestAttack_G05_SecretsDoNotPrint(t *testing.T) {
	type holder struct {
		Value  any
		hidden any
	}
	// fmt does not call the methods of what stands in an unexported field.
	decryption := struct{ key *pk.DecryptionKey }{alice(t)}
	m, err := pk.Encrypt(decryption.key.PublicKey(), []byte("x"))
	require.NoError(t, err)
	_, err = decryption.key.Decrypt(m) // so that it holds its parsed form too
	require.NoError(t, err)
	require.True(t, decryption.key.Parsed())
	signing := struct{ key *pk.SigningKey }{signer(t)}
	for _, v := range []any{decryption.key, signing.key} {
		require.Equal(t, "[redacted]", fmt.Sprint(v))
		value := reflect.ValueOf(v).Elem().Interface() // a copy, for what holds no pointer
		for _, verb := range "vsdqxXbcoOUeEfFgGtpT" {
			for _, flag := range []string{"", "+", "#", " ", "0", "-40.3"} {
				format := "%" + flag + string(verb)
				requireNoSecret(t, fmt.Sprintf(format, v))
				requireNoSecret(t, fmt.Sprintf(format, holder{v, v}))
				requireNoSecret(t, fmt.Sprintf(format, &holder{v, v}))
				requireNoSecret(t, fmt.Sprintf(format, holder{value, value}))
				requireNoSecret(t, fmt.Sprintf(format, &holder{value, &value}))
				requireNoSecret(t, fmt.Sprintf(format, []holder{{value, []any{value}}}))
				requireNoSecret(t, fmt.Sprintf(format, decryption))
				requireNoSecret(t, fmt.Sprintf(format, signing))
				requireNoSecret(t, fmt.Sprintf(format, []any{v}))
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
	for _, v := range []any{alice(t), signer(t)} {
		for _, marshal := range []func() error{
			func() error { _, err := json.Marshal(v); return err },
			func() error { _, err := json.Marshal(struct{ In any }{v}); return err },
			func() error { _, err := xml.Marshal(v); return err },
			func() error { return gob.NewEncoder(new(bytes.Buffer)).Encode(v) },
			func() error { _, err := v.(encoding.TextMarshaler).MarshalText(); return err },
			func() error { _, err := v.(encoding.BinaryMarshaler).MarshalBinary(); return err },
		} {
			failtest.RefusedWith(t, secret.ErrMarshal, marshal, v.(failtest.Subject))
		}
	}
}

// No error holds a byte of what was read.
func TestAttack_G05_ErrorsHoldNoSecret(t *testing.T) {
	private := unhex(t, alicePrivate)
	text := []byte("dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo")
	mismatch := unhex(t, picklePlain)
	mismatch[4] ^= 1
	newKeyFails(t, pk.NewDecryptionKey, private[:31])
	newKeyFails(t, pk.NewSigningKey, append(private, 0))
	newKeyFails(t, pk.ParseDecryptionKey, text[:42])
	newKeyFails(t, pk.ParseSigningKey, append(text, '!'))
	importFails(t, libolm.Encrypt(mismatch, nil), nil)
	importFails(t, libolm.Encrypt(mismatch[:60], nil), nil)
	importFails(t, text, []byte(alicePrivate))
}
