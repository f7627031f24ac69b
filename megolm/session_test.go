package megolm_test

import (
	"bytes"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/megolm"
)

func sessionKey(t testing.TB, s *megolm.OutboundSession) megolm.SessionKey {
	t.Helper()
	k, err := s.SessionKey()
	require.NoError(t, err)
	return k
}

func receiver(t testing.TB, s *megolm.OutboundSession) *megolm.InboundSession {
	t.Helper()
	in, err := megolm.NewInboundSession(sessionKey(t, s))
	require.NoError(t, err)
	return in
}

func TestConversation(t *testing.T) {
	random := newRandom(20)
	out := megolm.NewOutboundSession()
	require.Zero(t, out.Index())
	in := receiver(t, out)
	require.Equal(t, out.ID(), in.ID())
	require.Len(t, out.ID(), 43)
	require.Equal(t, out.SigningKey(), in.SigningKey())
	require.Equal(t, out.SigningKey().String(), out.ID())
	lengths := []int{0, 1, 15, 16, 17, 31, 32, 33, 47, 48, 49, 255, 256, 65536}
	for range 50 {
		lengths = append(lengths, random.IntN(3000))
	}
	for i, n := range lengths {
		plaintext := randomBytes(random, n)
		input := bytes.Clone(plaintext)
		m, err := out.Encrypt(input)
		require.NoError(t, err)
		require.Equal(t, plaintext, input)
		require.Equal(t, uint32(i), m.Index())
		require.Equal(t, n/16*16+16, m.CiphertextLen())
		require.Equal(t, uint32(i+1), out.Index())

		parsed, err := megolm.ParseMessage(m.String())
		require.NoError(t, err)
		binary, err := megolm.NewMessage(m.Bytes())
		require.NoError(t, err)
		for _, m := range []megolm.Message{m, parsed, binary} {
			d, err := in.Decrypt(m)
			require.NoError(t, err)
			require.True(t, bytes.Equal(plaintext, d.Plaintext))
			require.Equal(t, uint32(i), d.Index)
			require.Equal(t, len(d.Plaintext), cap(d.Plaintext))
		}
	}
}

// TestEqualsSpecification compares every byte with the second implementation.
func TestEqualsSpecification(t *testing.T) {
	for _, first := range []uint32{0, 1, 126, 255, 65535, 1<<24 - 1, math.MaxUint32 - 3} {
		p := newPeer(21).at(first)
		out, appending := outbound(t, p), outbound(t, p)
		for i := range uint32(3) {
			q, plaintext := p.at(first+i), bytes.Repeat([]byte{'x'}, int(15+i))
			m, err := out.Encrypt(plaintext)
			require.NoError(t, err)
			require.Equal(t, q.encrypt(plaintext), m.Bytes(), "index %d", q.index)
			got, err := appending.AppendEncrypt([]byte("head:"), plaintext)
			require.NoError(t, err)
			require.Equal(t, "head:"+string(text(q.encrypt(plaintext))), string(got))
			require.Equal(t, out.State(), appending.State())
		}
	}
}

// TestNewOutboundSessionRandomness: 128 bytes of ratchet, then 32 of seed, as
// libolm takes them (libolm 3.2.13, tests/test_group_session.cpp:131).
func TestNewOutboundSessionRandomness(t *testing.T) {
	taken := fixRandom(t, []byte("0123456789ABDEF0123456789ABCDEF0123456789ABDEF0123456789ABCDEF0123456789ABDEF0123456789ABCDEF0123456789ABDEF01"+
		"23456789ABCDEF0123456789ABDEF0123456789ABCDEF01234"))
	out := megolm.NewOutboundSession()
	require.Equal(t, 160, taken())
	require.Equal(t, "DRt2DUEOrg/H+yUGjDTqryf8H1YF/BZjI04HwOVSZcY", out.ID())
	require.Equal(t, "AgAAAAAwMTIzNDU2Nzg5QUJERUYwMTIzNDU2Nzg5QUJDREVGMDEyMzQ1Njc4OUFCREVGMDEyMzQ1Njc4OUFCQ0RFRjAxMjM0NTY3ODlBQkRFRj"+
		"AxMjM0NTY3ODlBQkNERUYwMTIzNDU2Nzg5QUJERUYwMTIzNDU2Nzg5QUJDREVGMDEyMw0bdg1BDq4Px/slBow06q8n/B9WBfwWYyNOB8DlUmXG"+
		"GwrFmaSb9bR/eY8xgERrxmP07hFmD9uqA2p8PMHdnV5ysmgufE6oLZ5+8/mWQOW3VVTnDIlnwd8oHUYRuk8TCQ", string(sessionKey(t, out).SecretText()))
	pickle, err := out.ExportLibolm(pickleKey)
	require.NoError(t, err)
	require.Equal(t, "qcvBWNJLv8sbhK8kpienXGCqrk3/xKpqeqauD93Ax5YzKtPJCM5bEoiXocZdxeOtb4qR1k15xUmv8vdU7/b0Iivv9fdlIW8WDhM6F2lrkHaFz5"+
		"WobI2yOZ2oUf+QgDmkrrXlxGZAHuvCki+ysOkf4eO+93GFYUGUZHaXOtuK3zPVgnjXhTLzuj89a044cbFN9QA/gJVbcNu8C1S9kRBNrH+xwXUr"+
		"1st4Q/7JXvh6luw3jQC9mQpA3LRdASQBycEb5LT5y+ne/X5pVUQDqERMgpIywkFcx1grZIegOecwUZMsf7UIbIYcDRFZNqyE4cHsp16jMaJI6D"+
		"8", string(pickle))
	in := receiver(t, out)

	m, err := out.Encrypt([]byte("Message"))
	require.NoError(t, err)
	require.Equal(t, "AwgAEhAcbh6UpbByoyZxufQ+h2B+8XHMjhR69G8F4+qjMaFlnIXusJZX3r8LnRORG9T3DXFdbVuvIWrLyRfm4i8QRbe8VPwGRFG57B1Ctmxanu"+
		"P8bHtnnYqlwPsD", m.String())
	require.Equal(t, "AgAAAAEwMTIzNDU2Nzg5QUJERUYwMTIzNDU2Nzg5QUJDREVGMDEyMzQ1Njc4OUFCREVGMDEyMzQ1Njc4OUFCQ0RFRjAxMjM0NTY3ODlBQkRFRj"+
		"AxMjM0NTY3ODlBQkNERUYwMTL/U1oIeSuwTgK0ppZUT0QQWOs/ipqJJYIRz1Ht0Bt8Cw0bdg1BDq4Px/slBow06q8n/B9WBfwWYyNOB8DlUmXG"+
		"3IbnQEEdMvH1mJ7InvtFFW+kbY4GNCTVnRfNb6euqPTrW7OTHY6eGCpAjgtzhRYGXWXiaTy8YagBZeHXU4sUCw", string(sessionKey(t, out).SecretText()))
	pickle, err = out.ExportLibolm(pickleKey)
	require.NoError(t, err)
	require.Equal(t, "qcvBWNJLv8sbhK8kpienXGCqrk3/xKpqeqauD93Ax5YzKtPJCM5bEoiXocZdxeOtb4qR1k15xUmv8vdU7/b0Iivv9fdlIW8WDhM6F2lrkHaFz5"+
		"WobI2yOZ2oUf+QgDmkr1rdjuYGpTwvH2+iTfuF5KOjxFveg6IM7maU2q2C6JC6xWTs3FGPdGNqk246gBxR1rwjEFB1V96n/uMifA/m9P3Hwxs7"+
		"mP/W58+qnxtAmiPR6WXagoQ0EG2uhqbkCh5p9TIOxycyWj0JwOIXS9buqJunLiLf1F/5C7E8YTyeAe1mz8i/Fk2VuLNaJAfcG3AdBHEUCx9nyZ"+
		"o", string(pickle))

	d, err := in.Decrypt(m)
	require.NoError(t, err)
	require.Equal(t, "Message", string(d.Plaintext))
	pickle, err = in.ExportLibolm(pickleKey)
	require.NoError(t, err)
	require.Equal(t, "bLqFNYzsyqdz9gi1y0Mk2V/4Cu8xFUXF3bNrwC3PqBa5LLkCcP9nA0bVwlyQtZUjB/NDwIqL981i1mDXQLQ62OHvT0qMSar2/llqH25otwaRVt"+
		"7Mi6Cf/zt4N+q/BGCJOCRy/nMd+KbJWv/7BMq2HxJcKsVhZwg3+X9VGNtKVoRXu6vefTImF8GXaD11GMFywemTuomkLpiuJBfnoutDmOTffExp"+
		"PDoq5ZafYsXU0+nhcCm4giZ5AV54zvK+z5j8/yK3shyLjyI9HmfT9UFW0MOdIrXjJwmcEZtjNutUf6H4WAc4I7yxx4dH91t+bTnn1ioVn/Y83g"+
		"RPhwENOvOpooPTQcOHKByrDNRDHkWiSkV21aqH+6WnykjFvWip7WnL1QYw3pLyMOVLmNonC4nMiTC/jrH5IRDs", string(pickle))
	require.Equal(t, 160, taken(), "encryption takes randomness")
}

// TestInOrderCost: the ratchet of the last message is kept, so that the next
// one costs one step and not all the way from the first known index.
func TestInOrderCost(t *testing.T) {
	p := newPeer(22)
	s := inbound(t, p)
	_, ok := s.LatestIndex()
	require.False(t, ok)
	mustDecrypt(t, s, p.encrypt(nil), "", 0)
	_, ok = s.LatestIndex()
	require.False(t, ok, "a second ratchet at the first known index")
	for _, c := range []struct{ index, latest uint32 }{
		{1, 1}, {2, 2}, {2, 2}, {1, 2}, {300, 300}, {0, 300}, {70000, 70000}, {69999, 70000}, {math.MaxUint32, math.MaxUint32},
	} {
		mustDecrypt(t, s, p.at(c.index).encrypt(nil), "", c.index)
		latest, ok := s.LatestIndex()
		require.True(t, ok)
		require.Equal(t, c.latest, latest)
		at, own := p.at(latest).parts, s.LatestParts()
		require.Equal(t, at[len(at)-len(own):], own, "the latest ratchet is another")
		require.Equal(t, p.parts[:len(at)-len(own)], at[:len(at)-len(own)], "not all parts that differ are kept")
	}
}

// TestInOrderNeedsNoFirstRatchet spoils the part of the ratchet at the first known
// index that changes with each message: what follows the latest one is decrypted
// without it.
func TestInOrderNeedsNoFirstRatchet(t *testing.T) {
	p := newPeer(33)
	s := inbound(t, p)
	mustDecrypt(t, s, p.at(10).encrypt(nil), "", 10)
	scribble(s.RatchetParts()[3*32:])
	for _, index := range []uint32{10, 11, 12, 255, 255} {
		mustDecrypt(t, s, p.at(index).encrypt([]byte("x")), "x", index)
	}
	require.True(t, mustNotDecrypt(t, s, p.at(254).encrypt(nil)) == megolm.ErrDecrypt, "not by way of the first ratchet")
}

func TestExportAndAdvance(t *testing.T) {
	p := newPeer(23).at(5)
	s := inbound(t, p)
	mustDecrypt(t, s, p.at(100).encrypt(nil), "", 100)
	for _, index := range []uint32{5, 6, 99, 100, 101, 256, 1 << 24, math.MaxUint32} {
		before := s.State()
		e, err := s.ExportAt(index)
		require.NoError(t, err)
		require.Equal(t, text(p.at(index).export()), e.SecretText(), "at %d", index)
		require.Equal(t, before, s.State(), "an export changed the session")
	}
	for _, index := range []uint32{0, 4} {
		requireUnknownIndex(t, mustFail(t, nil, func() error {
			e, err := s.ExportAt(index)
			require.True(t, e.IsZero())
			return err
		}, s), 5, index)
		requireUnknownIndex(t, mustFail(t, nil, func() error { return s.AdvanceTo(index) }, s), 5, index)
	}
	e, err := s.Export()
	require.NoError(t, err)
	require.Equal(t, text(p.export()), e.SecretText())

	require.NoError(t, s.AdvanceTo(50))
	require.Equal(t, uint32(50), s.FirstKnownIndex())
	latest, ok := s.LatestIndex()
	require.True(t, ok && latest == 100)
	requireUnknownIndex(t, mustNotDecrypt(t, s, p.at(49).encrypt(nil)), 50, 49)
	mustDecrypt(t, s, p.at(50).encrypt([]byte("x")), "x", 50)
	e, err = s.Export()
	require.NoError(t, err)
	require.Equal(t, text(p.at(50).export()), e.SecretText())

	require.NoError(t, s.AdvanceTo(100))
	_, ok = s.LatestIndex()
	require.False(t, ok, "the latest ratchet is the first one now")
	require.NoError(t, s.AdvanceTo(math.MaxUint32))
	require.NoError(t, s.AdvanceTo(math.MaxUint32))
	mustDecrypt(t, s, p.at(math.MaxUint32).encrypt([]byte("end")), "end", math.MaxUint32)
	requireUnknownIndex(t, mustNotDecrypt(t, s, p.at(100).encrypt(nil)), math.MaxUint32, 100)
}

// TestAdvanceForgets: what came before cannot be had from the state any more.
func TestAdvanceForgets(t *testing.T) {
	p := newPeer(24)
	s := inbound(t, p)
	mustDecrypt(t, s, p.at(3).encrypt(nil), "", 3)
	require.NoError(t, s.AdvanceTo(1<<24))
	state := s.State()
	for _, q := range []*peer{p, p.at(3), p.at(1<<24 - 1)} {
		for j := range 4 {
			require.False(t, bytes.Contains(state, q.parts[32*j:32*j+32]), "part %d of index %d", j, q.index)
		}
	}
}

// stateWithoutRevision is all of the state that matters for what a session can
// do.
func stateWithoutRevision(s stater) string {
	state := s.State()
	return string(state[:2]) + string(state[10:])
}

// TestRevision: it grows exactly when the state changes.
func TestRevision(t *testing.T) {
	type session interface {
		stater
		Revision() uint64
	}
	do := func(what string, s session, call func() error) {
		t.Helper()
		before, revision := stateWithoutRevision(s), s.Revision()
		call()
		changed := stateWithoutRevision(s) != before
		want := revision
		if changed {
			want++
		}
		require.Equal(t, want, s.Revision(), "%s: changed %t", what, changed)
	}
	p := newPeer(25)
	out := outbound(t, p)
	do("Encrypt", out, func() error { _, err := out.Encrypt(nil); return err })
	do("AppendEncrypt", out, func() error { _, err := out.AppendEncrypt(nil, nil); return err })
	do("Encrypt too much", out, func() error { _, err := out.Encrypt(make([]byte, megolm.MaxPlaintextSize+1)); return err })
	do("SessionKey", out, func() error { _, err := out.SessionKey(); return err })
	do("Seal", out, func() error { _, err := out.Seal(sealKey(t), nil); return err })
	do("ExportLibolm", out, func() error { _, err := out.ExportLibolm(nil); return err })
	require.Equal(t, uint64(2), out.Revision())

	random := newRandom(26)
	for _, s := range []*megolm.InboundSession{imported(t, p.at(3)), inbound(t, p.at(3))} {
		var changes int
		for range 300 {
			index := uint32(random.IntN(400))
			before := s.Revision()
			switch random.IntN(8) {
			case 0:
				do("AdvanceTo", s, func() error { return s.AdvanceTo(index / 20) })
			case 1:
				do("ExportAt", s, func() error { _, err := s.ExportAt(index); return err })
			case 2:
				do("Merge", s, func() error { _, err := s.Merge(imported(t, p.at(index))); return err })
			case 3:
				do("Merge verified", s, func() error { _, err := s.Merge(inbound(t, p.at(index))); return err })
			case 4:
				do("Merge foreign", s, func() error { _, err := s.Merge(inbound(t, newPeer(99))); return err })
			case 5:
				do("Seal", s, func() error { _, err := s.Seal(sealKey(t), nil); return err })
			default:
				do("Decrypt", s, func() error { _, err := s.Decrypt(message(t, p.at(index).encrypt(nil))); return err })
			}
			changes += int(s.Revision() - before)
		}
		require.Greater(t, changes, 5)
	}
}

func TestVerifiedByMessage(t *testing.T) {
	p := newPeer(27)
	s := imported(t, p)
	require.Zero(t, s.Revision())
	mustDecrypt(t, s, p.encrypt(nil), "", 0)
	require.True(t, s.SigningKeyVerified())
	require.Equal(t, uint64(1), s.Revision())
	mustDecrypt(t, s, p.encrypt(nil), "", 0)
	require.Equal(t, uint64(1), s.Revision(), "nothing changed the second time")
}
