package exact

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/chappe-e2ee/chappe/interop/conversation"
	"github.com/chappe-e2ee/chappe/interop/peer"
	"github.com/chappe-e2ee/chappe/interop/tally"
)

var key32 = bytes.Repeat([]byte("v"), 32)

// both are vodozemac, and chappe with vodozemac's pickles.
var both = []peer.Implementation{peer.Vodozemac{}, peer.ChappeToVodozemac{}}

// alike runs f for both, from one pickle, and compares what it returns and the
// pickles after it. It returns the pickle.
func alike[T interface{ Pickle([]byte) ([]byte, error) }](t *testing.T, what string,
	from []byte, unpickle func(by peer.Implementation, pickle []byte) (T, error), f func(T) (string, error)) []byte {
	t.Helper()
	var first string
	var after []byte
	for _, by := range both {
		o, err := unpickle(by, from)
		check(t, err)
		got, err := f(o)
		check(t, err)
		p, err := o.Pickle(key32)
		check(t, err)
		if after == nil {
			first, after = got, p
		} else if got != first || !bytes.Equal(p, after) {
			t.Fatalf("%s: another result, or another pickle: %s, not %s", what, got, first)
		}
	}
	tally.Add("chappe = vodozemac, "+what, "equal", 2)
	return after
}

func unpickleSession(by peer.Implementation, p []byte) (peer.Session, error) {
	return by.UnpickleSession(p, key32)
}

// From one of vodozemac's pickles, chappe and vodozemac encrypt and decrypt to
// the same bytes, and to the same pickle. Only a new chain's key is drawn.
func TestVodozemacSessions(t *testing.T) {
	check(t, conversation.WithEntropy(11, func() error {
		for round := range 30 {
			alice, bob := vodozemacAccount(t), vodozemacAccount(t)
			check(t, bob.GenerateOneTimeKeys(1))
			oneTime, err := bob.OneTimeKeys()
			check(t, err)
			curve, _, err := bob.IdentityKeys()
			check(t, err)
			from, _, err := alice.IdentityKeys()
			check(t, err)
			var states [2][]byte // Alice's and Bob's
			for _, k := range oneTime {
				s, err := alice.Outbound(curve, k)
				check(t, err)
				states[0] = pickled32(t, s)
			}
			var kind int
			var body string
			say := func(by int, text string) {
				kind, body = 0, ""
				encrypt := func(s peer.Session) (string, error) {
					if kind, body, err = s.Encrypt([]byte(text)); err != nil {
						return "", err
					}
					return fmt.Sprint(kind, body), nil
				}
				states[by] = alike(t, "message", states[by], unpickleSession, encrypt)
			}
			hear := func(by int) {
				states[by] = alike(t, "plaintext", states[by], unpickleSession, func(s peer.Session) (string, error) {
					plaintext, err := s.Decrypt(kind, body)
					return string(plaintext), err
				})
			}
			say(0, "first")
			s, _, err := bob.Inbound(from, body)
			check(t, err)
			states[1] = pickled32(t, s)
			for turn := range 12 {
				by := (turn + 1) % 2
				// Vodozemac begins the chain; both go on with it.
				s, err := peer.Vodozemac{}.UnpickleSession(states[by], key32)
				check(t, err)
				_, _, err = s.Encrypt([]byte("lost"))
				check(t, err)
				states[by] = pickled32(t, s)
				for range (round + turn) % 5 {
					say(by, "lost too")
				}
				say(by, "heard")
				hear(1 - by)
			}
		}
		return nil
	}))
}

func vodozemacAccount(t *testing.T) peer.Account {
	t.Helper()
	a, err := peer.Vodozemac{}.NewAccount()
	check(t, err)
	return a
}

func pickled32(t *testing.T, o interface{ Pickle([]byte) ([]byte, error) }) []byte {
	t.Helper()
	p, err := o.Pickle(key32)
	check(t, err)
	return p
}

func TestVodozemacGroups(t *testing.T) {
	check(t, conversation.WithEntropy(12, func() error {
		g, err := peer.Vodozemac{}.NewOutboundGroup()
		check(t, err)
		sessionKey, err := g.SessionKey()
		check(t, err)
		in, err := peer.Vodozemac{}.NewInboundGroup(sessionKey)
		check(t, err)
		outbound, inbound := pickled32(t, g), pickled32(t, in)
		unpickleOut := func(by peer.Implementation, p []byte) (peer.OutboundGroup, error) {
			return by.UnpickleOutboundGroup(p, key32)
		}
		unpickleIn := func(by peer.Implementation, p []byte) (peer.InboundGroup, error) {
			return by.UnpickleInboundGroup(p, key32)
		}
		for i := range uint32(300) {
			alike(t, "session key", outbound, unpickleOut, func(g peer.OutboundGroup) (string, error) { return g.SessionKey() })
			var message string
			outbound = alike(t, "Megolm message", outbound, unpickleOut, func(g peer.OutboundGroup) (string, error) {
				message, err = g.Encrypt([]byte("the same"))
				return message, err
			})
			inbound = alike(t, "Megolm plaintext", inbound, unpickleIn, func(g peer.InboundGroup) (string, error) {
				plaintext, index, err := g.Decrypt(message)
				return fmt.Sprint(string(plaintext), index), err
			})
			alike(t, "export", inbound, unpickleIn, func(g peer.InboundGroup) (string, error) { return g.Export(i * i * i) })
		}
		return nil
	}))
}
