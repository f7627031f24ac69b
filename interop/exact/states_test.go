package exact

import (
	"encoding/base64"
	"encoding/binary"
	"testing"

	"github.com/chappe-e2ee/chappe/interop/conversation"
	"github.com/chappe-e2ee/chappe/interop/peer"
	"github.com/chappe-e2ee/chappe/interop/tally"
)

var key = []byte("key")

// From the same state, with the same random bytes, all implementations write
// the same messages and come to the same next state. goolm orders the fields of
// a pre-key message differently: there, the inner message is compared. vodozemac
// draws its random bytes otherwise, and writes another form of pickle: there,
// messages of a chain that began in libolm are compared.
func TestStates(t *testing.T) {
	check(t, conversation.WithEntropy(7, func() error {
		for range 20 {
			alice, bob := newAccount(t), newAccount(t)
			check(t, bob.GenerateOneTimeKeys(1))
			oneTime, err := bob.OneTimeKeys()
			check(t, err)
			curve, _, err := bob.IdentityKeys()
			check(t, err)
			var ours peer.Session
			for _, k := range oneTime {
				ours, err = alice.Outbound(curve, k)
				check(t, err)
			}
			kind, body := sameMessage(t, pickled(t, ours))
			from, _, err := alice.IdentityKeys()
			check(t, err)
			theirs, _, err := bob.Inbound(from, body)
			check(t, err)
			if kind != peer.PreKey {
				t.Fatal("the first message is not a pre-key message")
			}
			if kind, body = sameMessage(t, pickled(t, theirs)); kind != peer.Normal {
				t.Fatal("the answer is a pre-key message")
			}
			_ = body
		}
		return nil
	}))
}

func newAccount(t *testing.T) peer.Account {
	t.Helper()
	a, err := peer.Libolm{}.NewAccount()
	check(t, err)
	return a
}

func pickled(t *testing.T, o interface{ Pickle([]byte) ([]byte, error) }) []byte {
	t.Helper()
	p, err := o.Pickle(key)
	check(t, err)
	return p
}

func sameMessage(t *testing.T, state []byte) (kind int, body string) {
	t.Helper()
	var first, after string
	for _, by := range peer.All() {
		s, err := by.UnpickleSession(state, key)
		check(t, err)
		own := by.Traits().OwnPickles
		if own && s.HasReceived() {
			continue
		}
		check(t, conversation.WithEntropy(99, func() (err error) {
			kind, body, err = s.Encrypt([]byte("the same"))
			return err
		}))
		if first == "" {
			first, after = inner(t, kind, body), string(pickled(t, s))
			continue
		}
		row := "chappe = " + by.Name() + " from one state"
		if got := inner(t, kind, body); got != first {
			t.Fatalf("%s: message %s, not %s", row, got, first)
		}
		if own {
			tally.Add(row, "equal", 1)
			continue
		}
		if got := string(pickled(t, s)); got != after {
			t.Fatalf("%s: next state %s, not %s", row, got, after)
		}
		tally.Add(row, "equal", 2)
	}
	return kind, body
}

func inner(t *testing.T, kind int, body string) string {
	t.Helper()
	raw, err := base64.RawStdEncoding.DecodeString(body)
	check(t, err)
	if kind == peer.PreKey {
		_, n := binary.Uvarint(raw[104:])
		raw = raw[104+n:]
	}
	return string(raw)
}

func TestGroupStates(t *testing.T) {
	check(t, conversation.WithEntropy(8, func() error {
		out, err := peer.Goolm{}.NewOutboundGroup()
		check(t, err)
		state := pickled(t, out)
		for range 300 {
			var first, next string
			for _, by := range peer.All() {
				g, err := by.UnpickleOutboundGroup(state, key)
				check(t, err)
				session, err := g.SessionKey()
				check(t, err)
				m, err := g.Encrypt([]byte("the same"))
				check(t, err)
				if text := session + m; first == "" {
					first, next = text, string(pickled(t, g))
				} else if text != first || !by.Traits().OwnPickles && string(pickled(t, g)) != next {
					t.Fatalf("%s: another session key, message or state at index %d", by.Name(), g.Index())
				} else {
					tally.Add("chappe = "+by.Name()+" from one state", "equal", 3)
				}
			}
			state = []byte(next)
		}
		return nil
	}))
}
