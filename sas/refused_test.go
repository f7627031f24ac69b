package sas_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/sas"
	"github.com/chappe-e2ee/chappe/verification"
)

// A subject is a key pair, or a shared secret.
type subject struct {
	of interface {
		State() string
		Secrets() [][]byte
	}
}

func (s subject) State() []byte     { return []byte(s.of.State()) }
func (s subject) Secrets() [][]byte { return s.of.Secrets() }

// refused demands that a call fails without a value, and returns the error.
func refused[T any](t testing.TB, call func() (T, error), about ...failtest.Subject) error {
	t.Helper()
	return failtest.Refused(t, func() error {
		value, err := call()
		require.Zero(t, value)
		return err
	}, about...)
}

// refusedWith is refused for an error that errors.Is knows.
func refusedWith[T any](t testing.TB, target error, call func() (T, error), about ...failtest.Subject) {
	t.Helper()
	require.ErrorIs(t, refused(t, call, about...), target)
}

// exchangeSubject is an exchange with all that it holds.
type exchangeSubject struct{ verification.Exchange }

func (e exchangeSubject) State() []byte     { return []byte(sas.ExchangeState(e.Exchange)) }
func (e exchangeSubject) Secrets() [][]byte { return sas.Secrets(e.Exchange) }

// refuses demands that an exchange ends the flow with a code and does nothing
// else: its state is the one before.
func refuses(t testing.TB, code verification.Code, e verification.Exchange, call func() (verification.Step, error)) error {
	t.Helper()
	err := refusesWith[*verification.CancelError](t, e, call)
	requireCode(t, code, err)
	return err
}

func refusesWith[E error](t testing.TB, e verification.Exchange, call func() (verification.Step, error)) E {
	t.Helper()
	return failtest.RefusedAs[E](t, func() error {
		step, err := call()
		require.Zero(t, step)
		return err
	}, exchangeSubject{e})
}

// refuses is refuses for an event.
func (p *peer) refuses(code verification.Code, eventType string, content object) error {
	p.t.Helper()
	text := marshal(p.t, content)
	return refuses(p.t, code, p.exchange, func() (verification.Step, error) { return p.exchange.Receive(eventType, text) })
}

// refusesMAC demands that the method does not end well: MACs are refused as they
// come after the person's yes, or at the yes after they came.
func (p *peer) refusesMAC(code verification.Code, content object, macFirst bool) error {
	p.t.Helper()
	if !macFirst {
		step, err := p.exchange.Answer(true)
		require.NoError(p.t, err)
		p.check(step)
		require.Zero(p.t, step.Proven) // V07: nothing before their MACs
		return p.refuses(code, sas.TypeMAC, content)
	}
	step, err := p.send(sas.TypeMAC, content)
	if err != nil {
		return p.refuses(code, sas.TypeMAC, content)
	}
	require.Zero(p.t, step) // V07: nothing before the person's yes
	return refuses(p.t, code, p.exchange, func() (verification.Step, error) { return p.exchange.Answer(true) })
}

// newRefuses demands that no exchange begins with a start.
func newRefuses(t testing.TB, code verification.Code, m sas.Method, start []byte) error {
	t.Helper()
	with := parties(t)
	err := refused(t, func() (verification.Exchange, error) {
		e, step, err := m.New(with, verification.Start{Content: start})
		require.Zero(t, step)
		return e, err
	}, failtest.Input(start))
	requireCode(t, code, err)
	return err
}

// receive brings an event to a device, which must not panic, nor allocate without
// bound, nor send a secret of a flow.
func (w *pair2) receive(to *person, e verification.Event) (verification.Out, error) {
	w.t.Helper()
	w.watch()
	var out verification.Out
	err := failtest.Bounded(w.t, func() (err error) {
		out, err = to.v.Receive(noon, e)
		return err
	}, failtest.Input(e.Content), w)
	w.watch()
	for _, m := range out.Send {
		failtest.NoSecret(w.t, string(m.Content), w.secrets...)
	}
	return out, err
}

// watch remembers the secrets that the exchanges hold now.
func (w *pair2) watch() {
	for _, e := range w.made {
		for _, s := range sas.Secrets(e) {
			if !bytes.Equal(s, make([]byte, len(s))) {
				w.secrets = append(w.secrets, bytes.Clone(s))
			}
		}
	}
}

// State is empty: a flow ends when it fails.
func (w *pair2) State() []byte { return nil }

// Secrets returns all secrets that there were.
func (w *pair2) Secrets() [][]byte { return w.secrets }
