package secretstorage_test

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

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/secretstorage"
)

// The secrets of these tests in the forms in which a print could show them.
func requireNoSecret(t testing.TB, out string) {
	t.Helper()
	for _, s := range []string{knownKey, seed, backupPrivate} {
		b := unhex(t, s)
		numbers := strings.Trim(fmt.Sprint(b[:4]), "[]")
		hexes := fmt.Sprintf("0x%x, 0x%x", b[0], b[1])
		for _, form := range []string{s[:8], strings.ToUpper(s[:8]), string(b[:4]), numbers, hexes} {
			require.NotContains(t, out, form)
		}
	}
	for _, form := range []string{"dwdtCn", "aPl/0Z", "XasIfm", "EsTc", "LW2K", rustPassphrase} {
		require.NotContains(t, out, form)
	}
}

func privateKey(t testing.TB) *secretstorage.PrivateKey {
	t.Helper()
	k := confirmed(t)
	sealed, err := k.SealPrivateKey(secretstorage.MasterKey, unhex(t, seed))
	require.NoError(t, err)
	p, err := k.OpenSigningKey(secretstorage.MasterKey, sealed, seedPublic(t))
	require.NoError(t, err)
	return p
}

func TestAttack_G05_SecretsDoNotPrint(t *testing.T) {
	type holder struct {
		Value  any
		hidden any
	}
	// fmt does not call the methods of what stands in an unexported field.
	key := struct{ key *secretstorage.Key }{confirmed(t)}
	private := struct{ key *secretstorage.PrivateKey }{privateKey(t)}
	for _, v := range []any{key.key, private.key} {
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
				requireNoSecret(t, fmt.Sprintf(format, key))
				requireNoSecret(t, fmt.Sprintf(format, private))
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

// Nor where a caller's unexported field reaches the key in other ways. Under a
// verb that does not fit a pointer, fmt prints what the pointer points to.
func TestAttack_G05_SecretsDoNotPrintInside(t *testing.T) {
	key, private := confirmed(t), privateKey(t)
	for _, verb := range "vsdqxXbcoOUeEfFgGtpT" {
		for _, flag := range []string{"", "+", "#"} {
			for _, v := range []any{
				struct{ k **secretstorage.Key }{&key}, &struct{ k []*secretstorage.Key }{[]*secretstorage.Key{key}},
				struct{ k **secretstorage.PrivateKey }{&private}, struct{ k map[string]any }{map[string]any{"x": private}},
			} {
				requireNoSecret(t, fmt.Sprintf("%"+flag+string(verb), v))
			}
		}
	}
}

func TestAttack_G05_SecretsDoNotMarshal(t *testing.T) {
	for _, v := range []any{confirmed(t), privateKey(t)} {
		for _, marshal := range []func() error{
			func() error { _, err := json.Marshal(v); return err },
			func() error { _, err := json.Marshal(struct{ In any }{v}); return err },
			func() error { _, err := xml.Marshal(v); return err },
			func() error { return gob.NewEncoder(new(bytes.Buffer)).Encode(v) },
			func() error { _, err := v.(encoding.TextMarshaler).MarshalText(); return err },
			func() error { _, err := v.(encoding.BinaryMarshaler).MarshalBinary(); return err },
		} {
			failtest.RefusedWith(t, secret.ErrMarshal, marshal, failtest.Secret(unhex(t, knownKey)), failtest.Secret(unhex(t, seed)))
		}
	}
}

// No error holds a byte of what was read.
func TestAttack_G05_ErrorsHoldNoSecret(t *testing.T) {
	newKeyFails(t, unhex(t, knownKey)[:31])
	newKeyFails(t, append(unhex(t, knownKey), 0))
	for _, text := range []string{knownRecoveryKey[:58], knownRecoveryKey[:58] + "0", knownRecoveryKey[:58] + "e"} {
		recoveryKeyFails(t, text)
	}
	passphrase := failtest.Secret("correct horse")
	mustFail(t, func() error { _, err := secretstorage.PBKDF2{Iterations: 1}.Key(passphrase); return err }, passphrase)
	k, private := confirmed(t), unhex(t, seed)
	keyFails(t, k, func() error { _, err := k.SealPrivateKey(secretstorage.MasterKey, private[:31]); return err })
	keyFails(t, k, func() error { _, err := k.SealPrivateKey("x", private); return err })
	keyFails(t, k, func() error { _, err := k.Seal(secretstorage.MasterKey, private); return err })
}
