package verification_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/cryptotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/verification"
)

// What is as long as it may be is taken, and one byte more is not.
func TestLongestThatIsTaken(t *testing.T) {
	for more := range 2 {
		receive := func(b *bench, why string, e verification.Event) {
			t.Helper()
			if more == 0 {
				require.NoError(t, b.receive(e), why)
			} else {
				b.drops(why, e)
			}
		}
		ids := strings.Repeat("x", 255+more)
		for why, event := range map[string]func(b *bench) verification.Event{
			"the content is too long": func(b *bench) verification.Event {
				e := b.typical(verification.TypeRequest)
				e.Content = append(e.Content, bytes.Repeat([]byte(" "), verification.MaxContent+more-len(e.Content))...)
				return e
			},
			"an id is too long": func(b *bench) verification.Event {
				e := b.typical(verification.TypeRequest)
				e.EventID = ids
				return e
			},
			"no transaction_id": func(b *bench) verification.Event {
				return b.edit(b.typical(verification.TypeRequest), func(o object) { o["transaction_id"] = ids })
			},
		} {
			b := newBench(t, why == "an id is too long", alice, bob)
			receive(b, why, event(b))
		}
		b := newBench(t, true, alice, bob).reach(verification.Ready, true)
		e := b.edit(b.typical(verification.TypeStart), func(o object) { delete(o, "m.relates_to") })
		const relation = `{"event_id":"$request","rel_type":"m.reference","x":""}`
		e.ClearRelation = []byte(strings.Replace(relation, `""`, `"`+strings.Repeat("x", verification.MaxContent+more-len(relation))+`"`, 1))
		receive(b, "the relation is too long", e)
	}
}

// Another device of ours asks over to-device messages.
func TestRequestOfOurOtherDevice(t *testing.T) {
	b := newBench(t, false, alice, alice)
	require.NoError(t, b.receive(b.typical(verification.TypeRequest)))
	require.NotNil(t, b.flow)
	require.Equal(t, alice, b.flow.UserID())
}

// A transaction id that is drawn a second time begins no second flow, and nothing
// is sent that canonical JSON does not have.
func TestRequestThatCannotBeSent(t *testing.T) {
	b := newBench(t, false, alice, bob)
	cryptotest.SetGlobalRandom(t, 7)
	b.request()
	require.ErrorContains(t, failtest.Refused(t, func() error {
		cryptotest.SetGlobalRandom(t, 7)
		out, err := b.ask(b.keys())
		require.Zero(t, out)
		return err
	}, failtest.Public(b)), "the transaction id is in use")

	for _, inRoom := range []bool{false, true} {
		b := newBench(t, inRoom, alice, bob)
		var err error
		b.v, err = verification.New(device(t, alice, phone), fake{name: "\xff"})
		require.NoError(t, err)
		requestRefused[*verification.MalformedError](t, b, b.keys())
	}
}

// Only a request of ours in a room gets an id, of 255 bytes at most.
func TestSentIDs(t *testing.T) {
	for _, n := range []int{1, 255, 256} {
		b := newBench(t, true, alice, bob)
		f, _, err := b.v.RequestInRoom(b.now, b.keys(), room)
		require.NoError(t, err)
		id := strings.Repeat("x", n)
		for range 2 {
			if n == 256 {
				b.refusesSaying("no event id", func() (verification.Out, error) { return verification.Out{}, f.Sent(id) })
			} else {
				require.NoError(t, f.Sent(id))
			}
		}
	}
	b := newBench(t, false, alice, bob)
	b.request()
	b.refusesSent(verification.ErrState, b.flow, b.flow.TransactionID())
	b = newBench(t, true, alice, bob)
	b.takes(b.typical(verification.TypeRequest))
	b.refusesSent(verification.ErrState, b.flow, b.flow.TransactionID())
}

// As many flows as that are remembered to have ended, and no more.
func TestEndedAreRemembered(t *testing.T) {
	b := newBench(t, false, alice, bob)
	for i := range verification.MaxEnded + 3 {
		require.NoError(t, b.receive(verification.Event{Type: verification.TypeStart, Sender: bob, Content: fmt.Appendf(nil,
			`{"from_device":"LAPTOP","method":"m.other","transaction_id":"t%d"}`, i)}))
		_, _, past, order := b.v.Sizes()
		require.Equal(t, min(i+1, verification.MaxEnded), past)
		require.Equal(t, past, order)
	}
}

// The next time is that of the flow that ends first, wherever it stands.
func TestNextIsTheFirst(t *testing.T) {
	for _, first := range []int{0, 3, 7} {
		b := newBench(t, false, alice, bob)
		for i := range 8 {
			now := b.now.Add(time.Duration(i+1) * time.Second)
			if i == first {
				now = b.now
			}
			_, _, err := b.v.Request(now, b.keys())
			require.NoError(t, err)
		}
		next, ok := b.v.Next()
		require.True(t, ok)
		require.LessOrEqual(t, next.Sub(b.now), verification.FlowTime)
	}
}

// Every state has a name, and what is none has one too.
func TestStateNames(t *testing.T) {
	seen := map[string]bool{}
	for s := range verification.State(40) {
		require.NotEmpty(t, s.String())
		seen[s.String()] = true
	}
	require.Greater(t, len(seen), 5)
}
