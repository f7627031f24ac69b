package events_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/events"
	"github.com/chappe-e2ee/chappe/internal/failtest"
)

// holder is a caller's struct. fmt reaches into its unexported fields and calls
// no methods there.
type holder struct {
	plaintext events.Plaintext
	out       events.Outgoing
	key       events.RoomKey
	forwarded events.ForwardedRoomKey
	secret    events.SecretSend
	decrypted events.Decrypted
	opened    events.Opened
}

// Nothing that prints or marshals shows a secret, and Close wipes it.
func TestAttack_G05_RedactionAndClose(t *testing.T) {
	t.Parallel()
	one, two := newDevice(t, alice, "ONE"), newDevice(t, alice, "TWO")
	out, in := group(t)
	export, err := in.Export()
	require.NoError(t, err)
	key, err := out.SessionKey()
	require.NoError(t, err)
	const value = "what nobody else may see"
	secrets := [][]byte{[]byte(value), key.SecretText(), export.SecretText()}

	var h holder
	h.out, err = events.NewRoomKey(out, room, false)
	require.NoError(t, err)
	h.plaintext = open(t, one, two, knows(one.keys), h.out)
	h.key, err = h.plaintext.RoomKey()
	require.NoError(t, err)
	f, err := events.NewForwardedRoomKey(export, forwarding(one))
	require.NoError(t, err)
	h.forwarded, err = open(t, one, two, knows(one.keys), f).ForwardedRoomKey()
	require.NoError(t, err)
	s, err := events.NewSecretSend("id", []byte(value))
	require.NoError(t, err)
	h.secret, err = open(t, one, two, knows(one.keys), s).SecretSend()
	require.NoError(t, err)
	c := newConversation(t)
	h.decrypted, err = c.in.Open(event("$1"), c.seal(object{"body": value}))
	require.NoError(t, err)
	h.opened.Plaintext = h.plaintext

	for _, v := range []any{h, &h, []holder{h}, h.plaintext, &h.plaintext, h.out, h.key, &h.key, h.forwarded, h.secret, h.decrypted, h.opened, f, s} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q", "%d", "%p"} {
			requireHidden(t, []byte(fmt.Sprintf(verb, v)), secrets)
		}
		var b bytes.Buffer
		slog.New(slog.NewJSONHandler(&b, nil)).Info("", "v", v)
		slog.New(slog.NewTextHandler(&b, nil)).Info("", "v", v)
		requireHidden(t, b.Bytes(), secrets)
	}
	var hidden []failtest.Subject
	for _, s := range secrets {
		hidden = append(hidden, failtest.Secret(s))
	}
	for _, v := range []any{h.plaintext, h.out, h.key, h.forwarded, h.secret, h.decrypted, h.opened} {
		failtest.Refused(t, func() error { return errOf(json.Marshal(v)) }, hidden...)
		failtest.Refused(t, func() error { return gob.NewEncoder(new(bytes.Buffer)).Encode(v) }, hidden...)
	}

	for _, content := range []func() []byte{h.plaintext.SecretContent, h.out.SecretContent, h.key.SecretJSON, h.forwarded.SecretJSON,
		h.secret.SecretJSON, h.secret.Secret, h.decrypted.Content} {
		before := bytes.Clone(content())
		clear(content())
		require.NotEmpty(t, before)
		require.Equal(t, before, content(), "a copy")
	}
	kept := [][]byte{events.RawPayload(h.plaintext), events.RawContent(h.out), h.key.RawSecrets(), h.forwarded.RawSecrets()}
	raw, text := h.secret.RawSecrets()
	kept = append(kept, raw, text)
	for _, v := range []interface{ Close() }{h.plaintext, h.out, h.key, h.forwarded, h.secret} {
		v.Close()
	}
	for _, b := range kept {
		require.NotEmpty(t, b)
		require.Equal(t, make([]byte, len(b)), b)
	}
	require.True(t, h.plaintext.IsZero() && h.out.IsZero())
	require.Nil(t, h.plaintext.SecretContent())
	require.Nil(t, h.out.SecretContent())
	require.Equal(t, []string{events.TypeRoomKey, events.TypeRoomKey}, []string{h.plaintext.Type(), h.out.Type()})
}

func requireHidden(t *testing.T, printed []byte, secrets [][]byte) {
	t.Helper()
	for _, s := range secrets {
		require.NotContains(t, string(printed), string(s[:20]))
		require.NotContains(t, string(printed), fmt.Sprintf("%x", s[:10]))
		decimal := fmt.Sprint(s[:10])
		require.NotContains(t, string(printed), decimal[1:len(decimal)-1])
	}
}

// The zero values answer, and hold nothing.
func TestZeroValues(t *testing.T) {
	t.Parallel()
	var h holder
	require.True(t, h.plaintext.IsZero() && h.out.IsZero() && h.key.IsZero() && h.forwarded.IsZero() && h.secret.IsZero() && h.decrypted.IsZero())
	require.Empty(t, h.plaintext.Type()+h.out.Type()+h.key.RoomID()+h.key.SessionID()+h.forwarded.SessionID()+h.secret.RequestID()+h.decrypted.Type())
	require.Equal(t, events.Sender{}, h.plaintext.Sender())
	require.Equal(t, events.Sender{}, h.key.Sender())
	require.Equal(t, events.Sender{}, h.forwarded.Sender())
	require.Equal(t, events.Sender{}, h.secret.Sender())
	require.Equal(t, events.Forwarding{}, h.forwarded.Forwarding())
	require.False(t, h.key.SharedHistory() || h.decrypted.KnownOwner())
	require.Zero(t, h.decrypted.Index())
	require.Nil(t, h.decrypted.Content())
	for _, v := range []interface{ Close() }{h.plaintext, h.out, h.key, h.forwarded, h.secret} {
		v.Close()
	}
}
