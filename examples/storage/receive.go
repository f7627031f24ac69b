package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
)

// receive reads what came, and commits it in one piece: the account, which has
// lost a one-time key; the session that was made of it; the room key that was in
// the message; and how far was read. Any two of these in two commits, and a crash
// between them loses the message: the server would not send it again, or its key
// would be gone. A crash before the commit loses nothing, since the server still
// has the messages and the account still has the key.
func (d *device) receive(net *server) error {
	events, next, err := net.sync(d.name, d.Since)
	if err != nil {
		return err
	}
	// What may fail for reasons that pass comes first.
	for _, e := range events {
		if _, err := d.peer(net, e.From); err != nil {
			return err
		}
	}
	for _, e := range events {
		// A message that cannot be read must not stop those behind it.
		if err := d.handle(e); err != nil {
			d.problems = append(d.problems, fmt.Errorf("%s of %s: %w", e.Txn, e.From, err))
		}
	}
	d.Since = next
	d.store.at("messages read")
	return d.commit() // and only now may the program act upon them
}

func (d *device) handle(e event) error {
	switch {
	case e.Olm != nil:
		var m olm.Message
		if err := json.Unmarshal(e.Olm, &m); err != nil {
			return err
		}
		plaintext, err := d.decryptOlm(e.From, m)
		if err != nil {
			return err
		}
		defer clear(plaintext)
		return d.addRoomKey(e.From, plaintext)
	case e.Megolm != "":
		m, err := megolm.ParseMessage(e.Megolm)
		if err != nil {
			return err
		}
		k := d.Inbound[e.From+" "+e.Session]
		if k == nil {
			return fmt.Errorf("no key for session %s", e.Session)
		}
		decrypted, err := k.value.Decrypt(m)
		if err != nil {
			return err
		}
		place := fmt.Sprint(e.From, " ", e.Session, " ", decrypted.Index)
		if txn, ok := d.Received[place]; ok && txn != e.Txn {
			return fmt.Errorf("replay of %s", txn)
		}
		d.Received[place] = e.Txn
		return nil
	}
	return errors.New("no message in it")
}

// decryptOlm decrypts with the session that the message belongs to, and makes
// one where it begins a new one.
func (d *device) decryptOlm(from string, m olm.Message) ([]byte, error) {
	problem := errors.New("no session")
	for i, k := range d.Olm[from] {
		if m.Type() == olm.PreKey && !k.value.Matches(m) {
			continue
		}
		plaintext, err := k.value.Decrypt(m)
		if err == nil {
			// It is the session to send on from now on.
			d.Olm[from] = slices.Insert(slices.Delete(d.Olm[from], i, i+1), 0, k)
			return plaintext, nil
		}
		if problem = err; m.Type() == olm.PreKey {
			return nil, err
		}
	}
	if m.Type() != olm.PreKey {
		return nil, problem
	}
	in, err := d.Account.value.NewInboundSession(d.Peers[from].Curve25519, m)
	if err != nil {
		return nil, err
	}
	d.addOlm(from, in.Session)
	return in.Plaintext, nil
}

func (d *device) addOlm(peer string, s *olm.Session) {
	d.Olm[peer] = slices.Insert(d.Olm[peer], 0, keep(s, d.store.key, d.name+" Olm "+peer))
}

// payload is what goes over Olm: a room key, and who sends it to whom, since Olm
// itself does not tell.
type payload struct {
	Sender, Recipient       string
	SenderKey, RecipientKey keys.Ed25519
	RoomKey                 roomKey
}

// roomKey lets a session key out into JSON. Reading needs no such thing.
type roomKey struct{ megolm.SessionKey }

func (k roomKey) MarshalJSON() ([]byte, error) {
	text := k.SecretText()
	defer clear(text)
	return fmt.Appendf(nil, `"%s"`, text), nil
}

func (d *device) addRoomKey(from string, plaintext []byte) error {
	var p payload
	if err := json.Unmarshal(plaintext, &p); err != nil {
		return err
	}
	defer p.RoomKey.Close()
	if p.Sender != from || p.SenderKey != d.Peers[from].Ed25519 ||
		p.Recipient != d.name || p.RecipientKey != d.Account.value.IdentityKeys().Ed25519 {
		return errors.New("the payload has another sender or recipient")
	}
	return d.addInbound(from, p.RoomKey.SessionKey)
}

func (d *device) addInbound(from string, key megolm.SessionKey) error {
	s, err := megolm.NewInboundSession(key)
	if err != nil {
		return err
	}
	id := from + " " + s.ID()
	if old := d.Inbound[id]; old != nil {
		_, err := old.value.Merge(s) // the earlier index of the two
		return err
	}
	d.Inbound[id] = keep(s, d.store.key, d.name+" Megolm "+id)
	return nil
}
