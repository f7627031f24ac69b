package verification_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/verification"
)

// What a program does to what it was given changes nothing here.
func TestCallerChangesWhatItGot(t *testing.T) {
	b := newBench(t, false, alice, bob)
	b.request()
	before := b.v.Snapshot()
	b.last.Send[0].Devices[0] = "OTHER"
	b.last.Send[0].Content[0] = 'x'
	require.Equal(t, before, b.v.Snapshot())

	b = newBench(t, false, alice, bob).reach(verification.Asked, false)
	before = b.v.Snapshot()
	b.last.Notices[0].About.(verification.Incoming).Methods[0] = "m.other"
	require.Equal(t, before, b.v.Snapshot())
	b.do(b.flow.Accept(noon, b.keys()))
	before = b.v.Snapshot()
	b.last.Notices[0].About.(verification.Prepared).Methods[0] = "m.other"
	b.last.Send[0].Devices[0] = "OTHER"
	require.Equal(t, before, b.v.Snapshot())

	b = newBench(t, false, alice, bob).reach(verification.Ready, false)
	e := b.typical(verification.TypeStart)
	require.NoError(t, b.receive(e))
	before = b.v.Snapshot()
	clear(e.Content)
	require.Equal(t, before, b.v.Snapshot())
}

// A program that logs its flows and notices, under whatever verb, while others use
// them. The race detector looks at this one.
func TestFlowPrintsUnderTheLock(t *testing.T) {
	v, err := verification.New(device(t, alice, phone), newFakeQuiet())
	require.NoError(t, err)
	flow, out, err := v.Request(noon, verification.Keys{Self: self(t, alice), Theirs: user(t, bob, laptop, tablet)})
	require.NoError(t, err)
	out.Notices = []verification.Notice{{Flow: flow, About: verification.Finished{}}}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
		require.Equal(t, "[verification, requested]", fmt.Sprintf(format, flow))
		require.Equal(t, "[verifier]", fmt.Sprintf(format, v))
	}
	var wait sync.WaitGroup
	wait.Go(func() {
		b := &bench{t: t, them: bob, now: noon, id: flow.TransactionID()}
		for _, eventType := range eventTypes[1:] {
			v.Receive(noon, b.typical(eventType))
			v.Request(noon, verification.Keys{Theirs: user(t, bob, laptop, tablet)})
		}
	})
	wait.Go(func() {
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
			for _, value := range []any{flow, v, out, out.Notices} {
				_ = fmt.Sprintf(format, value)
			}
		}
	})
	wait.Wait()
}

// After Close, no flow takes anything, and the Verifier can begin others.
func TestCallsAfterClose(t *testing.T) {
	eachState(t, func(t *testing.T, fresh func() *bench, state verification.State, ours bool) {
		if state.Ended() {
			return
		}
		b := fresh()
		b.v.Close()
		b.v.Close()
		before, flowBefore := b.v.Snapshot(), b.flow.Snapshot()
		require.Equal(t, verification.Cancelled, b.flow.State())
		for _, call := range []func() (verification.Out, error){
			func() (verification.Out, error) { return b.flow.Accept(noon, b.keys()) },
			func() (verification.Out, error) { return b.flow.Start(noon, b.m) },
			func() (verification.Out, error) { return b.flow.Confirm(noon) },
			func() (verification.Out, error) { return b.flow.Deny(noon) },
			func() (verification.Out, error) { return b.flow.Cancel(noon, verification.CodeUser) },
			func() (verification.Out, error) { return verification.Out{}, b.flow.Sent("$other") },
		} {
			b.refuses(verification.ErrState, call)
		}
		_, open := b.v.Next()
		require.False(t, open)
		require.Zero(t, b.v.Expire(noon.Add(verification.FlowTime)))
		if state != verification.Unsent {
			for _, eventType := range eventTypes {
				b.ignores(b.typical(eventType))
			}
		}
		require.Equal(t, before, b.v.Snapshot())
		require.Equal(t, flowBefore, b.flow.Snapshot())
		b.request()
		require.False(t, b.flow.State().Ended())
	})
}

// Times at the ends of what an event can say, and clocks that are wrong.
func TestExtremeTimes(t *testing.T) {
	last := time.UnixMilli(1<<53 - 1)
	for _, now := range []time.Time{{}, time.UnixMilli(0), noon, last, time.UnixMilli(-(1<<53 - 1))} {
		for _, at := range []time.Time{{}, time.UnixMilli(0), noon, last, time.UnixMilli(-(1<<53 - 1))} {
			for _, inRoom := range []bool{false, true} {
				b := newBench(t, inRoom, alice, bob)
				b.now = at
				e := b.typical(verification.TypeRequest)
				b.now = now
				if !at.Equal(now) {
					b.ignores(e)
					continue
				}
				require.NoError(t, b.receive(e))
				next, _ := b.v.Next()
				require.Equal(t, verification.AnswerTime, next.Sub(now))
			}
		}
	}
	// A clock that goes back: the flow goes on, and ends in the end.
	b := newBench(t, false, alice, bob).reach(verification.Ready, false)
	b.now = noon.Add(-time.Hour)
	b.must(verification.TypeStart)
	require.Equal(t, verification.Running, b.flow.State())
	require.Zero(t, b.v.Expire(time.Time{}))
	b.note(b.v.Expire(noon.Add(verification.FlowTime)))
	require.Equal(t, verification.Cancelled, b.flow.State())
}
