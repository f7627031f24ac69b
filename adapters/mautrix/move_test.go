//go:build goolm

package mautrixolm_test

import (
	"fmt"
	"maps"
	"testing"

	"github.com/stretchr/testify/require"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"
)

// rows returns the pickles of a table.
func (d *device) rows(of table) (pickles []string) {
	found, err := d.db.Query("SELECT " + of.column + " FROM " + of.name)
	require.NoError(d.t, err)
	defer found.Close()
	for found.Next() {
		var p []byte
		require.NoError(d.t, found.Scan(&p))
		pickles = append(pickles, string(p))
	}
	require.NoError(d.t, found.Err())
	return pickles
}

// replenish uploads one-time keys as a sync does. Keys that chappe makes get
// ids that are free on the server, whoever made those that are there.
func (d *device) replenish() {
	server := d.world.server.OneTimeKeys[d.client.UserID][d.client.DeviceID]
	before := maps.Clone(server)
	d.do(func() { require.NoError(d.t, d.machine.ShareKeys(d.t.Context(), len(before))) })
	for name, key := range before {
		if d.driver.name == chappe.name {
			require.Equal(d.t, key.Key, server[name].Key, "a published key was replaced")
		}
	}
}

// TestMovingDatabase restarts two devices, whose databases goolm began, with
// chappe and goolm by turns, and lets the conversation go on: old sessions, old
// events, messages that were on their way, and keys that were published before
// a move and claimed after it.
func TestMovingDatabase(t *testing.T) {
	for _, start := range [][2]driver{{peer, peer}, {chappe, chappe}, {peer, chappe}} {
		t.Run(start[0].name+" and "+start[1].name, func(t *testing.T) {
			other := map[string]driver{peer.name: chappe, chappe.name: peer}
			w := newWorld(t)
			a, b := w.login(alice, "PHONE", start[0]), w.login(bob, "LAPTOP", start[1])
			var sent []*event.Event
			for round := range 6 {
				waiting := a.send(fmt.Sprint(round, " before"), bob)
				if round%2 == 0 {
					a.restart(other[a.driver.name])
				}
				b.restart(other[b.driver.name])
				b.requireReads(fmt.Sprint(round, " before"), waiting)
				after := a.send(fmt.Sprint(round, " after"), bob)
				require.Equal(t, waiting.Content.AsEncrypted().SessionID, after.Content.AsEncrypted().SessionID)
				b.requireReads(fmt.Sprint(round, " after"), after)
				a.requireReads("answer", b.send("answer", alice))
				sent = append(sent, waiting, after)
				for i, e := range sent {
					b.requireReads(fmt.Sprint(i/2, []string{" before", " after"}[i%2]), e)
				}
				for _, of := range tables {
					for _, d := range []*device{a, b} {
						pickles := d.rows(of)
						require.NotEmpty(t, pickles)
						for _, p := range pickles {
							requireRepickles(t, of.blank, []byte(p), pickleKey)
						}
					}
				}
				a.newRoomKey()
				b.replenish()
				c := w.login(alice, id.DeviceID(fmt.Sprint("NEW", round)), other[b.driver.name])
				b.requireReads("hello", c.send("hello", bob)) // to a one-time key of any age
			}
		})
	}
}
