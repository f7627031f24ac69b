package olm_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/olm"
)

// holder is a caller's struct. fmt reaches into its unexported fields and calls
// no methods there.
type holder struct {
	account *olm.Account
	session *olm.Session
	inbound olm.Inbound
	used    olm.UsedKey
	message olm.Message
	Account *olm.Account
	Session *olm.Session
	Inbound olm.Inbound
	any     any
	list    []*olm.Account
	byID    map[string]*olm.Session
}

// printed returns all that a program prints, logs and marshals of its own
// accord, with the secrets that may not stand there.
func printed(t testing.TB) (values map[string]any, secrets [][]byte) {
	t.Helper()
	a := newAccount(t, 2)
	_, err := a.GenerateFallbackKey()
	require.NoError(t, err)
	c := newConversation(t)
	s, _ := c.rich()
	m := encrypt(t, newOutbound(t, c.aliceAccount, c.bobAccount), "hello")
	secrets = append(a.Secrets(), s.Secrets()...)
	secrets = append(secrets, c.bobAccount.Secrets()...)
	in, err := c.bobAccount.NewInboundSession(c.aliceAccount.IdentityKeys().Curve25519, m)
	require.NoError(t, err)
	secrets = append(secrets, in.Session.Secrets()...)
	h := holder{a, s, in, in.Used, m, a, s, in, a, []*olm.Account{a}, map[string]*olm.Session{"": s}}
	return map[string]any{
		"*Account": a, "*Session": s,
		// By value as well, though vet refuses to copy them.
		"Account": reflect.ValueOf(a).Elem().Interface(), "Session": reflect.ValueOf(s).Elem().Interface(),
		"Inbound": in, "*Inbound": &in, "UsedKey": in.Used, "Message": m, "*Message": &m,
		"IdentityKeys": a.IdentityKeys(), "OneTimeKey": in.Used.OneTimeKey, "SessionKeys": s.SessionKeys(),
		"KeyKind": in.Used.Kind, "MessageType": m.Type(), "Suite": s.Suite(),
		"*MalformedError": &olm.MalformedError{}, "*VersionError": &olm.VersionError{},
		"*MessageGapError": &olm.MessageGapError{}, "*MessageKeyGoneError": &olm.MessageKeyGoneError{},
		"*UnknownOneTimeKeyError": &olm.UnknownOneTimeKeyError{Key: in.Used.Key}, "*LossyPickleError": &olm.LossyPickleError{},
		"holder": h, "*holder": &h, "[]holder": []holder{h}, "map": map[string]any{"": h},
		"[]*Account": []*olm.Account{a}, "func": []any{a, s, in},
	}, secrets
}

// Nothing that prints shows a secret.
func TestAttack_G05_PrintingShowsNoSecret(t *testing.T) {
	values, secrets := printed(t)
	for name, v := range values {
		t.Run(name, func(t *testing.T) {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%X", "% x", "%#x", "%q", "%+q", "%d", "%o", "%b",
				"%c", "%U", "%e", "%g", "%t", "%p", "%T", "%w", "%10v", "%-10s", "%.3s", "%08d"} {
				failtest.NoSecret(t, fmt.Sprintf(verb, v), secrets...)
			}
			failtest.NoSecret(t, fmt.Sprint(v), secrets...)
			failtest.NoSecret(t, fmt.Sprintln(v), secrets...)
			failtest.NoSecret(t, fmt.Errorf("wrapped: %w", errors.New(fmt.Sprint(v))).Error(), secrets...)
			var b bytes.Buffer
			for _, h := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
				l := slog.New(h)
				l.Info("value", "v", v, slog.Any("any", v), slog.Group("group", "v", v))
				l.With("v", v).Info("again")
			}
			failtest.NoSecret(t, b.String(), secrets...)
		})
	}
}

// Nothing that marshals shows a secret: what holds one refuses.
func TestAttack_G05_MarshallingShowsNoSecret(t *testing.T) {
	values, secrets := printed(t)
	for name, v := range values {
		t.Run(name, func(t *testing.T) {
			text, jsonErr := json.Marshal(v)
			failtest.NoSecret(t, string(text), secrets...)
			indented, _ := json.MarshalIndent(v, "", " ")
			failtest.NoSecret(t, string(indented), secrets...)
			text, xmlErr := xml.Marshal(v)
			failtest.NoSecret(t, string(text), secrets...)
			var b bytes.Buffer
			gobErr := gob.NewEncoder(&b).Encode(v)
			failtest.NoSecret(t, b.String(), secrets...)
			for _, err := range []error{jsonErr, xmlErr, gobErr} {
				if err != nil {
					failtest.NoSecret(t, err.Error(), secrets...)
				}
				if strings.HasSuffix(name, "Account") || strings.HasSuffix(name, "Session") || strings.HasSuffix(name, "Inbound") {
					require.Error(t, err)
				}
			}
		})
	}
}

// Every error begins with its package's name, so that it can be told in a log
// where it came from.
func TestErrorTexts(t *testing.T) {
	c := newConversation(t)
	m := encrypt(t, newOutbound(t, c.aliceAccount, c.bobAccount), "hello")
	id := c.aliceAccount.IdentityKeys().Curve25519
	sealed, err := c.bob.Seal(sealKey(t), nil)
	require.NoError(t, err)
	pickle, err := c.bob.ExportLibolm(nil)
	require.NoError(t, err)
	texts := map[string]func() error{
		"NewMessage type":          func() error { _, err := olm.NewMessage(7, m.Bytes()); return err },
		"NewMessage":               func() error { _, err := olm.NewMessage(olm.Normal, nil); return err },
		"ParseMessage":             func() error { _, err := olm.ParseMessage(olm.Normal, "\n"); return err },
		"UnmarshalJSON":            func() error { return new(olm.Message).UnmarshalJSON([]byte("[]")) },
		"UnmarshalJSON type":       func() error { return new(olm.Message).UnmarshalJSON([]byte(`{"type":3,"body":""}`)) },
		"MarshalJSON":              func() error { _, err := olm.Message{}.MarshalJSON(); return err },
		"NewOutboundSession":       func() error { _, err := c.bobAccount.NewOutboundSession(id, keys.Curve25519{}); return err },
		"NewInboundSession absent": func() error { _, err := c.bobAccount.NewInboundSession(keys.Curve25519{}, m); return err },
		"NewInboundSession":        func() error { _, err := c.aliceAccount.NewInboundSession(id, m); return err },
		"NewInboundSession forged": func() error { _, err := c.bobAccount.NewInboundSession(id, tampered(t, m)); return err },
		"Decrypt":                  func() error { _, err := c.bob.Decrypt(m); return err },
		"Decrypt absent":           func() error { _, err := c.bob.Decrypt(olm.Message{}); return err },
		"OpenSession context":      func() error { _, err := olm.OpenSession(sealed, sealKey(t), sealContext); return err },
		"OpenSession key":          func() error { _, err := olm.OpenSession(sealed, keys.SealKey{}, nil); return err },
		"OpenSession":              func() error { _, err := olm.OpenSession(nil, sealKey(t), nil); return err },
		"OpenAccount context":      func() error { _, err := olm.OpenAccount(make([]byte, 100), sealKey(t), nil); return err },
		"Session.Seal":             func() error { _, err := c.bob.Seal(keys.SealKey{}, nil); return err },
		"Account.Seal":             func() error { _, err := c.bobAccount.Seal(keys.SealKey{}, nil); return err },
		"ImportLibolmSession key":  func() error { _, err := olm.ImportLibolmSession(pickle, pickleKey); return err },
		"ImportLibolmAccount key":  func() error { _, err := olm.ImportLibolmAccount(pickle, pickleKey); return err },
		"ImportLibolmAccount":      func() error { _, err := olm.ImportLibolmAccount([]byte("*"), nil); return err },
		"GenerateOneTimeKeys":      func() error { _, err := c.bobAccount.GenerateOneTimeKeys(-1); return err },
		"LossyPickleError":         func() error { return &olm.LossyPickleError{} },
		"MessageGapError":          func() error { return &olm.MessageGapError{} },
		"MessageKeyGoneError":      func() error { return &olm.MessageKeyGoneError{} },
		"ErrLegacyPickle":          func() error { return olm.ErrLegacyPickle },
	}
	for name, f := range texts {
		t.Run(name, func(t *testing.T) {
			require.Regexp(t, `^olm: [^\n]+$`, failtest.Refused(t, f).Error())
		})
	}
}
