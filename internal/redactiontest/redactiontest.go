// Package redactiontest asks of values what a program may do to them without
// thinking: print, log and marshal them, also as a part of its own structs. What
// comes out must show no secret.
package redactiontest

import (
	"encoding"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/secret"
)

// Check demands that nothing that prints, logs or marshals v, or a caller's
// value that holds v, shows six or more bytes of a secret in a row, in any form
// in which bytes are written.
func Check[T any](t testing.TB, v T, secrets ...[]byte) {
	t.Helper()
	if found := find(outputs(v), secrets); len(found) > 0 {
		t.Fatalf("%T shows a secret as %q", v, found)
	}
}

// CheckText demands that a text shows no secret: an error's, for instance.
func CheckText(t testing.TB, text string, secrets ...[]byte) {
	t.Helper()
	if found := find(text, secrets); len(found) > 0 {
		t.Fatalf("a text shows a secret as %q", found)
	}
}

// CheckPlaceholder demands that v, of which fmt can call the methods, prints as
// [redacted] under every verb but %T, %p and %w, which do not call them.
func CheckPlaceholder[T any](t testing.TB, v T) {
	t.Helper()
	for _, format := range formats() {
		if verb := format[len(format)-1]; !strings.ContainsRune("Tpw", rune(verb)) {
			require.Equal(t, "[redacted]", fmt.Sprintf(format, v), format)
		}
	}
	require.Equal(t, "[redacted]", fmt.Sprint(v))
}

// CheckRefuses demands that v cannot be marshalled by mistake, alone or in a
// caller's struct.
func CheckRefuses[T any](t testing.TB, v T) {
	t.Helper()
	for _, value := range []any{v, &v, holder[T]{Public: v}, &holder[*T]{Public: &v}, []T{v}} {
		_, err := json.Marshal(value)
		require.ErrorIs(t, err, secret.ErrMarshal)
		require.Error(t, gob.NewEncoder(io.Discard).Encode(value))
		_, err = xml.Marshal(value)
		require.ErrorIs(t, err, secret.ErrMarshal)
	}
	_, err := json.Marshal(map[string]T{"v": v})
	require.ErrorIs(t, err, secret.ErrMarshal)
	for name, refuse := range map[string]func(any) error{
		"text":   func(v any) error { _, err := v.(encoding.TextMarshaler).MarshalText(); return err },
		"binary": func(v any) error { _, err := v.(encoding.BinaryMarshaler).MarshalBinary(); return err },
		"gob":    func(v any) error { _, err := v.(gob.GobEncoder).GobEncode(); return err },
	} {
		if err := refuse(v); !errors.Is(err, secret.ErrMarshal) {
			t.Fatalf("%T can be marshalled as %s: %v", v, name, err)
		}
	}
}
