package verification_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/verification"
)

// The start that is sent, and that is received, reach the method as they are.
func TestStart(t *testing.T) {
	b := newBench(t, true, alice, bob).reach(verification.Ready, true)
	for _, wrong := range []verification.Method{nil, fake{"m.other", b.m.log}} {
		b.refuses(verification.ErrMethod, func() (verification.Out, error) { return b.flow.Start(noon, wrong) })
	}
	for content, why := range map[string]string{
		`{`: "not valid JSON", `[]`: "not an object", `{"method":"x"}`: "not an object that members can be added to",
	} {
		b.refusesSaying(why, func() (verification.Out, error) { return b.flow.Start(noon, starting{b.m, content}) })
	}
	b.refuses(errFake, func() (verification.Out, error) { return b.flow.Start(noon, starting{b.m, `{"x":"refuse"}`}) })
	*b.m.log = nil
	b.do(b.flow.Start(noon, b.m))
	want := `{"fake":true,"from_device":"PHONE","m.relates_to":{"event_id":"$request","rel_type":"m.reference"},"method":"org.example.fake"}`
	require.Equal(t, want, string(b.last.Send[0].Content))
	require.Equal(t, []string{"new true " + want}, *b.m.log)

	// D13: with members that nobody knows, and the relation of the clear part.
	for _, clear := range []string{"", `{"event_id": "$request", "rel_type": "m.reference", "x": [1]}`} {
		b = newBench(t, true, alice, bob).reach(verification.Ready, true)
		e := b.typical(verification.TypeStart)
		e.Content = []byte(`{"zzz": {"b":1,"a":2}, "method":"org.example.fake", "from_device":"LAPTOP", "m.relates_to": {"rel_type":"m.reference","event_id":"$request"}}`)
		relation := `{"event_id":"$request","rel_type":"m.reference"}`
		if clear != "" {
			e = b.edit(e, func(o object) { delete(o, "m.relates_to") })
			e.ClearRelation = []byte(clear)
			relation = `{"event_id":"$request","rel_type":"m.reference","x":[1]}`
		}
		require.NoError(t, b.receive(e))
		require.Equal(t, []string{
			`new false {"from_device":"LAPTOP","m.relates_to":` + relation + `,"method":"org.example.fake","zzz":{"a":2,"b":1}}`,
		}, *b.m.log)
	}

	// Content and clear part disagree, or neither says anything.
	b = newBench(t, true, alice, bob).reach(verification.Ready, true)
	const another = "the clear part has another relation"
	for clear, why := range map[string]string{
		`{"event_id":"$other","rel_type":"m.reference"}`: another, `[]`: another, `{`: "not valid JSON", `{"rel_type":"m.reference"}`: another,
		`{"event_id":"$request","x":"` + strings.Repeat("x", verification.MaxContent) + `"}`: "the relation is too long",
	} {
		e := b.typical(verification.TypeStart)
		e.ClearRelation = []byte(clear)
		b.drops(why, e)
	}
	for _, relation := range []object{nil, {}, {"event_id": "$request"}, {"event_id": "$request", "rel_type": "m.thread"}, {"event_id": 1, "rel_type": "m.reference"}} {
		b.drops("no relation to a request", b.edit(b.typical(verification.TypeStart), func(o object) { o["m.relates_to"] = relation }))
	}
}

// starting is a method that sends another start.
type starting struct {
	fake
	content string
}

func (m starting) Start() []byte { return []byte(m.content) }

// A start of a method that was not agreed on, or that the method refuses.
func TestStartRefused(t *testing.T) {
	for _, ours := range []bool{false, true} {
		b := newBench(t, false, alice, bob).reach(verification.Ready, ours)
		require.NoError(t, b.receive(b.edit(b.typical(verification.TypeStart), func(o object) { o["method"] = "m.other" })))
		require.Equal(t, []string{"m.unknown_method[LAPTOP]"}, b.codes())

		b = newBench(t, false, alice, bob).reach(verification.Ready, ours)
		b.takes(b.edit(b.typical(verification.TypeStart), func(o object) { o["x"] = "refuse" }))
		require.Equal(t, []string{"m.unknown_method[LAPTOP]"}, b.codes())
		ended, _ := b.flow.Cancellation()
		require.ErrorIs(t, ended.Err, errFake)
	}
}

// D5: both sides start.
func TestStartOnBothSides(t *testing.T) {
	for _, c := range []struct {
		us, them  string
		ourDevice string // of theirs is LAPTOP
		oursWins  bool
	}{
		{alice, bob, phone, true},
		{bob, alice, phone, false},
		{alice, alice, phone, false}, // LAPTOP < PHONE
		{"@a:example.org", "@a:example.orh", phone, true},
		{"@Bob:example.org", "@alice:example.org", phone, true}, // by code point
	} {
		for _, inRoom := range []bool{false, true} {
			if inRoom && c.us == c.them {
				continue
			}
			b := newBench(t, inRoom, c.us, c.them).reach(verification.Started, true)
			b.must(verification.TypeStart)
			if c.oursWins {
				require.Equal(t, verification.StartedBoth, b.flow.State())
				require.Empty(t, b.last.Send)
				require.Len(t, *b.m.log, 1)
				continue
			}
			require.Equal(t, verification.Running, b.flow.State())
			require.Len(t, b.last.Send, 1) // the method's answer
			require.Equal(t, fakeType, b.last.Send[0].Type)
			require.Len(t, *b.m.log, 3)
			require.Contains(t, (*b.m.log)[1], "new false")
			require.Equal(t, "close", (*b.m.log)[2])

			// Theirs counts, and cannot be used: ours is closed as well.
			b = newBench(t, inRoom, c.us, c.them).reach(verification.Started, true)
			require.NoError(t, b.receive(b.edit(b.typical(verification.TypeStart), func(o object) { o["x"] = "refuse" })))
			require.Equal(t, verification.Cancelled, b.flow.State())
			require.Equal(t, "close", (*b.m.log)[2])
		}
	}
	// Different methods.
	b := newBench(t, false, alice, bob).reach(verification.Started, true)
	require.NoError(t, b.receive(b.edit(b.typical(verification.TypeStart), func(o object) { o["method"] = "m.other" })))
	require.Equal(t, []string{"m.unexpected_message[LAPTOP]"}, b.codes())
}

// D7: a start without a request.
func TestStartWithoutRequest(t *testing.T) {
	b := newBench(t, false, alice, bob).reach(verification.AskedByStart, false)
	require.Empty(t, b.last.Send)
	require.Equal(t, []verification.Notice{{Flow: b.flow, About: verification.Incoming{
		Methods: []string{fakeName}, Until: noon.Add(2 * time.Minute),
	}}}, b.last.Notices)
	b.do(b.flow.Accept(noon, b.keys()))
	require.Equal(t, verification.Running, b.flow.State())
	require.Equal(t, fakeType, b.last.Send[0].Type)
	require.NoError(t, b.receive(b.event(fakeType, object{"do": "prove"})))
	// The other side may be so old that it sends no done.
	require.Equal(t, verification.Done, b.flow.State())
	require.Equal(t, verification.TypeDone, b.last.Send[0].Type)
	b.ignores(b.typical(verification.TypeDone))

	b = newBench(t, false, alice, bob)
	require.NoError(t, b.receive(b.edit(b.typical(verification.TypeStart), func(o object) { o["method"] = "m.other" })))
	require.Equal(t, []string{"m.unknown_method[LAPTOP]"}, b.codes())
	require.Nil(t, b.flow)
	b.ignores(b.typical(verification.TypeStart))
	for member, why := range map[string]string{"method": "no method", "from_device": "no from_device"} {
		b = newBench(t, false, alice, bob)
		b.drops(why, b.edit(b.typical(verification.TypeStart), func(o object) { delete(o, member) }))
	}

	b = newBench(t, false, alice, bob).reach(verification.AskedByStart, false)
	b.refuses(verification.ErrUnknownDevice, func() (verification.Out, error) {
		return b.flow.Accept(noon, verification.Keys{Theirs: user(t, bob, tablet)})
	})

	// In a room there is always a request.
	b = newBench(t, true, alice, bob)
	b.ignores(b.typical(verification.TypeStart))
}

// What a method says ends the flow with its code.
func TestMethodEndsTheFlow(t *testing.T) {
	for do, code := range map[string]string{
		"mismatch": "m.key_mismatch", "error": "m.unknown_method", "bad": "m.unknown_method",
	} {
		b := newBench(t, false, alice, bob).reach(verification.Running, true)
		b.takes(b.event(fakeType, object{"do": do}))
		require.Equal(t, []string{code + "[LAPTOP]"}, b.codes(), do)
		require.Equal(t, "close", (*b.m.log)[1])
		ended, _ := b.flow.Cancellation()
		require.Error(t, ended.Err)
	}
	b := newBench(t, false, alice, bob).reach(verification.Running, true)
	require.NoError(t, b.receive(b.event(fakeType, object{"do": "clash"})))
	require.Equal(t, []string{"m.unknown_method[LAPTOP]"}, b.codes())

	b = newBench(t, false, alice, bob).reach(verification.Running, true)
	require.NoError(t, b.receive(b.event(fakeType, object{"do": "ask"})))
	require.Equal(t, []verification.Notice{{Flow: b.flow, About: fakeAbout{"same?"}}}, b.last.Notices)
	b.do(b.flow.Deny(noon))
	require.Equal(t, []string{"m.mismatched_sas[LAPTOP]"}, b.codes())
}

// The exchange is closed on every way out.
func TestExchangeIsClosed(t *testing.T) {
	ends := map[string]func(b *bench){
		"their cancel":  func(b *bench) { b.must(verification.TypeCancel) },
		"our cancel":    func(b *bench) { b.do(b.flow.Cancel(noon, verification.CodeUser)) },
		"unexpected":    func(b *bench) { b.must(verification.TypeReady) },
		"out of time":   func(b *bench) { b.note(b.v.Expire(noon.Add(time.Hour))) },
		"late event":    func(b *bench) { b.now = noon.Add(time.Hour); b.must(fakeType) },
		"closed":        func(b *bench) { b.v.Close() },
		"several":       func(b *bench) { b.id = "other"; b.must(verification.TypeRequest) },
		"nothing wrong": func(b *bench) { require.NoError(b.t, b.receive(b.event(fakeType, object{"do": "prove"}))) },
		"done": func(b *bench) {
			require.NoError(b.t, b.receive(b.event(fakeType, object{"do": "prove"})))
			b.must(verification.TypeDone)
		},
	}
	for name, end := range ends {
		b := newBench(t, false, alice, bob).reach(verification.Running, false)
		end(b)
		require.Equal(t, []string{"close"}, (*b.m.log)[1:], name)
	}
}

// A method that this side knows, and that was not announced on both sides.
func TestMethodThatWasNotAnnounced(t *testing.T) {
	for _, ours := range []bool{false, true} {
		fresh := func() *bench {
			b := newBench(t, false, alice, bob)
			var err error
			b.v, err = verification.New(device(t, alice, phone), fake{"m.other", b.m.log}, b.m)
			require.NoError(t, err)
			return b.reach(verification.Ready, ours)
		}
		b := fresh()
		require.NoError(t, b.receive(b.edit(b.typical(verification.TypeStart), func(o object) { o["method"] = "m.other" })))
		require.Equal(t, []string{"m.unknown_method[LAPTOP]"}, b.codes())
		require.Empty(t, *b.m.log)

		b = fresh()
		b.refuses(verification.ErrMethod, func() (verification.Out, error) { return b.flow.Start(noon, fake{"m.other", b.m.log}) })
	}
}

// A method begins between both devices as the flow knows them, and with our own
// master key, or not at all. (No call and no event brings a flow here.)
func TestStartWithoutTheKeys(t *testing.T) {
	for _, c := range []struct {
		keys verification.Keys
		err  error
	}{
		{verification.Keys{Self: self(t, alice), Theirs: user(t, bob, tablet)}, verification.ErrUnknownDevice},
		{verification.Keys{Self: self(t, carol), Theirs: user(t, bob, laptop)}, verification.ErrOtherUser},
	} {
		b := newBench(t, false, alice, bob).reach(verification.Ready, true)
		b.flow.SetKeys(c.keys)
		b.refuses(c.err, func() (verification.Out, error) { return b.flow.Start(noon, b.m) })
		b.takes(b.typical(verification.TypeStart))
		require.Equal(t, []string{"m.unknown_method[LAPTOP]"}, b.codes())
		require.Empty(t, *b.m.log)
		ended, _ := b.flow.Cancellation()
		require.ErrorIs(t, ended.Err, c.err)
	}
}
