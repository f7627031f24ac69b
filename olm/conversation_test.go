package olm_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	mathrand "math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/olm"
)

// Conversations of all kinds, with messages reordered, lost, twice and forged,
// and restarts of either side: at each step, sessions do what the bounds say.
func TestRandomConversations(t *testing.T) {
	runs, steps := 24, 250
	if testing.Short() {
		runs = 6
	}
	for seed := range runs {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := mathrand.New(mathrand.NewPCG(uint64(seed), 1))
			randomConversation(t, r, steps)
		})
	}
}

func randomConversation(t *testing.T, r *mathrand.Rand, steps int) {
	aliceAccount, bobAccount := newAccount(t, 0), newAccount(t, 2)
	alice := &side{t: t, session: newOutbound(t, aliceAccount, bobAccount)}
	alice.model = model{sender: true, known: true, seen: make(map[keys.Curve25519]bool)}
	bob := &side{t: t}
	alice.send(r, bob, 1+r.IntN(5))
	first := bob.take(r)
	bob.first(bobAccount, aliceAccount, first)
	sides := []*side{alice, bob}
	if r.IntN(4) == 0 {
		alice.send(r, bob, 2100) // beyond all bounds, once
	}
	for range steps {
		i := r.IntN(2)
		s, other := sides[i], sides[1-i]
		s.random(r, other)
		s.check(other)
		other.check(s)
	}
}

// first makes the session of a side from its first message.
func (s *side) first(account, sender *olm.Account, x sent) {
	s.t.Helper()
	in, err := account.NewInboundSession(sender.IdentityKeys().Curve25519, x.m)
	require.NoError(s.t, err)
	require.Equal(s.t, x.plaintext, in.Plaintext)
	s.session = in.Session
	ratchetKey := x.m.RatchetKey()
	s.model = model{known: true, seen: map[keys.Curve25519]bool{ratchetKey: true},
		receivers: []modelChain{{ratchetKey: ratchetKey}}}
	require.NoError(s.t, s.model.decrypt(x.m))
	s.past = append(s.past, x)
}

// random does one thing on a side.
func (s *side) random(r *mathrand.Rand, other *side) {
	s.t.Helper()
	switch n := r.IntN(100); {
	case n < 25:
		s.send(r, other, 1+r.IntN(3))
	case n < 27:
		s.send(r, other, 45)
	case n < 70 && len(s.inbox) > 0: // in any order
		x := s.take(r)
		s.deliver(x)
		s.past = append(s.past, x)
	case n < 75 && len(s.inbox) > 0: // the newest first
		x := s.inbox[len(s.inbox)-1]
		s.inbox = s.inbox[:len(s.inbox)-1]
		s.deliver(x)
		s.past = append(s.past, x)
	case n < 82 && len(s.past) > 0: // once more
		s.deliver(s.past[r.IntN(len(s.past))])
	case n < 86 && len(s.inbox) > 0: // lost
		s.take(r)
	case n < 91 && len(s.inbox) > 0: // forged
		forged := tampered(s.t, s.inbox[r.IntN(len(s.inbox))].m)
		failtest.Refused(s.t, func() error { return s.changing(decryption(s.session, forged)) }, s.session)
	case n < 96:
		s.session = reopened(s.t, s.session)
	default:
		s.restartLibolm()
	}
}

// setRandom makes crypto/rand deterministic for a test, which must run alone.
func setRandom(t testing.TB, seed string) {
	before := rand.Reader
	rand.Reader = mathrand.NewChaCha8(sha256.Sum256([]byte(seed)))
	t.Cleanup(func() { rand.Reader = before })
}

// A long conversation gives the same bytes as ever: messages, plaintexts,
// descriptions and libolm pickles, hashed to one value.
func TestAccumulated(t *testing.T) {
	steps, want := 10000, "df6be60de10421ad53766e552d73d32d769bfc9865dd0030d02c5b36d9915e89"
	if testing.Short() {
		steps, want = 1000, "7f4158dcdf5c6cee6f10ab50d98ead091a1eb706f06e6380b2d3ed84bf1126d8"
	}
	setRandom(t, "accumulated")
	r := mathrand.New(mathrand.NewChaCha8(sha256.Sum256([]byte("steps"))))
	h := sha256.New()
	aliceAccount, bobAccount := newAccount(t, 2), newAccount(t, 2)
	alice := newOutbound(t, aliceAccount, bobAccount)
	m := encrypt(t, alice, "first")
	h.Write(m.Bytes())
	bob := inbound(t, bobAccount, m, "first")
	sessions := [2]*olm.Session{alice, bob}
	var inbox [2][]olm.Message
	for range steps {
		i := r.IntN(2)
		if r.IntN(2) == 0 || len(inbox[i]) == 0 {
			m, err := sessions[i].Encrypt(bytes.Repeat([]byte{byte(i)}, r.IntN(64)))
			require.NoError(t, err)
			h.Write(m.Bytes())
			inbox[1-i] = append(inbox[1-i], m)
		} else {
			at := r.IntN(min(len(inbox[i]), 30))
			m := inbox[i][at]
			inbox[i] = append(inbox[i][:at], inbox[i][at+1:]...)
			plaintext, err := sessions[i].Decrypt(m)
			h.Write(plaintext)
			if err != nil {
				h.Write([]byte(err.Error()))
			}
		}
		h.Write([]byte(sessions[i].Describe()))
		if r.IntN(50) == 0 {
			pickle, err := sessions[i].ExportLibolmLossy(pickleKey)
			require.NoError(t, err)
			h.Write(pickle)
			sessions[i], err = openSessionPickle(pickle)
			require.NoError(t, err)
		}
	}
	for _, a := range []*olm.Account{aliceAccount, bobAccount} {
		pickle, err := a.ExportLibolm(pickleKey)
		require.NoError(t, err)
		h.Write(pickle)
	}
	require.Equal(t, want, hex.EncodeToString(h.Sum(nil)))
}

// Randomness is taken in libolm's order and sizes, so that its test transcripts
// can be replayed.
func TestRandomnessOrder(t *testing.T) {
	setRandom(t, "order")
	stream := make([]byte, 32*8)
	_, err := mathrand.NewChaCha8(sha256.Sum256([]byte("order"))).Read(stream)
	require.NoError(t, err)
	at := func(i int) string { return string(stream[i*32 : (i+1)*32]) }
	a := newAccount(t, 2)
	require.Contains(t, string(a.State()), at(0)) // Ed25519 seed
	list := a.Secrets()
	require.Equal(t, at(1), string(list[1]))
	require.Equal(t, at(2), string(list[3]))
	require.Equal(t, at(3), string(list[4]))
	_, err = a.GenerateFallbackKey()
	require.NoError(t, err)
	require.Equal(t, at(4), string(a.Secrets()[5]))
	s, err := a.NewOutboundSession(a.IdentityKeys().Curve25519, oneTimeKeys(a)[0])
	require.NoError(t, err)
	require.Equal(t, at(6), string(s.Secrets()[1]), "the ratchet key, after the base key")
}

// The ends of what a message can hold.
func TestMaxPlaintextSize(t *testing.T) {
	c := newConversation(t)
	long := make([]byte, olm.MaxPlaintextSize+1)
	failtest.RefusedWith(t, olm.ErrTooLong, func() error { _, err := c.bob.Encrypt(long); return err }, c.bob)
	s := newOutbound(t, c.aliceAccount, c.bobAccount)
	failtest.RefusedWith(t, olm.ErrTooLong, func() error { _, _, err := s.AppendEncrypt(nil, long); return err }, s)
	m, err := s.Encrypt(long[1:])
	require.NoError(t, err)
	parsed := reparse(t, m)
	in, err := c.bobAccount.NewInboundSession(c.aliceAccount.IdentityKeys().Curve25519, parsed)
	require.NoError(t, err)
	require.Len(t, in.Plaintext, olm.MaxPlaintextSize)
}

// AppendEncrypt is Encrypt: the same body and type, at the same index.
func TestAppendEncrypt(t *testing.T) {
	c := newConversation(t)
	for _, s := range []*olm.Session{c.alice, c.bob, newOutbound(t, c.aliceAccount, c.bobAccount)} {
		c.encrypt(s, nil) // makes the chain
		twin := reopened(t, s)
		m, err := s.Encrypt([]byte("text"))
		require.NoError(t, err)
		body, typ, err := twin.AppendEncrypt([]byte("dst "), []byte("text"))
		require.NoError(t, err)
		require.Equal(t, "dst "+m.Body(), string(body))
		require.Equal(t, m.Type(), typ)
		require.Equal(t, s.State(), twin.State())
	}
}
