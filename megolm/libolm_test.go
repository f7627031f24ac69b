package megolm_test

import (
	"bytes"
	"crypto/sha512"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/libolm"
	"github.com/chappe-e2ee/chappe/megolm"
)

// loaders are the two imports, with the state of what they return.
var loaders = map[string]func(pickle, key []byte) (stater, error){
	"outbound": func(pickle, key []byte) (stater, error) {
		s, err := megolm.ImportLibolmOutboundSession(pickle, key)
		if err != nil {
			if s != nil {
				panic("session and error")
			}
			return nil, err
		}
		return s, nil
	},
	"inbound": func(pickle, key []byte) (stater, error) {
		s, err := megolm.ImportLibolmInboundSession(pickle, key)
		if err != nil {
			if s != nil {
				panic("session and error")
			}
			return nil, err
		}
		return s, nil
	},
}

func mustNotImport(t *testing.T, kind string, pickle, key []byte) error {
	t.Helper()
	return mustFail(t, pickle, func() error { _, err := loaders[kind](pickle, key); return err })
}

// mustNotImportPlaintext encrypts a plaintext under the right key first.
func mustNotImportPlaintext(t *testing.T, kind string, plaintext []byte) error {
	t.Helper()
	pickle := libolm.Encrypt(plaintext, pickleKey)
	return mustFail(t, plaintext, func() error { _, err := loaders[kind](pickle, pickleKey); return err })
}

func TestLibolmOutbound(t *testing.T) {
	for _, p := range []*peer{newPeer(50), newPeer(51).at(1), newPeer(52).at(1 << 31), newPeer(53).at(0xffffffff)} {
		for _, key := range [][]byte{nil, pickleKey, bytes.Repeat([]byte{9}, 64)} {
			pickle := libolm.Encrypt(p.outboundPlaintext(), key)
			s, err := megolm.ImportLibolmOutboundSession(pickle, key)
			require.NoError(t, err)
			require.Equal(t, string(text(p.public())), s.ID())
			require.Equal(t, p.index, s.Index())
			require.Zero(t, s.Revision())
			again, err := s.ExportLibolm(key)
			require.NoError(t, err)
			require.Equal(t, string(pickle), string(again))
			padded := append(bytes.Clone(pickle), "=="[:(4-len(pickle)%4)%4]...)
			_, err = megolm.ImportLibolmOutboundSession(padded, key)
			require.NoError(t, err)
		}
	}
}

func TestLibolmInbound(t *testing.T) {
	p := newPeer(54).at(7)
	for _, latest := range []uint32{7, 8, 300, 0xffffffff} {
		for _, verified := range []byte{0, 1} {
			plaintext := p.inboundPlaintext(p.at(latest), verified)
			pickle := libolm.Encrypt(plaintext, pickleKey)
			s, err := megolm.ImportLibolmInboundSession(pickle, pickleKey)
			require.NoError(t, err)
			require.Equal(t, verified == 1, s.SigningKeyVerified())
			require.Equal(t, uint32(7), s.FirstKnownIndex())
			index, ok := s.LatestIndex()
			require.Equal(t, latest != 7, ok)
			if ok {
				require.Equal(t, latest, index)
			}
			again, err := s.ExportLibolm(pickleKey)
			require.NoError(t, err)
			require.Equal(t, string(pickle), string(again))

			// Version 1 has no last byte, and reads as verified.
			old := append([]byte{0, 0, 0, 1}, plaintext[4:len(plaintext)-1]...)
			s, err = megolm.ImportLibolmInboundSession(libolm.Encrypt(old, pickleKey), pickleKey)
			require.NoError(t, err)
			require.True(t, s.SigningKeyVerified())
			again, err = s.ExportLibolm(pickleKey)
			require.NoError(t, err)
			require.Equal(t, string(libolm.Encrypt(p.inboundPlaintext(p.at(latest), 1), pickleKey)), string(again))
			mustDecrypt(t, s, p.encrypt([]byte("x")), "x", 7)
			mustDecrypt(t, s, p.at(latest).encrypt([]byte("x")), "x", latest)
		}
	}
	mine, err := inbound(t, p).ExportLibolm(pickleKey)
	require.NoError(t, err)
	require.Equal(t, string(libolm.Encrypt(p.inboundPlaintext(p, 1), pickleKey)), string(mine))
}

func TestAttack_P08_PickleVersions(t *testing.T) {
	p := newPeer(55)
	for kind, plaintext := range map[string][]byte{"outbound": p.outboundPlaintext(), "inbound": p.inboundPlaintext(p, 1)} {
		for _, v := range []uint32{0, 1, 2, 3, 4, 0x100, 0x01000000, 0x80000001, 0xffffffff} {
			if v == 1 || v == 2 && kind == "inbound" {
				continue
			}
			b := bytes.Clone(plaintext)
			binary.BigEndian.PutUint32(b, v)
			requireVersion(t, mustNotImportPlaintext(t, kind, b), v)
		}
	}
	// A pickle of the other kind under the same key.
	requireVersion(t, mustNotImportPlaintext(t, "outbound", p.inboundPlaintext(p, 1)), 2)
	requireMalformed(t, mustNotImportPlaintext(t, "inbound", p.outboundPlaintext()), "")
}

func TestAttack_P10_PickleLengths(t *testing.T) {
	p := newPeer(56)
	for kind, plaintext := range map[string][]byte{"outbound": p.outboundPlaintext(), "inbound": p.inboundPlaintext(p.at(3), 1)} {
		for n := range plaintext {
			requireMalformed(t, mustNotImportPlaintext(t, kind, plaintext[:n]), "truncated")
		}
		for _, more := range []int{1, 15, 16, 100} {
			requireMalformed(t, mustNotImportPlaintext(t, kind, append(bytes.Clone(plaintext), make([]byte, more)...)), "trailing data")
		}
	}
	old := p.inboundPlaintext(p.at(3), 1)
	old[3] = 1 // version 1 with the byte that came with version 2
	requireMalformed(t, mustNotImportPlaintext(t, "inbound", old), "trailing data")
}

func TestAttack_P10_PickleValues(t *testing.T) {
	p := newPeer(57).at(9)
	for name, c := range map[string]struct {
		plaintext []byte
		why       string
	}{
		"latest before the first":       {p.inboundPlaintext(&peer{parts: p.parts, index: 8}, 1), "latest ratchet before the first"},
		"latest far before":             {p.inboundPlaintext(&peer{parts: p.parts, index: 0}, 1), "latest ratchet before the first"},
		"two ratchets at one index":     {p.inboundPlaintext(broken(p, 9), 1), "two ratchets at one index"},
		"all-zero first ratchet":        {(&peer{key: p.key}).inboundPlaintext(p, 1), "all-zero ratchet"},
		"all-zero latest ratchet":       {p.inboundPlaintext(&peer{index: 10}, 1), "all-zero ratchet"},
		"truth value 2":                 {p.inboundPlaintext(p, 2), "truth value"},
		"truth value 255":               {p.inboundPlaintext(p, 255), "truth value"},
		"all zero, as in libolm's test": {append([]byte{0, 0, 0, 2}, make([]byte, 132+132+32+1)...), "all-zero ratchet"},
	} {
		t.Run(name, func(t *testing.T) {
			requireMalformed(t, mustNotImportPlaintext(t, "inbound", c.plaintext), c.why)
		})
	}
	requireMalformed(t, mustNotImportPlaintext(t, "outbound", append([]byte{0, 0, 0, 1}, make([]byte, 132+32+64)...)), "all-zero ratchet")
	zero := p.outboundPlaintext()
	clear(zero[168:])
	requireMalformed(t, mustNotImportPlaintext(t, "outbound", zero), "do not match")
}

// TestAttack_P04_PickleWithForeignPublicKey: a signature under an expanded
// private key and another public key gives the private key away.
func TestAttack_P04_PickleWithForeignPublicKey(t *testing.T) {
	p, other := newPeer(58), newPeer(59)
	b := p.outboundPlaintext()
	copy(b[136:168], other.public())
	requireMalformed(t, mustNotImportPlaintext(t, "outbound", b), "do not match")
	b = p.outboundPlaintext()
	copy(b[168:], other.expanded())
	requireMalformed(t, mustNotImportPlaintext(t, "outbound", b), "do not match")
	for bit := range 256 {
		b := p.outboundPlaintext()
		b[136+bit/8] ^= 1 << (bit % 8)
		mustNotImportPlaintext(t, "outbound", b)
	}
	s := outbound(t, p)
	m, err := s.Encrypt([]byte("x"))
	require.NoError(t, err)
	require.Equal(t, p.encrypt([]byte("x")), m.Bytes(), "the signature is not that of the seed")

	// The expanded key of some writers is not clamped; the key is the same.
	unclamped := p.outboundPlaintext()
	digest := sha512.Sum512(p.key.Seed())
	copy(unclamped[168:], digest[:])
	s, err = megolm.ImportLibolmOutboundSession(libolm.Encrypt(unclamped, pickleKey), pickleKey)
	require.NoError(t, err)
	require.Equal(t, outbound(t, p).State(), s.State())
}

func TestAttack_P10_EveryBitOfAPickle(t *testing.T) {
	p := newPeer(60)
	for kind, plaintext := range map[string][]byte{"outbound": p.outboundPlaintext(), "inbound": p.inboundPlaintext(p.at(3), 1)} {
		raw := untext(t, libolm.Encrypt(plaintext, pickleKey))
		for bit := range 8 * len(raw) {
			b := bytes.Clone(raw)
			b[bit/8] ^= 1 << (bit % 8)
			require.ErrorIs(t, mustNotImport(t, kind, text(b), pickleKey), megolm.ErrPickleKey, "bit %d", bit)
		}
		for n := range raw {
			require.ErrorIs(t, mustNotImport(t, kind, text(raw[:n]), pickleKey), megolm.ErrPickleKey, "%d bytes", n)
		}
		for _, key := range [][]byte{nil, []byte("secret_kex"), append(bytes.Clone(pickleKey), 0x20)} {
			require.ErrorIs(t, mustNotImport(t, kind, text(raw), key), megolm.ErrPickleKey)
		}
		good := string(text(raw))
		for _, bad := range []string{good + "\n", good[:9] + "\r" + good[10:], good[:9] + "_" + good[10:], good[:9] + "=" + good[10:]} {
			requireMalformed(t, mustNotImport(t, kind, []byte(bad), pickleKey), "not valid base64")
		}
		random := newRandom(61)
		for n := range 201 {
			mustNotImport(t, kind, randomBytes(random, n), pickleKey)
			mustNotImport(t, kind, text(randomBytes(random, n)), pickleKey)
			mustNotImportPlaintext(t, kind, randomBytes(random, n))
		}
	}
}

// TestLibolmKnownPickles: libolm's all-zero sessions are no sessions (libolm
// 3.2.13, tests/test_group_session.cpp:22); nor are its pickles with a byte
// left over (:54 and :108), which libolm refuses too.
func TestLibolmKnownPickles(t *testing.T) {
	requireMalformed(t, mustNotImport(t, "outbound", []byte("icDKYm0b4aO23WgUuOxdpPoxC0UlEOYPVeuduNH3IkpFsmnWx5KuEOpxGiZw5IuB/sSn2RZUCTiJ90IvgC7AClkYGHep9O8lpiqQX73XVKD9ok"+
		"ZDCAkBc83eEq0DKYC7HBkGRAU/4T6QPIBBY3UK4QZwULLE/fLsi3j4YZBehMtnlsqgHK0q1bvX4cRznZItUO3TiOp5I+6PnQka6n8eHTyIEh3t"+
		"CetilD+BKnHvtakE0eHHvG6pjEsMNN/vs7lkB5rV6XkoUKHLTE1dAfFunYEeHEZuKQpbG385dBwaMJXt4JrC0hU5jnv6jWNqAA0Ud9GxRDvkp0"+
		"4"), pickleKey), "all-zero")
	requireMalformed(t, mustNotImport(t, "outbound", []byte("icDKYm0b4aO23WgUuOxdpPoxC0UlEOYPVeuduNH3IkpFsmnWx5KuEOpxGiZw5IuB/sSn2RZUCTiJ90IvgC7AClkYGHep9O8lpiqQX73XVKD9ok"+
		"ZDCAkBc83eEq0DKYC7HBkGRAU/4T6QPIBBY3UK4QZwULLE/fLsi3j4YZBehMtnlsqgHK0q1bvX4cRznZItUO3TiOp5I+6PnQka6n8eHTyIEh3t"+
		"CetilD+BKnHvtakE0eHHvG6pjEsMNN/vs7lkB5rV6XkoUKHLTE1dAfFunYEeHEZuKQpbG385dBwaMJX7btbpeU2XcYHD3xiMdt3zhQ19uDIxh8"+
		"k"), pickleKey), "trailing data")
	requireMalformed(t, mustNotImport(t, "inbound", []byte("1/IPCdtUoQxMba5XT7sjjUW0Hrs7no9duGFnhsEmxzFX2H3qtRc4eaFBRZYXxOBRTGZ6eMgy3IiSrgAQ1gUlSZf5Q4AVKeBkhvN4LZ6hdhQFv9"+
		"1mM+C2C55/4B9/gDjJEbDGiRgLoMqbWPDV+y0F4h0KaR1V1PiTCC7zCi4WdxJQ098nJLgDL4VSsDbnaLcSMO60FOYgRN4KsLaKUGkXiiUBWp4b"+
		"oFMCiuTTOiyH8XlH0e9uWc0vMLyGNUcO8kCbpAnx3v1JTIVan3WGsnGv4K8Qu4M8GAkZewpexrsb2BSNNeLclOV9/cR203Y5KlzXcpiWNXSs8X"+
		"oB3TLEtHYMnjuakMQfyrcXKIQntg4xPD/+wvfqkcMg9i7pcplQh7X2OK5ylrMZQrZkJ1fAYBGbBz1tykWOjfrZ"), pickleKey), "all-zero")
}
