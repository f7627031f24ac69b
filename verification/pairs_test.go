package verification_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/verification"
)

// What follows from each event and each call in each state, once more and
// written independently of the table:
//
//	x  cancelled by us with m.unexpected_message
//	c  cancelled by them, without an answer
//	.  ignored: an error, and nothing has changed
//	e  ErrState, and nothing has changed
//	o  ended without a word, since another device of ours has answered
//	C  cancelled by us with m.user
//	k  cancelled by us, without a word since nothing was sent yet
//	t  cancelled by us with m.timeout
//	q  ended by the time, without a word
//	-  cannot come
//
// and otherwise the state that follows: Q Requested, R Ready, S Started, B
// StartedBoth, G Running, P Proven, D Done.
var pairs = map[verification.State]string{
	// events: request, ready, start, of a method, done, cancel, elsewhere
	// calls: Sent, Accept, Start, Confirm, Cancel, Expire
	verification.Unsent:       "-------" + "Qeeekq",
	verification.Requested:    "xRxxxc." + "eeeeCt",
	verification.Asked:        "xxxxxco" + "eReeCq",
	verification.AskedByStart: "xxxxxc." + "eGeeCq",
	verification.Ready:        "xxGxxc." + "eeSeCt",
	verification.Started:      "xxBGxc." + "eeeeCt",
	verification.StartedBoth:  "xxxGxc." + "eeeeCt",
	verification.Running:      "xxxGxc." + "eeeGCt",
	verification.Proven:       "xxxxDc." + "eeeeCt",
	verification.Done:         "......." + "eeeee.",
	verification.Cancelled:    "......." + "eeeee.",
}

var letters = map[byte]verification.State{
	'x': verification.Cancelled, 'c': verification.Cancelled, 'o': verification.Cancelled, 'C': verification.Cancelled,
	'k': verification.Cancelled, 't': verification.Cancelled, 'q': verification.Cancelled,
	'Q': verification.Requested, 'R': verification.Ready, 'S': verification.Started, 'B': verification.StartedBoth,
	'G': verification.Running, 'P': verification.Proven, 'D': verification.Done,
}

var sentCodes = map[byte]string{'x': "m.unexpected_message", 'C': "m.user", 't': "m.timeout"}

// eachState calls a test with a fresh flow in each state that can be reached, over
// both transports and in both roles.
func eachState(t *testing.T, test func(t *testing.T, fresh func() *bench, state verification.State, ours bool)) {
	for state := verification.Unsent; state <= verification.Cancelled; state++ {
		for _, inRoom := range []bool{false, true} {
			for _, ours := range []bool{false, true} {
				switch state {
				case verification.Unsent:
					if !inRoom || !ours {
						continue
					}
				case verification.Requested:
					if !ours {
						continue
					}
				case verification.Asked:
					if ours {
						continue
					}
				case verification.AskedByStart:
					if ours || inRoom {
						continue
					}
				}
				t.Run(fmt.Sprintf("%s/room=%t/ours=%t", state, inRoom, ours), func(t *testing.T) {
					test(t, func() *bench { return newBench(t, inRoom, alice, bob).reach(state, ours) }, state, ours)
				})
			}
		}
	}
}

// V07, D1, D8: every (state, event) pair.
func TestAttack_V07_EveryPair(t *testing.T) {
	eachState(t, func(t *testing.T, fresh func() *bench, state verification.State, ours bool) {
		want := pairs[state]
		for i, eventType := range append(append([]string{}, eventTypes...), "elsewhere") {
			if eventType == "elsewhere" {
				if b := fresh(); b.room && state != verification.Unsent {
					for _, kind := range []string{verification.TypeReady, verification.TypeStart, verification.TypeCancel} {
						b := fresh()
						e := b.typical(kind)
						e.Sender = b.us
						if kind != verification.TypeCancel {
							e = b.edit(e, func(o object) { o["from_device"] = tablet })
						}
						requirePair(t, b, want[i], e)
						if ended, _ := b.flow.Cancellation(); want[i] == 'o' {
							code := verification.CodeAccepted
							if kind == verification.TypeCancel {
								code = verification.CodeUser
							}
							require.Equal(t, code, ended.Code)
						}
					}
				}
				continue
			}
			b := fresh()
			letter := want[i]
			if b.room && !ours && eventType == verification.TypeRequest && !state.Ended() {
				letter = '.' // the very event that the flow began with
			}
			if letter == '-' {
				continue
			}
			requirePair(t, b, letter, b.typical(eventType))
		}
	})
}

// requirePair checks what follows from an event.
func requirePair(t *testing.T, b *bench, letter byte, e verification.Event) {
	t.Helper()
	if letter == '.' {
		b.ignores(e)
		return
	}
	b.takes(e)
	requireLetter(t, b, letter, e.Type)
}

func requireLetter(t *testing.T, b *bench, letter byte, what string) {
	t.Helper()
	require.Equal(t, letters[letter], b.flow.State(), what)
	_, err := b.flow.Verified()
	require.Equal(t, letter == 'D', err == nil, what)
	require.False(t, b.flow.State().Ended() && !b.flow.Released(), what)
	if b.flow.State() != verification.Cancelled {
		if letter == 'R' && what == verification.TypeReady && !b.room {
			require.Equal(t, []string{"m.accepted[" + tablet + "]"}, b.codes()) // D6
			return
		}
		require.Empty(t, b.codes(), what)
		return
	}
	ended, ok := b.flow.Cancellation()
	require.True(t, ok)
	require.True(t, b.flow.Forgot())
	require.Len(t, b.last.Notices, 1)
	require.Equal(t, ended, b.last.Notices[0].About)
	require.Equal(t, letter != 'c' && letter != 'o', ended.ByUs, what)
	var codes []string
	if code := sentCodes[letter]; code != "" {
		require.Equal(t, code, string(ended.Code))
		devices := "[]"
		if !b.room {
			devices = "[" + laptop + "]"
			if b.flow.DeviceID() == "" {
				devices = "[" + laptop + " " + tablet + "]"
			}
		}
		codes = []string{code + devices}
	} else if letter == 'c' && !b.room && b.flow.DeviceID() == "" {
		codes = []string{"m.user[" + laptop + " " + tablet + "]"} // D6
	}
	require.Equal(t, codes, b.codes(), what)
	require.Len(t, b.last.Send, len(codes), what)
}

// V07: every (state, call) pair.
func TestAttack_V07_EveryCall(t *testing.T) {
	calls := []func(b *bench) (verification.Out, error){
		func(b *bench) (verification.Out, error) { return verification.Out{}, b.flow.Sent("$other") },
		func(b *bench) (verification.Out, error) { return b.flow.Accept(b.now, b.keys()) },
		func(b *bench) (verification.Out, error) { return b.flow.Start(b.now, b.m) },
		func(b *bench) (verification.Out, error) { return b.flow.Confirm(b.now) },
		func(b *bench) (verification.Out, error) { return b.flow.Cancel(b.now, verification.CodeUser) },
		func(b *bench) (verification.Out, error) {
			return b.v.Expire(b.now.Add(verification.FlowTime)), nil
		},
	}
	eachState(t, func(t *testing.T, fresh func() *bench, state verification.State, ours bool) {
		for i, call := range calls {
			b := fresh()
			letter := pairs[state][len(eventTypes)+1+i]
			if state == verification.Running && i == 3 {
				// The fake answers once it has asked.
				b.refuses(verification.ErrState, func() (verification.Out, error) { return call(b) })
				require.NoError(t, b.receive(b.event(fakeType, object{"do": "ask"})))
			}
			if letter == 'e' {
				b.refuses(verification.ErrState, func() (verification.Out, error) { return call(b) })
				continue
			}
			before := b.State()
			out, err := call(b)
			require.NoError(t, err)
			if letter == '.' {
				require.Zero(t, out)
				require.Equal(t, before, b.State())
				continue
			}
			b.note(out)
			requireLetter(t, b, letter, fmt.Sprint("call ", i))
		}
	})
}

// The table itself: what the auditor reads. Every live state can be left by a
// cancel and by the time, nothing leads out of the last two, and Done is reached
// from where the method was proven only.
func TestTable(t *testing.T) {
	verification.Rules(func(state verification.State, kind, do int, to []verification.State) {
		if state.Ended() {
			require.Empty(t, to)
		} else if kind >= len(pairs[state])-2 { // Cancel, Expire
			require.NotZero(t, do)
		}
		for _, next := range to {
			require.NotEqual(t, verification.Cancelled, next)
			if next == verification.Done {
				require.Contains(t, []verification.State{verification.Running, verification.Proven}, state)
			}
		}
	})
	verification.Rules(func(state verification.State, kind, do int, to []verification.State) {
		letter := pairs[state][kind]
		next, moves := letters[letter]
		if moves && next != verification.Cancelled {
			require.Contains(t, to, next, "%s, %d", state, kind)
		} else if letter != '-' {
			require.Empty(t, to, "%s, %d", state, kind)
		}
	})
	require.Equal(t, "no state", verification.State(200).String())
}
