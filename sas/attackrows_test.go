package sas_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/sas"
	"github.com/chappe-e2ee/chappe/verification"
)

// P43: the MAC of which 48 bits count is not agreed on where both sides know the
// right one, whichever order the other side lists them in; without Legacy it is
// never agreed on.
func TestAttack_P43_WorseMAC(t *testing.T) {
	macs := func(offered ...string) []byte {
		start := decode(t, []byte(fullStart))
		start["message_authentication_codes"] = offered
		return marshal(t, start)
	}
	for _, method := range []sas.Method{{}, {Legacy: true}} {
		for _, offered := range [][]string{{legacy, v2}, {v2, legacy}, {"hmac-sha256", legacy, v2}} {
			e, step, err := method.New(parties(t), verification.Start{Content: macs(offered...)})
			require.NoError(t, err)
			require.Equal(t, v2, decode(t, step.Send[0].Content)["message_authentication_code"])
			e.Close()
		}
	}
	for _, offered := range [][]string{{legacy}, {"hmac-sha256"}, {}} {
		newRefuses(t, verification.CodeUnknownMethod, sas.Method{}, macs(offered...))
	}
	require.NotContains(t, string(sas.Method{}.Start()), `"`+legacy+`"`)

	// They choose it although it was not offered.
	for _, worse := range []string{legacy, "hmac-sha256"} {
		p := newPeer(t, sas.Method{}, true)
		p.macName = worse
		p.refuses(verification.CodeUnknownMethod, sas.TypeAccept, p.accept()) // our key is not revealed
	}
}

// P44: there is no code before the other side's key is known, nor from a secret
// that was wiped.
func TestAttack_P44_CodeNeedsBothKeys(t *testing.T) {
	pair, err := sas.Generate()
	require.NoError(t, err)
	failtest.RefusedWith(t, keys.ErrAbsent, func() error {
		e, err := pair.Agree(keys.Curve25519{})
		require.Nil(t, e)
		return err
	}, subject{pair})
	closed := func(e *sas.Established) {
		t.Helper()
		for _, call := range []func() error{
			func() error { _, err := e.Code([]byte("info")); return err },
			func() error { _, err := e.MAC(nil, []byte("info")); return err },
		} {
			failtest.RefusedWith(t, sas.ErrClosed, call, subject{e})
		}
	}
	closed(new(sas.Established))

	other, err := sas.Generate()
	require.NoError(t, err)
	e, err := pair.Agree(other.PublicKey())
	require.NoError(t, err)
	e.Close()
	closed(e)

	// In a flow, a key or MACs before their turn, no key, and the person's yes
	// before there is a code.
	for _, starter := range []bool{false, true} {
		p := newPeer(t, sas.Method{}, starter)
		yes := func() (verification.Step, error) { return p.exchange.Answer(true) }
		require.ErrorIs(t, refusesWith[error](t, p.exchange, yes), verification.ErrState)
		p.refuses(verification.CodeUnexpectedMessage, sas.TypeMAC, object{"keys": "x", "mac": object{}})
		if starter {
			p.refuses(verification.CodeUnexpectedMessage, sas.TypeKey, p.key())
			continue
		}
		for _, content := range []object{{}, {"key": nil}, {"key": ""}, {"key": "AAAA"}} {
			p.refuses(verification.CodeInvalidMessage, sas.TypeKey, content)
		}
	}
}

// V09: a code, and a MAC, is another one when any of what it is bound to is
// another.
func TestAttack_V09_EveryFieldIsBound(t *testing.T) {
	ours, theirs := pair(t, alicePrivate), key(t, bobPublic)
	e, err := ours.Agree(theirs)
	require.NoError(t, err)
	codes, macs := map[sas.Code]bool{}, map[string]bool{}
	for i := range 6 {
		fields := []string{aliceID, "ONE", bobID, "TWO", "transaction"}
		if i < len(fields) {
			fields[i] += "x"
		}
		code, err := e.CodeFor(sas.Info{
			Starter:       sas.Starter{UserID: fields[0], DeviceID: fields[1], Key: ours.PublicKey()},
			Accepter:      sas.Accepter{UserID: fields[2], DeviceID: fields[3], Key: theirs},
			TransactionID: fields[4],
		})
		require.NoError(t, err)
		codes[code] = true
		info, err := sas.MACInfo{
			Sender:        sas.Sender{UserID: fields[0], DeviceID: fields[1]},
			Receiver:      sas.Receiver{UserID: fields[2], DeviceID: fields[3]},
			TransactionID: fields[4],
		}.KeyBytes("ed25519:ONE")
		require.NoError(t, err)
		mac, err := e.MAC([]byte("key"), info)
		require.NoError(t, err)
		macs[mac] = true
	}
	require.Len(t, codes, 6)
	require.Len(t, macs, 6)
	other, err := e.CodeFor(sas.Info{
		Starter:       sas.Starter{UserID: aliceID, DeviceID: "ONE", Key: theirs},
		Accepter:      sas.Accepter{UserID: bobID, DeviceID: "TWO", Key: ours.PublicKey()},
		TransactionID: "transaction",
	})
	require.NoError(t, err)
	require.False(t, codes[other], "the keys change sides")
}
