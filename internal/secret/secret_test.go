package secret_test

import (
	"bytes"
	"encoding"
	"encoding/base64"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/internal/secret"
)

// boxed is a secret value that fmt shows nothing of even where it cannot call
// the methods of Redacted. One pointer is not enough: under a verb that does
// not fit, such as %s, fmt follows it and prints what it points to.
type boxed struct {
	secret.Redacted
	key **[32]byte
}

// holder is a caller's struct. fmt cannot call methods of an unexported field.
type holder struct {
	Name   string
	secret boxed
	Public boxed
}

func newBoxed() (boxed, []byte) {
	key := new([32]byte)
	for i := range key {
		key[i] = byte(0xe5 - 5*i)
	}
	return boxed{key: &key}, key[:]
}

// requireNoSecret fails when text holds four or more bytes of secret in a row,
// raw, in hex, in base64 or as a list of numbers.
func requireNoSecret(t *testing.T, text string, secret []byte) {
	t.Helper()
	for i := range len(secret) - 3 {
		w := secret[i : i+4]
		require.NotContains(t, text, string(w))
		require.NotContains(t, strings.ToLower(text), hex.EncodeToString(w))
		require.NotContains(t, strings.ToLower(text), fmt.Sprintf("% x", w))
		require.NotContains(t, text, strings.Trim(fmt.Sprint(w), "[]"))
		if i+6 <= len(secret) {
			require.NotContains(t, text, base64.StdEncoding.EncodeToString(secret[i : i+6])[:6])
		}
	}
}

func TestAttack_G06_Wipe(t *testing.T) {
	for _, n := range []int{0, 1, 7, 32, 1000} {
		b := bytes.Repeat([]byte{0xa5}, n+1)
		secret.Wipe(b[:n])
		require.Equal(t, make([]byte, n), b[:n])
		require.Equal(t, byte(0xa5), b[n], "wiped beyond the end")
	}
	secret.Wipe(nil)
}

func TestIsZero(t *testing.T) {
	require.True(t, secret.IsZero(nil))
	for _, n := range []int{1, 8, 32, 33, 128} {
		b := make([]byte, n)
		require.True(t, secret.IsZero(b))
		for i := range b {
			for bit := range 8 {
				b[i] = 1 << bit
				require.False(t, secret.IsZero(b), "%d bytes, bit %d of byte %d", n, bit, i)
				b[i] = 0
			}
		}
	}
}

var verbs = []string{
	"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%o", "%b", "%c", "%U", "%e", "%t", "%p", "%10v", "%-10.3v", "%z",
}

func TestAttack_G05_EveryVerb(t *testing.T) {
	b, key := newBoxed()
	h := holder{Name: "x", secret: b, Public: b}
	for _, value := range []any{b, &b, h, &h, []boxed{b}, []*boxed{&b}, map[string]boxed{"k": b}, []holder{h}, struct{ v any }{b}} {
		for _, verb := range verbs {
			requireNoSecret(t, fmt.Sprintf(verb, value), key)
		}
		requireNoSecret(t, fmt.Sprint(value)+fmt.Sprintln(value), key)
		requireNoSecret(t, fmt.Errorf("wrapped: %v", value).Error(), key)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		require.Equal(t, "[redacted]", fmt.Sprintf(verb, b))
		require.Equal(t, "[redacted]", fmt.Sprintf(verb, &b))
	}
	require.Equal(t, "[redacted]", b.String())
	require.Equal(t, "[redacted]", b.GoString())
}

func TestAttack_G05_Logs(t *testing.T) {
	b, key := newBoxed()
	h := holder{secret: b, Public: b}
	for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
		"text": func(w *bytes.Buffer) slog.Handler { return slog.NewTextHandler(w, nil) },
		"JSON": func(w *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(w, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			log := slog.New(handler(&out))
			log.Info("m", "value", b, "pointer", &b)
			require.Equal(t, 2, strings.Count(out.String(), "[redacted]"), out.String())
			log.Info("m", "holder", h, "to", &h, slog.Group("g", "v", b), "list", []boxed{b})
			log.With("v", b).Error("m", "err", fmt.Errorf("%v", b))
			requireNoSecret(t, out.String(), key)
		})
	}
}

func TestAttack_G05_RefusesToMarshal(t *testing.T) {
	b, key := newBoxed()
	h := holder{secret: b, Public: b}
	refused := func(marshal func() error) {
		t.Helper()
		failtest.RefusedWith(t, secret.ErrMarshal, marshal, failtest.Secret(key))
	}
	for _, value := range []any{b, &b, h, &h, []boxed{b}, map[string]boxed{"k": b}} {
		refused(func() error { out, err := json.Marshal(value); require.Empty(t, out); return err })
	}
	_, err := json.Marshal(map[boxed]int{b: 1})
	require.ErrorContains(t, err, secret.ErrMarshal.Error(), "as the key of a map")

	for _, value := range []any{b, &b, h, &h} {
		var out bytes.Buffer
		require.Error(t, gob.NewEncoder(&out).Encode(value))
		requireNoSecret(t, out.String(), key)
		out.Reset()
		require.Error(t, xml.NewEncoder(&out).Encode(value))
		requireNoSecret(t, out.String(), key)
	}

	for _, value := range []any{b, &b} {
		refused(func() error { _, err := value.(encoding.TextMarshaler).MarshalText(); return err })
		refused(func() error { _, err := value.(encoding.BinaryMarshaler).MarshalBinary(); return err })
		refused(func() error { _, err := value.(json.Marshaler).MarshalJSON(); return err })
		refused(func() error { _, err := value.(gob.GobEncoder).GobEncode(); return err })
	}

	// A caller's field that nobody can see is skipped, not written.
	out, err := json.Marshal(struct {
		Name string
		v    boxed
	}{"x", b})
	require.NoError(t, err)
	require.Equal(t, `{"Name":"x"}`, string(out))
}
