package megolm_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
)

func TestLateJoiner(t *testing.T) {
	out := megolm.NewOutboundSession()
	early := receiver(t, out)
	first, err := out.Encrypt([]byte("before"))
	require.NoError(t, err)
	second, err := out.Encrypt([]byte("before, too"))
	require.NoError(t, err)
	late := receiver(t, out)
	require.Equal(t, uint32(2), late.FirstKnownIndex())
	third, err := out.Encrypt([]byte("after"))
	require.NoError(t, err)

	for i, m := range []megolm.Message{first, second} {
		requireUnknownIndex(t, mustNotDecrypt(t, late, m.Bytes()), 2, uint32(i))
	}
	require.EqualError(t, mustNotDecrypt(t, late, first.Bytes()), "megolm: message index 0 is unknown: the session begins at 2")
	for _, s := range []*megolm.InboundSession{late, early} {
		d, err := s.Decrypt(third)
		require.NoError(t, err)
		require.Equal(t, megolm.Decrypted{Plaintext: []byte("after"), Index: 2}, d)
	}
	d, err := early.Decrypt(second)
	require.NoError(t, err)
	require.Equal(t, uint32(1), d.Index)
}

func TestAttack_P19_IndexExhausted(t *testing.T) {
	p := newPeer(28).at(math.MaxUint32 - 1)
	out := outbound(t, p)
	in := receiver(t, out)
	m, err := out.Encrypt([]byte("the last one"))
	require.NoError(t, err)
	require.Equal(t, uint32(math.MaxUint32-1), m.Index())
	require.Equal(t, uint32(math.MaxUint32), out.Index())
	mustDecrypt(t, in, m.Bytes(), "the last one", math.MaxUint32-1)
	for range 2 {
		require.ErrorIs(t, mustFail(t, nil, func() error {
			m, err := out.Encrypt([]byte("one more"))
			require.True(t, m.IsZero())
			return err
		}, out), megolm.ErrIndexExhausted)
		require.ErrorIs(t, mustFail(t, nil, func() error {
			dst, err := out.AppendEncrypt([]byte("dst"), nil)
			require.Equal(t, "dst", string(dst))
			return err
		}, out), megolm.ErrIndexExhausted)
	}
	// What another implementation sends at the last index is read.
	late := receiver(t, out)
	mustDecrypt(t, late, p.at(math.MaxUint32).encrypt([]byte("x")), "x", math.MaxUint32)
	mustDecrypt(t, in, p.at(math.MaxUint32).encrypt([]byte("x")), "x", math.MaxUint32)
}

func TestMaxPlaintextSize(t *testing.T) {
	require.Equal(t, 16<<20, megolm.MaxPlaintextSize)
	out := outbound(t, newPeer(29))
	in := receiver(t, out)
	long := make([]byte, megolm.MaxPlaintextSize+1)
	require.ErrorIs(t, mustFail(t, nil, func() error { _, err := out.Encrypt(long); return err }, out), megolm.ErrTooLong)
	require.ErrorIs(t, mustFail(t, nil, func() error { _, err := out.AppendEncrypt(nil, long); return err }, out), megolm.ErrTooLong)
	if testing.Short() {
		return
	}
	m, err := out.Encrypt(long[1:])
	require.NoError(t, err)
	m, err = megolm.NewMessage(m.Bytes())
	require.NoError(t, err, "the longest message that is written is read")
	d, err := in.Decrypt(m)
	require.NoError(t, err)
	require.Len(t, d.Plaintext, megolm.MaxPlaintextSize)
}

func TestAbsentKeys(t *testing.T) {
	requireAbsent := func(call func() error, sessions ...stater) {
		t.Helper()
		require.ErrorIs(t, mustFail(t, nil, call, sessions...), keys.ErrAbsent)
	}
	p := newPeer(30)
	key, export := sessionKey(t, outbound(t, p)), megolm.ExportedSession{}
	in, out := inbound(t, p), outbound(t, p)
	export, err := in.Export()
	require.NoError(t, err)
	key.Close()
	export.Close()
	for _, k := range []megolm.SessionKey{{}, key} {
		requireAbsent(func() error { s, err := megolm.NewInboundSession(k); require.Nil(t, s); return err })
		require.True(t, k.IsZero())
	}
	for _, e := range []megolm.ExportedSession{{}, export} {
		requireAbsent(func() error { s, err := megolm.ImportInboundSession(e); require.Nil(t, s); return err })
		require.True(t, e.IsZero())
	}
	requireAbsent(func() error { _, err := in.Decrypt(megolm.Message{}); return err }, in)
	requireAbsent(func() error { _, err := megolm.Message{}.MarshalText(); return err })
	requireAbsent(func() error { _, err := in.Compare(nil); return err }, in)
	requireAbsent(func() error { _, err := in.Merge(nil); return err }, in)

	closed := keys.GenerateSealKey()
	closed.Close()
	sealed, err := in.Seal(sealKey(t), nil)
	require.NoError(t, err)
	sealedOut, err := out.Seal(sealKey(t), nil)
	require.NoError(t, err)
	for _, k := range []keys.SealKey{{}, closed} {
		requireAbsent(func() error { _, err := in.Seal(k, nil); return err }, in)
		requireAbsent(func() error { _, err := out.Seal(k, nil); return err }, out)
		requireAbsent(func() error { _, err := megolm.OpenInboundSession(sealed, k, nil); return err })
		requireAbsent(func() error { _, err := megolm.OpenOutboundSession(sealedOut, k, nil); return err })
	}
}

func TestSuite(t *testing.T) {
	require.Equal(t, "m.megolm.v1.aes-sha2", megolm.V1.Algorithm())
	require.Equal(t, megolm.V1, megolm.NewOutboundSession().Suite())
	require.Equal(t, megolm.V1, inbound(t, newPeer(1)).Suite())
	for s := range 256 {
		if s != 1 {
			require.Empty(t, megolm.Suite(s).Algorithm())
		}
	}
}
