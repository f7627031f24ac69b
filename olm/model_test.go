package olm_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/olm"
)

// model says what a session must do, from the bounds alone: it holds indexes
// and no keys.
type model struct {
	received  bool
	sender    bool
	next      uint32       // of the sender chain
	receivers []modelChain // newest first
	seen      map[keys.Curve25519]bool
	count     uint64
	known     bool
	serial    int
	orphans   int
}

type modelChain struct {
	ratchetKey keys.Curve25519
	next       uint32
	skipped    []modelKey // oldest first
}

type modelKey struct {
	index  uint32
	serial int
}

// encrypt expects what m must be, the next message.
func (s *model) encrypt(t testing.TB, m olm.Message) {
	t.Helper()
	if !s.sender {
		s.sender, s.next = true, 0
		s.count++
	}
	require.Equal(t, s.next, m.ChainIndex())
	require.Equal(t, s.received, m.Type() == olm.Normal)
	s.next++
}

// decrypt returns how the decryption of m must fail, or nil when it must not.
func (s *model) decrypt(m olm.Message) error {
	at := slices.IndexFunc(s.receivers, func(c modelChain) bool { return c.ratchetKey == m.RatchetKey() })
	switch {
	case at >= 0:
		if err := s.step(&s.receivers[at], m.ChainIndex()); err != nil {
			return err
		}
	case !s.sender:
		return olm.ErrUnknownChain
	default:
		c := modelChain{ratchetKey: m.RatchetKey()}
		if s.seen[m.RatchetKey()] && m.ChainIndex() <= olm.MaxMessageGap {
			return olm.ErrDecrypt // of a chain that was dropped
		}
		if err := s.step(&c, m.ChainIndex()); err != nil {
			return err
		}
		s.seen[m.RatchetKey()] = true
		s.receivers = slices.Insert(s.receivers, 0, c)
		if len(s.receivers) > olm.MaxReceiverChains {
			s.orphans += len(s.receivers[olm.MaxReceiverChains].skipped)
			s.receivers = s.receivers[:olm.MaxReceiverChains]
		}
		s.sender = false
		s.count++
	}
	s.received = true
	return nil
}

// step moves c behind a message.
func (s *model) step(c *modelChain, index uint32) error {
	if index < c.next {
		i := slices.IndexFunc(c.skipped, func(k modelKey) bool { return k.index == index })
		if i < 0 {
			return &olm.MessageKeyGoneError{Index: index}
		}
		c.skipped = slices.Delete(c.skipped, i, i+1)
		return nil
	}
	if index-c.next > olm.MaxMessageGap {
		return &olm.MessageGapError{Next: c.next, Got: index}
	}
	for ; c.next < index; c.next++ {
		c.skipped = append(c.skipped, modelKey{c.next, s.serial})
		s.serial++
	}
	c.next++
	c.skipped = c.skipped[max(len(c.skipped)-olm.MaxSkippedKeys, 0):]
	return nil
}

func (s *model) skipped() (all []modelKey) {
	for _, c := range s.receivers {
		all = append(all, c.skipped...)
	}
	slices.SortFunc(all, func(a, b modelKey) int { return b.serial - a.serial })
	return all
}

// describe is what Describe must say.
func (s *model) describe() string {
	var b strings.Builder
	index := uint32(0)
	if s.sender {
		index = s.next
	}
	fmt.Fprintf(&b, "sender chain index: %d receiver chain indices:", index)
	for _, c := range s.receivers {
		fmt.Fprintf(&b, " %d", c.next)
	}
	b.WriteString(" skipped message keys:")
	for _, k := range s.skipped() {
		fmt.Fprintf(&b, " %d", k.index)
	}
	return b.String()
}

// lossy is what ExportLibolm must say, or nil.
func (s *model) lossy() *olm.LossyPickleError {
	lost := max(len(s.skipped())-40, 0)
	if lost == 0 && s.orphans == 0 {
		return nil
	}
	return &olm.LossyPickleError{SkippedKeys: lost, Orphans: s.orphans}
}

// sent is a message on its way, with what was encrypted.
type sent struct {
	m         olm.Message
	plaintext []byte
}

// side is one side of a random conversation.
type side struct {
	t       testing.TB
	session *olm.Session // nil until the first message
	model   model
	inbox   []sent // on their way here
	past    []sent // delivered here
}

// masked returns the state without its revision.
func masked(state []byte) []byte {
	return append(append([]byte(nil), state[:2]...), state[10:]...)
}

// changing calls f and asserts that the revision grew by one if the state
// changed, and stayed if not.
func (s *side) changing(f func() error) error {
	s.t.Helper()
	state, revision := masked(s.session.State()), s.session.Revision()
	err := f()
	changed := string(state) != string(masked(s.session.State()))
	require.Equal(s.t, err == nil, changed)
	if changed {
		revision++
	}
	require.Equal(s.t, revision, s.session.Revision())
	return err
}

var lengths = []int{0, 1, 2, 15, 16, 17, 31, 32, 33, 47, 48, 100, 255, 1000}

// send encrypts n messages to the other side.
func (s *side) send(r *rand.Rand, other *side, n int) {
	s.t.Helper()
	for range n {
		plaintext := make([]byte, lengths[r.IntN(len(lengths))])
		for i := range plaintext {
			plaintext[i] = byte(r.Uint32())
		}
		require.NoError(s.t, s.changing(func() error {
			m, err := s.session.Encrypt(plaintext)
			require.NoError(s.t, err)
			s.model.encrypt(s.t, m)
			require.Equal(s.t, len(plaintext)/16*16+16, m.CiphertextLen())
			other.inbox = append(other.inbox, sent{reparse(s.t, m), plaintext})
			return nil
		}))
	}
}

// deliver decrypts a message and expects what the model says.
func (s *side) deliver(x sent) {
	s.t.Helper()
	want := s.model.decrypt(x.m)
	err := s.changing(func() error {
		plaintext, err := s.session.Decrypt(x.m)
		if err == nil {
			require.Equal(s.t, x.plaintext, plaintext)
		}
		return failed(err, plaintext)
	})
	require.Equal(s.t, want, err)
}

// take removes a random message from the inbox.
func (s *side) take(r *rand.Rand) sent {
	i := r.IntN(len(s.inbox))
	x := s.inbox[i]
	s.inbox = slices.Delete(s.inbox, i, i+1)
	return x
}

// check compares the session with its model and with the other side.
func (s *side) check(other *side) {
	s.t.Helper()
	require.Equal(s.t, s.model.describe(), s.session.Describe())
	n, known := s.session.RatchetCount()
	require.Equal(s.t, s.model.known, known)
	if known {
		require.Equal(s.t, s.model.count, n)
	}
	require.Equal(s.t, s.model.received, s.session.HasReceivedMessage())
	if other.session != nil {
		require.Equal(s.t, other.session.ID(), s.session.ID())
		require.Equal(s.t, other.session.SessionKeys(), s.session.SessionKeys())
	}
}

// restartLibolm takes the session through a libolm pickle, if that can hold it.
func (s *side) restartLibolm() {
	s.t.Helper()
	pickle, err := s.session.ExportLibolm(pickleKey)
	if want := s.model.lossy(); want != nil {
		require.Equal(s.t, want, err)
		return
	}
	require.NoError(s.t, err)
	s.session, err = openSessionPickle(pickle)
	require.NoError(s.t, err)
	again, err := s.session.ExportLibolm(pickleKey)
	require.NoError(s.t, err)
	require.Equal(s.t, pickle, again)
	require.Zero(s.t, s.session.Revision())
	s.model.known = false
}
