package verification_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
	"github.com/chappe-e2ee/chappe/verification"
)

// contents are seeds for the contents of all events.
var contents = []string{
	`{"from_device":"LAPTOP","methods":["org.example.fake"],"timestamp":1772366400000,"transaction_id":"transaction"}`,
	`{"from_device":"LAPTOP","methods":["m.sas.v1","org.example.fake"],"msgtype":"m.key.verification.request","to":"@alice:example.org","body":"x"}`,
	`{"from_device":"LAPTOP","methods":["org.example.fake"],"transaction_id":"transaction"}`,
	`{"from_device":"LAPTOP","method":"org.example.fake","transaction_id":"transaction","m.relates_to":{"rel_type":"m.reference","event_id":"$request"}}`,
	`{"do":"prove","transaction_id":"transaction","m.relates_to":{"rel_type":"m.reference","event_id":"$request"}}`,
	`{"transaction_id":"transaction"}`,
	`{"code":"m.user","reason":"x","transaction_id":"transaction"}`,
	`{"code":1,"transaction_id":"transaction","x":{"y":[null,true,-1]}}`,
	`{"transaction_id":""}`, `{"transaction_id":1.5}`, `[]`, ``, `{"a":1,"a":2}`,
}

// fuzzReceive: an event of a type, whatever is in it, over either transport and in
// every state. What returns an error has changed nothing, and what is sent is
// canonical JSON with a reference to the flow, once for each event and device.
func fuzzReceive(f *testing.F, eventType string) {
	for i, content := range contents {
		for state := verification.Requested; state <= verification.Cancelled; state++ {
			f.Add([]byte(content), "", i%2 == 0, byte(state))
		}
		f.Add([]byte(content), `{"rel_type":"m.reference","event_id":"$request"}`, true, byte(verification.Ready))
	}
	f.Fuzz(func(t *testing.T, content []byte, clear string, inRoom bool, state byte) {
		ours := state%2 == 0
		s := verification.State(state) % (verification.Cancelled + 1)
		switch s {
		case verification.Unsent, verification.Requested:
			ours = true
		case verification.Asked:
			ours = false
		case verification.AskedByStart:
			ours, inRoom = false, false
		}
		if s == verification.Unsent && !inRoom {
			s = verification.Requested
		}
		b := newBench(t, inRoom, alice, bob).reach(s, ours)
		e := verification.Event{Type: eventType, Sender: bob, Content: content}
		if inRoom {
			e.RoomID, e.EventID, e.SentAt = room, "$fuzz", noon
			if clear != "" {
				e.ClearRelation = []byte(clear)
			}
			if eventType == verification.TypeRequest {
				e.Type = verification.TypeRoomMessage
			}
		}
		before := b.v.Snapshot() + b.flow.Snapshot()
		err := b.receive(e)
		requireSane(t, b, s, before, err)
	})
}

// requireSane checks what holds after every input.
func requireSane(t *testing.T, b *bench, was verification.State, before string, err error) {
	t.Helper()
	after := b.v.Snapshot() + b.flow.Snapshot()
	if err != nil {
		require.Equal(t, before, after)
		require.Zero(t, b.last)
	}
	if was.Ended() {
		require.Equal(t, was, b.flow.State())
	}
	_, verr := b.flow.Verified()
	require.Equal(t, b.flow.State() == verification.Done, verr == nil)
	for _, m := range b.last.Send {
		v, err := canonicaljson.Parse(m.Content)
		require.NoError(t, err)
		require.Equal(t, string(m.Content), v.String())
		require.Equal(t, m.RoomID == "", len(m.Devices) > 0)
		if m.Type == verification.TypeCancel {
			require.False(t, v.Get("code").IsZero() || v.Get("reason").IsZero())
		}
		if m.Type != verification.TypeRoomMessage {
			require.NotEqual(t, v.Get("transaction_id").IsZero(), v.Get("m.relates_to").IsZero())
		}
	}
	open, _, _, _ := b.v.Sizes()
	require.LessOrEqual(t, open, 2)
}

func FuzzRequest(f *testing.F) { fuzzReceive(f, verification.TypeRequest) }
func FuzzReady(f *testing.F)   { fuzzReceive(f, verification.TypeReady) }
func FuzzStart(f *testing.F)   { fuzzReceive(f, verification.TypeStart) }
func FuzzMethod(f *testing.F)  { fuzzReceive(f, fakeType) }
func FuzzDone(f *testing.F)    { fuzzReceive(f, verification.TypeDone) }
func FuzzCancel(f *testing.F)  { fuzzReceive(f, verification.TypeCancel) }

// FuzzFlow: whatever order events and calls come in. A failed call changes
// nothing, nothing happens after the end, and Done is reached by way of Proven, or
// with the proof where there was no request.
func FuzzFlow(f *testing.F) {
	f.Add([]byte{0, 7, 2, 3, 10, 4}, false)
	f.Add([]byte{6, 1, 8, 3, 3, 9, 10, 4}, true)
	f.Add([]byte{2, 7, 10}, false)
	f.Add([]byte{6, 1, 8, 2, 3, 10, 4, 5}, false)
	f.Add([]byte{0, 0, 7, 7, 5, 5, 12, 1, 2, 3, 4}, true)
	f.Fuzz(func(t *testing.T, script []byte, inRoom bool) {
		b := newBench(t, inRoom, alice, bob)
		events := append([]string{}, eventTypes...)
		for _, op := range script[:min(len(script), 40)] {
			if b.flow == nil {
				if op%13 == 6 {
					b.request()
					if inRoom {
						require.NoError(t, b.flow.Sent(b.id))
					}
				} else {
					b.last = verification.Out{}
					_ = b.receive(b.typical(events[int(op)%len(events)]))
				}
				continue
			}
			was, before := b.flow.State(), b.v.Snapshot()+b.flow.Snapshot()
			var out verification.Out
			var err error
			switch op %= 13; op {
			case 0, 1, 2, 3, 4, 5:
				err = b.receive(b.typical(events[op]))
				out = b.last
			case 6:
				err = b.flow.Sent("$x")
			case 7:
				out, err = b.flow.Accept(b.now, b.keys())
			case 8:
				out, err = b.flow.Start(b.now, b.m)
			case 9:
				out, err = b.flow.Confirm(b.now)
			case 10:
				err = b.receive(b.event(fakeType, object{"do": "prove"}))
				out = b.last
			case 11:
				b.now = b.now.Add(time.Minute)
				out = b.v.Expire(b.now)
			case 12:
				out, err = b.flow.Cancel(b.now, verification.CodeUser)
			}
			b.last = out
			requireSane(t, b, was, before, err)
			if b.flow.State() == verification.Done && was != verification.Done {
				require.True(t, was == verification.Proven || was == verification.Running && op == 10)
			}
			if b.flow.State() == verification.Proven && was != verification.Proven {
				require.EqualValues(t, 10, op)
			}
		}
	})
}
