package events_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
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

// wrong is the function wrong for a room event.
func (c *conversation) wrong(words string, content *events.MegolmEncrypted) {
	c.t.Helper()
	wrong(c.t, words, func() error { return c.refused(c.in, event("$1"), content) })
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

// unopened demands that an event is refused before it is decrypted.
func unopened(t testing.TB, is error, r *events.Receiver, sender string, content *events.OlmEncrypted, sessions ...*olm.Session) {
	t.Helper()
	of := moves{}
	for _, s := range sessions {
		of = append(of, s)
	}
	failtest.RefusedWith(t, is, func() error { return errOf(r.Open(sender, content, sessions...)) }, of, failtest.Input(marshal(t, content)))
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

// errOf returns the error of a call.
func errOf[T any](_ T, err error) error { return err }

// wrong demands that a call refuses what is not of its form, in an error with
// some words in it.
func wrong(t testing.TB, words string, f func() error, of ...failtest.Subject) {
	t.Helper()
	err := failtest.Refused(t, f, of...)
	require.ErrorAs(t, err, new(*events.MalformedError))
	require.ErrorContains(t, err, words)
}

// absent demands that a call refuses a zero value.
func absent(t testing.TB, f func() error, of ...failtest.Subject) {
	t.Helper()
	failtest.RefusedWith(t, keys.ErrAbsent, f, of...)
}

// A reading is how a content is read: the call, and what it must leave as it was.
type reading func(content any) (func() error, failtest.Subject)

// parses is the reading of a parser.
func parses[T any](t testing.TB, parse func([]byte) (T, error)) reading {
	return func(content any) (func() error, failtest.Subject) {
		text := marshal(t, content)
		return func() error { return errOf(parse(text)) }, failtest.Input(text)
	}
}

// carries is the reading of what comes from one device to another through Olm.
func carries(t testing.TB, from, to *device, eventType string, get func(events.Plaintext) error) reading {
	return func(content any) (func() error, failtest.Subject) {
		p := open(t, from, to, knows(from.keys), outgoing(t, eventType, content))
		return func() error { return get(p) }, plaintextSubject{p}
	}
}

func (r reading) takes(t testing.TB, content any) {
	t.Helper()
	read, _ := r(content)
	require.NoError(t, read())
}

func (r reading) fails(t testing.TB, content any) {
	t.Helper()
	read, of := r(content)
	failtest.Refused(t, read, of)
}

func (r reading) refuses(t testing.TB, is error, content any) {
	t.Helper()
	read, of := r(content)
	failtest.RefusedWith(t, is, read, of)
}

// wrong is the function wrong for a content.
func (r reading) wrong(t testing.TB, words string, content any) {
	t.Helper()
	read, of := r(content)
	wrong(t, words, read, of)
}

// wrongMembers demands that contents with one member changed are refused, in an
// error that names the member.
func (r reading) wrongMembers(t testing.TB, what string, good object, names ...string) {
	t.Helper()
	r.takes(t, good)
	r.takes(t, but(good, func(o object) { o["org.example"] = object{"float": -1.5e300} }))
	for _, name := range names {
		for _, bad := range []any{nil, 1, "", true, object{"a": 1}, []any{1}} {
			r.wrong(t, what+": "+name+" is not ", but(good, func(o object) { o[name] = bad }))
		}
		r.wrong(t, what+": "+name, but(good, func(o object) { o[name] = 1.5 }))
		r.wrong(t, what+": "+name+" is not ", but(good, func(o object) { delete(o, name) }))
		upper := strings.ToUpper(name)
		r.wrong(t, what+": "+name+" is not ", but(good, func(o object) { o[upper] = o[name]; delete(o, name) }))
	}
}
