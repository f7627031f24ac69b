package sas_test

import (
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/sas"
	"github.com/chappe-e2ee/chappe/verification"
)

// reached returns a peer whose exchange is in a state: started, accepted, key
// sent, comparing, MAC held, confirmed, over.
func reached(t testing.TB, state int) *peer {
	t.Helper()
	p := newPeer(t, sas.Method{}, state != 1)
	switch state {
	case 0, 1:
		return p
	case 2:
		step, err := p.send(sas.TypeAccept, p.accept())
		require.NoError(t, err)
		p.take(step)
		return p
	}
	p.keys()
	switch state {
	case 4:
		_, err := p.send(sas.TypeMAC, p.mac(p.both()))
		require.NoError(t, err)
	case 5:
		_, err := p.exchange.Answer(true)
		require.NoError(t, err)
	case 6:
		_, err := p.finish(p.mac(p.both()), false)
		require.NoError(t, err)
	}
	return p
}

// V07, D14: every (state, input) pair of the method.
func TestAttack_V07_EveryPairOfTheMethod(t *testing.T) {
	// accept, key, MAC, another event, yes, no. u: m.unexpected_message; s:
	// m.mismatched_sas; e: ErrState; a number: the state that follows.
	for state, want := range []string{
		"2uuuee", // started
		"u3uuee", // accepted
		"u3uuee", // key sent
		"uu4u5s", // comparing
		"uuuu6s", // MAC held
		"uu6uee", // confirmed
		"uuuuee", // over
	} {
		for input, letter := range want {
			p := reached(t, state)
			require.Equal(t, fmt.Sprint(state), sas.ExchangeState(p.exchange)[:1])
			var call func() (verification.Step, error)
			switch input {
			case 0:
				content := p.accept()
				call = func() (verification.Step, error) { return p.send(sas.TypeAccept, content) }
			case 1:
				call = func() (verification.Step, error) { return p.send(sas.TypeKey, p.key()) }
			case 2:
				content := object{"mac": object{}, "keys": ""}
				if p.e != nil {
					content = p.mac(p.both())
				}
				call = func() (verification.Step, error) { return p.send(sas.TypeMAC, content) }
			case 3:
				call = func() (verification.Step, error) { return p.send("m.key.verification.other", object{}) }
			default:
				call = func() (verification.Step, error) { return p.exchange.Answer(input == 4) }
			}
			name := fmt.Sprintf("state %d, input %d", state, input)
			switch letter {
			case 'u':
				refuses(t, verification.CodeUnexpectedMessage, p.exchange, call)
			case 's':
				refuses(t, verification.CodeMismatchedSAS, p.exchange, call)
			case 'e':
				require.ErrorIs(t, refusesWith[error](t, p.exchange, call), verification.ErrState, name)
			default:
				step, err := call()
				require.NoError(t, err, name)
				require.Equal(t, string(letter), sas.ExchangeState(p.exchange)[:1], name)
				require.Equal(t, letter == '6', step.Proven.Device, name)
			}
		}
	}
}

// Malformed events of the method.
func TestMalformedEvents(t *testing.T) {
	for _, c := range []struct {
		state     int
		eventType string
		content   string
		why       string
	}{
		{1, sas.TypeKey, ``, "not valid JSON"}, {1, sas.TypeKey, `{"key":1.5}`, "a number that"},
		{1, sas.TypeKey, `{}`, "no key"}, {1, sas.TypeKey, `{"key":1}`, "no key"}, {2, sas.TypeKey, `[]`, "no key"},
		{1, sas.TypeKey, `{"key":"AAAA"}`, "Curve25519"},
		{1, sas.TypeKey, `{"key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`, "low order"},
		{0, sas.TypeAccept, `[]`, "a member is missing"},
		{3, sas.TypeMAC, `{}`, "no MACs"}, {3, sas.TypeMAC, `{"mac":{}}`, "no MACs"}, {3, sas.TypeMAC, `{"keys":"x"}`, "no MACs"},
		{3, sas.TypeMAC, `{"keys":"x","mac":[]}`, "no MACs"}, {5, sas.TypeMAC, `{"keys":1,"mac":{}}`, "no MACs"},
		{5, sas.TypeMAC, `{"keys":"x","mac":{"ed25519:X":1}}`, "a MAC is not a string"},
	} {
		p := reached(t, c.state)
		err := refuses(t, verification.CodeInvalidMessage, p.exchange, func() (verification.Step, error) {
			return p.exchange.Receive(c.eventType, []byte(c.content))
		})
		requireMalformed(t, err, c.why)
	}
}

// After Close nothing is agreed on, sent or proven, in whatever state.
func TestClosedExchange(t *testing.T) {
	for state := 1; state <= 5; state++ {
		p := reached(t, state)
		call := func() (verification.Step, error) { return p.exchange.Answer(true) }
		switch state {
		case 1, 2:
			call = func() (verification.Step, error) { return p.send(sas.TypeKey, p.key()) }
		case 5:
			content := p.mac(p.both())
			call = func() (verification.Step, error) { return p.send(sas.TypeMAC, content) }
		}
		p.exchange.Close()
		require.ErrorIs(t, refuses(t, verification.CodeKeyMismatch, p.exchange, call), sas.ErrClosed, "state %d", state)
	}
}

// The other side may write its MACs in any order.
func TestMACsInAnyOrder(t *testing.T) {
	for first := range 2 {
		p := reached(t, 5)
		content := p.mac(p.both())
		macs := content["mac"].(object)
		ids := [2]string{theirDevice, p.theirMaster()}
		one, two := ids[first], ids[1-first]
		step, err := p.exchange.Receive(sas.TypeMAC, fmt.Appendf(nil, `{"mac":{%q:%q,%q:%q},"keys":%q}`,
			one, macs[one], two, macs[two], content["keys"]))
		require.NoError(t, err)
		require.Equal(t, verification.ProvenKeys{Device: true, Master: true}, step.Proven)
	}
}

// Secrets are wiped when the flow ends, from whatever state.
func TestAttack_G06_SecretsAreWiped(t *testing.T) {
	for state := range 7 {
		p := reached(t, state)
		secrets := sas.Secrets(p.exchange)
		p.exchange.Close()
		require.Equal(t, []int{0, 1, 1, 2, 2, 2, 2}[state], len(secrets))
		for _, b := range secrets {
			require.Equal(t, make([]byte, 32), b)
		}
		p.exchange.Close()
	}
}

// The framework closes the exchange as soon as the method is over, and when it
// fails.
func TestAttack_G06_FlowWipesSecrets(t *testing.T) {
	type end func(w *pair2)
	ends := map[string]end{
		"done":      func(w *pair2) { w.confirm(w.alice); w.confirm(w.bob) },
		"denied":    func(w *pair2) { w.deliver(w.alice, w.alice.do(w.alice.flow.Deny(noon))) },
		"cancelled": func(w *pair2) { w.deliver(w.bob, w.bob.do(w.bob.flow.Cancel(noon, verification.CodeUser))) },
		"out of time": func(w *pair2) {
			w.alice.note(w.alice.v.Expire(noon.Add(time.Hour)))
			w.bob.note(w.bob.v.Expire(noon.Add(time.Hour)))
		},
		"wrong MAC": func(w *pair2) {
			w.change = func(_ *person, e *verification.Event) bool {
				if e.Type == sas.TypeMAC {
					o := decode(w.t, e.Content)
					o["keys"] = flip(w.t, o["keys"].(string), 9)
					e.Content = marshal(w.t, o)
				}
				return true
			}
			w.confirm(w.alice)
			w.confirm(w.bob)
		},
	}
	for name, end := range ends {
		var exchanges []verification.Exchange
		w := newPair(t, false, sas.Method{}, sas.Method{})
		for _, p := range []*person{w.alice, w.bob} {
			v, err := verification.New(p.device, watched{sas.Method{}, &exchanges})
			require.NoError(t, err)
			p.v = v
		}
		w.ready()
		w.deliver(w.alice, w.alice.do(w.alice.flow.Start(noon, watched{sas.Method{}, &exchanges})))
		var secrets [][]byte
		for _, e := range exchanges {
			secrets = append(secrets, sas.Secrets(e)...)
		}
		require.Len(t, secrets, 4)
		end(w)
		require.True(t, w.alice.flow.State().Ended(), name)
		require.True(t, w.bob.flow.State().Ended(), name)
		for _, b := range secrets {
			require.Equal(t, make([]byte, 32), b, name)
		}
	}
}

// watched is the method, and keeps the exchanges that it makes.
type watched struct {
	sas.Method
	made *[]verification.Exchange
}

func (w watched) New(p verification.Parties, s verification.Start) (verification.Exchange, verification.Step, error) {
	e, step, err := w.Method.New(p, s)
	if err == nil {
		*w.made = append(*w.made, e)
	}
	return e, step, err
}

// D23: the master key is shown when it is known to be ours, and else the device
// key alone.
func TestKeysThatAreShown(t *testing.T) {
	for _, known := range []bool{false, true} {
		w := newPair(t, true, sas.Method{}, sas.Method{})
		if !known {
			w.alice.self = crosssigning.NewSelf(w.alice.user, crosssigning.Pin{}, crosssigning.Proof{})
		}
		w.compare(w.alice)
		w.confirm(w.alice)
		w.confirm(w.bob)
		v := w.verified(w.bob)
		require.Same(t, w.alice.device, v.Device)
		require.Equal(t, known, v.Identity != nil)
		require.NotNil(t, w.verified(w.alice).Identity)
		for _, e := range w.log {
			if e.Type == sas.TypeMAC && e.Sender == aliceID {
				require.Equal(t, known, len(decode(t, e.Content)["mac"].(object)) == 2)
			}
		}
	}
	// No self at all.
	w := newPair(t, true, sas.Method{}, sas.Method{})
	w.alice.self = nil
	w.compare(w.alice)
	w.confirm(w.alice)
	w.confirm(w.bob)
	require.Nil(t, w.verified(w.bob).Identity)
}

// D2, D24: two devices of one user. The new one learns the master key from the old
// one, and the old one the new device.
func TestOwnDevices(t *testing.T) {
	private := privateKeys(t, aliceID, 1)
	old, fresh := newPerson(t, sas.Method{}, aliceID, "OLD", 1), newPerson(t, sas.Method{}, aliceID, "NEW", 2)
	user := newUser(t, aliceID, private, old.device, fresh.device)
	old.user, fresh.user = user, user
	old.self = crosssigning.NewSelf(user, crosssigning.Pin{}, crosssigning.Proof{Private: private})
	fresh.self = crosssigning.NewSelf(user, crosssigning.Pin{}, crosssigning.Proof{})
	w := &pair2{t: t, alice: fresh, bob: old}
	w.compare(w.bob)
	w.confirm(fresh)
	w.confirm(old)
	atNew, atOld := w.verified(fresh), w.verified(old)
	require.Same(t, old.device, atNew.Device)
	require.Same(t, user.Identity(), atNew.Identity)
	require.Same(t, fresh.device, atOld.Device)
	require.Nil(t, atOld.Identity)

	// What the program does with it.
	imported, err := crosssigning.ImportPrivateKeys(user.Identity(), crosssigning.Seeds{}.With(crosssigning.SelfSigning, seed(1, 2)))
	require.NoError(t, err)
	_, err = imported.SignDevice(atOld.Device, atOld.Device.Ed25519())
	require.NoError(t, err)
	_, err = localDevice(t, aliceID, "NEW", 2).SignMaster(atNew.Identity, atNew.Identity.MasterKey())
	require.NoError(t, err)
}

// D7: with a device that starts without a request.
func TestStartWithoutRequest(t *testing.T) {
	w := newPair(t, false, sas.Method{}, sas.Method{})
	p := newPeer(t, sas.Method{}, false)
	p.parties.TransactionID = transaction
	receive := func(eventType string, content object) verification.Out {
		t.Helper()
		content["transaction_id"] = transaction
		out, err := w.alice.v.Receive(noon, verification.Event{Type: eventType, Sender: bobID, Content: marshal(t, content)})
		require.NoError(t, err)
		w.alice.note(out)
		return out
	}
	receive(verification.TypeStart, decode(t, []byte(fullStart)))
	require.Equal(t, verification.AskedByStart, w.alice.flow.State())
	w.alice.do(w.alice.flow.Accept(noon, w.keysFor(w.alice)))
	out := receive(sas.TypeKey, p.key())
	p.take(verification.Step{Send: []verification.MethodEvent{{Type: out.Send[0].Type, Content: out.Send[0].Content}}})
	var err error
	p.e, err = p.pair.Agree(p.ourKey)
	require.NoError(t, err)
	w.alice.do(w.alice.flow.Confirm(noon))
	refusedWith(t, verification.ErrState, w.alice.flow.Verified)
	receive(sas.TypeMAC, p.mac(p.both()))
	v := w.verified(w.alice)
	require.Same(t, w.bob.device, v.Device)
	require.Same(t, w.bob.user.Identity(), v.Identity)
}

// D5: both sides start at the same time, and go on with one start.
func TestStartOnBothSides(t *testing.T) {
	for _, room := range []bool{false, true} {
		w := newPair(t, room, sas.Method{}, sas.Method{})
		w.ready()
		a := w.alice.do(w.alice.flow.Start(noon, sas.Method{}))
		b := w.bob.do(w.bob.flow.Start(noon, sas.Method{}))
		w.deliver(w.bob, b) // ignored: @bob is the larger
		require.Equal(t, verification.StartedBoth, w.alice.flow.State())
		w.deliver(w.alice, a)
		require.Equal(t, *w.alice.shown, *w.bob.shown)
		w.confirm(w.alice)
		w.confirm(w.bob)
		w.requireTrust(true)
	}
}

// Randomness comes from crypto/rand alone, and nothing else differs from one run
// to the next.
func TestReplay(t *testing.T) {
	run := func() []verification.Event {
		old := rand.Reader
		rand.Reader = mathrand.NewChaCha8([32]byte{7})
		defer func() { rand.Reader = old }()
		w := newPair(t, false, sas.Method{}, sas.Method{})
		w.compare(w.bob)
		w.confirm(w.bob)
		w.confirm(w.alice)
		w.requireTrust(true)
		return w.log
	}
	first := run()
	require.Len(t, first, 10)
	require.Empty(t, cmp.Diff(first, run()))
}

// D15, D16, D17: the code is that of the specification, in both roles.
func TestCodeOfBothRoles(t *testing.T) {
	for _, starter := range []bool{false, true} {
		p := newPeer(t, sas.Method{}, starter).keys()
		code := codeOf(p)
		emoji, _ := p.shown.Emoji()
		decimals, _ := p.shown.Decimals()
		require.Equal(t, code.Emoji(), emoji)
		require.Equal(t, code.Decimals(), decimals)
	}
}
