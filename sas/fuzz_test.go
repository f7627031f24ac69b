package sas_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/sas"
	"github.com/chappe-e2ee/chappe/verification"
)

// fuzzEvent: an event of the method in a state where it is expected. What is
// refused changes nothing, and says which code to send; nothing is proven by it.
func fuzzEvent(f *testing.F, eventType string, states ...int) {
	for _, content := range []string{
		`{}`, ``, `[]`, `{"key":"3p7bfXt9wbTTW2HC7OQ1Nz+DQ8hbeGdNrfx+FG+IK08"}`, `{"key":"3p7bfXt9wbTTW2HC7OQ1Nz+DQ8hbeGdNrfx+FG+IK08="}`,
		`{"mac":{},"keys":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`,
		`{"mac":{"ed25519:BDEVICE":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},"keys":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`,
		`{"key_agreement_protocol":"curve25519-hkdf-sha256","hash":"sha256","message_authentication_code":"hkdf-hmac-sha256.v2",` +
			`"short_authentication_string":["decimal"],"commitment":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`,
	} {
		for i := range states {
			f.Add([]byte(content), byte(i))
		}
	}
	f.Fuzz(func(t *testing.T, content []byte, state byte) {
		p := reached(t, states[int(state)%len(states)])
		defer p.exchange.Close()
		before := sas.ExchangeState(p.exchange)
		receive := func() (verification.Step, error) { return p.exchange.Receive(eventType, content) }
		step, err := receive()
		require.Zero(t, step.Proven)
		if err != nil {
			require.Zero(t, step)
			require.Equal(t, before, sas.ExchangeState(p.exchange))
			refusesWith[*verification.CancelError](t, p.exchange, receive)
			return
		}
		require.NotEqual(t, before, sas.ExchangeState(p.exchange))
		for _, e := range step.Send {
			v, err := canonicaljson.Parse(e.Content)
			require.NoError(t, err)
			require.True(t, v.IsObject())
		}
	})
}

func FuzzAccept(f *testing.F) { fuzzEvent(f, sas.TypeAccept, 0) }
func FuzzKey(f *testing.F)    { fuzzEvent(f, sas.TypeKey, 1, 2) }
func FuzzMAC(f *testing.F)    { fuzzEvent(f, sas.TypeMAC, 3, 5) }

// FuzzStart: what is chosen from a start was offered in it.
func FuzzStart(f *testing.F) {
	f.Add([]byte(fullStart), false)
	f.Add([]byte(fullStart), true)
	f.Add([]byte(`{"hashes":["sha256"],"key_agreement_protocols":["curve25519-hkdf-sha256"],"message_authentication_codes":["hkdf-hmac-sha256"],"short_authentication_string":["emoji"]}`), true)
	f.Add([]byte(`{}`), false)
	f.Add([]byte(`[`), false)
	ours := parties(f)
	f.Fuzz(func(t *testing.T, content []byte, legacy bool) {
		e, step, err := sas.Method{Legacy: legacy}.New(ours, verification.Start{Content: content})
		if err != nil {
			failtest.RefusedAs[*verification.CancelError](t, func() error {
				e, step, err := sas.Method{Legacy: legacy}.New(ours, verification.Start{Content: content})
				require.Nil(t, e)
				require.Zero(t, step)
				return err
			}, failtest.Input(content))
			return
		}
		defer e.Close()
		offered, chosen := decode(t, content), decode(t, step.Send[0].Content)
		require.Contains(t, offered["key_agreement_protocols"], chosen["key_agreement_protocol"])
		require.Contains(t, offered["hashes"], chosen["hash"])
		require.Contains(t, offered["message_authentication_codes"], chosen["message_authentication_code"])
		require.Subset(t, offered["short_authentication_string"], chosen["short_authentication_string"])
		if chosen["message_authentication_code"] != "hkdf-hmac-sha256.v2" {
			require.True(t, legacy)
			require.NotContains(t, offered["message_authentication_codes"], "hkdf-hmac-sha256.v2")
		}
	})
}

// honest is a script for a conversation that goes well.
var honest = []byte{8, 0, 10, 0, 12, 0, 0, 0, 0, 14, 15, 0, 0, 0, 0}

// FuzzConversation: two sides, with events that are lost, doubled, swapped and
// changed, and persons who do what they like. Who has verified anything has
// answered yes, and has got the other side's MACs as they were made; the codes were
// the same.
func FuzzConversation(f *testing.F) {
	f.Add(honest, false)
	f.Add(honest, true)
	f.Add([]byte{8, 0, 10, 0, 12, 13, 0, 0, 0, 0, 0, 14, 0, 15, 0, 0, 0, 0}, true)
	for i := range honest {
		for _, op := range []byte{1, 2, 3, 4, 20, 36, 100, 16, 17, 18} {
			changed := bytes.Clone(honest)
			changed[i] = op
			f.Add(changed, i%2 == 0)
		}
	}
	f.Fuzz(func(t *testing.T, script []byte, room bool) {
		c := newConversation(t, room)
		for _, op := range script[:min(len(script), 60)] {
			c.do(op)
			c.check()
		}
	})
}

// conversation is two sides and what is on its way to them.
type conversation struct {
	*pair2
	now   time.Time
	queue []sent
	// by Alice and Bob: what the person answered, the MACs that were made, and
	// whether they came unchanged.
	yes, intact map[*person]bool
	macs        map[*person]string
	flows       map[*person]*verification.Flow
}

type sent struct {
	from *person
	e    verification.Event
}

func newConversation(t testing.TB, room bool) *conversation {
	return &conversation{
		pair2: newPair(t, room, sas.Method{}, sas.Method{}), now: noon,
		yes: map[*person]bool{}, intact: map[*person]bool{}, macs: map[*person]string{}, flows: map[*person]*verification.Flow{},
	}
}

// do does one step. 0 to 7 and above 31: an event comes; 8 to 19: a person acts, or
// time passes.
func (c *conversation) do(op byte) {
	p := c.alice
	if op%2 == 1 {
		p = c.bob
	}
	flow := c.flows[p]
	var out verification.Out
	var err error
	switch {
	case op >= 8 && op < 10:
		if flow != nil {
			return
		}
		if c.room {
			flow, out, err = p.v.RequestInRoom(c.now, c.keysFor(p), roomID)
		} else {
			flow, out, err = p.v.Request(c.now, c.keysFor(p))
		}
		if err == nil {
			c.flows[p] = flow
		}
	case op == 18, op == 19:
		c.now = c.now.Add(time.Minute)
		out = p.v.Expire(c.now)
	case op < 8 || op > 19:
		c.arrive(op)
		return
	case flow == nil:
		return
	case op < 12: // Bob accepts for even numbers too: the scripts read better
		p = c.other(p)
		if flow = c.flows[p]; flow == nil {
			p, flow = c.other(p), c.flows[c.other(p)]
		}
		out, err = flow.Accept(c.now, c.keysFor(p))
	case op < 14:
		out, err = flow.Start(c.now, sas.Method{})
	case op < 16:
		if out, err = flow.Confirm(c.now); err == nil {
			c.yes[p] = true
		}
	case op < 18:
		if op == 16 {
			out, err = flow.Deny(c.now)
		} else {
			out, err = flow.Cancel(c.now, verification.CodeUser)
		}
	}
	if err == nil {
		c.send(p, out)
	}
}

// send queues what a side sends.
func (c *conversation) send(p *person, out verification.Out) {
	for _, n := range out.Notices {
		if c.flows[p] == nil {
			c.flows[p] = n.Flow
		}
		if shown, ok := n.About.(sas.Comparison); ok && n.Flow == c.flows[p] {
			p.shown = &shown
		}
	}
	for _, m := range out.Send {
		e := c.event(p, m)
		if m.Type == verification.TypeRoomMessage && c.flows[p].State() == verification.Unsent {
			require.NoError(c.t, c.flows[p].Sent(e.EventID))
		}
		if m.Type == sas.TypeMAC {
			c.macs[p] = string(e.Content)
		}
		c.queue = append(c.queue, sent{p, e})
	}
}

// arrive takes an event out of the queue: 0 the first, 1 the first and keeps it, 2
// the second, 3 loses the first; above, it changes a byte of the first.
func (c *conversation) arrive(op byte) {
	i := 0
	if op == 2 {
		i = 1
	}
	if i >= len(c.queue) {
		return
	}
	s := c.queue[i]
	if op != 1 {
		c.queue = append(c.queue[:i:i], c.queue[i+1:]...)
	}
	if op == 3 {
		return
	}
	if op >= 4 {
		s.e.Content = bytes.Clone(s.e.Content)
		s.e.Content[int(op)*7%len(s.e.Content)] ^= 1 << (op % 7)
	}
	to := c.other(s.from)
	if s.e.Type == sas.TypeMAC {
		v, err := canonicaljson.Parse(s.e.Content)
		c.intact[to] = c.intact[to] || err == nil && v.String() == c.macs[s.from]
	}
	s.e.SentAt = c.now
	out, err := to.v.Receive(c.now, s.e)
	if err != nil {
		require.Zero(c.t, out)
		return
	}
	c.send(to, out)
}

// check checks what holds at all times.
func (c *conversation) check() {
	for _, p := range []*person{c.alice, c.bob} {
		flow := c.flows[p]
		if flow == nil {
			continue
		}
		v, err := flow.Verified()
		require.Equal(c.t, flow.State() == verification.Done, err == nil)
		if err != nil {
			require.Zero(c.t, v)
			continue
		}
		require.True(c.t, c.yes[p], "verified without a yes")
		require.True(c.t, c.intact[p], "verified without MACs")
		require.Equal(c.t, *c.alice.shown, *c.bob.shown)
		require.Same(c.t, c.other(p).device, v.Device)
		require.Same(c.t, c.other(p).user.Identity(), v.Identity)
	}
}
