package megolm_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/megolm"
)

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
		good + "\n", "\n" + good, good[:40] + "\r\n" + good[40:], good[:40] + "\n" + good[41:], good[:40] + "\r" + good[41:], good[:40] + "\n\n\n\n" + good[40:],
		good[:40] + " " + good[40:], good[:40] + " " + good[41:], good[:40] + "=" + good[41:],
		good[:40] + "-" + good[41:], good[:40] + "_" + good[41:], padded + "=", good[:len(good)-1] + "/", good + "A===", "=" + good,
	} {
		err := mustFail(t, []byte(bad), func() error { return m.UnmarshalText([]byte(bad)) })
		requireMalformed(t, err, "")
		requireMalformed(t, mustFail(t, []byte(bad), func() error { _, err := megolm.ParseMessage(bad); return err }), "")
		require.Equal(t, good, m.String(), "a failed UnmarshalText changed the message")
	}
}
