package events_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Row B16: a session is looked up by the id that the event names, sealed or read.
func TestMegolmNamesItsSession(t *testing.T) {
	t.Parallel()
	c := newConversation(t)
	sent := c.seal(object{"body": "hello"})
	require.Equal(t, c.out.ID(), sent.SessionID())
	require.Equal(t, c.out.ID(), c.content(decode(t, sent)).SessionID())
	other := c.content(but(decode(t, sent), func(o object) { o["session_id"], o["sender_key"] = "other", c.out.ID() }))
	require.Equal(t, "other", other.SessionID())
}
