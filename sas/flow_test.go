package sas_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/sas"
	"github.com/chappe-e2ee/chappe/verification"
)

func TestTwoSidesVerifyEachOther(t *testing.T) {
	for _, room := range []bool{false, true} {
		for _, bobStarts := range []bool{false, true} {
			for _, bobFirst := range []bool{false, true} {
				w := newPair(t, room, sas.Method{}, sas.Method{})
				starter, first := w.alice, w.alice
				if bobStarts {
					starter = w.bob
				}
				if bobFirst {
					first = w.bob
				}
				w.compare(starter)
				require.Equal(t, *w.alice.shown, *w.bob.shown)
				_, ok := w.alice.shown.Emoji()
				require.True(t, ok)
				w.requireTrust(false)
				w.confirm(first)
				w.requireTrust(false)
				w.confirm(w.other(first))
				require.Equal(t, verification.Done, w.alice.flow.State())
				require.Equal(t, verification.Done, w.bob.flow.State())
				w.requireTrust(true)
			}
		}
	}
}

// The script that FuzzConversation changes leads to the end.
func TestHonestConversation(t *testing.T) {
	for _, room := range []bool{false, true} {
		c := newConversation(t, room)
		for _, op := range honest {
			c.do(op)
			c.check()
		}
		for _, p := range []*person{c.alice, c.bob} {
			require.Equal(t, verification.Done, c.flows[p].State())
		}
	}
}
