package sas_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/redactiontest"
	"github.com/chappe-e2ee/chappe/sas"
	"github.com/chappe-e2ee/chappe/verification"
)

func TestAttack_G05_SecretsDoNotPrint(t *testing.T) {
	private, shared := unhex(t, alicePrivate), unhex(t, sharedSecret)
	alice, _ := both(t)
	for _, v := range []any{pair(t, alicePrivate), alice} {
		redactiontest.CheckPlaceholder(t, v)
		redactiontest.Check(t, reflect.ValueOf(v).Elem().Interface(), private, shared) // a copy, though vet refuses it
	}
	redactiontest.Check(t, pair(t, alicePrivate), private, shared)
	redactiontest.Check(t, alice, private, shared)
}

func TestAttack_G05_SecretsDoNotMarshal(t *testing.T) {
	alice, _ := both(t)
	redactiontest.CheckRefuses(t, pair(t, alicePrivate))
	redactiontest.CheckRefuses(t, alice)
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
