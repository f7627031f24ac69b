package olm_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/olm"
)

// P14: a one-time key is gone only when a message to it decrypted. Whoever reads
// the public keys from the server can make all the rest of a pre-key message.
func TestAttack_P14_ForgedPreKeyMessage(t *testing.T) {
	alice, bob := newAccount(t, 0), newAccount(t, 3)
	m := encrypt(t, newOutbound(t, alice, bob), "hello")
	for range 3 {
		forged := tampered(t, m)
		failtest.RefusedWith(t, olm.ErrDecrypt, receiveFirst(bob, olm.PreKey, forged.Bytes()), bob)
	}
	in, err := bob.NewInboundSession(alice.IdentityKeys().Curve25519, m)
	require.NoError(t, err)
	require.Equal(t, "hello", string(in.Plaintext))
	require.Equal(t, olm.OneTime, in.Used.Kind)
	require.Equal(t, 3, bob.OneTimeKeyCount())
	e := failtest.RefusedAs[*olm.UnknownOneTimeKeyError](t, receiveFirst(bob, olm.PreKey, m.Bytes()), bob)
	require.Equal(t, in.Used.Key, e.Key)
}

// P14: the identity key that a pre-key message claims is compared with that of
// the device it is said to come from, before anything else is done.
func TestAttack_P14_ForeignIdentityKey(t *testing.T) {
	alice, bob, eve := newAccount(t, 0), newAccount(t, 0), newAccount(t, 0)
	m := encrypt(t, newOutbound(t, alice, bob), "hello")
	failtest.RefusedWith(t, olm.ErrIdentityKey, func() error {
		_, err := bob.NewInboundSession(eve.IdentityKeys().Curve25519, m)
		return err
	}, bob)
	failtest.RefusedWith(t, olm.ErrIdentityKey, func() error {
		_, err := bob.UnsafeNewInboundSession(eve.IdentityKeys().Curve25519, m)
		return err
	}, bob)
	inbound(t, bob, m, "hello")
}

// P15: a forged message of each path through Decrypt leaves the session, and the
// honest one that follows decrypts: a new chain, an existing one, a gap in it, a
// skipped key.
func TestAttack_P15_ForgedMessages(t *testing.T) {
	for _, path := range []string{"new chain", "new chain with a gap", "next", "gap", "skipped"} {
		t.Run(path, func(t *testing.T) {
			c := newConversation(t)
			var honest olm.Message
			switch path {
			case "new chain":
				c.say(c.alice, c.bob, "ping")
				honest = encrypt(t, c.bob, "text")
			case "new chain with a gap":
				c.say(c.alice, c.bob, "ping")
				c.skip(c.bob, 50)
				honest = encrypt(t, c.bob, "text")
			case "next":
				honest = encrypt(t, c.bob, "text")
			case "gap":
				c.skip(c.bob, 7)
				honest = encrypt(t, c.bob, "text")
			case "skipped":
				honest = encrypt(t, c.bob, "text")
				c.say(c.bob, c.alice, "later")
			}
			for range 2 {
				failtest.RefusedWith(t, olm.ErrDecrypt, decryption(c.alice, tampered(t, honest)), c.alice)
			}
			decrypts(t, c.alice, honest, "text")
			failtest.RefusedAs[*olm.MessageKeyGoneError](t, decryption(c.alice, honest), c.alice)
			c.turn()
		})
	}
}

// P15: a chain that an outsider invents does not take the place of the true one.
func TestAttack_P15_InventedChain(t *testing.T) {
	c := newConversation(t)
	c.say(c.alice, c.bob, "ping")
	honest := encrypt(t, c.bob, "pong")
	for i := range 10 {
		invented := newAccount(t, 0).IdentityKeys().Curve25519
		body := normalBody(invented, uint64(i), make([]byte, 16))
		failtest.RefusedWith(t, olm.ErrDecrypt, receive(c.alice, olm.Normal, join(body, make([]byte, 8))), c.alice)
	}
	decrypts(t, c.alice, honest, "pong")
}

// P16: a skipped key belongs to its chain. The same index of another chain is
// another key.
func TestAttack_P16_SameIndexInTwoChains(t *testing.T) {
	for _, order := range [][2]int{{0, 1}, {1, 0}} {
		c := newConversation(t)
		c.say(c.alice, c.bob, "ping") // ends Alice's chain of pre-key messages
		var late [2]olm.Message
		for i := range late {
			c.say(c.bob, c.alice, "pong")
			for index := range 6 {
				text := fmt.Sprintf("chain %d", i)
				m := encrypt(t, c.alice, text)
				if index == 3 {
					late[i] = m
				} else {
					decrypts(t, c.bob, m, text)
				}
			}
		}
		require.Equal(t, late[0].ChainIndex(), late[1].ChainIndex())
		require.NotEqual(t, late[0].RatchetKey(), late[1].RatchetKey())
		for _, i := range order {
			decrypts(t, c.bob, late[i], fmt.Sprintf("chain %d", i))
			e := failtest.RefusedAs[*olm.MessageKeyGoneError](t, decryption(c.bob, late[i]), c.bob)
			require.Equal(t, uint32(3), e.Index)
		}
	}
}

// P16: the key of an empty plaintext is gone after it as every other.
func TestAttack_P16_EmptyPlaintextReplayed(t *testing.T) {
	c := newConversation(t)
	skipped, next := encrypt(t, c.bob, ""), encrypt(t, c.bob, "")
	for _, m := range []olm.Message{next, skipped} {
		plaintext, err := c.alice.Decrypt(m)
		require.NoError(t, err)
		require.NotNil(t, plaintext)
		require.Empty(t, plaintext)
		failtest.RefusedAs[*olm.MessageKeyGoneError](t, decryption(c.alice, m), c.alice)
	}
}

// P23: the MAC is settled first, and wrong padding under the right MAC looks to
// the sender as a wrong MAC does.
func TestAttack_P23_PaddingUnderTheRightMAC(t *testing.T) {
	c := newConversation(t)
	ci := cipherOf(t, olm.SenderMessageKey(c.bob, 1))
	forge := func(padded []byte) []byte {
		return ci.sign(normalBody(olm.SenderRatchetKey(c.bob), 1, ci.blocks(t, padded)), 8)
	}
	block := func(end ...byte) []byte { return append(bytes.Repeat([]byte{'x'}, 32-len(end)), end...) }
	wrongMAC := forge(pad([]byte("text")))
	wrongMAC[len(wrongMAC)-1] ^= 1
	want := failtest.Refused(t, receive(c.alice, olm.Normal, wrongMAC), c.alice)
	for _, padded := range [][]byte{
		block(0), block(17), block(18), block(32), block(33), block(128), block(255),
		block(1, 2), block(3, 2, 3), block(2, 3, 3), block(4, 4, 4, 5), block(0, 0), block(16),
		append([]byte{15}, bytes.Repeat([]byte{16}, 15)...), bytes.Repeat([]byte{17}, 32), make([]byte, 16),
	} {
		got := failtest.Refused(t, receive(c.alice, olm.Normal, forge(padded)), c.alice)
		require.Equal(t, want, got, "%x", padded)
		require.Equal(t, want.Error(), got.Error())
	}
	require.ErrorIs(t, want, olm.ErrDecrypt)
	decrypts(t, c.alice, message(t, olm.Normal, forge(bytes.Repeat([]byte{16}, 16))), "")

	// The same in a pre-key message: no session, and the key stays.
	s := newOutbound(t, c.aliceAccount, c.bobAccount)
	ci = cipherOf(t, olm.SenderMessageKey(s, 0))
	inner := ci.sign(normalBody(olm.SenderRatchetKey(s), 0, ci.blocks(t, block(0))), 8)
	got := failtest.Refused(t, receiveFirst(c.bobAccount, olm.PreKey, preKeyBytes(s.SessionKeys(), inner)), c.bobAccount)
	require.Equal(t, want, got)
}

// P23: the same of libolm's pickles, whose padding libolm does not look at.
func TestAttack_P23_PicklePadding(t *testing.T) {
	for _, f := range storedForms(t)[:2] {
		b, err := base64.RawStdEncoding.DecodeString(string(f.wrap(f.plain)))
		require.NoError(t, err)
		ci := pickleCipher(t)
		for _, end := range [][]byte{{0}, {17}, {255}, {1, 2}, {3, 2, 3}} {
			padded := bytes.Repeat([]byte{'x'}, len(b)-8)
			copy(padded, f.plain)
			copy(padded[len(padded)-len(end):], end)
			pickle := unpadded(ci.sign(ci.blocks(t, padded), 8))
			failtest.RefusedWith(t, olm.ErrPickleKey, func() error { return f.unwrap([]byte(pickle)) }, failtest.Secret(f.plain))
		}
	}
}

// P28: nothing confirms a session before a message came back, so pre-key
// messages go out until then, and normal ones from then on.
func TestAttack_P28_PreKeyUntilAnswered(t *testing.T) {
	alice, bob := newAccount(t, 0), newAccount(t, 0)
	s := newOutbound(t, alice, bob)
	first := encrypt(t, s, "1")
	for range 5 {
		require.False(t, s.HasReceivedMessage())
		m := encrypt(t, s, "again")
		require.Equal(t, olm.PreKey, m.Type())
		require.True(t, s.Matches(m))
		s = reopened(t, s)
	}
	r := inbound(t, bob, first, "1")
	require.True(t, r.HasReceivedMessage())
	answer := encrypt(t, r, "2")
	require.Equal(t, olm.Normal, answer.Type())
	failtest.RefusedWith(t, olm.ErrDecrypt, decryption(s, tampered(t, answer)), s)
	require.Equal(t, olm.PreKey, encrypt(t, s, "still").Type())
	decrypts(t, s, answer, "2")
	require.True(t, s.HasReceivedMessage())
	require.Equal(t, olm.Normal, encrypt(t, s, "3").Type())
}
