package main

import (
	"encoding/json"
	"fmt"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/olm"
)

// publishKeys keeps the server supplied with one-time keys and a fallback key.
func (d *device) publishKeys(net *server) error {
	account := d.Account.value
	count, err := net.keyCount(d.name)
	if err != nil {
		return err
	}
	// Of thousands, the oldest would be dropped; here it does not come to that.
	if _, err := account.GenerateOneTimeKeys(account.OneTimeKeysNeeded(count)); err != nil {
		return err
	}
	if _, ok := account.FallbackKey(); !ok {
		if _, err := account.GenerateFallbackKey(); err != nil {
			return err
		}
	}
	d.store.at("keys made")
	// Committed before they are uploaded. The other way round, a crash leaves
	// public keys on the server whose private keys nobody has: whoever claims
	// one writes a message that never opens. And new keys would get the same
	// ids, which the server refuses: "one-time key already exists".
	if err := d.commit(); err != nil {
		return err
	}

	// All that is not marked as published, also from before a crash.
	var ids []keys.ID
	oneTime := map[string]json.RawMessage{}
	for _, k := range account.UnpublishedOneTimeKeys() {
		object, err := signKey(account, k)
		if err != nil {
			return err
		}
		oneTime[k.ID.String()] = object
		ids = append(ids, k.ID)
	}
	var fallback json.RawMessage
	if k, ok := account.UnpublishedFallbackKey(); ok {
		object, err := signKey(account, k)
		if err != nil {
			return err
		}
		fallback, ids = object, append(ids, k.ID)
	}
	if len(ids) == 0 {
		return nil
	}
	if err := net.upload(d.name, account.IdentityKeys(), oneTime, fallback); err != nil {
		return err
	}
	d.store.at("keys uploaded")
	// Marked as published after the upload. The other way round, a crash leaves
	// keys that are never uploaded: for one-time keys a waste, but a fallback
	// key that only seems to be published pushes out the one that is. This way,
	// a crash here uploads the same keys once more, under the same ids and with
	// the same signatures. One price: a key that was claimed in between is
	// offered again. Who claims it second gets no answer, and claims another.
	if err := account.MarkPublished(ids...); err != nil {
		return err
	}
	return d.commit()
}

// signKey returns a key as it is uploaded. What is signed is canonical JSON; see
// examples/quickstart.
func signKey(account *olm.Account, k olm.OneTimeKey) (json.RawMessage, error) {
	signature, err := account.Sign(signedKey(k.Key))
	if err != nil {
		return nil, err
	}
	return json.Marshal(keyObject{k.ID, k.Key, signature})
}

func signedKey(k keys.Curve25519) []byte { return fmt.Appendf(nil, `{"key":"%s"}`, k) }

// peer returns the identity keys of a peer, those that were seen first.
func (d *device) peer(net *server, name string) (olm.IdentityKeys, error) {
	if known, ok := d.Peers[name]; ok {
		return known, nil
	}
	seen, err := net.device(name)
	if err != nil {
		return olm.IdentityKeys{}, err
	}
	d.Peers[name] = seen.Identity
	return seen.Identity, nil
}
