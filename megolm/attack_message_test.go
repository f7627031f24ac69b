package megolm_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
)

// mustNotParse requires that b is no message, in binary and in text.
func mustNotParse(t *testing.T, b []byte, sessions ...stater) error {
	t.Helper()
	err := mustFail(t, b, func() error {
		m, err := megolm.NewMessage(b)
		require.True(t, m.IsZero())
		return err
	}, sessions...)
	again := mustFail(t, text(b), func() error {
		m, err := megolm.ParseMessage(string(text(b)))
		require.True(t, m.IsZero())
		return err
	}, sessions...)
	require.Equal(t, err, again)
	return err
}

// mustNotDecrypt requires that b is a message and does not decrypt.
func mustNotDecrypt(t *testing.T, s *megolm.InboundSession, b []byte) error {
	t.Helper()
	m := message(t, b)
	return mustFail(t, b, func() error {
		d, err := s.Decrypt(m)
		require.Zero(t, d)
		return err
	}, s)
}

func mustDecrypt(t *testing.T, s *megolm.InboundSession, b []byte, plaintext string, index uint32) {
	t.Helper()
	d, err := s.Decrypt(message(t, b))
	require.NoError(t, err)
	require.Equal(t, plaintext, string(d.Plaintext))
	require.Equal(t, index, d.Index)
}

func TestAttack_P07_EveryBitOfAMessage(t *testing.T) {
	for p, load := range map[*peer]func(testing.TB, *peer) *megolm.InboundSession{newPeer(1): inbound, newPeer(2).at(300): imported} {
		good, s := p.encrypt([]byte("a message")), load(t, p)
		for bit := range 8 * len(good) {
			b := bytes.Clone(good)
			b[bit/8] ^= 1 << (bit % 8)
			if _, err := megolm.NewMessage(b); err != nil {
				mustNotParse(t, b, s)
			} else {
				require.ErrorIs(t, mustNotDecrypt(t, s, b), megolm.ErrSignature, "bit %d", bit)
			}
			if bit/8 >= len(b)-keys.SignatureSize {
				continue
			}
			// The same by somebody who has the signing key.
			signed := p.sign(b[:len(b)-keys.SignatureSize])
			if _, err := megolm.NewMessage(signed); err != nil {
				continue
			}
			err := mustNotDecrypt(t, s, signed)
			if unknown, ok := err.(*megolm.UnknownIndexError); ok {
				require.Less(t, unknown.Got, p.index)
			} else {
				require.True(t, err == megolm.ErrDecrypt, "bit %d: %v", bit, err)
			}
		}
		mustDecrypt(t, s, good, "a message", p.index)
	}
}

// TestAttack_P07_MACLengths signs messages whose MAC has another length than
// eight: what is cut off or added moves the border of the fields.
func TestAttack_P07_MACLengths(t *testing.T) {
	p := newPeer(1)
	s := inbound(t, p)
	body := fields(0, p.crypt(pkcs7([]byte("text"))))
	_, macKey, _ := p.cipherKeys()
	mac := hmacSHA256(macKey, body)
	for n := range 33 {
		b := p.sign(append(bytes.Clone(body), mac[:n]...))
		switch _, err := megolm.NewMessage(b); {
		case n == 8:
			mustDecrypt(t, s, b, "text", 0)
		case err != nil:
			mustNotParse(t, b, s)
		default:
			require.True(t, mustNotDecrypt(t, s, b) == megolm.ErrDecrypt, "%d bytes of MAC", n)
		}
	}
}

func TestAttack_P23_Padding(t *testing.T) {
	p := newPeer(1)
	s := inbound(t, p)
	wrongMAC := fields(0, p.crypt(pkcs7([]byte("text"))))
	wrongMAC = p.sign(append(wrongMAC, make([]byte, 8)...))
	want := mustNotDecrypt(t, s, wrongMAC)
	require.True(t, want == megolm.ErrDecrypt)

	for last := range 256 {
		for _, n := range []int{16, 32} {
			blocks := bytes.Repeat([]byte{0x77}, n)
			blocks[n-1] = byte(last)
			if last == 1 {
				continue // padding of one byte
			}
			got := mustNotDecrypt(t, s, p.finish(fields(0, p.crypt(blocks))))
			require.True(t, got == want, "last byte %d: %v", last, got)
		}
	}
	for n := 2; n <= 16; n++ {
		for i := 1; i < n; i++ {
			blocks := bytes.Repeat([]byte{byte(n)}, 16)
			blocks[15-i] ^= 1
			got := mustNotDecrypt(t, s, p.finish(fields(0, p.crypt(blocks))))
			require.True(t, got == want, "padding of %d, wrong at %d: %v", n, i, got)
		}
		mustDecrypt(t, inbound(t, p), p.finish(fields(0, p.crypt(bytes.Repeat([]byte{byte(n)}, 16)))), strings.Repeat(string([]byte{byte(n)}), 16-n), 0)
	}
}

// TestAttack_P29_ForeignSignature: the message is right in all but that another
// session's key signed it. It must be refused before anything else is looked
// at: whether the index is known is not told to one who cannot sign.
func TestAttack_P29_ForeignSignature(t *testing.T) {
	p, other := newPeer(1).at(10), newPeer(2)
	s := inbound(t, p)
	for _, index := range []uint32{0, 9, 10, 11, 5000, math.MaxUint32} {
		q := &peer{parts: p.parts, index: index, key: other.key}
		if index >= p.index {
			q = p.at(index)
			q.key = other.key
		}
		require.True(t, mustNotDecrypt(t, s, q.encrypt([]byte("text"))) == megolm.ErrSignature)
	}
	// Another session as a whole, with its own index.
	require.True(t, mustNotDecrypt(t, s, other.at(10).encrypt(nil)) == megolm.ErrSignature)
	require.NotEqual(t, s.ID(), inbound(t, other).ID())
	require.Equal(t, string(text(p.public())), s.ID())
}

func TestAttack_P30_SignedWithWrongMAC(t *testing.T) {
	p := newPeer(1)
	for _, s := range []*megolm.InboundSession{inbound(t, p), imported(t, p)} {
		for _, index := range []uint32{0, 1, 255, 256, 1 << 24, math.MaxUint32} {
			good := p.at(index).encrypt([]byte("text"))
			for bit := range 64 {
				b := bytes.Clone(good[:len(good)-keys.SignatureSize])
				b[len(b)-8+bit/8] ^= 1 << (bit % 8)
				require.True(t, mustNotDecrypt(t, s, p.sign(b)) == megolm.ErrDecrypt)
			}
			// Right for another index.
			moved := p.finish(fields(uint64(index)^1, p.at(index).crypt(pkcs7([]byte("text")))))
			require.True(t, mustNotDecrypt(t, s, moved) == megolm.ErrDecrypt)
		}
		require.Zero(t, s.Revision())
		mustDecrypt(t, s, p.encrypt([]byte("after all that")), "after all that", 0)
	}
}

func TestAttack_P18_UnknownIndexes(t *testing.T) {
	p := newPeer(1)
	for _, first := range []uint32{1, 256, 0x80000000, math.MaxUint32 - 1, math.MaxUint32} {
		q := p.at(first)
		s := inbound(t, q)
		for _, index := range []uint32{0, 1, first / 2, first - 1} {
			if index < first {
				requireUnknownIndex(t, mustNotDecrypt(t, s, p.at(index).encrypt(nil)), first, index)
			}
		}
		mustDecrypt(t, s, q.encrypt([]byte("first")), "first", first)
		mustDecrypt(t, s, p.at(math.MaxUint32).encrypt([]byte("last")), "last", math.MaxUint32)
		requireUnknownIndex(t, mustNotDecrypt(t, s, p.at(first-1).encrypt(nil)), first, first-1)
	}
}

func TestAttack_P31_AnyOrder(t *testing.T) {
	p := newPeer(1).at(200)
	messages := make([][]byte, 300)
	for i := range messages {
		messages[i] = p.at(200 + uint32(i)).encrypt([]byte{byte(i), byte(i >> 8)})
	}
	random := newRandom(9)
	s := inbound(t, p)
	for range 3 {
		for _, i := range random.Perm(len(messages)) {
			mustDecrypt(t, s, messages[i], string([]byte{byte(i), byte(i >> 8)}), 200+uint32(i))
		}
	}
	require.Equal(t, uint32(200), s.FirstKnownIndex())
	latest, ok := s.LatestIndex()
	require.True(t, ok)
	require.Equal(t, uint32(499), latest)
}
