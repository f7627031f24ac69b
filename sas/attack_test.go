package sas_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/sas"
	"github.com/chappe-e2ee/chappe/verification"
)

// V08, D13, D14: the key that was committed to is the one that counts.
func TestAttack_V08_KeyAfterCommitment(t *testing.T) {
	p := newPeer(t, sas.Method{}, true)
	_, err := p.send(sas.TypeAccept, p.accept())
	require.NoError(t, err)
	other, err := sas.Generate()
	require.NoError(t, err)
	err = p.refuses(verification.CodeMismatchedCommit, sas.TypeKey, object{"key": other.PublicKey().String()})
	require.ErrorIs(t, err, sas.ErrCommitment)

	// A commitment to another start.
	p = newPeer(t, sas.Method{}, true)
	content := p.accept()
	content["commitment"], err = sas.Commitment(p.pair.PublicKey(), []byte(`{}`))
	require.NoError(t, err)
	_, err = p.send(sas.TypeAccept, content)
	require.NoError(t, err)
	p.refuses(verification.CodeMismatchedCommit, sas.TypeKey, p.key())

	// The order of the members in the start makes no difference.
	p = newPeer(t, sas.Method{}, true)
	p.start = marshal(t, decode(t, p.start))
	p.keys()
}

// V08, D13: the start that reaches the accepter has another member, or none of its
// members, than the one that was sent. Both transports.
func TestAttack_V08_StartChangedOnTheWay(t *testing.T) {
	for _, room := range []bool{false, true} {
		w := newPair(t, room, sas.Method{}, sas.Method{})
		w.change = func(_ *person, e *verification.Event) bool {
			if e.Type == verification.TypeStart {
				o := decode(t, e.Content)
				o["added"] = true
				e.Content = marshal(t, o)
			}
			return true
		}
		w.compare(w.alice)
		require.Nil(t, w.alice.shown)
		require.Equal(t, verification.CodeMismatchedCommit, w.alice.ended.Code)
		require.Equal(t, verification.CodeMismatchedCommit, w.bob.ended.Code)
		require.True(t, w.alice.ended.ByUs)
		require.False(t, w.bob.ended.ByUs)
		w.requireTrust(false)
	}
}

// D13: in an encrypted room the relation stands in the clear part only, and both
// sides commit to it all the same.
func TestRelationInTheClear(t *testing.T) {
	w := newPair(t, true, sas.Method{}, sas.Method{})
	w.change = func(_ *person, e *verification.Event) bool {
		o := decode(t, e.Content)
		if relation, ok := o["m.relates_to"]; ok {
			e.ClearRelation = marshal(t, relation)
			delete(o, "m.relates_to")
			e.Content = marshal(t, o)
		}
		return true
	}
	w.compare(w.bob)
	w.confirm(w.alice)
	w.confirm(w.bob)
	w.requireTrust(true)
}

// V09: the server sends our own events back to us.
func TestAttack_V09_Reflection(t *testing.T) {
	// Our key, as the starter and as the accepter. The starter does not get that
	// far: nobody knows its key when it has to be committed to.
	p := newPeer(t, sas.Method{}, true)
	step, err := p.send(sas.TypeAccept, p.accept())
	require.NoError(t, err)
	p.take(step)
	p.refuses(verification.CodeMismatchedCommit, sas.TypeKey, object{"key": p.ourKey.String()})

	// An accepter reveals its key only after it has the starter's, so that it can
	// come back in the same flow only if it leaked.
	p = newPeer(t, sas.Method{}, false)
	err = p.refuses(verification.CodeKeyMismatch, sas.TypeKey, object{"key": sas.ExchangeKey(p.exchange)})
	require.ErrorIs(t, err, sas.ErrReflected)

	// Our MACs.
	for _, starter := range []bool{false, true} {
		p := newPeer(t, sas.Method{}, starter).keys()
		step, err := p.exchange.Answer(true)
		require.NoError(t, err)
		refuses(t, verification.CodeKeyMismatch, p.exchange, func() (verification.Step, error) {
			return p.exchange.Receive(sas.TypeMAC, step.Send[0].Content)
		})
	}

	// Both sides are one device.
	same := parties(t)
	same.Theirs.UserID, same.Theirs.DeviceID = same.Ours.UserID, same.Ours.DeviceID
	for _, starter := range []bool{false, true} {
		p := newPeer(t, sas.Method{}, starter)
		p.exchange, _, err = sas.Method{}.New(same, verification.Start{Ours: starter, Content: p.start})
		require.NoError(t, err)
		if starter {
			_, err = p.send(sas.TypeAccept, p.accept())
			require.NoError(t, err)
		}
		err = p.refuses(verification.CodeKeyMismatch, sas.TypeKey, p.key())
		require.ErrorIs(t, err, sas.ErrSameDevice)
	}
}

// V09, D15: somebody sits between both, with a key of their own towards each.
func TestAttack_V09_ManInTheMiddle(t *testing.T) {
	w := newPair(t, false, sas.Method{}, sas.Method{})
	mallory, err := sas.Generate()
	require.NoError(t, err)
	towardsAlice := mallory.PublicKey()
	towardsBob, err := sas.Generate()
	require.NoError(t, err)
	var start []byte
	w.change = func(from *person, e *verification.Event) bool {
		o := decode(t, e.Content)
		switch {
		case e.Type == verification.TypeStart:
			start = e.Content
		case e.Type == sas.TypeAccept:
			commitment, err := sas.Commitment(towardsAlice, start)
			require.NoError(t, err)
			o["commitment"] = commitment
		case e.Type == sas.TypeKey && from == w.alice:
			o["key"] = towardsBob.PublicKey().String()
		case e.Type == sas.TypeKey:
			o["key"] = towardsAlice.String()
		}
		e.Content = marshal(t, o)
		return true
	}
	w.compare(w.alice)
	require.NotNil(t, w.alice.shown)
	require.NotNil(t, w.bob.shown)
	require.NotEqual(t, *w.alice.shown, *w.bob.shown)

	// The persons say so; the code goes to the other side.
	w.deliver(w.alice, w.alice.do(w.alice.flow.Deny(noon)))
	require.Equal(t, verification.CodeMismatchedSAS, w.alice.ended.Code)
	require.Equal(t, verification.CodeMismatchedSAS, w.bob.ended.Code)
	w.requireTrust(false)

	// They do not look: the MACs show it, without knowing the keys.
	w = newPair(t, false, sas.Method{}, sas.Method{})
	w.change = func(from *person, e *verification.Event) bool {
		if e.Type == sas.TypeMAC {
			o := decode(t, e.Content)
			o["keys"] = flip(t, o["keys"].(string), 3)
			e.Content = marshal(t, o)
		}
		return true
	}
	w.compare(w.alice)
	w.confirm(w.alice)
	w.requireTrust(false)
	w.confirm(w.bob)
	require.Equal(t, verification.CodeKeyMismatch, w.bob.ended.Code)
	require.Equal(t, verification.CodeKeyMismatch, w.alice.ended.Code)
	w.requireTrust(false)
}

// V09: the server moves the events of one flow into another.
func TestAttack_V09_AnotherTransaction(t *testing.T) {
	for _, room := range []bool{false, true} {
		w := newPair(t, room, sas.Method{}, sas.Method{})
		w.change = func(_ *person, e *verification.Event) bool {
			if e.Type == verification.TypeRequest || e.Type == verification.TypeRoomMessage {
				return true
			}
			// Bob is told another id from the start on.
			o := decode(t, e.Content)
			if room {
				id := o["m.relates_to"].(object)["event_id"].(string)
				if e.Sender == aliceID {
					id += "x"
				} else {
					id = id[:len(id)-1]
				}
				o["m.relates_to"] = object{"rel_type": "m.reference", "event_id": id}
			} else if id := o["transaction_id"].(string); e.Sender == aliceID {
				o["transaction_id"] = id + "x"
			} else {
				o["transaction_id"] = id[:len(id)-1]
			}
			e.Content = marshal(t, o)
			return true
		}
		request, out, err := w.alice.v.Request(noon, w.keysFor(w.alice))
		if room {
			request, out, err = w.alice.v.RequestInRoom(noon, w.keysFor(w.alice), roomID)
		}
		require.NoError(t, err)
		w.alice.flow = request
		e := w.event(w.alice, out.Send[0])
		if room {
			require.NoError(t, request.Sent(e.EventID))
			e.EventID += "x"
		} else {
			o := decode(t, e.Content)
			o["transaction_id"] = o["transaction_id"].(string) + "x"
			e.Content = marshal(t, o)
		}
		w.bob.note(must(w.receive(w.bob, e)))
		w.deliver(w.bob, w.bob.do(w.bob.flow.Accept(noon, w.keysFor(w.bob))))
		w.deliver(w.alice, w.alice.do(w.alice.flow.Start(noon, w.alice.method)))
		require.Equal(t, verification.CodeMismatchedCommit, w.alice.ended.Code)
		w.requireTrust(false)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// V07: nothing is verified before both sides' MACs and both sides' done, whichever
// event is lost.
func TestAttack_V07_EveryLostEvent(t *testing.T) {
	for _, room := range []bool{false, true} {
		w := newPair(t, room, sas.Method{}, sas.Method{})
		w.compare(w.alice)
		w.confirm(w.alice)
		w.confirm(w.bob)
		w.requireTrust(true)
		total := len(w.log)
		require.Equal(t, 10, total) // request, ready, start, accept, 2 keys, 2 MACs, 2 dones
		for lost := range total {
			w := newPair(t, room, sas.Method{}, sas.Method{})
			n := 0
			w.change = func(*person, *verification.Event) bool { n++; return n-1 != lost }
			play(w)
			states := []verification.State{verification.Cancelled, verification.Cancelled}
			for i, p := range []*person{w.alice, w.bob} {
				if p.flow != nil {
					states[i] = p.flow.State()
				}
			}
			if lost < total-2 {
				require.NotContains(t, states, verification.Done, "lost %d", lost)
			} else {
				require.Equal(t, 1, count(states, verification.Done), "lost %d", lost)
			}
		}
	}
}

func count(states []verification.State, state verification.State) (n int) {
	for _, s := range states {
		if s == state {
			n++
		}
	}
	return n
}

// play does what both persons do, as far as it goes.
func play(w *pair2) {
	var out verification.Out
	if w.room {
		w.alice.flow, out, _ = w.alice.v.RequestInRoom(noon, w.keysFor(w.alice), roomID)
	} else {
		w.alice.flow, out, _ = w.alice.v.Request(noon, w.keysFor(w.alice))
	}
	w.deliver(w.alice, w.alice.note(out))
	act := func(p *person, call func() (verification.Out, error)) {
		if p.flow == nil {
			return
		}
		if out, err := call(); err == nil {
			w.deliver(p, p.note(out))
		}
	}
	act(w.bob, func() (verification.Out, error) { return w.bob.flow.Accept(noon, w.keysFor(w.bob)) })
	act(w.alice, func() (verification.Out, error) { return w.alice.flow.Start(noon, w.alice.method) })
	act(w.alice, func() (verification.Out, error) { return w.alice.flow.Confirm(noon) })
	act(w.bob, func() (verification.Out, error) { return w.bob.flow.Confirm(noon) })
}
