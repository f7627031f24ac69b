//go:build goolm

package mautrixolm_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"maunium.net/go/mautrix/crypto"
)

// TestKeyFile exports the room keys of one device and imports them on another,
// which then reads what was sent before it came, and a session that was
// advanced does not read what is gone.
func TestKeyFile(t *testing.T) {
	for _, order := range [][2]driver{{chappe, peer}, {peer, chappe}, {chappe, chappe}} {
		t.Run(order[0].name+" to "+order[1].name, func(t *testing.T) {
			w := newWorld(t)
			a := w.login(alice, "FIRST", order[0])
			early, late := a.send("early", bob), a.send("late", bob)
			var file []byte
			a.do(func() {
				var err error
				file, err = crypto.ExportKeysIter("passphrase", a.store.GetAllGroupSessions(t.Context()))
				require.NoError(t, err)
			})
			b := w.login(alice, "SECOND", order[1])
			b.do(func() {
				got, all, err := b.machine.ImportKeys(t.Context(), "passphrase", file)
				require.NoError(t, err)
				require.Equal(t, []int{1, 1}, []int{got, all})
			})
			b.requireReads("early", early)
			b.requireReads("late", late)

			session := late.Content.AsEncrypted().SessionID
			b.do(func() {
				s, err := b.store.GetGroupSession(t.Context(), room, session)
				require.NoError(t, err)
				require.NoError(t, s.RatchetTo(1))
				require.NoError(t, b.store.PutGroupSession(t.Context(), s))
			})
			b.requireReads("late", late)
			_, err := b.read(early)
			require.ErrorContains(t, err, "earlier than our earliest known")
		})
	}
}
