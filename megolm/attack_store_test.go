package megolm_test

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/seal"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
)

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
				// Of an outbound session, the private key gives the only
				// right one.
				at, why := len(state)-32, "public and private key do not match"
				if kind == "inbound" {
					at, why = at-1, "invalid Ed25519 public key"
				}
				refused(kind, edit(state, at, public...), why)
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
