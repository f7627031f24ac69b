package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/olm"
)

// device is one device of a user, with its account.
type device struct {
	userID, deviceID string
	account          *olm.Account
}

func (t *tour) makeAccounts() error {
	for _, d := range []struct {
		to               **device
		userID, deviceID string
	}{
		{&t.alice, "@alice:example.org", "ALICEPHONE"},
		{&t.bob, "@bob:example.org", "BOBLAPTOP"},
		{&t.carol, "@carol:example.org", "CAROLTABLET"},
	} {
		account, err := olm.GenerateAccount()
		if err != nil {
			return err
		}
		identity := account.IdentityKeys()
		*d.to = &device{d.userID, d.deviceID, account}
		t.say("%s has the identity keys ed25519:%s and curve25519:%s", d.userID, identity.Ed25519, identity.Curve25519)
	}
	return nil
}

// keyObject is a one-time or fallback key as it is uploaded.
type keyObject struct {
	Fallback   bool                                 `json:"fallback,omitempty"`
	Key        keys.Curve25519                      `json:"key"`
	Signatures map[string]map[string]keys.Signature `json:"signatures"`
}

// signed returns the bytes that the signature covers: the canonical JSON of the
// object without its signatures. For this one object it is easily written by
// hand. Signed JSON in general needs more care, and is another package's work.
func (k keyObject) signed() []byte {
	if k.Fallback {
		return fmt.Appendf(nil, `{"fallback":true,"key":"%s"}`, k.Key)
	}
	return fmt.Appendf(nil, `{"key":"%s"}`, k.Key)
}

// sign returns the key as an object that the device signed.
func (d *device) sign(key olm.OneTimeKey, fallback bool) (keyObject, error) {
	object := keyObject{Fallback: fallback, Key: key.Key}
	signature, err := d.account.Sign(object.signed())
	if err != nil {
		return keyObject{}, err
	}
	object.Signatures = map[string]map[string]keys.Signature{d.userID: {"ed25519:" + d.deviceID: signature}}
	return object, nil
}

// verify checks the device's signature. The Ed25519 key is one that the verifier
// knew before, never one that came along with the object.
func (k keyObject) verify(userID, deviceID string, ed25519 keys.Ed25519) error {
	return ed25519.Verify(k.signed(), k.Signatures[userID]["ed25519:"+deviceID])
}

// publishKeys goes the safe way: make the keys, store the account, upload, mark
// as published, store again. examples/storage shows the storing.
func (t *tour) publishKeys() error {
	bob := t.bob.account
	if _, err := bob.GenerateOneTimeKeys(2); err != nil {
		return err
	}
	if _, err := bob.GenerateFallbackKey(); err != nil {
		return err
	}
	t.say("What Bob uploads is public, and signed with his Ed25519 key:")
	upload := make(map[string]keyObject)
	var ids []keys.ID
	add := func(key olm.OneTimeKey, fallback bool) error {
		object, err := t.bob.sign(key, fallback)
		if err != nil {
			return err
		}
		text, err := json.Marshal(object)
		if err != nil {
			return err
		}
		name := "signed_curve25519:" + key.ID.String()
		t.say("  %q: %s", name, text)
		upload[name] = object
		ids = append(ids, key.ID)
		return nil
	}
	for _, key := range bob.UnpublishedOneTimeKeys() {
		if err := add(key, false); err != nil {
			return err
		}
	}
	fallback, ok := bob.UnpublishedFallbackKey()
	if !ok {
		return errors.New("no fallback key to publish")
	}
	if err := add(fallback, true); err != nil {
		return err
	}
	if err := bob.MarkPublished(ids...); err != nil {
		return err
	}
	t.check(len(bob.UnpublishedOneTimeKeys()) == 0, "nothing is left to publish, and Bob keeps %d one-time keys", bob.OneTimeKeyCount())

	// Alice claims the first one, and gets JSON from a server that she need not
	// trust.
	claimed, err := json.Marshal(upload["signed_curve25519:"+ids[0].String()])
	if err != nil {
		return err
	}
	var object keyObject
	if err := json.Unmarshal(claimed, &object); err != nil {
		return err
	}
	bobKey := bob.IdentityKeys().Ed25519
	if err := object.verify(t.bob.userID, t.bob.deviceID, bobKey); err != nil {
		return err
	}
	t.check(true, "Alice claimed key %s: its signature is Bob's", ids[0])
	t.claimed = olm.OneTimeKey{ID: ids[0], Key: object.Key}

	object.Key = t.carol.account.IdentityKeys().Curve25519
	err = object.verify(t.bob.userID, t.bob.deviceID, bobKey)
	t.check(errors.Is(err, keys.ErrSignature), "a key that the server put in its place is refused: %v", err)
	return nil
}
