package verification_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/verification"
)

// State returns the whole state of our side in plain. There is no secret in it:
// those are the methods'.
func (b *bench) State() []byte {
	if b.flow == nil {
		return []byte(b.v.Snapshot())
	}
	return []byte(b.v.Snapshot() + b.flow.Snapshot())
}

// refuses demands that a call is refused, and that nothing follows from it.
func (b *bench) refuses(target error, call func() (verification.Out, error)) {
	b.t.Helper()
	failtest.RefusedWith(b.t, target, func() error {
		out, err := call()
		require.Zero(b.t, out)
		return err
	}, failtest.Public(b))
}

// ignores is refuses for an event.
func (b *bench) ignores(e verification.Event) {
	b.t.Helper()
	b.refuses(verification.ErrIgnored, func() (verification.Out, error) { return b.v.Receive(b.now, e) })
	b.note(verification.Out{})
}

// refusesSaying is refuses for a *MalformedError that says why.
func (b *bench) refusesSaying(why string, call func() (verification.Out, error)) {
	b.t.Helper()
	err := failtest.RefusedAs[*verification.MalformedError](b.t, func() error {
		out, err := call()
		require.Zero(b.t, out)
		return err
	}, failtest.Public(b))
	require.Contains(b.t, err.Error(), why)
}

// drops is refusesSaying for an event.
func (b *bench) drops(why string, e verification.Event) {
	b.t.Helper()
	b.refusesSaying(why, func() (verification.Out, error) { return b.v.Receive(b.now, e) })
	b.note(verification.Out{})
}

// refusesSent demands that the flow does not take an event id.
func (b *bench) refusesSent(target error, f *verification.Flow, eventID string) {
	b.t.Helper()
	b.refuses(target, func() (verification.Out, error) { return verification.Out{}, f.Sent(eventID) })
}

// takes is receive for an event that ends the flow or goes on with it: what it
// allocates is bounded by it and by what the flow holds.
func (b *bench) takes(e verification.Event) {
	b.t.Helper()
	require.NoError(b.t, failtest.Bounded(b.t, func() error { return b.receive(e) },
		failtest.Input(e.Content), failtest.Public(b)), e.Type)
}

// requestRefused demands that no request is made to a user.
func requestRefused[E error](t testing.TB, b *bench, k verification.Keys) {
	t.Helper()
	failtest.RefusedAs[E](t, func() error {
		_, err := b.ask(k)
		return err
	}, failtest.Public(b))
}

// ask asks for a flow with some devices, or in the room.
func (b *bench) ask(k verification.Keys, devices ...string) (verification.Out, error) {
	b.t.Helper()
	var flow *verification.Flow
	var out verification.Out
	var err error
	if b.room {
		flow, out, err = b.v.RequestInRoom(b.now, k, room)
	} else {
		flow, out, err = b.v.Request(b.now, k, devices...)
	}
	require.Equal(b.t, err == nil, flow != nil)
	return out, err
}

// refusesToAsk demands that no flow begins with some devices.
func (b *bench) refusesToAsk(target error, k verification.Keys, devices ...string) {
	b.t.Helper()
	b.refuses(target, func() (verification.Out, error) { return b.ask(k, devices...) })
}
