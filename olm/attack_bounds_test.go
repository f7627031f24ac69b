package olm_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/olm"
)

// P17: 40 skipped keys are kept for each chain, and the oldest goes first.
func TestAttack_P17_SkippedKeys(t *testing.T) {
	c := newConversation(t)
	late := c.skip(c.bob, 41)
	c.say(c.bob, c.alice, "last")
	e := failtest.RefusedAs[*olm.MessageKeyGoneError](t, decryption(c.alice, late[0]), c.alice)
	require.Equal(t, uint32(1), e.Index)
	for _, m := range late[1:] {
		decrypts(t, c.alice, m, "late")
	}
	for _, m := range late {
		failtest.RefusedAs[*olm.MessageKeyGoneError](t, decryption(c.alice, m), c.alice)
	}
	// In two gaps: the second pushes out as many of the first as it needs.
	first := c.skip(c.bob, 30)
	c.say(c.bob, c.alice, "between")
	second := c.skip(c.bob, 15)
	c.say(c.bob, c.alice, "last")
	for i, m := range append(first, second...) {
		if i < 5 {
			failtest.RefusedAs[*olm.MessageKeyGoneError](t, decryption(c.alice, m), c.alice)
		} else {
			decrypts(t, c.alice, m, "late")
		}
	}
}

// P17: a message may be 2000 ahead, in a chain that is known and in a new one.
func TestAttack_P17_MessageGap(t *testing.T) {
	for _, turned := range []bool{false, true} {
		c := newConversation(t)
		next := uint32(1)
		if turned {
			c.say(c.alice, c.bob, "ping")
			next = 0
		}
		late := c.skip(c.bob, olm.MaxMessageGap)
		at, beyond := encrypt(t, c.bob, "at"), encrypt(t, c.bob, "beyond")
		e := failtest.RefusedAs[*olm.MessageGapError](t, decryption(c.alice, beyond), c.alice)
		require.Equal(t, olm.MessageGapError{Next: next, Got: next + 2001}, *e)
		failtest.RefusedWith(t, olm.ErrDecrypt, decryption(c.alice, tampered(t, at)), c.alice)
		decrypts(t, c.alice, at, "at")
		decrypts(t, c.alice, beyond, "beyond")
		for i, m := range late[1900:] {
			if i < 60 {
				failtest.RefusedAs[*olm.MessageKeyGoneError](t, decryption(c.alice, m), c.alice)
			} else {
				decrypts(t, c.alice, m, "late")
			}
		}
	}
}

// P17: five receiver chains are kept; the sixth pushes the oldest out.
func TestAttack_P17_ReceiverChains(t *testing.T) {
	c := newConversation(t)
	var late []olm.Message
	for range olm.MaxReceiverChains {
		late = append(late, c.skip(c.bob, 1)...)
		c.say(c.bob, c.alice, "pong")
		c.say(c.alice, c.bob, "ping")
	}
	sixth := encrypt(t, c.bob, "sixth")
	failtest.RefusedWith(t, olm.ErrDecrypt, decryption(c.alice, tampered(t, sixth)), c.alice)
	decrypts(t, c.alice, sixth, "sixth")
	failtest.RefusedWith(t, olm.ErrUnknownChain, decryption(c.alice, late[0]), c.alice)
	for _, m := range late[1:] {
		decrypts(t, c.alice, m, "late")
	}
}

// withIndex returns the session with the index of the chain in field replaced.
func withIndex(t testing.TB, s *olm.Session, field string, index uint32) *olm.Session {
	t.Helper()
	pickle, err := s.ExportLibolm(pickleKey)
	require.NoError(t, err)
	plain := unpickled(t, pickle)
	senders := libolmSessionSpans(0, 0, 0).at(t, "number of sender chains")
	f := libolmSessionSpans(int(plain[senders.off+3]), 1, 0).at(t, field)
	changed, err := openSessionPickle(pickled(f.with(plain, be32(index))))
	require.NoError(t, err)
	return changed
}

// P18: index arithmetic neither wraps nor underflows at the ends of 32 bits.
func TestAttack_P18_IndexArithmetic(t *testing.T) {
	c := newConversation(t)
	for _, next := range []uint32{0, 1, 2000, 2001, 1 << 31, math.MaxUint32 - 2001, math.MaxUint32 - 2000, math.MaxUint32 - 1, math.MaxUint32} {
		s := withIndex(t, c.alice, "receiver 0 index", next)
		for _, index := range []uint32{0, 1, next - 2001, next - 2000, next - 1, next, next + 1, next + 2000, next + 2001, math.MaxUint32 - 1, math.MaxUint32} {
			body := normalBody(olm.SenderRatchetKey(c.bob), uint64(index), make([]byte, 16))
			err := failtest.Refused(t, receive(s, olm.Normal, join(body, make([]byte, 8))), s)
			gap := new(olm.MessageGapError)
			gone := new(olm.MessageKeyGoneError)
			switch {
			case index < next:
				require.ErrorAs(t, err, &gone, "%d at %d", index, next)
			case index == math.MaxUint32:
				require.ErrorIs(t, err, olm.ErrIndexExhausted, "%d at %d", index, next)
			case index-next > 2000:
				require.ErrorAs(t, err, &gap, "%d at %d", index, next)
			default:
				require.ErrorIs(t, err, olm.ErrDecrypt, "%d at %d", index, next)
			}
		}
	}
}

// P18: a chain ends at its last index, on both sides, instead of beginning anew.
func TestAttack_P18_IndexExhausted(t *testing.T) {
	c := newConversation(t)
	c.say(c.bob, c.alice, "one more")
	last := uint32(math.MaxUint32 - 1)
	sender, receiver := withIndex(t, c.bob, "sender index", last), withIndex(t, c.alice, "receiver 0 index", last)
	m := encrypt(t, sender, "last")
	require.Equal(t, last, m.ChainIndex())
	failtest.RefusedWith(t, olm.ErrIndexExhausted, func() error { _, err := sender.Encrypt(nil); return err }, sender)
	dst := []byte("dst")
	failtest.RefusedWith(t, olm.ErrIndexExhausted, func() error {
		out, _, err := sender.AppendEncrypt(dst, nil)
		require.Equal(t, dst, out)
		return err
	}, sender, failtest.Input(dst))
	decrypts(t, receiver, m, "last")
	body := normalBody(olm.SenderRatchetKey(c.bob), math.MaxUint32, make([]byte, 16))
	failtest.RefusedWith(t, olm.ErrIndexExhausted, receive(receiver, olm.Normal, join(body, make([]byte, 8))), receiver)

	// The conversation goes on with the next chain.
	answer := encrypt(t, receiver, "answer")
	decrypts(t, sender, answer, "answer")
	decrypts(t, receiver, encrypt(t, sender, "again"), "again")
}

// P21: the line for a log is bounded, and holds nothing but numbers.
func TestAttack_P21_DescribeIsBounded(t *testing.T) {
	c := newConversation(t)
	for range olm.MaxReceiverChains + 1 {
		c.say(c.alice, c.bob, "ping")
		c.skip(c.bob, olm.MaxSkippedKeys+10)
		c.say(c.bob, c.alice, "pong")
	}
	text := c.alice.Describe()
	require.LessOrEqual(t, len(text), 200*len(" 4294967295")+200)
	require.Regexp(t, `^sender chain index: \d+ receiver chain indices:( \d+){5} skipped message keys:( \d+){200}$`, text)
	failtest.NoSecret(t, text, c.alice.Secrets()...)
}
