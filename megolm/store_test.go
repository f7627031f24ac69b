package megolm_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/layout"
	"github.com/chappe-e2ee/chappe/internal/seal"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
)

var sealContext = []byte("!room:example.org|session")

// sealable is what both sessions share.
type sealable interface {
	stater
	Seal(key keys.SealKey, context []byte) ([]byte, error)
	AppendSeal(dst []byte, key keys.SealKey, context []byte) ([]byte, error)
	Revision() uint64
}

// sealedKind opens one kind of session.
type sealedKind struct {
	kind  seal.Kind
	other seal.Kind
	open  func(sealed []byte, key keys.SealKey, context []byte) (sealable, error)
}

var sealedKinds = map[string]sealedKind{
	"outbound": {seal.MegolmOutbound, seal.MegolmInbound, func(sealed []byte, key keys.SealKey, context []byte) (sealable, error) {
		s, err := megolm.OpenOutboundSession(sealed, key, context)
		if err != nil {
			if s != nil {
				panic("session and error")
			}
			return nil, err
		}
		return s, nil
	}},
	"inbound": {seal.MegolmInbound, seal.MegolmOutbound, func(sealed []byte, key keys.SealKey, context []byte) (sealable, error) {
		s, err := megolm.OpenInboundSession(sealed, key, context)
		if err != nil {
			if s != nil {
				panic("session and error")
			}
			return nil, err
		}
		return s, nil
	}},
}

// sealState seals a plaintext that need not be a state.
func sealState(t testing.TB, kind seal.Kind, state []byte) []byte {
	t.Helper()
	key := sealKey(t).Secret()
	sealed, err := seal.Append(nil, kind, &key, sealContext, len(state), func(w *layout.Writer) { w.Bytes(state) })
	require.NoError(t, err)
	return sealed
}

// outboundState and inboundState are the layout of store.go, by hand.
func outboundState(p *peer, revision uint64, expanded bool) []byte {
	b := binary.BigEndian.AppendUint64([]byte{1, 1}, revision)
	b = append(b, p.stored()...)
	if expanded {
		b = append(append(b, 2), p.expanded()...)
	} else {
		b = append(append(b, 1), p.key.Seed()...)
	}
	return append(b, p.public()...)
}

func inboundState(p, latest *peer, revision uint64, verified byte) []byte {
	b := binary.BigEndian.AppendUint64([]byte{1, 1}, revision)
	b = append(b, p.stored()...)
	if latest == nil {
		b = append(b, 0)
	} else {
		b = append(append(b, 1), latest.stored()...)
	}
	return append(append(b, p.public()...), verified)
}

// sealedSessions returns sessions in every form that their state has.
func sealedSessions(t testing.TB) map[string][]sealable {
	t.Helper()
	p := newPeer(70)
	fresh, err := megolm.OpenOutboundSession(sealState(t, seal.MegolmOutbound, outboundState(p, 0, false)), sealKey(t), sealContext)
	require.NoError(t, err)
	moved, err := megolm.OpenOutboundSession(sealState(t, seal.MegolmOutbound, outboundState(p.at(300), 1<<40, false)), sealKey(t), sealContext)
	require.NoError(t, err)
	read := inbound(t, p.at(3))
	_, err = read.Decrypt(message(t, p.at(90).encrypt(nil)))
	require.NoError(t, err)
	return map[string][]sealable{
		"outbound": {fresh, moved, outbound(t, p.at(7))},
		"inbound":  {inbound(t, p), imported(t, p.at(5)), read},
	}
}

func TestSealedRoundTrip(t *testing.T) {
	for kind, sessions := range sealedSessions(t) {
		for i, s := range sessions {
			for _, context := range [][]byte{nil, sealContext} {
				sealed, err := s.Seal(sealKey(t), context)
				require.NoError(t, err)
				require.Equal(t, len(sealed), cap(sealed))
				opened, err := sealedKinds[kind].open(sealed, sealKey(t), context)
				require.NoError(t, err)
				require.Equal(t, s.State(), opened.State(), "%s %d", kind, i)
				require.Equal(t, s.Revision(), opened.Revision())
			}
		}
	}
	p := newPeer(71)
	requireState := func(want []byte, s stater) { t.Helper(); require.Equal(t, want, s.State()) }
	requireState(outboundState(p.at(2), 0, true), outbound(t, p.at(2)))
	requireState(inboundState(p, nil, 0, 1), inbound(t, p))
	requireState(inboundState(p, nil, 0, 0), imported(t, p))
	s := imported(t, p)
	mustDecrypt(t, s, p.at(500).encrypt(nil), "", 500)
	requireState(inboundState(p, p.at(500), 1, 1), s)
	opened, err := megolm.OpenOutboundSession(sealState(t, seal.MegolmOutbound, outboundState(p, 3, false)), sealKey(t), sealContext)
	require.NoError(t, err)
	requireState(outboundState(p, 3, false), opened)
	m, err := opened.Encrypt([]byte("x"))
	require.NoError(t, err)
	require.Equal(t, p.encrypt([]byte("x")), m.Bytes())
	requireState(outboundState(p.at(1), 4, false), opened)
}

func TestAppendSeal(t *testing.T) {
	for kind, sessions := range sealedSessions(t) {
		for _, s := range sessions {
			for _, spare := range []int{0, 10, 1000} {
				dst := append(make([]byte, 0, 4+spare), "head"...)
				out, err := s.AppendSeal(dst, sealKey(t), nil)
				require.NoError(t, err)
				require.Equal(t, "head", string(out[:4]))
				opened, err := sealedKinds[kind].open(out[4:], sealKey(t), nil)
				require.NoError(t, err)
				require.Equal(t, s.State(), opened.State())
				state := s.State()
				require.False(t, bytes.Contains(out[:cap(out)], state[10:42]), "the state stands in the result")
			}
		}
	}
}

// TestAppendSealKeepsDst: the result of a failed append is dst, as with
// AppendEncrypt, so that "buf, err = s.AppendSeal(buf, …)" loses nothing.
func TestAppendSealKeepsDst(t *testing.T) {
	for kind, sessions := range sealedSessions(t) {
		s := sessions[0]
		mustFail(t, nil, func() error {
			dst, err := s.AppendSeal([]byte("dst"), keys.SealKey{}, nil)
			require.Equal(t, "dst", string(dst), "%s, absent key", kind)
			return err
		}, s)
		s.(interface{ Close() }).Close()
		mustFail(t, nil, func() error {
			dst, err := s.AppendSeal([]byte("dst"), sealKey(t), nil)
			require.Equal(t, "dst", string(dst), "%s, closed", kind)
			return err
		})
	}
}

// TestSealedGolden pins what a release writes: every later one reads it.
func TestSealedGolden(t *testing.T) {
	counting := make([]byte, 44)
	for i := range counting {
		counting[i] = byte(i)
	}
	all := sealedSessions(t)
	for kind, want := range map[string][3]string{
		"outbound": {
			"f01d776dc55a7015f7aa18a7ca81950931cc7ab721a24f492096ac247fee2e41",
			"c9a69aab5bd3749810e6eb59536189ad73a1b35e5f481b32897dad6eb34e863f",
			"a6f3c6e06eeb7f8a910e7b05ffc1dae75b15f4c5f301cf69b22f6e9137f2c604",
		},
		"inbound": {
			"1bdb5aad833f951e49557bcdde3c3c87d00a05ab5aee055408e838b48d407c99",
			"5560afdb60095aaff978b3a578adf51934a34d62d468da48240fc5b2827e2616",
			"3f50ffe92575cf0dc368ef54510477a8c0fb7bd8af3318f1352e53f3c6b34426",
		},
	} {
		for i, s := range all[kind] {
			fixRandom(t, counting)
			sealed, err := s.Seal(sealKey(t), sealContext)
			require.NoError(t, err)
			sum := sha256.Sum256(sealed)
			require.Equal(t, want[i], hex.EncodeToString(sum[:]), "%s %d", kind, i)
		}
	}
}
