package sas_test

import (
	"bytes"
	"encoding"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/sas"
)

// The secrets in the forms in which a print could show them.
func requireNoSecret(t *testing.T, out string) {
	t.Helper()
	for _, s := range []string{alicePrivate, sharedSecret} {
		b := unhex(t, s)
		numbers := strings.Trim(fmt.Sprint(b[:4]), "[]")
		source := strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", b[:3]), "[]byte{"), "}")
		for _, form := range []string{s[:8], strings.ToUpper(s[:8]), string(b[:4]), numbers, source} {
			require.NotContains(t, out, form)
		}
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	type holder struct {
		Value  any
		hidden any
	}
	alice, _ := both(t)
	// fmt does not call the methods of what stands in an unexported field.
	keyPair := struct{ pair *sas.KeyPair }{pair(t, alicePrivate)}
	established := struct{ e *sas.Established }{alice}
	for _, v := range []any{keyPair.pair, established.e} {
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
				requireNoSecret(t, fmt.Sprintf(format, keyPair))
				requireNoSecret(t, fmt.Sprintf(format, established))
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

func TestSecretsDoNotMarshal(t *testing.T) {
	alice, _ := both(t)
	for _, v := range []any{pair(t, alicePrivate), alice} {
		_, err := json.Marshal(v)
		require.ErrorIs(t, err, secret.ErrMarshal)
		_, err = json.Marshal(struct{ Key any }{v})
		require.ErrorIs(t, err, secret.ErrMarshal)
		_, err = xml.Marshal(v)
		require.ErrorIs(t, err, secret.ErrMarshal)
		require.ErrorIs(t, gob.NewEncoder(new(bytes.Buffer)).Encode(v), secret.ErrMarshal)
		_, err = v.(encoding.TextMarshaler).MarshalText()
		require.ErrorIs(t, err, secret.ErrMarshal)
		_, err = v.(encoding.BinaryMarshaler).MarshalBinary()
		require.ErrorIs(t, err, secret.ErrMarshal)
	}
}
