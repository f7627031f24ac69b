package sas

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/verification"
)

const ed25519Prefix = "ed25519:"

// errNothingProven says that there was no MAC of a key that we know.
var errNothingProven = errors.New("sas: no MAC of a known key")

// macContent is what m.key.verification.mac says.
type macContent struct {
	ids  []string          // sorted, as canonical JSON has them
	macs map[string]string // by key id
	list string            // the MAC of the list of ids
}

// readMAC reads m.key.verification.mac.
func readMAC(content canonicaljson.Value) (*macContent, error) {
	c := &macContent{macs: map[string]string{}}
	macs := content.Get("mac")
	var ok bool
	if c.list, ok = content.Get("keys").Text(); !ok || !macs.IsObject() {
		return nil, invalid(TypeMAC, "no MACs")
	}
	for id, value := range macs.Members() {
		mac, ok := value.Text()
		switch {
		case !ok:
			return nil, invalid(TypeMAC, "a MAC is not a string")
		case strings.Contains(id, ","): // two ids in the list would look like it
			return nil, invalid(TypeMAC, "a key id with a comma")
		}
		c.ids = append(c.ids, id)
		c.macs[id] = mac
	}
	return c, nil
}

// checkMAC checks the other side's MACs: first that of the list, then that of each
// key that we know. Keys that we do not know stay unknown.
func (e *exchange) checkMAC(c *macContent) (proven verification.ProvenKeys, err error) {
	p := e.parties
	info := MACInfo{
		Sender:        Sender{p.Theirs.UserID, p.Theirs.DeviceID},
		Receiver:      Receiver{p.Ours.UserID, p.Ours.DeviceID},
		TransactionID: p.TransactionID,
	}
	what, err := info.KeyListBytes()
	if err != nil {
		return verification.ProvenKeys{}, err
	}
	if err := e.verify([]byte(strings.Join(c.ids, ",")), what, c.list); err != nil {
		return verification.ProvenKeys{}, fmt.Errorf("list of keys: %w", err)
	}
	check := func(id string, key keys.Ed25519) (bool, error) {
		mac, ok := c.macs[id]
		if !ok || key.IsZero() {
			return false, nil
		}
		what, err := info.KeyBytes(id)
		if err == nil {
			err = e.verify([]byte(key.String()), what, mac)
		}
		return err == nil, err
	}
	if proven.Device, err = check(ed25519Prefix+p.Theirs.DeviceID, p.Theirs.Device); err != nil {
		return verification.ProvenKeys{}, fmt.Errorf("device key: %w", err)
	}
	if proven.Master, err = check(ed25519Prefix+p.Theirs.Master.String(), p.Theirs.Master); err != nil {
		return verification.ProvenKeys{}, fmt.Errorf("master key: %w", err)
	}
	if !proven.Device && !proven.Master {
		return verification.ProvenKeys{}, errNothingProven
	}
	return proven, nil
}

// makeMAC returns the content with our MACs: of the device key, and of the master
// key if it is known to be ours.
func (e *exchange) makeMAC() ([]canonicaljson.Member, error) {
	p := e.parties
	info := MACInfo{
		Sender:        Sender{p.Ours.UserID, p.Ours.DeviceID},
		Receiver:      Receiver{p.Theirs.UserID, p.Theirs.DeviceID},
		TransactionID: p.TransactionID,
	}
	shown := map[string]keys.Ed25519{ed25519Prefix + p.Ours.DeviceID: p.Ours.Device}
	if !p.Ours.Master.IsZero() {
		shown[ed25519Prefix+p.Ours.Master.String()] = p.Ours.Master
	}
	var ids []string
	var macs []canonicaljson.Member
	for id, key := range shown {
		what, err := info.KeyBytes(id)
		if err != nil {
			return nil, err
		}
		mac, err := e.sign([]byte(key.String()), what)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
		macs = append(macs, text(id, mac))
	}
	slices.Sort(ids)
	what, err := info.KeyListBytes()
	if err != nil {
		return nil, err
	}
	list, err := e.sign([]byte(strings.Join(ids, ",")), what)
	if err != nil {
		return nil, err
	}
	return []canonicaljson.Member{{Name: "mac", Value: canonicaljson.Object(macs...)}, text("keys", list)}, nil
}

// verify checks a MAC by the method that was agreed on.
func (e *exchange) verify(input, info []byte, mac string) error {
	if e.mac == macLegacy {
		return e.established.VerifyLegacyMAC(input, info, mac)
	}
	return e.established.VerifyMAC(input, info, mac)
}

// sign makes a MAC by the method that was agreed on.
func (e *exchange) sign(input, info []byte) (string, error) {
	if e.mac == macLegacy {
		return e.established.LegacyMAC(input, info)
	}
	return e.established.MAC(input, info)
}
