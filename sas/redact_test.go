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
	"github.com/chappe-e2ee/chappe/verification"
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

func TestAttack_G05_SecretsDoNotPrint(t *testing.T) {
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

func TestAttack_G05_SecretsDoNotMarshal(t *testing.T) {
	alice, _ := both(t)
	private := pair(t, alicePrivate)
	for v, about := range map[any]subject{private: {private}, alice: {alice}} {
		for _, marshal := range []func() ([]byte, error){
			func() ([]byte, error) { return json.Marshal(v) },
			func() ([]byte, error) { return json.Marshal(struct{ Key any }{v}) },
			func() ([]byte, error) { return xml.Marshal(v) },
			func() ([]byte, error) { return nil, gob.NewEncoder(new(bytes.Buffer)).Encode(v) },
			v.(encoding.TextMarshaler).MarshalText,
			v.(encoding.BinaryMarshaler).MarshalBinary,
		} {
			refusedWith(t, secret.ErrMarshal, marshal, about)
		}
	}
}

// codeOf returns what both sides compare.
func codeOf(p *peer) sas.Code {
	p.t.Helper()
	ours, theirs := p.parties.Ours, p.parties.Theirs
	info := sas.Info{
		Starter:       sas.Starter{UserID: theirs.UserID, DeviceID: theirs.DeviceID, Key: p.pair.PublicKey()},
		Accepter:      sas.Accepter{UserID: ours.UserID, DeviceID: ours.DeviceID, Key: p.ourKey},
		TransactionID: p.parties.TransactionID,
	}
	if p.starter {
		info.Starter, info.Accepter = sas.Starter(info.Accepter), sas.Accepter(info.Starter)
	}
	code, err := p.e.CodeFor(info)
	require.NoError(p.t, err)
	return code
}

func TestAttack_G05_ComparisonDoesNotPrint(t *testing.T) {
	p := newPeer(t, sas.Method{}, true).keys()
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		require.Equal(t, "[code to compare]", fmt.Sprintf(format, p.shown))
	}
	// fmt does not call the methods of what stands in an unexported field.
	code := codeOf(p)
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%x", "%X", "%d", "%o", "%q", "%T"} {
		for _, held := range []any{
			struct{ shown sas.Comparison }{p.shown},
			struct{ shown *sas.Comparison }{&p.shown},
			struct{ n verification.Notice }{verification.Notice{About: p.shown}},
			&struct{ n []verification.Notice }{[]verification.Notice{{About: p.shown}}},
			struct{ out *verification.Out }{&verification.Out{Notices: []verification.Notice{{About: p.shown}}}},
		} {
			out := fmt.Sprintf(format, held)
			for _, f := range []string{"%d", "%x", "%X", "%o", "%s", "%q"} {
				require.NotContains(t, out, strings.Trim(fmt.Sprintf(f, code[:3]), `[]"`), format)
			}
			require.NotContains(t, out, fmt.Sprintf("%#x, %#x", code[0], code[1]))
		}
	}
	require.Equal(t, "[code to compare]", p.shown.GoString())
	emoji, _ := p.shown.Emoji()
	for _, e := range emoji {
		require.NotEmpty(t, e.English) // D18
		require.NotEmpty(t, e.French)
	}
}

// The secrets of an exchange do not print.
func TestAttack_G05_ExchangeDoesNotPrint(t *testing.T) {
	for state := range 7 {
		p := reached(t, state)
		for _, s := range sas.Secrets(p.exchange) {
			for _, format := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
				for _, v := range []any{p.exchange, struct{ e any }{p.exchange}} {
					out := fmt.Sprintf(format, v)
					require.NotContains(t, out, fmt.Sprintf("%x", s[:4]))
					require.NotContains(t, out, string(s[:4]))
					require.NotContains(t, out, strings.Trim(fmt.Sprint(s[:4]), "[]"))
				}
			}
		}
	}
}
