package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/olm"
)

// server stands for a homeserver: one file, which outlives the programs. Like a
// homeserver it refuses a second key under a known id, forgets a one-time key
// when it was claimed, and takes a transaction only once.
type server struct{ file string }

type serverState struct {
	Devices map[string]*publicDevice
	Events  []event
	Repeats []event // what came a second time, for the test
}

type publicDevice struct {
	Identity olm.IdentityKeys
	OneTime  map[string]json.RawMessage // a keyObject, by key id
	Fallback json.RawMessage            // a keyObject
}

// keyObject is a one-time or fallback key with the device's signature over it.
type keyObject struct {
	ID        keys.ID
	Key       keys.Curve25519
	Signature keys.Signature
}

// event is a message on its way: over Olm to one device, or over Megolm to all.
// Ciphertext is not parsed before the message is read: one that is malformed
// should not spoil the others.
type event struct {
	Txn     string // the sender's name for it
	From    string
	To      string          `json:",omitempty"`
	Olm     json.RawMessage `json:",omitempty"` // type and body
	Session string          `json:",omitempty"` // the Megolm session
	Megolm  string          `json:",omitempty"`
}

func (s *server) read() (*serverState, error) {
	state := &serverState{Devices: map[string]*publicDevice{}}
	b, err := os.ReadFile(s.file)
	if errors.Is(err, fs.ErrNotExist) {
		return state, nil
	}
	if err != nil {
		return nil, err
	}
	return state, json.Unmarshal(b, state)
}

func (s *server) write(state *serverState) error {
	b, err := json.Marshal(state)
	if err != nil {
		return err
	}
	return os.WriteFile(s.file, b, 0o600) // how servers keep their data is not the subject
}

// upload takes a device's public keys.
func (s *server) upload(name string, identity olm.IdentityKeys, oneTime map[string]json.RawMessage, fallback json.RawMessage) error {
	state, err := s.read()
	if err != nil {
		return err
	}
	d := state.Devices[name]
	if d == nil {
		d = &publicDevice{Identity: identity, OneTime: map[string]json.RawMessage{}}
		state.Devices[name] = d
	}
	if d.Identity != identity {
		return fmt.Errorf("server: %s has other identity keys", name)
	}
	for id, k := range oneTime {
		if old, ok := d.OneTime[id]; ok && !bytes.Equal(old, k) {
			return fmt.Errorf("server: one-time key %s already exists", id)
		}
		d.OneTime[id] = k
	}
	if fallback != nil {
		d.Fallback = fallback
	}
	return s.write(state)
}

// knows says whether a device has uploaded its keys.
func (s *server) knows(name string) bool {
	state, err := s.read()
	return err == nil && state.Devices[name] != nil
}

func (s *server) device(name string) (*publicDevice, error) {
	state, err := s.read()
	if err != nil {
		return nil, err
	}
	if d := state.Devices[name]; d != nil {
		return d, nil
	}
	return nil, fmt.Errorf("server: no device %s", name)
}

// keyCount returns how many one-time keys of a device wait to be claimed.
func (s *server) keyCount(name string) (int, error) {
	state, err := s.read()
	if err != nil || state.Devices[name] == nil {
		return 0, err
	}
	return len(state.Devices[name].OneTime), nil
}

// claim hands out a one-time key, and forgets it; or the fallback key.
func (s *server) claim(name string) (k keyObject, err error) {
	state, err := s.read()
	if err != nil {
		return k, err
	}
	d := state.Devices[name]
	if d == nil {
		return k, fmt.Errorf("server: no device %s", name)
	}
	first := ""
	for id := range d.OneTime {
		if first == "" || id < first {
			first = id
		}
	}
	object, ok := d.OneTime[first]
	if !ok {
		object = d.Fallback
	}
	if err := json.Unmarshal(object, &k); err != nil {
		return k, fmt.Errorf("server: %s has no keys left: %w", name, err)
	}
	delete(d.OneTime, first)
	return k, s.write(state)
}

// send takes a message. A transaction that it has seen is not delivered again.
func (s *server) send(e event) error {
	state, err := s.read()
	if err != nil {
		return err
	}
	if slices.ContainsFunc(state.Events, func(old event) bool { return old.From == e.From && old.Txn == e.Txn }) {
		state.Repeats = append(state.Repeats, e)
	} else {
		state.Events = append(state.Events, e)
	}
	return s.write(state)
}

// sync returns what others sent to a device since a position, and the next one.
func (s *server) sync(name string, since int) ([]event, int, error) {
	state, err := s.read()
	if err != nil {
		return nil, 0, err
	}
	next := len(state.Events)
	if since < 0 || since > next {
		return nil, 0, fmt.Errorf("server: no position %d", since)
	}
	events := slices.DeleteFunc(state.Events[since:], func(e event) bool {
		return e.From == name || e.To != "" && e.To != name
	})
	return events, next, nil
}
