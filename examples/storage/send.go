package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/chappe-e2ee/chappe/megolm"
)

const reportsPerSession = 2 // few, so that the example makes several sessions

// report sends the next report to the room. Its number is counted in the same
// commit that holds its ciphertext, so that each goes out once.
func (d *device) report(net *server, peer string) error {
	if d.Room == nil || d.Room.value.Index() >= reportsPerSession {
		if err := d.newRoomSession(net, peer); err != nil {
			return err
		}
	}
	text := fmt.Appendf(nil, `{"report":%d,"id":"%s"}`, d.Reports+1, rand.Text())
	m, err := d.Room.value.Encrypt(text)
	if err != nil {
		return err
	}
	d.Reports++
	d.put(event{Session: d.Room.value.ID(), Megolm: m.String()})
	d.store.at("report encrypted")
	return d.flush(net)
}

// newRoomSession makes a Megolm session and puts its key for the peer into the
// outbox. It commits nothing: the session, the own copy of its key, the advanced
// Olm session and the message are one change, which flush commits.
func (d *device) newRoomSession(net *server, peer string) error {
	identity, err := d.peer(net, peer)
	if err != nil {
		return err
	}
	if len(d.Olm[peer]) == 0 {
		// A crash after this wastes the key that was claimed. The peer makes
		// more, and has a fallback key.
		claimed, err := net.claim(peer)
		if err != nil {
			return err
		}
		if err := identity.Ed25519.Verify(signedKey(claimed.Key), claimed.Signature); err != nil {
			return err
		}
		s, err := d.Account.value.NewOutboundSession(identity.Curve25519, claimed.Key)
		if err != nil {
			return err
		}
		d.addOlm(peer, s)
		d.store.at("Olm session made")
	}

	room := megolm.NewOutboundSession()
	key, err := room.SessionKey()
	if err != nil {
		return err
	}
	defer key.Close()
	plaintext, err := json.Marshal(payload{
		Sender: d.name, SenderKey: d.Account.value.IdentityKeys().Ed25519,
		Recipient: peer, RecipientKey: identity.Ed25519,
		RoomKey: roomKey{key},
	})
	if err != nil {
		return err
	}
	defer clear(plaintext)
	m, err := d.Olm[peer][0].value.Encrypt(plaintext)
	if err != nil {
		return err
	}
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if err := d.addInbound(d.name, key); err != nil { // to read what we wrote
		return err
	}
	d.Room = keep(room, d.store.key, d.name+" room")
	d.put(event{To: peer, Olm: body})
	d.store.at("room key encrypted")
	return nil
}

// put puts a message into the outbox.
func (d *device) put(e event) {
	d.Txn++
	e.From, e.Txn = d.name, strconv.Itoa(d.Txn)
	d.Outbox = append(d.Outbox, e)
}

// flush sends what is in the outbox, after the commit that holds both the message
// and the session as it is behind it. The other way round, a crash leaves an old
// session on disk, and the next message is encrypted with a key and IV that the
// peer has already seen used.
//
// The messages stay in the outbox until they are out. A crash in between sends
// the same bytes once more, under the same transaction id; encrypting them anew
// would lose the first ones, or show them twice.
func (d *device) flush(net *server) error {
	if err := d.commit(); err != nil {
		return err
	}
	for _, e := range d.Outbox {
		if err := net.send(e); err != nil {
			return err
		}
		d.store.at("message " + e.Txn + " sent")
	}
	d.Outbox = nil
	return d.commit()
}
