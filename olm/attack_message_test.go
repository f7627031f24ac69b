package olm_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/olm"
)

func unpadded(b []byte) string { return base64.RawStdEncoding.EncodeToString(b) }

// receive is what a program does with bytes that arrive for a session.
func receive(s *olm.Session, typ olm.MessageType, b []byte) func() error {
	return func() error {
		m, err := olm.NewMessage(typ, b)
		if err != nil {
			return err
		}
		plaintext, err := s.Decrypt(m)
		return failed(err, plaintext)
	}
}

// receiveFirst is what it does with those that no session matches.
func receiveFirst(a *olm.Account, typ olm.MessageType, b []byte) func() error {
	return func() error {
		m, err := olm.NewMessage(typ, b)
		if err != nil {
			return err
		}
		k, _ := m.SessionKeys()
		in, err := a.NewInboundSession(k.IdentityKey, m)
		if err != nil && in.Session != nil {
			panic("a session beside an error")
		}
		return failed(err, in.Plaintext)
	}
}

// isMessageError says whether err is one that a message can lead to.
func isMessageError(err error) bool {
	var gap *olm.MessageGapError
	var gone *olm.MessageKeyGoneError
	var unknown *olm.UnknownOneTimeKeyError
	for _, target := range []error{olm.ErrDecrypt, olm.ErrWrongSession, olm.ErrUnknownChain, olm.ErrIndexExhausted, olm.ErrIdentityKey} {
		if errors.Is(err, target) {
			return true
		}
	}
	return isFormError(err) || errors.As(err, &gap) || errors.As(err, &gone) || errors.As(err, &unknown)
}

// P07: every bit of a message is covered: by the MAC, or because changing it
// makes another message of no session.
func TestAttack_P07_EveryBitAndEveryTruncation(t *testing.T) {
	c := newConversation(t)
	first := newOutbound(t, c.aliceAccount, c.bobAccount)
	session, late := c.rich()
	preKey := encrypt(t, first, "first")
	received := inbound(t, c.bobAccount, preKey, "first")
	fresh := encrypt(t, newOutbound(t, c.aliceAccount, c.bobAccount), "fresh")

	for _, test := range []struct {
		name    string
		m       olm.Message
		receive func([]byte) func() error
		subject failtest.Subject
	}{
		{"normal", encrypt(t, c.alice, "next"), func(b []byte) func() error { return receive(session, olm.Normal, b) }, session},
		{"skipped", late[0], func(b []byte) func() error { return receive(session, olm.Normal, b) }, session},
		{"pre-key", encrypt(t, first, "second"), func(b []byte) func() error { return receive(received, olm.PreKey, b) }, received},
		{"first", fresh, func(b []byte) func() error { return receiveFirst(c.bobAccount, olm.PreKey, b) }, c.bobAccount},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := test.m.Bytes()
			for n := 0; n < len(b); n += stride() {
				err := failtest.Refused(t, test.receive(b[:n:n]), test.subject, failtest.Input(b))
				require.True(t, isMessageError(err), "%v", err)
			}
			for i := 0; i < len(b)*8; i += stride() {
				flipped := bytes.Clone(b)
				flipped[i/8] ^= 1 << (i % 8)
				err := failtest.Refused(t, test.receive(flipped), test.subject, failtest.Input(flipped))
				require.True(t, isMessageError(err), "bit %d: %v", i, err)
			}
			require.NoError(t, test.receive(b)(), "the true message")
		})
	}
}

// P07: a MAC has 8 bytes. A shorter or longer one of the right key is wrong.
func TestAttack_P07_MACLength(t *testing.T) {
	c := newConversation(t)
	key := olm.SenderMessageKey(c.bob, 1)
	ci := cipherOf(t, key)
	body := normalBody(olm.SenderRatchetKey(c.bob), 1, ci.blocks(t, pad([]byte("text"))))
	for n := range 33 {
		if n != 8 {
			err := failtest.Refused(t, receive(c.alice, olm.Normal, ci.sign(body, n)), c.alice)
			require.True(t, isMessageError(err), "%v", err)
		}
	}
	decrypts(t, c.alice, message(t, olm.Normal, ci.sign(body, 8)), "text")
}

// P08: the version is the session's. No byte of a message chooses a weaker one.
func TestAttack_P08_MessageVersions(t *testing.T) {
	c := newConversation(t)
	s := newOutbound(t, c.aliceAccount, c.bobAccount)
	sk := s.SessionKeys()
	ci := cipherOf(t, olm.SenderMessageKey(s, 0))
	body := normalBody(olm.SenderRatchetKey(s), 0, ci.blocks(t, pad(nil)))
	for v := 0; v < 256; v += stride() {
		if v == 3 {
			continue
		}
		body[0] = byte(v)
		for _, macLen := range []int{8, 32} {
			e := failtest.RefusedAs[*olm.VersionError](t, receive(c.alice, olm.Normal, ci.sign(body, macLen)), c.alice)
			require.Equal(t, uint32(v), e.Got)
			e = failtest.RefusedAs[*olm.VersionError](t, receiveFirst(c.bobAccount, olm.PreKey, preKeyBytes(sk, ci.sign(body, macLen))), c.bobAccount)
			require.Equal(t, uint32(v), e.Got)
		}
		body[0] = 3
		outer := preKeyBytes(sk, ci.sign(body, 8))
		outer[0] = byte(v)
		e := failtest.RefusedAs[*olm.VersionError](t, receiveFirst(c.bobAccount, olm.PreKey, outer), c.bobAccount)
		require.Equal(t, uint32(v), e.Got)
	}
}

// P11: a length that is far beyond the message costs no memory, and is not cut
// to fewer bits first.
func TestAttack_P11_Lengths(t *testing.T) {
	c := newConversation(t)
	sk := c.alice.SessionKeys()
	good := normalBody(olm.SenderRatchetKey(c.bob), 1, make([]byte, 16))
	mac := make([]byte, 8)
	lengths := []uint64{1 << 31, 1<<31 - 1, 1 << 32, 1<<32 + 16, 1<<32 + 32, 1 << 62, 1 << 63, 1<<63 - 1, math.MaxUint64,
		math.MaxUint64 - 15, math.MaxUint32}
	for _, field := range []byte{0x0a, 0x12, 0x1a, 0x22, 0x2a, 0x7a} {
		for _, rest := range []int{0, 1, 16, 32} {
			for _, n := range append(lengths, uint64(rest)+1) {
				hostile := join([]byte{field}, binary.AppendUvarint(nil, n), make([]byte, rest))
				refusedMessage(t, olm.Normal, join(good, hostile, mac), c.alice)
				refusedMessage(t, olm.Normal, join([]byte{3}, hostile, mac), c.alice)
				refusedMessage(t, olm.PreKey, join(preKeyBytes(sk, join(good, mac)), hostile), c.alice)
				refusedMessage(t, olm.PreKey, join([]byte{3}, hostile), c.alice)
				refusedMessage(t, olm.PreKey, preKeyBytes(sk, join([]byte{3}, hostile, mac)), c.alice)
			}
		}
	}
}

// P11: a message that is longer than the longest plaintext makes is refused
// before it is copied.
func TestAttack_P11_MessageSize(t *testing.T) {
	b := make([]byte, olm.MaxPlaintextSize+257)
	b[0] = 3
	body := unpadded(b)
	malformed := func(f func() error) {
		t.Helper()
		require.ErrorContains(t, failtest.Refused(t, f), "too long")
	}
	for _, typ := range []olm.MessageType{olm.Normal, olm.PreKey} {
		malformed(func() error { _, err := olm.NewMessage(typ, b); return err })
		malformed(func() error { _, err := olm.ParseMessage(typ, body); return err })
	}
}

// P12: an index is a 32-bit number in its shortest form. It is not cut, and has
// one encoding.
func TestAttack_P12_Indexes(t *testing.T) {
	c := newConversation(t)
	ci := cipherOf(t, olm.SenderMessageKey(c.bob, 1))
	parts := func(index []byte) []byte {
		return ci.sign(join([]byte{3}, bytesField(1, olm.SenderRatchetKey(c.bob).Bytes()), []byte{0x10}, index,
			bytesField(4, ci.blocks(t, pad([]byte("text"))))), 8)
	}
	for _, index := range [][]byte{
		binary.AppendUvarint(nil, 1<<32), binary.AppendUvarint(nil, 1<<32+1), binary.AppendUvarint(nil, 1<<32+5),
		binary.AppendUvarint(nil, 1<<63+1), binary.AppendUvarint(nil, math.MaxUint64),
		{0x81, 0}, {0x81, 0x80, 0}, {0x80, 0}, // not the shortest form
		{0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02},       // 2^64 + 1
		{0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00}, // 11 bytes
		{0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01},
		bytes.Repeat([]byte{0x80}, 20),
		{},
	} {
		refusedMessage(t, olm.Normal, parts(index), c.alice)
	}
	decrypts(t, c.alice, message(t, olm.Normal, parts([]byte{1})), "text")
}

// P13: every field stands exactly once, with its exact length. What is unknown
// is skipped where its end is known, and is covered by the MAC.
func TestAttack_P13_Fields(t *testing.T) {
	c := newConversation(t)
	sk := c.alice.SessionKeys()
	ci := cipherOf(t, olm.SenderMessageKey(c.bob, 1))
	ratchetKey, index := bytesField(1, olm.SenderRatchetKey(c.bob).Bytes()), numberField(2, 1)
	ciphertext := bytesField(4, ci.blocks(t, pad([]byte("text"))))
	signed := func(fields ...[]byte) []byte { return ci.sign(join([]byte{3}, join(fields...)), 8) }
	good := signed(ratchetKey, index, ciphertext)
	refuse := func(fields ...[]byte) {
		t.Helper()
		refusedMessage(t, olm.Normal, signed(fields...), c.alice)
		refusedMessage(t, olm.PreKey, preKeyBytes(sk, signed(fields...)), c.alice)
	}
	all := [][]byte{ratchetKey, index, ciphertext}
	for i, field := range all {
		refuse(append(append([][]byte{}, all[:i]...), all[i+1:]...)...) // missing
		refuse(append(append([][]byte{}, all...), field)...)            // twice
		refuse(field)                                                   // alone
	}
	refuse()
	refuse(ratchetKey, index, bytesField(4, nil))
	for _, n := range []int{0, 1, 31, 33, 64} {
		refuse(bytesField(1, make([]byte, n)), index, ciphertext)
	}
	refuse(numberField(1, 32), index, ciphertext)
	refuse(ratchetKey, bytesField(2, []byte{1}), ciphertext)
	refuse(ratchetKey, index, numberField(4, 16))
	for _, hostile := range [][]byte{
		{0x2b}, {0x2c}, {0x2e, 0}, {0x2f, 0}, {0x2b, 0x2c}, // groups, wire types that there are not
		{0x00, 0}, {0x02, 0}, {0xa8, 0x00, 0}, // field 0, a tag that is not minimal
		{0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 0}, // a tag beyond 32 bits
		{0x28}, {0x29, 1, 2, 3, 4, 5, 6, 7}, {0x2d, 1, 2, 3}, {0x2a, 1}, {0x2a}, {0x28, 0x80}, {0x80},
	} {
		refuse(append(append([][]byte{}, all...), hostile)...)
	}

	k := func(n int, b []byte) []byte { return bytesField(n, b) }
	outer := [][]byte{k(1, sk.OneTimeKey.Bytes()), k(2, sk.BaseKey.Bytes()), k(3, sk.IdentityKey.Bytes()), k(4, good)}
	for i, field := range outer {
		missing := append(append([][]byte{}, outer[:i]...), outer[i+1:]...)
		refusedMessage(t, olm.PreKey, join([]byte{3}, join(missing...)), c.alice)
		refusedMessage(t, olm.PreKey, join([]byte{3}, join(outer...), field), c.alice)
		for _, n := range []int{0, 31, 33, 64} {
			if i < 3 {
				short := append([][]byte{}, outer...)
				short[i] = k(i+1, make([]byte, n))
				refusedMessage(t, olm.PreKey, join([]byte{3}, join(short...)), c.alice)
			}
		}
	}
	for n := range 9 {
		refusedMessage(t, olm.PreKey, join([]byte{3}, join(outer[:3]...), k(4, good[:n])), c.alice)
	}

	// In any order, with what is unknown.
	unknown := join(numberField(5, math.MaxUint64), bytesField(6, []byte("x")), []byte{0x39, 1, 2, 3, 4, 5, 6, 7, 8},
		[]byte{0x3d, 1, 2, 3, 4}, bytesField(1<<28, nil))
	decrypts(t, c.alice, message(t, olm.Normal, signed(ciphertext, unknown, index, ratchetKey)), "text")
}

// P13: the unknown fields of a pre-key message are skipped too.
func TestAttack_P13_PreKeyFieldsInAnyOrder(t *testing.T) {
	alice, bob := newAccount(t, 0), newAccount(t, 0)
	m := encrypt(t, newOutbound(t, alice, bob), "hello")
	sk, _ := m.SessionKeys()
	inner := m.Bytes()[len(m.Bytes())-innerLen(t, m):]
	b := join([]byte{3}, bytesField(4, inner), numberField(9, 0), bytesField(3, sk.IdentityKey.Bytes()),
		bytesField(2, sk.BaseKey.Bytes()), bytesField(1, sk.OneTimeKey.Bytes()))
	inbound(t, bob, message(t, olm.PreKey, b), "hello")
}
