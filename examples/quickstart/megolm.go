package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/chappe-e2ee/chappe/megolm"
)

const roomID = "!room:example.org"

// roomKeyJSON is the content of m.room_key. Session keys are secrets: they are
// read straight into their type, and written by one call that says so.
type roomKeyJSON struct {
	Algorithm  string         `json:"algorithm"`
	RoomID     string         `json:"room_id"`
	SessionID  string         `json:"session_id"`
	SessionKey sessionKeyJSON `json:"session_key"`
}

type sessionKeyJSON struct{ megolm.SessionKey }

func (k sessionKeyJSON) MarshalJSON() ([]byte, error) {
	text := k.SecretText()
	defer clear(text)
	return fmt.Appendf(nil, `"%s"`, text), nil
}

func (t *tour) shareRoomKey() error {
	t.aliceRoom = megolm.NewOutboundSession()
	t.say("The session is %s.", t.aliceRoom.ID())
	key, err := t.aliceRoom.SessionKey()
	if err != nil {
		return err
	}
	t.check(fmt.Sprint(key) == "[redacted]", "its key does not print: %v", key)
	alice, bob := t.alice.account.IdentityKeys(), t.bob.account.IdentityKeys()
	text, err := json.Marshal(payload{
		Type:   "m.room_key",
		Sender: t.alice.userID, Keys: ed25519Key{alice.Ed25519},
		Recipient: t.bob.userID, RecipientKeys: ed25519Key{bob.Ed25519},
		Content: roomKeyJSON{t.aliceRoom.Suite().Algorithm(), roomID, t.aliceRoom.ID(), sessionKeyJSON{key}},
	})
	if err != nil {
		return err
	}
	defer clear(text)
	m, err := t.aliceToBob.Encrypt(text)
	if err != nil {
		return err
	}
	if m, err = overTheWire(m); err != nil {
		return err
	}

	plaintext, err := t.bobToAlice.Decrypt(m)
	if err != nil {
		return err
	}
	defer clear(plaintext)
	var p payload
	if err := json.Unmarshal(plaintext, &p); err != nil {
		return err
	}
	if err := p.checkEnds(t.alice, t.bob); err != nil {
		return err
	}
	received := p.Content.SessionKey
	t.check(received.SessionID() == p.Content.SessionID, "the key belongs to the session that the payload names")
	t.bobRoom, err = megolm.NewInboundSession(received.SessionKey)
	if err != nil {
		return err
	}
	t.check(t.bobRoom.ID() == t.aliceRoom.ID() && t.bobRoom.FirstKnownIndex() == 0,
		"Bob can read the session from message %d on", t.bobRoom.FirstKnownIndex())
	key.Close()
	received.Close()
	return nil
}

// post encrypts a text to the room and adds it to the history.
func (t *tour) post(text string) error {
	m, err := t.aliceRoom.Encrypt([]byte(text))
	t.history = append(t.history, m)
	return err
}

func (t *tour) readRoom() error {
	for i := range 4 {
		if err := t.post(fmt.Sprintf("News, part %d", i)); err != nil {
			return err
		}
	}
	for _, i := range []int{2, 0, 3, 1} {
		received, err := megolm.ParseMessage(t.history[i].String())
		if err != nil {
			return err
		}
		decrypted, err := t.bobRoom.Decrypt(received)
		if err != nil {
			return err
		}
		t.check(decrypted.Index == uint32(i) && string(decrypted.Plaintext) == fmt.Sprintf("News, part %d", i),
			"Bob reads message %d: %q", decrypted.Index, decrypted.Plaintext)
	}

	damaged := t.history[1].Bytes()
	damaged[len(damaged)/2] ^= 1
	m, err := megolm.NewMessage(damaged)
	if err != nil {
		return err
	}
	_, err = t.bobRoom.Decrypt(m)
	t.check(errors.Is(err, megolm.ErrSignature), "a changed bit is noticed: %v", err)

	again, err := t.bobRoom.Decrypt(t.history[1])
	if err != nil {
		return err
	}
	t.check(again.Index == 1, "a message decrypts twice, so a program remembers (session, %d) and its event id", again.Index)
	return nil
}

func (t *tour) joinLate() error {
	key, err := t.aliceRoom.SessionKey()
	if err != nil {
		return err
	}
	carol, err := megolm.NewInboundSession(key)
	if err != nil {
		return err
	}
	t.say("Alice sends Carol the key as it is now, at message %d.", key.Index())
	if err := t.post("Welcome, Carol"); err != nil {
		return err
	}
	decrypted, err := carol.Decrypt(t.history[4])
	if err != nil {
		return err
	}
	t.check(string(decrypted.Plaintext) == "Welcome, Carol", "Carol reads message %d: %q", decrypted.Index, decrypted.Plaintext)

	_, err = carol.Decrypt(t.history[1])
	var unknown *megolm.UnknownIndexError
	t.check(errors.As(err, &unknown) && unknown.FirstKnown == 4 && unknown.Got == 1, "not what came before: %v", err)

	// Bob may hand on what he can read. Nothing shows where an export comes
	// from: whether to believe it is Carol's to decide.
	export, err := t.bobRoom.ExportAt(1)
	if err != nil {
		return err
	}
	earlier, err := megolm.ImportInboundSession(export)
	if err != nil {
		return err
	}
	order, err := carol.Merge(earlier)
	if err != nil {
		return err
	}
	decrypted, err = carol.Decrypt(t.history[1])
	if err != nil {
		return err
	}
	t.check(order == megolm.Worse && decrypted.Index == 1 && carol.FirstKnownIndex() == 1,
		"Carol's copy was %s than the one that Bob exports; merged, it reads %q", order, decrypted.Plaintext)
	_, err = carol.Decrypt(t.history[0])
	t.check(errors.As(err, &unknown) && unknown.FirstKnown == 1, "message 0 stays out of reach: %v", err)
	return nil
}
