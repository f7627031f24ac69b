//go:build goolm

package mautrixolm_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"maunium.net/go/mautrix/crypto"
	"maunium.net/go/mautrix/crypto/olm"
	"maunium.net/go/mautrix/event"

	"github.com/chappe-e2ee/chappe/internal/libolm"
)

// TestBadRows damages each row that a device needs next, and requires that
// mautrix gets an error, that the row stays as it was, and that the device goes
// on when the row is whole again.
func TestBadRows(t *testing.T) {
	damages := map[string]struct {
		of   func(good []byte) []byte
		want error
	}{
		"truncated": {func(good []byte) []byte { return good[:len(good)/8*4] }, olm.ErrLibolmBadAccountKey},
		"character": {func(good []byte) []byte {
			if good[0] == 'B' {
				return append([]byte("C"), good[1:]...)
			}
			return append([]byte("B"), good[1:]...)
		}, olm.ErrLibolmBadAccountKey},
		"empty":      {func([]byte) []byte { return []byte{} }, olm.ErrEmptyInput},
		"not base64": {func(good []byte) []byte { return append([]byte("*"), good[1:]...) }, olm.ErrLibolmInvalidBase64},
		"other key": {func(good []byte) []byte {
			return libolm.Encrypt(must(libolm.Decrypt("test", good, pickleKey)), []byte("other key"))
		}, olm.ErrLibolmBadAccountKey},
		"contents": {func(good []byte) []byte {
			return libolm.Encrypt(must(libolm.Decrypt("test", good, pickleKey))[:40], pickleKey)
		}, olm.ErrLibolmCorruptedPickle},
	}
	// What needs the row, and mautrix's error.
	needs := map[string]func(a, b *device, old *event.Event) error{
		"crypto_account": func(a, _ *device, _ *event.Event) (err error) {
			a.store.Account = nil
			a.do(func() { err = crypto.NewOlmMachine(a.client, nil, a.store, stateOfRoom{}).Load(a.t.Context()) })
			return err
		},
		"crypto_olm_session": func(a, b *device, _ *event.Event) (err error) {
			_, keyB := b.machine.GetAccount().Keys()
			a.do(func() { _, err = a.store.GetSessions(a.t.Context(), keyB) })
			require.Zero(a.t, len(a.world.server.DeviceInbox[a.client.UserID][a.client.DeviceID]))
			b.newRoomKey()
			unread := b.send("unread", alice)
			a.sync()
			_, failed := a.read(unread)
			require.ErrorIs(a.t, failed, crypto.ErrNoSessionFound)
			return err
		},
		"crypto_megolm_inbound_session": func(a, _ *device, old *event.Event) error {
			_, err := a.read(old)
			return err
		},
		"crypto_megolm_outbound_session": func(a, _ *device, _ *event.Event) (err error) {
			a.do(func() { _, err = a.machine.EncryptMegolmEvent(a.t.Context(), room, event.EventMessage, 1) })
			return err
		},
	}
	w := newWorld(t)
	a, b := w.login(alice, "PHONE", chappe), w.login(bob, "LAPTOP", chappe)
	b.requireReads("hello", a.send("hello", bob))
	old := b.send("old", alice)
	a.requireReads("old", old)
	for _, of := range tables {
		for name, damage := range damages {
			t.Run(of.name+" "+name, func(t *testing.T) {
				a.t, b.t = t, t
				a.restart(chappe)
				good := a.rows(of)
				bad := make([]string, len(good))
				for i, p := range good {
					bad[i] = string(damage.of([]byte(p)))
					a.setRow(of, p, bad[i])
				}
				err := needs[of.name](a, b, old)
				require.ErrorIs(t, err, damage.want)
				require.False(t, errors.Is(err, olm.ErrUnknownMessageIndex))
				require.Equal(t, bad, a.rows(of), "the row was changed")
				for i, p := range bad {
					a.setRow(of, p, good[i])
				}
				a.restart(chappe)
				a.requireReads("old", old)
				b.newRoomKey()
				a.requireReads("new", b.send("new", alice))
				b.requireReads("answer", a.send("answer", bob))
			})
		}
	}
}

// setRow replaces one pickle of a table.
func (d *device) setRow(of table, old, pickle string) {
	_, err := d.db.Exec("UPDATE "+of.name+" SET "+of.column+"=$1 WHERE rowid = (SELECT rowid FROM "+of.name+
		" WHERE "+of.column+"=$2 LIMIT 1)", []byte(pickle), []byte(old))
	require.NoError(d.t, err)
}
