package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
)

// The pickles and messages of these steps were made by libolm 3.2.13. Room
// testvectors describes them.

// readVector reads inputs and expected of a vector into the two values.
func (t *tour) readVector(name string, inputs, expected any) error {
	data, err := fs.ReadFile(t.vectors, "libolm/"+name+".json")
	if err != nil {
		return err
	}
	var v struct{ Inputs, Expected json.RawMessage }
	if err := json.Unmarshal(data, &v); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := json.Unmarshal(v.Inputs, inputs); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := json.Unmarshal(v.Expected, expected); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (t *tour) takeOverAccount() error {
	var inputs struct {
		PickleKey string `json:"pickle_key_utf8"`
	}
	var expected struct {
		IdentityKeys string `json:"identity_keys_utf8"`
		Pickle       string `json:"pickle_b64"`
	}
	if err := t.readVector("pickles/account-pickle-v4-42-otks", &inputs, &expected); err != nil {
		return err
	}
	account, err := olm.ImportLibolmAccount([]byte(expected.Pickle), []byte(inputs.PickleKey))
	if err != nil {
		return err
	}
	identity, err := json.Marshal(account.IdentityKeys())
	if err != nil {
		return err
	}
	t.check(string(identity) == expected.IdentityKeys && account.OneTimeKeyCount() == 42,
		"it has libolm's identity keys, and %d one-time keys", account.OneTimeKeyCount())
	back, err := account.ExportLibolm([]byte(inputs.PickleKey))
	if err != nil {
		return err
	}
	t.check(string(back) == expected.Pickle, "exported again, it is libolm's pickle, byte for byte")

	unpublished := account.UnpublishedOneTimeKeys()
	if len(unpublished) == 0 {
		return errors.New("no one-time key that can be claimed")
	}
	claimed := unpublished[len(unpublished)/2]
	session, err := t.carol.account.NewOutboundSession(account.IdentityKeys().Curve25519, claimed.Key)
	if err != nil {
		return err
	}
	m, err := send(session, "Are you still there?")
	if err != nil {
		return err
	}
	in, err := account.NewInboundSession(t.carol.account.IdentityKeys().Curve25519, m)
	if err != nil {
		return err
	}
	t.check(string(in.Plaintext) == "Are you still there?" && in.Used.ID == claimed.ID && account.OneTimeKeyCount() == 41,
		"with a one-time key that libolm made, it reads %q", in.Plaintext)
	return nil
}

func (t *tour) takeOverSessions() error {
	var inputs struct {
		PickleKey string `json:"pickle_key_utf8"`
		Plaintext string `json:"plaintext_utf8"`
	}
	var expected struct {
		SessionID string          `json:"session_id_b64"`
		Alice     string          `json:"alice_session_created_pickle_b64"`
		Message1  string          `json:"message_1_b64"` // by Alice
		Message2  string          `json:"message_2_b64"` // by Bob
		Type2     olm.MessageType `json:"message_2_type"`
		Bob       string          `json:"bob_session_2_pickle_b64"` // after that
	}
	if err := t.readVector("session/loopback", &inputs, &expected); err != nil {
		return err
	}
	key := []byte(inputs.PickleKey)
	alice, err := olm.ImportLibolmSession([]byte(expected.Alice), key)
	if err != nil {
		return err
	}
	bob, err := olm.ImportLibolmSession([]byte(expected.Bob), key)
	if err != nil {
		return err
	}
	t.check(alice.ID() == expected.SessionID && bob.ID() == expected.SessionID, "both ends have libolm's session id %s", bob.ID())
	for _, end := range []struct {
		who     string
		session *olm.Session
		pickle  string
	}{{"Alice", alice, expected.Alice}, {"Bob", bob, expected.Bob}} {
		back, err := end.session.ExportLibolm(key)
		if err != nil {
			return err
		}
		t.check(string(back) == end.pickle, "%s's end, exported again, is libolm's pickle, byte for byte", end.who)
	}

	m, err := alice.Encrypt([]byte(inputs.Plaintext))
	if err != nil {
		return err
	}
	t.check(m.Body() == expected.Message1, "Alice's next message is the one that libolm made, byte for byte")
	if m, err = olm.ParseMessage(expected.Type2, expected.Message2); err != nil {
		return err
	}
	plaintext, err := alice.Decrypt(m)
	if err != nil {
		return err
	}
	t.check(string(plaintext) == inputs.Plaintext, "she reads Bob's answer, which libolm encrypted: %q", plaintext)

	if m, err = send(alice, "We have moved"); err != nil {
		return err
	}
	if plaintext, err = bob.Decrypt(m); err != nil {
		return err
	}
	t.check(string(plaintext) == "We have moved", "they go on: Bob reads %q", plaintext)
	return nil
}

func (t *tour) takeOverRoom() error {
	var inputs struct {
		PickleKey string `json:"pickle_key_utf8"`
		Plaintext string `json:"plaintext_utf8"`
	}
	var expected struct {
		Outbound      string `json:"outbound_pickle_b64"`
		Message       string `json:"message_b64"`
		OutboundAfter string `json:"outbound_pickle_after_b64"`
		InboundAfter  string `json:"inbound_pickle_after_b64"`
	}
	if err := t.readVector("group-session/send-receive", &inputs, &expected); err != nil {
		return err
	}
	key := []byte(inputs.PickleKey)
	inbound, err := megolm.ImportLibolmInboundSession([]byte(expected.InboundAfter), key)
	if err != nil {
		return err
	}
	back, err := inbound.ExportLibolm(key)
	if err != nil {
		return err
	}
	t.check(string(back) == expected.InboundAfter, "the inbound session, exported again, is libolm's pickle, byte for byte")
	m, err := megolm.ParseMessage(expected.Message)
	if err != nil {
		return err
	}
	decrypted, err := inbound.Decrypt(m)
	if err != nil {
		return err
	}
	t.check(string(decrypted.Plaintext) == inputs.Plaintext, "it reads message %d, which libolm encrypted: %q", decrypted.Index, decrypted.Plaintext)

	outbound, err := megolm.ImportLibolmOutboundSession([]byte(expected.Outbound), key)
	if err != nil {
		return err
	}
	next, err := outbound.Encrypt([]byte(inputs.Plaintext))
	if err != nil {
		return err
	}
	t.check(bytes.Equal(next.Bytes(), m.Bytes()), "the outbound session makes the same message as libolm, byte for byte")
	if back, err = outbound.ExportLibolm(key); err != nil {
		return err
	}
	t.check(string(back) == expected.OutboundAfter, "and is then, exported, libolm's pickle after that message")

	if next, err = outbound.Encrypt([]byte("We have moved, too")); err != nil {
		return err
	}
	if decrypted, err = inbound.Decrypt(next); err != nil {
		return err
	}
	t.check(decrypted.Index == 1 && string(decrypted.Plaintext) == "We have moved, too", "they go on: message %d is %q", decrypted.Index, decrypted.Plaintext)
	return nil
}
