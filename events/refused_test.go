package events_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/events"
	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/olm"
)

// marker stands in contents that are to stay secret.
const marker = "Zt7pWq2LxV9mKd4R"

// payloadSubject is a decrypted payload, of which the marker is secret: errors
// may name members.
type payloadSubject []byte

func (p payloadSubject) State() []byte   { return p }
func (payloadSubject) Secrets() [][]byte { return [][]byte{[]byte(marker)} }

// plaintextSubject is a payload that was opened, with the keys and secrets in it.
type plaintextSubject struct{ events.Plaintext }

func (p plaintextSubject) State() []byte {
	if p.IsZero() {
		return nil
	}
	return events.RawPayload(p.Plaintext)
}

func (p plaintextSubject) Secrets() (list [][]byte) {
	if p.IsZero() {
		return nil
	}
	var content struct {
		Key    string `json:"session_key"`
		Secret string `json:"secret"`
	}
	if json.Unmarshal(p.SecretContent(), &content) == nil {
		raw, _ := base64.RawStdEncoding.DecodeString(content.Key)
		list = append(list, []byte(content.Key), raw, []byte(content.Secret))
	}
	return list
}

// moves is a subject that is of the state of accounts and sessions as a store
// sees it. Their own tests look at every byte.
type moves []interface{ Revision() uint64 }

func (m moves) State() (b []byte) {
	for _, v := range m {
		b = fmt.Append(b, v.Revision(), " ")
	}
	return b
}

func (moves) Secrets() [][]byte { return nil }

// State returns the state of the guard, and the key of the session.
func (c *conversation) State() []byte {
	return bytes.Join(append(c.Secrets(), c.state()), nil)
}

// Secrets returns the marker and the session's key.
func (c *conversation) Secrets() [][]byte {
	export, err := c.in.Session.Export()
	require.NoError(c.t, err)
	return [][]byte{[]byte(marker), export.SecretText()}
}

// refused is failtest.Refused for a room event that is opened by s.
func (c *conversation) refused(s events.RoomSession, e events.RoomEvent, content *events.MegolmEncrypted) error {
	c.t.Helper()
	return failtest.Refused(c.t, func() error {
		d, err := s.Open(e, content)
		require.True(c.t, d.IsZero())
		return err
	}, c, failtest.Input(marshal(c.t, content)))
}

// openRefused demands that d discards an event, with a certain error, as often as
// it comes for the first time: a check fails after the decryption, which used the
// one-time key.
func (d *device) openRefused(t testing.TB, is error, lookup events.Lookup, sender string, content *events.OlmEncrypted) {
	t.Helper()
	key := keys.GenerateSealKey()
	sealed, err := d.account.Seal(key, nil)
	require.NoError(t, err)
	failtest.RefusedWith(t, is, func() error {
		account, err := olm.OpenAccount(sealed, key, nil)
		require.NoError(t, err)
		before := account.OneTimeKeyCount()
		receiver, err := events.NewReceiver(account, d.keys, lookup)
		require.NoError(t, err)
		opened, err := receiver.Open(sender, content)
		require.True(t, opened.Plaintext.IsZero())
		require.Nil(t, opened.Session)
		require.Equal(t, before-1, account.OneTimeKeyCount(), "the message's key is used up")
		return err
	}, payloadSubject(marshal(t, content)))
}

// checkRefused demands that the receiver refuses a payload after its decryption.
func checkRefused[E error](t testing.TB, r *events.Receiver, sender string, content *events.OlmEncrypted, payload []byte) E {
	t.Helper()
	return failtest.RefusedAs[E](t, func() error {
		p, err := r.Check(sender, content, payload)
		require.True(t, p.IsZero())
		return err
	}, payloadSubject(payload))
}

// getRefused demands that a payload does not give what is asked of it.
func getRefused(t testing.TB, is error, p events.Plaintext, get func(events.Plaintext) error) {
	t.Helper()
	failtest.RefusedWith(t, is, func() error { return get(p) }, plaintextSubject{p})
}

// The things that a payload can give.
func getRoomKey(p events.Plaintext) error          { return only(p.RoomKey()) }
func getForwardedRoomKey(p events.Plaintext) error { return only(p.ForwardedRoomKey()) }
func getSecretSend(p events.Plaintext) error       { return only(p.SecretSend()) }

// only returns the error of a call. With a result beside it there is none.
func only(result interface{ IsZero() bool }, err error) error {
	if !result.IsZero() {
		return nil
	}
	return err
}

// parseRefused demands that a parser refuses a text.
func parseRefused[T any](t testing.TB, parse func([]byte) (T, error), text []byte) error {
	t.Helper()
	return failtest.Refused(t, func() error { _, err := parse(text); return err }, failtest.Input(text))
}
