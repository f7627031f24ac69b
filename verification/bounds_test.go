package verification_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/verification"
)

// What is as long as it may be is taken, and one byte more is not.
func TestLongestThatIsTaken(t *testing.T) {
	for more, taken := range map[int]bool{0: true, 1: false} {
		ids := strings.Repeat("x", 255+more)
		for what, event := range map[string]func(b *bench) verification.Event{
			"content": func(b *bench) verification.Event {
				e := b.typical(verification.TypeRequest)
				e.Content = append(e.Content, bytes.Repeat([]byte(" "), verification.MaxContent+more-len(e.Content))...)
				return e
			},
			"id of the event": func(b *bench) verification.Event {
				e := b.typical(verification.TypeRequest)
				e.EventID = ids
				return e
			},
			"transaction": func(b *bench) verification.Event {
				return b.edit(b.typical(verification.TypeRequest), func(o object) { o["transaction_id"] = ids })
			},
		} {
			b := newBench(t, what == "id of the event", alice, bob)
			require.Equal(t, taken, b.receive(event(b)) == nil, "%s, %d more", what, more)
		}
		b := newBench(t, true, alice, bob).reach(verification.Ready, true)
		e := b.edit(b.typical(verification.TypeStart), func(o object) { delete(o, "m.relates_to") })
		const relation = `{"event_id":"$request","rel_type":"m.reference","x":""}`
		e.ClearRelation = []byte(strings.Replace(relation, `""`, `"`+strings.Repeat("x", verification.MaxContent+more-len(relation))+`"`, 1))
		require.Equal(t, taken, b.receive(e) == nil, "relation, %d more", more)
	}
}

// Another device of ours asks over to-device messages.
func TestRequestOfOurOtherDevice(t *testing.T) {
	b := newBench(t, false, alice, alice)
	require.NoError(t, b.receive(b.typical(verification.TypeRequest)))
	require.NotNil(t, b.flow)
	require.Equal(t, alice, b.flow.UserID())
}

// Only a request of ours in a room gets an id, of 255 bytes at most.
func TestSentIDs(t *testing.T) {
	for n, taken := range map[int]bool{1: true, 255: true, 256: false} {
		b := newBench(t, true, alice, bob)
		f, _, err := b.v.RequestInRoom(b.now, b.keys(), room)
		require.NoError(t, err)
		id := strings.Repeat("x", n)
		require.Equal(t, taken, f.Sent(id) == nil, n)
		require.Equal(t, taken, f.Sent(id) == nil, "the second time, %d", n)
	}
	b := newBench(t, false, alice, bob)
	b.request()
	require.ErrorIs(t, b.flow.Sent(b.flow.TransactionID()), verification.ErrState)
	b = newBench(t, true, alice, bob)
	b.takes(b.typical(verification.TypeRequest))
	require.ErrorIs(t, b.flow.Sent(b.flow.TransactionID()), verification.ErrState)
}

// As many flows as that are remembered to have ended, and no more.
func TestEndedAreRemembered(t *testing.T) {
	b := newBench(t, false, alice, bob)
	for i := range verification.MaxEnded + 3 {
		b.takes(verification.Event{Type: verification.TypeStart, Sender: bob, Content: fmt.Appendf(nil,
			`{"from_device":"LAPTOP","method":"m.other","transaction_id":"t%d"}`, i)})
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
