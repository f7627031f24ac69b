package verification_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/verification"
)

// D1, D3, D4: what a to-device request says.
func TestRequest(t *testing.T) {
	b := newBench(t, false, alice, bob)
	b.request()
	require.Len(t, b.last.Send, 1)
	m := b.last.Send[0]
	require.Equal(t, verification.TypeRequest, m.Type)
	require.Equal(t, bob, m.UserID)
	require.Equal(t, []string{laptop, tablet}, m.Devices)
	require.Empty(t, m.RoomID)
	require.Equal(t, fmt.Sprintf(`{"from_device":"PHONE","methods":["org.example.fake"],"timestamp":%d,"transaction_id":%q}`,
		noon.UnixMilli(), b.id), string(m.Content))
	id, err := hex.DecodeString(b.id)
	require.NoError(t, err)
	require.Len(t, id, 16)

	b = newBench(t, false, alice, bob)
	b.request(tablet, tablet)
	require.Equal(t, []string{tablet}, b.last.Send[0].Devices)
	for _, wrong := range [][]string{{"OTHER"}, {tablet, "OTHER"}} {
		b.refusesToAsk(verification.ErrUnknownDevice, b.keys(), wrong...)
	}
	b.refusesToAsk(verification.ErrUnknownDevice, verification.Keys{Theirs: user(t, carol)})
	b.refusesToAsk(verification.ErrOtherUser, verification.Keys{})
}

// D1, D4: what a request in a room says, and how the flow gets its id.
func TestRequestInRoom(t *testing.T) {
	b := newBench(t, true, alice, bob)
	b.request()
	require.Len(t, b.last.Send, 1)
	m := b.last.Send[0]
	require.Equal(t, verification.TypeRoomMessage, m.Type)
	require.Equal(t, room, m.RoomID)
	require.Empty(t, m.Devices)
	content := decode(t, m.Content)
	require.NotEmpty(t, content["body"])
	delete(content, "body")
	require.Equal(t, object{
		"msgtype": "m.key.verification.request", "from_device": phone, "to": bob, "methods": []any{fakeName},
	}, content)
	require.Empty(t, b.flow.TransactionID())

	b.refusesToAsk(verification.ErrTooMany, b.keys()) // whose event would come back?
	sent := func(f *verification.Flow, eventID string) func() (verification.Out, error) {
		return func() (verification.Out, error) { return verification.Out{}, f.Sent(eventID) }
	}
	for _, wrong := range []string{"", strings.Repeat("x", 256), "\xff"} {
		b.refusesSaying("no event id", sent(b.flow, wrong))
		b.refusesSaying("no room id", func() (verification.Out, error) {
			_, out, err := b.v.RequestInRoom(noon, b.keys(), wrong)
			return out, err
		})
	}
	require.NoError(t, b.flow.Sent("$a"))
	require.NoError(t, b.flow.Sent("$a"))
	b.refusesSent(verification.ErrState, b.flow, "$b")
	require.Equal(t, "$a", b.flow.TransactionID())
	other, _, err := b.v.RequestInRoom(noon, verification.Keys{Theirs: user(t, carol, laptop)}, room)
	require.NoError(t, err)
	b.refusesSaying("no event id", sent(other, "$a")) // another flow's

	// The event comes back before the program calls Sent.
	b = newBench(t, true, alice, bob)
	b.request()
	e := verification.Event{
		Type: verification.TypeRoomMessage, Sender: alice, RoomID: room, EventID: "$a", SentAt: noon, Content: b.last.Send[0].Content,
	}
	for _, other := range []func(*verification.Event){
		func(e *verification.Event) { e.RoomID = "!other:example.org" },
		func(e *verification.Event) {
			*e = b.edit(*e, func(o object) { o["to"] = carol })
		},
		func(e *verification.Event) { // from another device of ours
			*e = b.edit(*e, func(o object) { o["from_device"] = tablet })
		},
	} {
		wrong := e
		other(&wrong)
		b.ignores(wrong)
	}
	require.NoError(t, b.receive(e))
	require.Equal(t, verification.Requested, b.flow.State())
	require.NoError(t, b.flow.Sent("$a"))
	b.ignores(e)

	// D2: oneself is verified by to-device events.
	b.refusesToAsk(verification.ErrOtherUser, verification.Keys{Theirs: user(t, alice, phone, tablet)})
	_, out, err := b.v.Request(noon, verification.Keys{Theirs: user(t, alice, phone, tablet)})
	require.NoError(t, err)
	require.Equal(t, []string{tablet}, out.Send[0].Devices) // but not this one
}

// D3: requests that are too old, or too far in the future.
func TestRequestAge(t *testing.T) {
	for _, inRoom := range []bool{false, true} {
		for _, c := range []struct {
			age   time.Duration
			taken bool
			until time.Duration
		}{
			{-5*time.Minute - time.Millisecond, false, 0},
			{-5 * time.Minute, true, 2 * time.Minute},
			{0, true, 2 * time.Minute},
			{8 * time.Minute, true, 2 * time.Minute},
			{9 * time.Minute, true, time.Minute},
			{10*time.Minute - time.Millisecond, true, time.Millisecond},
			{10 * time.Minute, false, 0},
			{1 << 60, false, 0},
		} {
			b := newBench(t, inRoom, alice, bob)
			b.now = noon.Add(-c.age)
			e := b.typical(verification.TypeRequest)
			b.now = noon
			if !c.taken {
				b.ignores(e)
				_, open := b.v.Next()
				require.False(t, open)
				continue
			}
			require.NoError(t, b.receive(e), c)
			require.Equal(t, []verification.Notice{{Flow: b.flow, About: verification.Incoming{
				Methods: []string{fakeName}, Until: noon.Add(c.until),
			}}}, b.last.Notices)
			next, open := b.v.Next()
			require.True(t, open)
			require.Equal(t, noon.Add(c.until), next)
			require.Zero(t, b.v.Expire(next.Add(-1)))
			b.note(b.v.Expire(next))
			require.Equal(t, verification.Cancelled, b.flow.State())
			require.Empty(t, b.last.Send) // another device of ours may answer
		}
	}
}

// Requests that are not for us, or not of the form that they must have.
func TestRequestsThatAreDropped(t *testing.T) {
	for _, inRoom := range []bool{false, true} {
		b := newBench(t, inRoom, alice, bob)
		for _, c := range []struct {
			member, why string
			also        any // is wrong as well, and ignored where why is empty
		}{
			{"from_device", "no from_device", nil}, {"methods", "no list of methods", carol}, {"timestamp", "no timestamp", carol},
			{"to", "no recipient", nil}, {"msgtype", "", carol}, {"transaction_id", "no transaction_id", nil},
		} {
			for _, value := range []any{nil, 1, "", strings.Repeat("x", 256), []any{1}, c.also} {
				e := b.typical(verification.TypeRequest)
				if _, ok := decode(t, e.Content)[c.member]; !ok || value == 1 && c.member == "timestamp" {
					continue
				}
				e = b.edit(e, func(o object) {
					if o[c.member] = value; value == nil {
						delete(o, c.member)
					}
				})
				if c.why == "" {
					b.ignores(e)
				} else {
					b.drops(c.why, e)
				}
			}
		}
		for _, ignored := range []func(*verification.Event){
			func(e *verification.Event) { *e = b.edit(*e, func(o object) { o["to"], o["timestamp"] = carol, 1 }) },
			func(e *verification.Event) { e.Type = "m.room.encrypted" },
			func(e *verification.Event) {
				if e.Type = verification.TypeRoomMessage; inRoom {
					e.Type = verification.TypeRequest
				}
			},
			func(e *verification.Event) {
				if e.SentAt = (time.Time{}); !inRoom {
					e.Type = ""
				}
			},
		} {
			e := b.typical(verification.TypeRequest)
			ignored(&e)
			b.ignores(e)
		}
		for _, c := range []struct {
			why    string
			change func(*verification.Event)
		}{
			{"no sender", func(e *verification.Event) { e.Sender = "" }},
			{"an id is too long or not valid UTF-8", func(e *verification.Event) { e.Sender = "\xff" }},
			{"an id is too long or not valid UTF-8", func(e *verification.Event) { e.Sender = strings.Repeat("x", 256) }},
			{"from_device is not the device that sent it", func(e *verification.Event) { e.SenderDevice = "OTHER" }},
			{"not valid JSON", func(e *verification.Event) { e.Content = nil }},
			{"data after the end", func(e *verification.Event) { e.Content = e.Content[1:] }},
			{"the content is not an object", func(e *verification.Event) { e.Content = []byte(`[]`) }},
			{"the content is too long", func(e *verification.Event) {
				e.Content = append(e.Content, bytes.Repeat([]byte(" "), verification.MaxContent)...)
			}},
		} {
			e := b.typical(verification.TypeRequest)
			c.change(&e)
			b.drops(c.why, e)
		}
	}
	b := newBench(t, true, alice, bob)
	e := b.typical(verification.TypeRequest)
	e.EventID = ""
	b.drops("no event id", e)
	b.ignores(verification.Event{
		Type: verification.TypeRoomMessage, Sender: bob, RoomID: room, EventID: "$a", SentAt: noon, Content: []byte(`{"msgtype":"m.text","body":"hi"}`),
	})
}

// D6: no common method. The request is not cancelled: another device of ours may
// know one.
func TestNoCommonMethod(t *testing.T) {
	for _, inRoom := range []bool{false, true} {
		b := newBench(t, inRoom, alice, bob)
		e := b.edit(b.typical(verification.TypeRequest), func(o object) { o["methods"] = []string{"m.other"} })
		require.NoError(t, b.receive(e))
		require.Empty(t, b.last.Send)
		require.Empty(t, b.last.Notices[0].About.(verification.Incoming).Methods)
		b.refuses(verification.ErrMethod, func() (verification.Out, error) { return b.flow.Accept(noon, b.keys()) })
		b.do(b.flow.Cancel(noon, verification.CodeUser))
		require.Len(t, b.codes(), 1)

		// A ready without one ends the flow.
		b = newBench(t, inRoom, alice, bob).reach(verification.Requested, true)
		require.NoError(t, b.receive(b.edit(b.typical(verification.TypeReady), func(o object) { o["methods"] = []string{"m.other"} })))
		ended, _ := b.flow.Cancellation()
		require.Equal(t, verification.CodeUnknownMethod, ended.Code)
	}
}

// What Accept sends, and what it refuses.
func TestAccept(t *testing.T) {
	for _, inRoom := range []bool{false, true} {
		b := newBench(t, inRoom, alice, bob).reach(verification.Asked, false)
		for _, c := range []struct {
			keys verification.Keys
			err  error
		}{
			{verification.Keys{}, verification.ErrOtherUser},
			{verification.Keys{Theirs: user(t, carol, laptop)}, verification.ErrOtherUser},
			{verification.Keys{Theirs: user(t, bob, tablet)}, verification.ErrUnknownDevice},
			{verification.Keys{Theirs: user(t, bob, laptop), Self: self(t, carol)}, verification.ErrOtherUser},
		} {
			b.refuses(c.err, func() (verification.Out, error) { return b.flow.Accept(noon, c.keys) })
		}
		b.do(b.flow.Accept(noon, verification.Keys{Theirs: user(t, bob, laptop)})) // our own identity is not needed
		require.Equal(t, []verification.Notice{{Flow: b.flow, About: verification.Prepared{Methods: []string{fakeName}}}}, b.last.Notices)
		m := b.last.Send[0]
		want := object{"from_device": phone, "methods": []any{fakeName}, "transaction_id": b.id}
		if inRoom {
			delete(want, "transaction_id")
			want["m.relates_to"] = object{"rel_type": "m.reference", "event_id": b.id}
			require.Equal(t, room, m.RoomID)
		} else {
			require.Equal(t, []string{laptop}, m.Devices)
		}
		require.Equal(t, verification.TypeReady, m.Type)
		require.Equal(t, want, decode(t, m.Content))
		require.Equal(t, bob, b.flow.UserID())
		require.Equal(t, laptop, b.flow.DeviceID())
		require.Equal(t, m.RoomID, b.flow.RoomID())
	}
}

// D6: the first device that is ready is the one; the others are told. One that was
// too late is told again.
func TestRequestToManyDevices(t *testing.T) {
	b := newBench(t, false, alice, bob).reach(verification.Ready, true)
	require.Equal(t, []string{"m.accepted[TABLET]"}, b.codes())
	late := b.edit(b.typical(verification.TypeReady), func(o object) { o["from_device"] = tablet })
	before := b.v.Snapshot()
	require.NoError(t, b.receive(late))
	require.Equal(t, []string{"m.accepted[TABLET]"}, b.codes())
	require.Equal(t, before, b.v.Snapshot())

	// One refuses, and says which it is.
	b = newBench(t, false, alice, bob).reach(verification.Requested, true)
	no := b.typical(verification.TypeCancel)
	no.SenderDevice = tablet
	require.NoError(t, b.receive(no))
	require.Equal(t, []string{"m.user[LAPTOP]"}, b.codes())
	require.Equal(t, []verification.Notice{{Flow: b.flow, About: verification.Ended{Code: "m.user", Reason: "no"}}}, b.last.Notices)

	// One device alone was asked: nobody else to tell.
	b = newBench(t, false, alice, bob)
	b.request(laptop)
	b.must(verification.TypeReady)
	require.Empty(t, b.last.Send)

	// In a room, a device may answer that was not known when we asked.
	b = newBench(t, true, alice, bob).reach(verification.Requested, true)
	b.takes(b.edit(b.typical(verification.TypeReady), func(o object) { o["from_device"] = "NEW" }))
	ended, _ := b.flow.Cancellation()
	require.Equal(t, verification.CodeKeyMismatch, ended.Code)
	require.ErrorIs(t, ended.Err, verification.ErrUnknownDevice)
}

// V02, D24: a user with a device whose id is a cross-signing key is refused, and
// the keys of a flow are those that it began with.
func TestAttack_V02_DeviceIDIsMasterKey(t *testing.T) {
	for _, inRoom := range []bool{false, true} {
		identity, err := private(t, bob).Identity()
		require.NoError(t, err)
		for usage := crosssigning.Master; usage <= crosssigning.UserSigning; usage++ {
			clashing, err := crosssigning.NewUser(bob, identity,
				device(t, bob, laptop), newDevice(t, bob, identity.Key(usage).Key().String()))
			require.NoError(t, err)
			b := newBench(t, inRoom, alice, bob).reach(verification.Asked, false)
			failtest.RefusedAs[*crosssigning.ClashError](t, func() error {
				_, err := b.flow.Accept(noon, verification.Keys{Theirs: clashing})
				return err
			}, failtest.Public(b))
			requestRefused[*crosssigning.ClashError](t, b, verification.Keys{Theirs: clashing})
		}
	}

	// Our own device has our master key for its id, and our own user is not known
	// to have it.
	identity, err := private(t, alice).Identity()
	require.NoError(t, err)
	b := newBench(t, false, alice, bob)
	b.v, err = verification.New(newDevice(t, alice, identity.MasterKey().String()), newFake())
	require.NoError(t, err)
	requestRefused[*crosssigning.ClashError](t, b, verification.Keys{Self: self(t, alice), Theirs: user(t, bob, laptop)})
}

// D24: the objects that come out are those that went in when the flow began.
func TestKeysAreFixed(t *testing.T) {
	for _, c := range []struct {
		do               string
		device, identity bool
	}{{"prove", true, true}, {"device", true, false}, {"master", false, true}} {
		b := newBench(t, true, alice, bob).reach(verification.Asked, false)
		k := verification.Keys{Self: self(t, alice), Theirs: newUser(t, bob, laptop)}
		b.do(b.flow.Accept(noon, k))
		b.must(verification.TypeStart)
		require.NoError(t, b.receive(b.event(fakeType, object{"do": c.do})))
		require.Equal(t, verification.Proven, b.flow.State())
		failtest.RefusedWith(t, verification.ErrState, func() error {
			got, err := b.flow.Verified()
			require.Zero(t, got)
			return err
		}, failtest.Public(b))
		b.must(verification.TypeDone)
		require.Equal(t, []verification.Notice{{Flow: b.flow, About: verification.Finished{}}}, b.last.Notices)
		got, err := b.flow.Verified()
		require.NoError(t, err)
		require.Same(t, k.Theirs, got.User)
		if c.device {
			require.Same(t, k.Theirs.Device(laptop), got.Device)
		} else {
			require.Nil(t, got.Device)
		}
		if c.identity {
			require.Same(t, k.Theirs.Identity(), got.Identity)
		} else {
			require.Nil(t, got.Identity)
		}
	}
}
