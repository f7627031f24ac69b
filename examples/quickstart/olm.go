package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/olm"
)

// overTheWire returns what the other device reads: a message travels as JSON.
func overTheWire(m olm.Message) (received olm.Message, err error) {
	text, err := json.Marshal(m)
	if err != nil {
		return received, err
	}
	err = json.Unmarshal(text, &received)
	return received, err
}

// send encrypts a text and returns the message as the other device gets it.
func send(s *olm.Session, text string) (olm.Message, error) {
	m, err := s.Encrypt([]byte(text))
	if err != nil {
		return olm.Message{}, err
	}
	return overTheWire(m)
}

func (t *tour) talk() error {
	alice, bob := t.alice.account, t.bob.account
	session, err := alice.NewOutboundSession(bob.IdentityKeys().Curve25519, t.claimed.Key)
	if err != nil {
		return err
	}
	t.aliceToBob = session
	var messages []olm.Message
	for i := range 3 {
		m, err := send(session, fmt.Sprintf("Hello Bob, number %d", i))
		if err != nil {
			return err
		}
		messages = append(messages, m)
	}
	t.say("Alice writes three messages, and the second arrives first.")

	// One call checks who made the session, decrypts, and uses up the key.
	in, err := bob.NewInboundSession(alice.IdentityKeys().Curve25519, messages[1])
	if err != nil {
		return err
	}
	t.bobToAlice = in.Session
	t.check(string(in.Plaintext) == "Hello Bob, number 1", "Bob has the session, and reads %q", in.Plaintext)
	t.check(in.Used.ID == t.claimed.ID && in.Used.Kind == olm.OneTime && bob.OneTimeKeyCount() == 1,
		"%s %s is used up", in.Used.Kind, in.Used.ID)
	t.check(in.Session.ID() == session.ID(), "both ends have the session id %s", session.ID())
	for _, i := range []int{2, 0} {
		if !in.Session.Matches(messages[i]) {
			return fmt.Errorf("message %d does not match the session", i)
		}
		plaintext, err := in.Session.Decrypt(messages[i])
		if err != nil {
			return err
		}
		t.check(string(plaintext) == fmt.Sprintf("Hello Bob, number %d", i), "then Bob reads %q", plaintext)
	}
	_, err = in.Session.Decrypt(messages[0])
	var gone *olm.MessageKeyGoneError
	t.check(errors.As(err, &gone) && gone.Index == 0, "a message opens once; again it is refused: %v", err)

	var answers []olm.Message
	for _, text := range []string{"Hello Alice", "How are you?"} {
		m, err := send(t.bobToAlice, text)
		if err != nil {
			return err
		}
		answers = append(answers, m)
	}
	last, err := t.aliceToBob.Decrypt(answers[1])
	if err != nil {
		return err
	}
	first, err := t.aliceToBob.Decrypt(answers[0])
	if err != nil {
		return err
	}
	t.check(string(last) == "How are you?" && string(first) == "Hello Alice", "Alice reads the answers, %q before %q", last, first)
	m, err := send(t.aliceToBob, "Fine!")
	if err != nil {
		return err
	}
	t.check(messages[0].Type() == olm.PreKey && m.Type() == olm.Normal,
		"now that Bob has answered, Alice's messages need not carry the keys that make a session")
	plaintext, err := t.bobToAlice.Decrypt(m)
	if err != nil {
		return err
	}
	turns, _ := t.bobToAlice.RatchetCount()
	t.check(string(plaintext) == "Fine!" && turns == 2, "Bob reads %q; the conversation changed direction %d times", plaintext, turns)
	return nil
}

func (t *tour) useFallbackKey() error {
	carol, bob := t.carol.account, t.bob.account
	fallback, ok := bob.FallbackKey()
	if !ok {
		return errors.New("no fallback key to claim")
	}
	// write starts a new session with the key, and returns its first message.
	write := func(text string) (olm.Message, error) {
		session, err := carol.NewOutboundSession(bob.IdentityKeys().Curve25519, fallback.Key)
		if err != nil {
			return olm.Message{}, err
		}
		return send(session, text)
	}
	read := func(m olm.Message) (olm.Inbound, error) {
		return bob.NewInboundSession(carol.IdentityKeys().Curve25519, m)
	}

	m, err := write("Hello Bob, here is Carol")
	if err != nil {
		return err
	}
	_, err = bob.NewInboundSession(t.alice.account.IdentityKeys().Curve25519, m)
	t.check(errors.Is(err, olm.ErrIdentityKey), "said to come from Alice, Carol's message is refused: %v", err)
	in, err := read(m)
	if err != nil {
		return err
	}
	t.check(in.Used.Kind == olm.Fallback && string(in.Plaintext) == "Hello Bob, here is Carol",
		"Bob reads %q; the %s %s stays", in.Plaintext, in.Used.Kind, in.Used.ID)

	if _, err := bob.GenerateFallbackKey(); err != nil {
		return err
	}
	t.say("Bob makes a new fallback key, and keeps the previous one for messages on their way.")
	if m, err = write("Am I late?"); err != nil {
		return err
	}
	if in, err = read(m); err != nil {
		return err
	}
	t.check(in.Used.Kind == olm.PreviousFallback && string(in.Plaintext) == "Am I late?",
		"Bob reads %q with the %s", in.Plaintext, in.Used.Kind)

	if m, err = write("And now?"); err != nil {
		return err
	}
	if _, err := bob.ForgetPreviousFallbackKey(); err != nil {
		return err
	}
	_, err = read(m)
	var unknown *olm.UnknownOneTimeKeyError
	t.check(errors.As(err, &unknown) && unknown.Key == fallback.Key, "once Bob has forgotten it, he cannot: %v", err)
	return nil
}

// The payload of an Olm message names both ends, since Olm itself does not tell
// who wrote a message (Matrix specification, "m.olm.v1.curve25519-aes-sha2").
type payload struct {
	Type          string      `json:"type"`
	Sender        string      `json:"sender"`
	Keys          ed25519Key  `json:"keys"` // of the sender
	Recipient     string      `json:"recipient"`
	RecipientKeys ed25519Key  `json:"recipient_keys"`
	Content       roomKeyJSON `json:"content"`
}

type ed25519Key struct {
	Ed25519 keys.Ed25519 `json:"ed25519"`
}

// checkEnds refuses a payload that was not meant to go from one device to the
// other.
func (p payload) checkEnds(from, to *device) error {
	if p.Sender != from.userID || p.Keys.Ed25519 != from.account.IdentityKeys().Ed25519 ||
		p.Recipient != to.userID || p.RecipientKeys.Ed25519 != to.account.IdentityKeys().Ed25519 {
		return errors.New("the payload has another sender or recipient")
	}
	return nil
}
