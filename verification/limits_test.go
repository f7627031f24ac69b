package verification_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/verification"
)

// D9: a flow takes ten minutes at most, by the caller's clock.
func TestTimeout(t *testing.T) {
	for _, state := range []verification.State{
		verification.Unsent, verification.Requested, verification.Ready, verification.Started,
		verification.StartedBoth, verification.Running, verification.Proven,
	} {
		b := newBench(t, true, alice, bob).reach(state, true)
		next, open := b.v.Next()
		require.True(t, open)
		require.Equal(t, noon.Add(10*time.Minute), next)
		require.Zero(t, b.v.Expire(next.Add(-1)))
		require.Equal(t, state, b.flow.State())
		b.note(b.v.Expire(next))
		ended, _ := b.flow.Cancellation()
		require.Equal(t, verification.CodeTimeout, ended.Code)
		_, open = b.v.Next()
		require.False(t, open)
		require.Zero(t, b.v.Expire(next.Add(time.Hour)))
		if state == verification.Unsent {
			require.Empty(t, b.last.Send)
			b.refusesSent(verification.ErrState, b.flow, "$a")
		}
	}
	// An event or a call that comes too late does what Expire would have done, or
	// nothing.
	b := newBench(t, false, alice, bob).reach(verification.Proven, true)
	b.now = noon.Add(verification.FlowTime)
	b.must(verification.TypeDone)
	require.Equal(t, verification.Cancelled, b.flow.State())
	require.Equal(t, []string{"m.timeout[LAPTOP]"}, b.codes())

	b = newBench(t, false, alice, bob).reach(verification.Asked, false)
	b.refuses(verification.ErrState, func() (verification.Out, error) {
		return b.flow.Accept(noon.Add(verification.AnswerTime), b.keys())
	})
	b.do(b.flow.Accept(noon.Add(verification.AnswerTime-1), b.keys()))
	next, _ := b.v.Next()
	require.Equal(t, noon.Add(verification.FlowTime), next) // from its first event
}

// D9, V30: what comes of an unknown transaction is answered once, however much it
// is, unless it is a start, a request or a cancel. In rooms nothing is answered:
// others verify there too.
func TestUnknownTransaction(t *testing.T) {
	for _, eventType := range []string{verification.TypeReady, fakeType, verification.TypeDone, "m.key.verification.accept"} {
		b := newBench(t, false, alice, bob)
		e := b.typical(eventType)
		require.NoError(t, b.receive(e))
		to := "[*]"
		if eventType == verification.TypeReady {
			to = "[LAPTOP]"
		}
		require.Equal(t, []string{"m.unknown_transaction" + to}, b.codes())
		require.Equal(t, "transaction", decode(t, b.last.Send[0].Content)["transaction_id"])
		for range 10 {
			b.ignores(e)
		}
		open, _, past, _ := b.v.Sizes()
		require.Zero(t, open)
		require.Equal(t, 1, past)

		b = newBench(t, false, alice, bob)
		e.SenderDevice = laptop
		require.NoError(t, b.receive(e))
		require.Equal(t, []string{"m.unknown_transaction[LAPTOP]"}, b.codes())

		b = newBench(t, true, alice, bob)
		b.ignores(b.typical(eventType))
	}
	for _, inRoom := range []bool{false, true} {
		b := newBench(t, inRoom, alice, bob)
		b.ignores(b.typical(verification.TypeCancel))
	}
	// Our own, come back.
	b := newBench(t, false, alice, alice)
	e := b.typical(fakeType)
	e.SenderDevice = phone
	b.ignores(e)
}

// D8: what comes after the end is not answered, so that nobody answers forever.
func TestNoErrorLoop(t *testing.T) {
	for _, inRoom := range []bool{false, true} {
		b := newBench(t, inRoom, alice, bob).reach(verification.Running, true)
		b.must(verification.TypeReady)
		require.Len(t, b.codes(), 1)
		for _, eventType := range eventTypes {
			if inRoom && eventType == verification.TypeRequest {
				continue
			}
			b.ignores(b.typical(eventType))
		}
		if inRoom {
			continue
		}
		// It is remembered for as long as a flow takes.
		b.now = noon.Add(verification.FlowTime - 1)
		b.ignores(b.typical(verification.TypeDone))
		b.now = noon.Add(verification.FlowTime)
		b.must(verification.TypeDone)
		require.Equal(t, []string{"m.unknown_transaction[*]"}, b.codes())
	}
}

// D9: a device that begins a second verification while one of its is open.
func TestSeveralFromOneDevice(t *testing.T) {
	for _, second := range []string{verification.TypeRequest, verification.TypeStart} {
		b := newBench(t, false, alice, bob).reach(verification.Running, false)
		b.id = "second"
		b.must(second)
		require.Equal(t, []string{"m.unexpected_message[LAPTOP]", "m.unexpected_message[LAPTOP]"}, b.codes())
		require.Equal(t, verification.Cancelled, b.flow.State())
		_, open := b.v.Next()
		require.False(t, open)
		b.ignores(b.typical(second))
		b.id = "third"
		b.must(second)
		require.Empty(t, b.codes())
	}
	// One that we began with it ends as well, but does not count as its own.
	b := newBench(t, false, alice, bob).reach(verification.Ready, true)
	b.id = "theirs"
	b.must(verification.TypeRequest)
	require.Equal(t, verification.Ready, b.flow.State())
	b.id = "again"
	b.must(verification.TypeRequest)
	require.Len(t, b.codes(), 3)
	require.Equal(t, verification.Cancelled, b.flow.State())

	// One whose time is up does not count.
	b = newBench(t, false, alice, bob).reach(verification.Asked, false)
	first := b.flow
	b.now, b.id, b.flow = noon.Add(verification.AnswerTime), "second", nil
	b.must(verification.TypeRequest)
	require.Empty(t, b.codes())
	require.Len(t, b.last.Notices, 2)
	require.Equal(t, verification.Cancelled, first.State())
}

// V30: ten thousand requests, of one user, of many, of one device, and over time.
func TestAttack_V30_Flood(t *testing.T) {
	b := newBench(t, false, alice, bob)
	v, count := b.v, 0
	flood := func(n int, from func(i int) (userID, deviceID string)) {
		for i := range n {
			count++
			userID, deviceID := from(i)
			e := verification.Event{
				Type: verification.TypeRequest, Sender: userID, Content: fmt.Appendf(nil,
					`{"from_device":%q,"methods":["org.example.fake"],"timestamp":%d,"transaction_id":"t%d"}`,
					deviceID, b.now.UnixMilli(), count),
			}
			_, err := v.Receive(b.now, e)
			if err == nil {
				continue
			}
			require.ErrorIs(t, err, verification.ErrTooMany)
			if count%100 == 0 { // once more, and closely
				b.refuses(verification.ErrTooMany, func() (verification.Out, error) { return v.Receive(b.now, e) })
			}
		}
		open, index, past, order := v.Sizes()
		require.LessOrEqual(t, open, verification.MaxFlows+1) // with one of ours
		require.LessOrEqual(t, index, verification.MaxFlows+1)
		require.LessOrEqual(t, past, verification.MaxEnded)
		require.LessOrEqual(t, order, verification.MaxEnded)
	}
	devices := func(i int) (string, string) { return bob, fmt.Sprint("D", i) }
	users := func(i int) (string, string) { return fmt.Sprintf("@u%d:example.org", i), laptop }
	flood(10_000, devices)
	open, _, _, _ := v.Sizes()
	require.Equal(t, verification.MaxUserFlows, open)
	flood(10_000, users)
	open, _, _, _ = v.Sizes()
	require.Equal(t, verification.MaxFlows, open)
	flood(10_000, func(int) (string, string) { return "@u1:example.org", laptop }) // one device

	// Ours go on.
	_, _, err := v.Request(noon, b.keys())
	require.NoError(t, err)

	// Months of it, and a program that never calls Expire.
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range 20 {
		b.now = b.now.Add(time.Duration(i) * time.Minute)
		flood(500, users)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	require.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(4<<20))
	runtime.KeepAlive(v)
}

// V30: of a flow that ended its id is remembered, and not the long event in which
// that stood.
func TestAttack_V30_LongContents(t *testing.T) {
	b := newBench(t, false, alice, bob)
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	x := strings.Repeat("x", verification.MaxContent-200)
	for i := range 200 {
		b.takes(verification.Event{Type: verification.TypeStart, Sender: bob, Content: fmt.Appendf(nil,
			`{"from_device":"LAPTOP","method":"m.other","transaction_id":"t%d","x":"%s"}`, i, x)})
		require.Len(t, b.last.Send, 1)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	require.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(4<<20))
	runtime.KeepAlive(b.v)
}

// V30: flows of ours are bounded as well.
func TestOurFlowsAreBounded(t *testing.T) {
	b := newBench(t, false, alice, bob)
	for range verification.MaxFlows {
		b.request()
	}
	b.refusesToAsk(verification.ErrTooMany, b.keys())
	_, out, err := b.v.Request(noon.Add(verification.FlowTime), b.keys())
	require.NoError(t, err)
	require.Len(t, out.Send, verification.MaxFlows+1)
}

// Flows of one Verifier are used from many goroutines.
func TestConcurrentUse(t *testing.T) {
	v, err := verification.New(device(t, alice, phone), newFakeQuiet())
	require.NoError(t, err)
	k := verification.Keys{Self: self(t, alice), Theirs: user(t, bob, laptop, tablet)}
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			b := &bench{t: t, them: bob, now: noon}
			for range 20 {
				flow, _, err := v.Request(noon, k)
				if err != nil {
					return
				}
				b.id = flow.TransactionID()
				for _, eventType := range eventTypes[1:] {
					v.Receive(noon, b.typical(eventType))
					flow.Start(noon, newFakeQuiet())
					flow.Confirm(noon)
					flow.State()
					flow.DeviceID()
					flow.Verified()
					flow.Cancellation()
					v.Next()
				}
				if i == 0 {
					v.Expire(noon.Add(time.Minute))
				}
			}
		})
	}
	// One flow, from all of them.
	flow, _, err := v.RequestInRoom(noon, k, room)
	require.NoError(t, err)
	for i := range 4 {
		wait.Go(func() {
			b := &bench{t: t, room: true, them: bob, now: noon, id: "$request", events: 100 * i}
			if i > 0 {
				flow.RoomID()
			}
			flow.Sent("$request")
			for _, eventType := range eventTypes[1:] {
				v.Receive(noon, b.typical(eventType))
				flow.RoomID()
				flow.TransactionID()
				flow.UserID()
				flow.Start(noon, newFakeQuiet())
				flow.Cancellation()
			}
		})
	}
	wait.Wait()
	v.Close()
	open, _, _, _ := v.Sizes()
	require.Zero(t, open)
}

// newFakeQuiet returns a method that is safe for concurrent use.
func newFakeQuiet() verification.Method { return quiet{fakeName} }

type quiet struct{ name string }

func (m quiet) Name() string { return m.name }

func (m quiet) Start() []byte { return nil }

func (m quiet) New(verification.Parties, verification.Start) (verification.Exchange, verification.Step, error) {
	return &fakeExchange{m: newFake()}, verification.Step{}, nil
}

func TestNew(t *testing.T) {
	d := device(t, alice, phone)
	for _, c := range []struct {
		device  *crosssigning.DeviceKeys
		methods []verification.Method
		why     string
	}{
		{nil, []verification.Method{newFake()}, "no device"},
		{d, nil, "no method"},
		{d, []verification.Method{nil}, "a method is missing"},
		{d, []verification.Method{fake{}}, "a method is missing"},
		{d, []verification.Method{newFake(), newFake()}, "a method stands twice"},
	} {
		require.ErrorContains(t, failtest.RefusedAs[*verification.MalformedError](t, func() error {
			v, err := verification.New(c.device, c.methods...)
			require.Nil(t, v)
			return err
		}), c.why)
	}
}

// D8: every code has a reason, and both are sent.
func TestCodes(t *testing.T) {
	seen := map[string]bool{}
	for _, code := range []verification.Code{
		verification.CodeUser, verification.CodeTimeout, verification.CodeUnknownTransaction,
		verification.CodeUnknownMethod, verification.CodeUnexpectedMessage, verification.CodeKeyMismatch,
		verification.CodeUserMismatch, verification.CodeInvalidMessage, verification.CodeAccepted,
		verification.CodeMismatchedCommit, verification.CodeMismatchedSAS, "org.example.code",
	} {
		for _, inRoom := range []bool{false, true} {
			b := newBench(t, inRoom, alice, bob).reach(verification.Running, true)
			b.do(b.flow.Cancel(noon, code))
			content := decode(t, b.last.Send[0].Content)
			require.Equal(t, string(code), content["code"])
			require.Equal(t, code.Reason(), content["reason"])
			require.NotEmpty(t, code.Reason())
		}
		require.False(t, seen[code.Reason()], "%s has the reason of another", code)
		seen[code.Reason()] = true
	}
	b := newBench(t, true, alice, bob).reach(verification.Running, true)
	for _, code := range []verification.Code{"", "\xff"} {
		b.refusesSaying("no code", func() (verification.Out, error) { return b.flow.Cancel(noon, code) })
	}
	require.Equal(t, "verification: m.user", (&verification.CancelError{Code: "m.user"}).Error())
	require.ErrorIs(t, &verification.CancelError{Code: "m.user", Err: errFake}, errFake)
	require.Equal(t, "verification: m.user: fake: went wrong", (&verification.CancelError{Code: "m.user", Err: errFake}).Error())

	// A cancel of theirs is one, whatever is missing in it.
	for _, content := range []object{{}, {"code": 1}, {"code": "x", "reason": []any{}}} {
		b := newBench(t, false, alice, bob).reach(verification.Running, true)
		require.NoError(t, b.receive(b.event(verification.TypeCancel, content)))
		require.Equal(t, verification.Cancelled, b.flow.State())
	}
}
