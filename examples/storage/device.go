package main

import (
	"encoding/json"
	"fmt"

	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
)

// device is the program: it sends numbered reports to a room, and reads what
// others report. All that it knows is in state, and what is in state is committed
// before anybody else may know of it. The order is always:
//
//	change the state in memory -> commit -> let it out -> note that it is out
//
// A crash before the commit leaves the old state, and nobody has seen the new
// one. A crash after it leaves work that the next start finds and does.
type device struct {
	state
	name  string
	store *store
	dead  error // a commit failed; see commit

	problems []error // messages that could not be read, for the log
}

// state is all that the program must not forget, and is one file. Account and
// sessions are sealed. The rest is in the clear: it holds ciphertext, public keys
// and counters only.
type state struct {
	Account *kept[*olm.Account]
	// Olm sessions, for each peer the one that received last first: that is
	// the one to send on.
	Olm map[string][]*kept[*olm.Session]
	// Peers are the identity keys that were seen first. Whether they belong to
	// whom they should is for the user to verify.
	Peers map[string]olm.IdentityKeys

	Room    *kept[*megolm.OutboundSession]
	Inbound map[string]*kept[*megolm.InboundSession] // by sender and session id

	// Outbox is what was encrypted and may not have left.
	Outbox []event
	Txn    int // the number of the last message that was put there
	// Since is how far the server's messages were read.
	Since int

	Reports int
	// Received has an entry for each (sender, session, index) that was read: the
	// transaction that it came in. Megolm itself does not stop replays.
	Received map[string]string
}

func openDevice(dir, name string, at func(step string)) (*device, error) {
	store, written, err := openStore(dir, at)
	if err != nil {
		return nil, err
	}
	d := &device{name: name, store: store}
	if written != nil {
		if err := json.Unmarshal(written, &d.state); err != nil {
			return nil, err
		}
		return d, d.unseal()
	}
	account, err := olm.GenerateAccount()
	if err != nil {
		return nil, err
	}
	d.state = state{
		Account:  keep(account, store.key, name+" account"),
		Olm:      map[string][]*kept[*olm.Session]{},
		Peers:    map[string]olm.IdentityKeys{},
		Inbound:  map[string]*kept[*megolm.InboundSession]{},
		Received: map[string]string{},
	}
	// Before the identity keys are uploaded: a device that forgets its keys
	// after others have seen them is another device under the same name.
	return d, d.commit()
}

// unseal opens the values that were read.
func (d *device) unseal() error {
	if err := d.Account.unseal(olm.OpenAccount, d.store.key, d.name+" account"); err != nil {
		return err
	}
	for peer, sessions := range d.Olm {
		for _, k := range sessions {
			if err := k.unseal(olm.OpenSession, d.store.key, d.name+" Olm "+peer); err != nil {
				return err
			}
		}
	}
	if d.Room != nil {
		if err := d.Room.unseal(megolm.OpenOutboundSession, d.store.key, d.name+" room"); err != nil {
			return err
		}
	}
	for id, k := range d.Inbound {
		if err := k.unseal(megolm.OpenInboundSession, d.store.key, d.name+" Megolm "+id); err != nil {
			return err
		}
	}
	return nil
}

// close wipes the secrets from memory.
func (d *device) close() {
	d.Account.value.Close()
	for _, sessions := range d.Olm {
		for _, k := range sessions {
			k.value.Close()
		}
	}
	if d.Room != nil {
		d.Room.value.Close()
	}
	for _, k := range d.Inbound {
		k.value.Close()
	}
	d.store.key.Close()
}

// commit stores the state. When that fails, memory is ahead of the disk, or not:
// nobody knows. Nothing may leave then, so every later commit fails too, and the
// program starts again from what the disk says.
func (d *device) commit() error {
	if d.dead == nil {
		if err := d.store.commit(&d.state); err != nil {
			d.dead = fmt.Errorf("the state was not committed, start again: %w", err)
		}
	}
	return d.dead
}
