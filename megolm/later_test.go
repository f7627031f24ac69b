package megolm_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/libolm"
	"github.com/chappe-e2ee/chappe/megolm"
)

// A session that is held for its next message takes little more than an idle one.
func TestLatestHoldsWhatDiffers(t *testing.T) {
	p := newPeer(34)
	s := inbound(t, p)
	held := []byte{}
	for _, c := range []struct{ index, parts uint32 }{{1, 1}, {255, 1}, {256, 2}, {1 << 16, 3}, {1 << 24, 4}} {
		mustDecrypt(t, s, p.at(c.index).encrypt(nil), "", c.index)
		parts := s.LatestParts()
		require.Len(t, parts, int(32*c.parts), "at %d", c.index)
		if len(parts) != len(held) {
			require.Equal(t, make([]byte, len(held)), held, "what was given up is wiped")
		}
		held = parts
	}
	require.NoError(t, s.AdvanceTo(1<<24))
	_, ok := s.LatestIndex()
	require.False(t, ok)
	require.Equal(t, make([]byte, len(held)), held, "what was given up is wiped")
}

// Nothing says that the latest ratchet of a pickle follows from the first one. It
// is kept as it is.
func TestLatestOfAnotherRatchet(t *testing.T) {
	p := newPeer(35)
	unmoved := p.at(0)
	unmoved.index = 9 // of the first ratchet, with another index
	for _, latest := range []*peer{newPeer(36).at(7), newPeer(36).at(300), unmoved} {
		pickle := libolm.Encrypt(p.inboundPlaintext(latest, 1), pickleKey)
		s, err := megolm.ImportLibolmInboundSession(pickle, pickleKey)
		require.NoError(t, err)
		again, err := s.ExportLibolm(pickleKey)
		require.NoError(t, err)
		require.Equal(t, string(pickle), string(again))
		e, err := s.ExportAt(latest.index)
		require.NoError(t, err)
		require.Equal(t, text(append(latest.export()[:133], p.public()...)), e.SecretText())
	}
}
