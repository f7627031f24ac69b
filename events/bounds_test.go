package events_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/events"
	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
)

// A member is put into an object that has some, and into one that has none, in
// an array that has room for it from the start: no second copy of a secret is
// left behind.
func TestAppendMember(t *testing.T) {
	for object, want := range map[string]string{`{}`: `{"long name":[1,2,3]}`, `{"a":1}`: `{"a":1,"long name":[1,2,3]}`} {
		built, err := canonicaljson.Parse([]byte(object))
		require.NoError(t, err)
		got := events.AppendMember(built, "long name", []byte("[1,2,3]"))
		require.Equal(t, want, string(got))
		require.Equal(t, len(object)+len("long name")+len("[1,2,3]")+4, cap(got), "another array")
	}
}

// Only the characters that need it are escaped.
func TestQuoteBounds(t *testing.T) {
	require.Equal(t, "\"\\u001f !#[]\x7f\"", string(events.Quote([]byte("\x1f !#[]\x7f"))))
}

// A guard for no session remembers nothing.
func TestGuardOfNoSession(t *testing.T) {
	g := events.NewReplayGuard(new(megolm.InboundSession))
	absent(t, func() error { return g.Remember(1, "$event", 2) })
	require.Zero(t, g.Len())
	require.Zero(t, g.Revision())
}

// m.no_olm is for all sessions of all rooms: it has neither, not even one of both.
func TestNoOlmHasNoSession(t *testing.T) {
	key, err := keys.NewCurve25519([]byte("a key of 32 bytes, for a test..."))
	require.NoError(t, err)
	for _, ids := range [][2]string{{"!room", ""}, {"", "session"}, {"!room", "session"}} {
		wrong(t, "m.no_olm with a room or session", func() error {
			return errOf(events.NewWithheld(events.NoOlm, "", ids[0], ids[1], key))
		})
	}
	_, err = events.NewWithheld(events.NoOlm, "", "", "", key)
	require.NoError(t, err)
}
