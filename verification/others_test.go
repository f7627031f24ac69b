package verification_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/verification"
)

// Events that do not come from the other side change nothing, in any state.
func TestAttack_V09_OthersChangeNothing(t *testing.T) {
	eachState(t, func(t *testing.T, fresh func() *bench, state verification.State, ours bool) {
		if state == verification.Unsent {
			return
		}
		for _, eventType := range eventTypes {
			// Someone else in the room. A to-device event of someone else is of
			// another transaction.
			b := fresh()
			if b.room && (eventType != verification.TypeRequest || !state.Ended()) {
				e := b.typical(eventType)
				e.Sender = carol
				b.ignores(e)
			}
			// Our own event comes back.
			b = fresh()
			e := b.typical(eventType)
			e.Sender, e.SenderDevice = b.us, phone
			switch eventType {
			case verification.TypeRequest, verification.TypeReady, verification.TypeStart:
				e = b.edit(e, func(o object) { o["from_device"] = phone })
			}
			b.ignores(e)
			// An unknown device of the other user, which says so.
			b = fresh()
			e = b.typical(eventType)
			if e.SenderDevice = "OTHER"; eventType == verification.TypeRequest || eventType == verification.TypeReady || eventType == verification.TypeStart {
				e = b.edit(e, func(o object) { o["from_device"] = "OTHER" })
			}
			switch {
			case state == verification.Requested && b.room: // it may be the one
			default:
				b.ignores(e)
			}
			// A device that is not the one that it says it is.
			b = fresh()
			e = b.typical(eventType)
			if e.SenderDevice = "OTHER"; b.flow.DeviceID() != "" {
				b.ignores(e)
			}
		}
	})
}

// One transaction id at two users is two flows, and at two devices of one user the
// flow of the first.
func TestAttack_V09_OneTransactionIDForTwo(t *testing.T) {
	b := newBench(t, false, alice, bob)
	b.must(verification.TypeRequest)
	ofBob := b.flow
	b.flow, b.them = nil, carol
	b.must(verification.TypeRequest)
	ofCarol := b.flow
	require.NotSame(t, ofBob, ofCarol)
	require.Equal(t, []string{bob, carol}, []string{ofBob.UserID(), ofCarol.UserID()})
	b.do(ofBob.Accept(noon, verification.Keys{Theirs: user(t, bob, laptop, tablet)}))
	b.must(verification.TypeStart) // Carol's, before we are ready
	require.Equal(t, verification.Cancelled, ofCarol.State())
	require.Equal(t, verification.Ready, ofBob.State())

	b.them = bob
	for _, eventType := range []string{verification.TypeRequest, verification.TypeReady, verification.TypeStart} {
		b.ignores(b.edit(b.typical(eventType), func(o object) { o["from_device"] = tablet }))
	}
	require.Equal(t, laptop, ofBob.DeviceID())
}

// An event over the other transport is of no flow.
func TestWrongTransport(t *testing.T) {
	eachState(t, func(t *testing.T, fresh func() *bench, state verification.State, ours bool) {
		for _, eventType := range eventTypes[1:] {
			b := fresh()
			if eventType == verification.TypeStart && b.room {
				continue // a start without a request: another flow
			}
			other := &bench{t: t, room: !b.room, us: b.us, them: b.them, id: b.id, now: b.now}
			flowBefore := b.flow.Snapshot()
			e := other.typical(eventType)
			if b.room && (eventType == verification.TypeReady || eventType == fakeType || eventType == verification.TypeDone) {
				b.takes(e)
				require.Len(t, b.codes(), 1)
				require.Contains(t, b.codes()[0], "m.unknown_transaction")
			} else {
				b.ignores(e)
			}
			require.Equal(t, flowBefore, b.flow.Snapshot())
		}
	})
}

// Events of the other side that are malformed cancel with m.invalid_message.
func TestMalformedEventsCancel(t *testing.T) {
	eachState(t, func(t *testing.T, fresh func() *bench, state verification.State, ours bool) {
		if state == verification.Unsent || state.Ended() {
			return
		}
		for _, eventType := range []string{verification.TypeReady, verification.TypeStart} {
			for _, member := range []string{"from_device", "methods", "method"} {
				b := fresh()
				e := b.typical(eventType)
				if _, ok := decode(t, e.Content)[member]; !ok {
					continue
				}
				e = b.edit(e, func(o object) { o[member] = 1 })
				b.takes(e)
				require.Equal(t, verification.Cancelled, b.flow.State())
				ended, _ := b.flow.Cancellation()
				require.Equal(t, verification.CodeInvalidMessage, ended.Code)
				var malformed *verification.MalformedError
				require.ErrorAs(t, ended.Err, &malformed)
				require.Len(t, b.codes(), 1)
				require.Contains(t, b.codes()[0], "m.invalid_message")

				// From our other device, it is none of our business.
				if b = fresh(); b.room {
					e = b.edit(b.typical(eventType), func(o object) { o["from_device"] = tablet; o[member] = 1 })
					e.Sender = b.us
					before := b.v.Snapshot()
					b.ignores(e)
					require.Equal(t, before, b.v.Snapshot())
				}
			}
		}
	})
}

// An event of a room that comes a second time is the same event, and ignored. A
// to-device event has no id: a second one is unexpected.
func TestDuplicates(t *testing.T) {
	for _, inRoom := range []bool{false, true} {
		for _, ours := range []bool{false, true} {
			fresh := func() (*bench, verification.Event, verification.Event) {
				b := newBench(t, inRoom, alice, bob).reach(verification.Ready, ours)
				start := b.typical(verification.TypeStart)
				require.NoError(t, b.receive(start))
				method := b.event(fakeType, object{"do": "prove"})
				require.NoError(t, b.receive(method))
				return b, start, method
			}
			b, start, method := fresh()
			if inRoom {
				before := b.v.Snapshot()
				for _, e := range []verification.Event{start, method} {
					b.ignores(e)
					require.Equal(t, before, b.v.Snapshot())
				}
				continue
			}
			require.NoError(t, b.receive(start))
			require.Equal(t, verification.Cancelled, b.flow.State())
			b, _, method = fresh()
			require.NoError(t, b.receive(method))
			require.Equal(t, verification.Cancelled, b.flow.State())
		}
	}
}

// Two devices of one user: what this one sent changes nothing when it comes back.
func TestOwnEventsComeBack(t *testing.T) {
	for _, state := range []verification.State{
		verification.Requested, verification.Ready, verification.Started, verification.Running, verification.Proven,
	} {
		for _, eventType := range eventTypes[1:] {
			b := newBench(t, false, alice, alice).reach(state, true)
			e := b.typical(eventType)
			if e.SenderDevice = phone; decode(t, e.Content)["from_device"] != nil {
				e = b.edit(e, func(o object) { o["from_device"] = phone })
			}
			before := b.v.Snapshot()
			b.ignores(e)
			require.Equal(t, before, b.v.Snapshot())
		}
	}
}
