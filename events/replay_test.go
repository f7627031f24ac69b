package events_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/events"
	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
)

// C04: one message, shown as another event, whatever else is changed; the same
// event, as often as one likes.
func TestAttack_C04_Replay(t *testing.T) {
	t.Parallel()
	c := newConversation(t)
	sent := c.seal(object{"body": marker})
	_, err := c.in.Open(event("$1"), sent)
	require.NoError(t, err)
	_, err = c.in.Open(event("$next"), c.seal(object{}))
	require.NoError(t, err)
	before := c.state()

	replayed := func(e events.RoomEvent, content object) {
		t.Helper()
		require.Equal(t, &events.ReplayError{SessionID: c.out.ID(), Index: 0}, c.refused(c.in, e, c.content(content)))
	}
	content := decode(t, sent)
	for range 3 {
		_, err = c.in.Open(event("$1"), sent)
		require.NoError(t, err)
	}
	replayed(event("$2"), content)
	replayed(event("$1 "), content)
	later := event("$1")
	later.Timestamp++
	replayed(later, content)
	replayed(event("$2"), but(content, func(o object) { o["sender_key"], o["device_id"] = "other", "OTHER" }))
	replayed(event("$2"), but(content, func(o object) { delete(o, "sender_key") }))
	padded := but(content, func(o object) {
		text := o["ciphertext"].(string)
		for len(text)%4 != 0 {
			text += "="
		}
		o["ciphertext"] = text
	})
	replayed(event("$2"), padded)
	_, err = c.in.Open(event("$1"), c.content(padded))
	require.NoError(t, err)
	require.Equal(t, before, c.state())

	// Through storage, and with another copy of the session.
	c.in.Guard, err = events.ReadReplayGuard(before)
	require.NoError(t, err)
	export, err := c.in.Session.Export()
	require.NoError(t, err)
	c.in.Session, err = megolm.ImportInboundSession(export)
	require.NoError(t, err)
	replayed(event("$2"), content)
	_, err = c.in.Open(event("$1"), sent)
	require.NoError(t, err)
}

// A message that fails leaves no trace, so that nobody can take its place.
func TestAttack_C04_FailedMessageIsNotNoted(t *testing.T) {
	t.Parallel()
	c := newConversation(t)
	sent := c.seal(object{})
	raw := sent.Message().Bytes()
	raw[len(raw)-1] ^= 1
	m, err := megolm.NewMessage(raw)
	require.NoError(t, err)
	forged := c.content(object{"algorithm": megolmV1, "session_id": c.out.ID(), "ciphertext": m.String()})
	require.ErrorIs(t, c.refused(c.in, event("$forged"), forged), megolm.ErrSignature)
	require.Zero(t, c.in.Guard.Len())
	_, err = c.in.Open(event("$1"), sent)
	require.NoError(t, err)
}

// C04: what an older store knew, the guard knows, as if it had seen it.
func TestAttack_C04_Remember(t *testing.T) {
	t.Parallel()
	c, old := newConversation(t), newConversation(t)
	old.out, old.in.Session = c.out, c.in.Session
	old.in.Guard = events.NewReplayGuard(c.in.Session)
	first, second := c.seal(object{}), c.seal(object{})
	for i, content := range []*events.MegolmEncrypted{first, second} {
		e := event(fmt.Sprint("$", i))
		_, err := old.in.Open(e, content)
		require.NoError(t, err)
		require.NoError(t, c.in.Guard.Remember(uint32(i), e.EventID, e.Timestamp))
	}
	before := c.state()
	require.Equal(t, old.state(), before, "it is what opening them leaves")
	require.NoError(t, c.in.Guard.Remember(1, "$1", event("$1").Timestamp))
	_, err := c.in.Open(event("$0"), first)
	require.NoError(t, err)
	replay := &events.ReplayError{SessionID: c.out.ID(), Index: 1}
	require.Equal(t, replay, c.refused(c.in, event("$2"), second))
	refused := func(g *events.ReplayGuard, index uint32, id string, timestamp int64) error {
		t.Helper()
		return failtest.Refused(t, func() error { return g.Remember(index, id, timestamp) }, c)
	}
	for _, e := range []events.RoomEvent{{EventID: "$2", Timestamp: event("").Timestamp}, {EventID: "$1", Timestamp: event("").Timestamp + 1}} {
		require.Equal(t, replay, refused(c.in.Guard, 1, e.EventID, e.Timestamp))
	}
	require.ErrorIs(t, refused(c.in.Guard, 7, "", 0), keys.ErrAbsent)
	require.ErrorIs(t, refused(new(events.ReplayGuard), 0, "$1", 0), keys.ErrAbsent)
	require.Equal(t, before, c.state())
	c.in.Guard.Fill(events.MaxReplayEntries - 2)
	require.ErrorIs(t, refused(c.in.Guard, 7, "$7", 0), events.ErrGuardFull)
}

func TestReplayGuardIsBounded(t *testing.T) {
	t.Parallel()
	c := newConversation(t)
	c.in.Guard.Fill(events.MaxReplayEntries - 1)
	first := c.seal(object{})
	_, err := c.in.Open(event("$1"), first)
	require.NoError(t, err)
	require.ErrorIs(t, c.refused(c.in, event("$2"), c.seal(object{})), events.ErrGuardFull)
	require.Equal(t, events.MaxReplayEntries, c.in.Guard.Len())
	_, err = c.in.Open(event("$1"), first)
	require.NoError(t, err, "what was opened before can be opened again")
	again, err := events.ReadReplayGuard(c.state())
	require.NoError(t, err)
	require.Equal(t, events.MaxReplayEntries, again.Len())
	c.in.Guard.Fill(events.MaxReplayEntries)
	guards(t).wrong(t, "list longer than its limit", c.state())
}

func TestReplayGuardState(t *testing.T) {
	t.Parallel()
	c := newConversation(t)
	require.Zero(t, c.in.Guard.Revision())
	for i := range 3 {
		_, err := c.in.Open(event(fmt.Sprint("$", i)), c.seal(object{}))
		require.NoError(t, err)
		require.Equal(t, uint64(i+1), c.in.Guard.Revision())
	}
	state := c.state()
	require.Equal(t, 1+8+32+4+3*36, len(state))
	first := sha256.Sum256([]byte("chappe replay 1\x00\x00\x00\x00\x00\x00\x00\x02$0\x00\x00\x01\x8b\xcf\xe5\x68\x00")) // of event
	require.Equal(t, first[:], state[1+8+32+4+4:][:32], "as every release wrote it")
	g, err := events.ReadReplayGuard(state)
	require.NoError(t, err)
	again, err := g.State()
	require.NoError(t, err)
	require.Equal(t, state, again)
	require.Equal(t, c.out.ID(), g.SessionID())
	require.Equal(t, []any{3, uint64(3)}, []any{g.Len(), g.Revision()})

	read := guards(t)
	for i := range state {
		read.wrong(t, "truncated", state[:i])
	}
	read.wrong(t, "trailing data", append(state[:len(state):len(state)], 0))
	for name, change := range map[string]func(b []byte){
		"unknown layout":             func(b []byte) { b[0] = 2 },
		"invalid Ed25519 public key": func(b []byte) { clear(b[9:41]) },
		"list longer than its limit": func(b []byte) { b[41] = 0xff },
		"indexes out of order":       func(b []byte) { b[45+36+3] = 0 },
		"out of order":               func(b []byte) { b[45] = 1 },
	} {
		bad := bytes.Clone(state)
		change(bad)
		read.wrong(t, name, bad)
	}
	absent(t, func() error { return errOf(new(events.ReplayGuard).State()) })
}

// guards is the reading of a guard's state.
func guards(t *testing.T) reading { return parses(t, events.ReadReplayGuard) }

// Of many events with one message, opened at once, exactly one passes.
func TestReplayGuardConcurrently(t *testing.T) {
	t.Parallel()
	c := newConversation(t)
	var sent []*events.MegolmEncrypted
	for range 8 {
		sent = append(sent, c.seal(object{}))
	}
	passed := make([]atomic.Int32, len(sent))
	var unexpected atomic.Int32
	var wg sync.WaitGroup
	for worker := range 6 {
		wg.Go(func() {
			for i, content := range sent {
				_, err := c.in.Open(event(fmt.Sprint("$", worker)), content)
				var replay *events.ReplayError
				switch {
				case err == nil:
					passed[i].Add(1)
				case !errors.As(err, &replay):
					unexpected.Add(1)
				}
				c.in.Guard.Len()
				c.in.Guard.Revision()
				c.in.Guard.State()
			}
		})
	}
	wg.Wait()
	require.Zero(t, unexpected.Load())
	for i := range passed {
		require.Equal(t, int32(1), passed[i].Load())
	}
	require.Equal(t, len(sent), c.in.Guard.Len())
}

// A sealed guard opens under its key and its context, and still refuses what it
// refused before.
func TestSealedGuard(t *testing.T) {
	group := megolm.NewOutboundSession()
	sessionKey, err := group.SessionKey()
	require.NoError(t, err)
	session, err := megolm.NewInboundSession(sessionKey)
	require.NoError(t, err)
	g := events.NewReplayGuard(session)
	g.Fill(3)
	key := keys.GenerateSealKey()
	before, err := g.State()
	require.NoError(t, err)
	sealed, err := g.Seal(key, []byte("room"))
	require.NoError(t, err)
	again, err := events.OpenReplayGuard(sealed, key, []byte("room"))
	require.NoError(t, err)
	after, err := again.State()
	require.NoError(t, err)
	require.Equal(t, before, after)

	k := key.Secret()
	under := func(key keys.SealKey, context string) reading {
		return func(content any) (func() error, failtest.Subject) {
			sealed := content.([]byte)
			return func() error { return errOf(events.OpenReplayGuard(sealed, key, []byte(context))) }, failtest.Input(sealed)
		}
	}
	under(key, "other room").refuses(t, megolm.ErrOpen, sealed)
	under(keys.GenerateSealKey(), "room").refuses(t, megolm.ErrOpen, sealed)
	absent(t, func() error { return errOf(g.Seal(keys.SealKey{}, nil)) }, failtest.Input(before))
	absent(t, func() error { return errOf(new(events.ReplayGuard).Seal(key, nil)) }, failtest.Secret(k[:]))
	for i := range sealed {
		bad := bytes.Clone(sealed)
		bad[i] ^= 1
		under(key, "room").fails(t, bad)
	}
}
