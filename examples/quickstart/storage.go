package main

import (
	"errors"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
)

// restart seals what Bob and Alice hold, forgets it, opens it and goes on. How
// to keep sealed values in files, and in which order, is examples/storage.
func (t *tour) restart() error {
	key := keys.GenerateSealKey() // 32 random bytes, kept apart from the values
	defer key.Close()

	// The context binds a value to its place: it opens under the same one only.
	account, err := t.bob.account.Seal(key, []byte("account"))
	if err != nil {
		return err
	}
	bobSession, err := t.bobToAlice.Seal(key, []byte("session with Alice"))
	if err != nil {
		return err
	}
	aliceSession, err := t.aliceToBob.Seal(key, []byte("session with Bob"))
	if err != nil {
		return err
	}
	inbound, err := t.bobRoom.Seal(key, []byte(roomID))
	if err != nil {
		return err
	}
	outbound, err := t.aliceRoom.Seal(key, []byte(roomID))
	if err != nil {
		return err
	}
	t.say("An account, two ends of an Olm session and two of a Megolm session: %d bytes.",
		len(account)+len(bobSession)+len(aliceSession)+len(inbound)+len(outbound))
	revision := t.bobToAlice.Revision()

	t.bob.account.Close()
	t.bobToAlice.Close()
	t.aliceToBob.Close()
	t.bobRoom.Close()
	t.aliceRoom.Close()
	_, err = t.aliceRoom.Encrypt([]byte("Is anybody there?"))
	t.check(errors.Is(err, megolm.ErrClosed), "closed values have forgotten their secrets: %v", err)

	_, err = olm.OpenSession(bobSession, key, []byte("session with Carol"))
	t.check(errors.Is(err, olm.ErrOpen), "in another place, the session does not open: %v", err)

	if t.bob.account, err = olm.OpenAccount(account, key, []byte("account")); err != nil {
		return err
	}
	if t.bobToAlice, err = olm.OpenSession(bobSession, key, []byte("session with Alice")); err != nil {
		return err
	}
	if t.aliceToBob, err = olm.OpenSession(aliceSession, key, []byte("session with Bob")); err != nil {
		return err
	}
	if t.bobRoom, err = megolm.OpenInboundSession(inbound, key, []byte(roomID)); err != nil {
		return err
	}
	if t.aliceRoom, err = megolm.OpenOutboundSession(outbound, key, []byte(roomID)); err != nil {
		return err
	}
	t.check(t.bobToAlice.Revision() == revision, "everything opens; Bob's session is at revision %d, as before", revision)

	m, err := send(t.bobToAlice, "Back again")
	if err != nil {
		return err
	}
	plaintext, err := t.aliceToBob.Decrypt(m)
	if err != nil {
		return err
	}
	t.check(string(plaintext) == "Back again" && t.bobToAlice.Revision() == revision+1,
		"Alice reads %q; Bob's session is at revision %d, and wants to be stored", plaintext, t.bobToAlice.Revision())

	if err := t.post("We go on"); err != nil {
		return err
	}
	for _, i := range []int{5, 0} {
		decrypted, err := t.bobRoom.Decrypt(t.history[i])
		if err != nil {
			return err
		}
		t.check(decrypted.Index == uint32(i), "in the room, Bob reads message %d: %q", decrypted.Index, decrypted.Plaintext)
	}
	return nil
}
