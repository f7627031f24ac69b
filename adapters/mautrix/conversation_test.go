//go:build goolm

package mautrixolm_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestConversation lets two machines talk, each with either driver: keys
// upload, one-time keys are claimed, room keys go over Olm, messages both ways.
func TestConversation(t *testing.T) {
	for _, pair := range [][2]driver{{chappe, chappe}, {chappe, peer}, {peer, chappe}} {
		t.Run(pair[0].name+" and "+pair[1].name, func(t *testing.T) {
			w := newWorld(t)
			a, b := w.login(alice, "PHONE", pair[0]), w.login(bob, "LAPTOP", pair[1])
			for round := range 4 {
				for i := range 3 {
					text := fmt.Sprint("from Alice ", round, i)
					b.requireReads(text, a.send(text, bob))
					text = fmt.Sprint("from Bob ", round, i)
					a.requireReads(text, b.send(text, alice))
				}
				a.newRoomKey()
				b.newRoomKey()
			}
			require.Equal(t, 49, len(w.server.OneTimeKeys[bob]["LAPTOP"])+len(w.server.OneTimeKeys[alice]["PHONE"])-50)
		})
	}
}
