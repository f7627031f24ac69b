package sas_test

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/sas"
	"github.com/chappe-e2ee/chappe/verification"
)

// peer is the other side of an exchange, written by hand from the calculations: it
// can send whatever it likes.
type peer struct {
	t        testing.TB
	parties  verification.Parties // as the side under test sees them
	exchange verification.Exchange
	starter  bool // the side under test started
	start    []byte
	pair     *sas.KeyPair
	e        *sas.Established
	legacy   bool
	shown    sas.Comparison
	macName  string          // in the accept of the peer
	ourKey   keys.Curve25519 // of the side under test
}

const transaction = "transaction"

func parties(t testing.TB) verification.Parties {
	t.Helper()
	a, b := newPerson(t, sas.Method{}, aliceID, "ADEVICE", 1), newPerson(t, sas.Method{}, bobID, "BDEVICE", 2)
	return verification.Parties{
		TransactionID: transaction,
		Ours: verification.OurSide{
			UserID: aliceID, DeviceID: "ADEVICE", Device: a.device.Ed25519(), Master: a.user.Identity().MasterKey(),
		},
		Theirs: verification.TheirSide{
			UserID: bobID, DeviceID: "BDEVICE", Device: b.device.Ed25519(), Master: b.user.Identity().MasterKey(),
		},
	}
}

const fullStart = `{"from_device":"BDEVICE","hashes":["sha256"],"key_agreement_protocols":["curve25519-hkdf-sha256"],` +
	`"message_authentication_codes":["hkdf-hmac-sha256.v2","hkdf-hmac-sha256"],"method":"m.sas.v1",` +
	`"short_authentication_string":["decimal","emoji"],"transaction_id":"transaction","unknown":1}`

// newPeer returns a peer of an exchange that has just begun.
func newPeer(t testing.TB, m sas.Method, starter bool) *peer {
	t.Helper()
	p := &peer{t: t, parties: parties(t), starter: starter, start: []byte(fullStart)}
	var err error
	p.pair, err = sas.Generate()
	require.NoError(t, err)
	var step verification.Step
	p.exchange, step, err = m.New(p.parties, verification.Start{Ours: starter, Content: p.start})
	require.NoError(t, err)
	if starter {
		require.Zero(t, step)
		return p
	}
	require.Len(t, step.Send, 1)
	require.Equal(t, sas.TypeAccept, step.Send[0].Type)
	p.legacy = decode(t, step.Send[0].Content)["message_authentication_code"] == "hkdf-hmac-sha256"
	return p
}

func (p *peer) accept() object {
	p.t.Helper()
	commitment, err := sas.Commitment(p.pair.PublicKey(), p.start)
	require.NoError(p.t, err)
	return object{
		"key_agreement_protocol": "curve25519-hkdf-sha256", "hash": "sha256",
		"message_authentication_code": cmp.Or(p.macName, "hkdf-hmac-sha256.v2"), "short_authentication_string": []string{"decimal", "emoji"},
		"commitment": commitment,
	}
}

func (p *peer) key() object { return object{"key": p.pair.PublicKey().String()} }

func (p *peer) send(eventType string, content object) (verification.Step, error) {
	p.t.Helper()
	return p.exchange.Receive(eventType, marshal(p.t, content))
}

// keys brings the exchange to the comparison.
func (p *peer) keys() *peer {
	p.t.Helper()
	if p.starter {
		step, err := p.send(sas.TypeAccept, p.accept())
		require.NoError(p.t, err)
		p.take(step)
	}
	step, err := p.send(sas.TypeKey, p.key())
	require.NoError(p.t, err)
	if !p.starter {
		p.take(step)
	}
	p.shown = step.About.(sas.Comparison)
	p.e, err = p.pair.Agree(p.ourKey)
	require.NoError(p.t, err)
	return p
}

func (p *peer) take(step verification.Step) {
	p.t.Helper()
	require.Len(p.t, step.Send, 1)
	require.Equal(p.t, sas.TypeKey, step.Send[0].Type)
	text := decode(p.t, step.Send[0].Content)["key"].(string)
	require.Len(p.t, text, 43) // D12
	var err error
	p.ourKey, err = keys.ParseCurve25519(text)
	require.NoError(p.t, err)
}

func (p *peer) info() sas.MACInfo {
	return sas.MACInfo{
		Sender:        sas.Sender{UserID: p.parties.Theirs.UserID, DeviceID: p.parties.Theirs.DeviceID},
		Receiver:      sas.Receiver{UserID: p.parties.Ours.UserID, DeviceID: p.parties.Ours.DeviceID},
		TransactionID: transaction,
	}
}

func (p *peer) sign(input string, info []byte, err error) string {
	p.t.Helper()
	require.NoError(p.t, err)
	sign := p.e.MAC
	if p.legacy {
		sign = p.e.LegacyMAC
	}
	mac, err := sign([]byte(input), info)
	require.NoError(p.t, err)
	return mac
}

// mac returns the content with right MACs of keys, by their ids.
func (p *peer) mac(shown map[string]string) object {
	p.t.Helper()
	macs := object{}
	var ids []string
	for id, key := range shown {
		info, err := p.info().KeyBytes(id)
		macs[id] = p.sign(key, info, err)
		ids = append(ids, id)
	}
	slices.Sort(ids)
	info, err := p.info().KeyListBytes()
	return object{"mac": macs, "keys": p.sign(strings.Join(ids, ","), info, err)}
}

// check checks the MACs of the side under test, of both its keys.
func (p *peer) check(step verification.Step) {
	p.t.Helper()
	require.Len(p.t, step.Send, 1)
	require.Equal(p.t, sas.TypeMAC, step.Send[0].Type)
	content := decode(p.t, step.Send[0].Content)
	info := sas.MACInfo{
		Sender: sas.Sender(p.info().Receiver), Receiver: sas.Receiver(p.info().Sender), TransactionID: transaction,
	}
	verify := p.e.VerifyMAC
	if p.legacy {
		verify = p.e.VerifyLegacyMAC
	}
	ours := p.parties.Ours
	var ids []string
	for id, key := range map[string]string{"ed25519:ADEVICE": ours.Device.String(), "ed25519:" + ours.Master.String(): ours.Master.String()} {
		what, err := info.KeyBytes(id)
		require.NoError(p.t, err)
		require.NoError(p.t, verify([]byte(key), what, content["mac"].(object)[id].(string)))
		ids = append(ids, id)
	}
	require.Len(p.t, content["mac"], 2)
	slices.Sort(ids)
	what, err := info.KeyListBytes()
	require.NoError(p.t, err)
	require.NoError(p.t, verify([]byte(strings.Join(ids, ",")), what, content["keys"].(string)))
}

const theirDevice = "ed25519:BDEVICE"

func (p *peer) theirMaster() string { return "ed25519:" + p.parties.Theirs.Master.String() }

// both are the keys of the peer that the side under test knows.
func (p *peer) both() map[string]string {
	return map[string]string{theirDevice: p.parties.Theirs.Device.String(), p.theirMaster(): p.parties.Theirs.Master.String()}
}

// finish gives the MACs and the person's yes, in one order or the other.
func (p *peer) finish(content object, macFirst bool) (verification.ProvenKeys, error) {
	p.t.Helper()
	if macFirst {
		step, err := p.send(sas.TypeMAC, content)
		if err != nil {
			return verification.ProvenKeys{}, err
		}
		require.Zero(p.t, step) // V07: nothing before the person's yes
		step, err = p.exchange.Answer(true)
		if err == nil {
			p.check(step)
		} else {
			require.Zero(p.t, step)
		}
		return step.Proven, err
	}
	step, err := p.exchange.Answer(true)
	require.NoError(p.t, err)
	p.check(step)
	require.Zero(p.t, step.Proven) // V07: nothing before their MACs
	step, err = p.send(sas.TypeMAC, content)
	require.Empty(p.t, step.Send)
	return step.Proven, err
}

// ways calls a test with a peer at the comparison in both roles, and with both
// orders of MACs and yes.
func ways(t *testing.T, m sas.Method, test func(t *testing.T, p *peer, macFirst bool)) {
	t.Helper()
	for _, starter := range []bool{false, true} {
		for _, macFirst := range []bool{false, true} {
			p := newPeer(t, m, starter).keys()
			test(t, p, macFirst)
			p.exchange.Close()
		}
	}
}

func requireCode(t testing.TB, code verification.Code, err error) {
	t.Helper()
	var cancel *verification.CancelError
	require.ErrorAs(t, err, &cancel)
	require.Equal(t, code, cancel.Code, err)
}
