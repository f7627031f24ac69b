package megolm_test

import (
	"bytes"
	"encoding/binary"
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

func TestAttack_P08_VersionOfAMessage(t *testing.T) {
	p := newPeer(1)
	s := inbound(t, p)
	for v := range 256 {
		if v != 3 {
			b := fields(0, p.crypt(pkcs7([]byte("text"))))
			b[0] = byte(v)
			requireVersion(t, mustNotParse(t, p.finish(b), s), uint32(v))
		}
	}
}

func TestAttack_P11_Lengths(t *testing.T) {
	p := newPeer(1)
	s := inbound(t, p)
	for _, n := range []uint64{17, 1 << 16, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1 << 32, 1<<32 + 16, 1<<63 - 1, 1 << 63, math.MaxUint64} {
		b := append(binary.AppendUvarint([]byte{3, 0x08, 0, 0x12}, n), make([]byte, 16)...)
		requireMalformed(t, mustNotParse(t, p.finish(b), s), "longer than the message")
	}
	requireMalformed(t, mustNotParse(t, p.finish(fields(0, nil)), s), "empty ciphertext")
	// Not whole blocks: the padding of such a ciphertext is wrong.
	for _, n := range []int{1, 15, 17, 31} {
		require.True(t, mustNotDecrypt(t, s, p.finish(fields(0, make([]byte, n)))) == megolm.ErrDecrypt, "%d bytes", n)
	}
	long := strings.Repeat("A", (megolm.MaxMessageSize+3)/3*4)
	requireMalformed(t, mustFail(t, []byte(long), func() error { _, err := megolm.ParseMessage(long); return err }), "too long")
	b := make([]byte, megolm.MaxMessageSize+1)
	requireMalformed(t, mustFail(t, nil, func() error { _, err := megolm.NewMessage(b); return err }), "too long")
}

func TestAttack_P12_Indexes(t *testing.T) {
	p := newPeer(1)
	s := inbound(t, p)
	ciphertext := p.crypt(pkcs7([]byte("text")))
	for _, index := range []uint64{1 << 32, 1<<32 + 5, 1 << 63, math.MaxUint64} {
		requireMalformed(t, mustNotParse(t, p.finish(fields(index, ciphertext)), s), "does not fit 32 bits")
	}
	tail := append([]byte{0x12, byte(len(ciphertext))}, ciphertext...)
	for _, index := range []string{
		"\x80\x00", "\x80\x80\x00", "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", // non-minimal zeros
		"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", // eleven bytes
		"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", // beyond 64 bits
	} {
		requireMalformed(t, mustNotParse(t, p.finish(append([]byte("\x03\x08"+index), tail...)), s), "bad number")
	}
	requireMalformed(t, mustNotParse(t, p.finish(append([]byte("\x03\x88\x00\x00"), tail...)), s), "bad field tag")
	mustDecrypt(t, s, p.finish(append([]byte("\x03\x08\x00"), tail...)), "text", 0)
}

func TestAttack_P13_Fields(t *testing.T) {
	p := newPeer(1)
	s := inbound(t, p)
	ciphertext := p.crypt(pkcs7([]byte("text")))
	index, body := "\x08\x00", "\x12\x10"+string(ciphertext)
	for why, b := range map[string][]string{
		"field 1 is missing":    {body, body + "\x20\x00", ""},
		"field 2 is missing":    {index},
		"field 1 stands twice":  {index + index + body, index + body + index, index + body + "\x08\x01"},
		"field 2 stands twice":  {index + body + body, index + body + "\x12\x00"},
		"field 1 has wire type": {"\x0a\x01\x00" + body, "\x0d\x00\x00\x00\x00" + body, "\x0b" + body},
		"field 2 has wire type": {index + "\x10\x00", index + "\x13" + body},
		"field 5 has wire type": {index + body + "\x2b", index + body + "\x2c", index + body + "\x2f\x00", "\x2e" + index + body},
		"bad field tag":         {"\x00\x00" + index + body, "\x02\x00" + index + body, "\x80\x80\x80\x80\x80\x01\x00" + index + body},
	} {
		for _, data := range b {
			requireMalformed(t, mustNotParse(t, p.finish(append([]byte{3}, data...)), s), why)
		}
	}
	// Accepted: any order, and unknown fields that can be skipped; MAC and
	// signature cover the bytes as they came.
	for _, data := range []string{
		body + index, index + "\x20\x05" + body, index + body + "\x2a\x03abc", "\x2d1234" + index + body, "\x2912345678" + body + index,
	} {
		b := p.finish(append([]byte{3}, data...))
		mustDecrypt(t, s, b, "text", 0)
		m := message(t, b)
		require.Equal(t, b, m.Bytes(), "the message is kept as it came")
		require.Equal(t, string(text(b)), m.String())
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

func TestAttack_P20_EveryLengthOfAMessage(t *testing.T) {
	s := inbound(t, newPeer(1))
	random := newRandom(10)
	for n := range 201 {
		mustNotParse(t, bytes.Repeat([]byte{3}, n), s)
		b := randomBytes(random, n)
		if n > 0 {
			b[0] = 3
		}
		if _, err := megolm.NewMessage(b); err != nil {
			mustNotParse(t, b, s)
		} else {
			mustNotDecrypt(t, s, b)
		}
		raw := randomBytes(random, n)
		mustFail(t, raw, func() error { _, err := megolm.ParseMessage(string(raw)); return err }, s)
		ascii := bytes.Repeat([]byte{'A'}, n)
		mustFail(t, ascii, func() error { _, err := megolm.ParseMessage(string(ascii)); return err }, s)
	}
	good := newPeer(1).encrypt([]byte("text"))
	for n := range good {
		if _, err := megolm.NewMessage(good[:n]); err != nil {
			mustNotParse(t, good[:n], s)
		} else {
			mustNotDecrypt(t, s, good[:n])
		}
	}
	for _, more := range []int{1, 8, 64, 72} {
		b := append(bytes.Clone(good), make([]byte, more)...)
		if _, err := megolm.NewMessage(b); err != nil {
			mustNotParse(t, b, s)
		} else {
			mustNotDecrypt(t, s, b)
		}
	}
}

func TestAttack_P41_TextOfAMessage(t *testing.T) {
	p := newPeer(1)
	good := string(text(p.encrypt([]byte("text"))))
	for len(good)%4 == 0 { // make one with padding
		p = p.at(p.index + 128)
		good = string(text(p.encrypt([]byte("text"))))
	}
	padded := good + strings.Repeat("=", 4-len(good)%4)
	m, err := megolm.ParseMessage(padded)
	require.NoError(t, err)
	require.Equal(t, good, m.String())
	for _, bad := range []string{
		good + "\n", "\n" + good, good[:40] + "\r\n" + good[40:], good[:40] + " " + good[40:], good[:40] + "=" + good[41:],
		good[:40] + "-" + good[41:], good[:40] + "_" + good[41:], padded + "=", good[:len(good)-1] + "/", good + "A===", "=" + good,
	} {
		err := mustFail(t, []byte(bad), func() error { return m.UnmarshalText([]byte(bad)) })
		requireMalformed(t, err, "")
		require.Equal(t, good, m.String(), "a failed UnmarshalText changed the message")
	}
}
