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

func mustNotOpen(t *testing.T, kind string, sealed []byte, key keys.SealKey, context []byte) error {
	t.Helper()
	return mustFail(t, sealed, func() error { _, err := sealedKinds[kind].open(sealed, key, context); return err })
}

func TestAttack_P09_Sealed(t *testing.T) {
	for kind, sessions := range sealedSessions(t) {
		for _, s := range sessions {
			a, err := s.Seal(sealKey(t), sealContext)
			require.NoError(t, err)
			b, err := s.Seal(sealKey(t), sealContext)
			require.NoError(t, err)
			same := 0
			for i := 8; i < len(a); i++ {
				if a[i] == b[i] {
					same++
				}
			}
			require.Less(t, same, 16, "sealing twice differs everywhere")

			for _, context := range [][]byte{nil, sealContext[1:], append(bytes.Clone(sealContext), 0), []byte("another")} {
				require.ErrorIs(t, mustNotOpen(t, kind, a, sealKey(t), context), megolm.ErrOpen)
			}
			require.ErrorIs(t, mustNotOpen(t, kind, a, keys.GenerateSealKey(), sealContext), megolm.ErrOpen)
			for other := range sealedKinds {
				if other != kind {
					requireMalformed(t, mustNotOpen(t, other, a, sealKey(t), sealContext), "another kind")
					moved := bytes.Clone(a)
					moved[7] = byte(sealedKinds[other].kind)
					require.ErrorIs(t, mustNotOpen(t, other, moved, sealKey(t), sealContext), megolm.ErrOpen)
				}
			}
		}
	}
}

func TestAttack_P10_EveryBitOfASealedSession(t *testing.T) {
	for kind, sessions := range sealedSessions(t) {
		s := sessions[0]
		sealed, err := s.Seal(sealKey(t), sealContext)
		require.NoError(t, err)
		for bit := range 8 * len(sealed) {
			b := bytes.Clone(sealed)
			b[bit/8] ^= 1 << (bit % 8)
			err := mustNotOpen(t, kind, b, sealKey(t), sealContext)
			switch i := bit / 8; {
			case i == 6:
				requireVersion(t, err, uint32(b[6]))
			case i < 8:
				requireMalformed(t, err, "")
			default:
				require.ErrorIs(t, err, megolm.ErrOpen, "bit %d", bit)
			}
		}
		for n := range sealed {
			err := mustNotOpen(t, kind, sealed[:n], sealKey(t), sealContext)
			if n < seal.Overhead {
				requireMalformed(t, err, "shorter")
			} else {
				require.ErrorIs(t, err, megolm.ErrOpen)
			}
		}
		require.ErrorIs(t, mustNotOpen(t, kind, append(bytes.Clone(sealed), 0), sealKey(t), sealContext), megolm.ErrOpen)
		random := newRandom(72)
		for n := range 201 {
			mustNotOpen(t, kind, randomBytes(random, n), sealKey(t), nil)
			mustNotOpen(t, kind, append([]byte("chappe\x01"), append([]byte{byte(sealedKinds[kind].kind)}, randomBytes(random, n)...)...), sealKey(t), nil)
		}
	}
}

// TestAttack_P10_States: what stands under a right seal is read as strictly as
// anything else.
func TestAttack_P10_States(t *testing.T) {
	p := newPeer(73).at(9)
	refused := func(kind string, state []byte, why string) {
		t.Helper()
		sealed := sealState(t, sealedKinds[kind].kind, state)
		requireMalformed(t, mustNotOpen(t, kind, sealed, sealKey(t), sealContext), why)
	}
	states := map[string][][]byte{
		"outbound": {outboundState(p, 5, false), outboundState(p, 5, true)},
		"inbound":  {inboundState(p, nil, 5, 1), inboundState(p, p.at(20), 5, 0)},
	}
	edit := func(state []byte, at int, b ...byte) []byte {
		state = bytes.Clone(state)
		copy(state[at:], b)
		return state
	}
	for kind, list := range states {
		for _, state := range list {
			_, err := sealedKinds[kind].open(sealState(t, sealedKinds[kind].kind, state), sealKey(t), sealContext)
			require.NoError(t, err)
			for n := range state {
				refused(kind, state[:n], "")
			}
			refused(kind, append(bytes.Clone(state), 0), "trailing data")
			for _, v := range []byte{0, 2, 255} {
				refused(kind, edit(state, 0, v), "unknown layout")
				refused(kind, edit(state, 1, v), "unknown suite")
			}
			refused(kind, edit(state, 10, make([]byte, 128)...), "all-zero ratchet")
			for _, s := range badEd25519 {
				public, err := hex.DecodeString(s)
				require.NoError(t, err)
				at := len(state) - 32
				if kind == "inbound" {
					at--
				}
				refused(kind, edit(state, at, public...), "invalid Ed25519 public key")
			}
		}
	}
	for _, form := range []byte{0, 3, 255} {
		refused("outbound", edit(outboundState(p, 5, false), 142, form), "unknown form")
	}
	other := newPeer(74)
	for _, expanded := range []bool{false, true} {
		state := outboundState(p, 5, expanded)
		refused("outbound", edit(state, len(state)-32, other.public()...), "do not match")
		refused("outbound", edit(state, 143, other.key.Seed()...), "do not match")
	}
	latest := inboundState(p, p.at(20), 5, 0)
	for _, index := range []byte{0, 8, 9} {
		refused("inbound", edit(latest, 143+128, 0, 0, 0, index), "latest ratchet before the first")
	}
	refused("inbound", edit(latest, 143, make([]byte, 128)...), "all-zero ratchet")
	refused("inbound", edit(latest, 142, 2), "")
	refused("inbound", edit(latest, len(latest)-1, 2), "truth value")
}
