package main

import (
	"errors"

	"github.com/chappe-e2ee/chappe/backup"
	"github.com/chappe-e2ee/chappe/events"
	"github.com/chappe-e2ee/chappe/megolm"
)

// maxCopies is how many keys of one session are held that contradict each other.
const maxCopies = 8

// errNoKey says that there is no key of an event's session.
var errNoKey = errors.New("no key of this session in the key file")

// roomKeys are the sessions that a history names, by their ids.
type roomKeys map[string]*heldKeys

// heldKeys are the keys of one session. There is more than one where keys are of
// different rooms, or contradict each other.
type heldKeys struct {
	guard  *events.ReplayGuard
	copies []events.RoomSession
}

// add takes over an entry if its session is wanted.
func (r roomKeys) add(e backup.Entry) error {
	held := r[e.SessionID()]
	if held == nil {
		return nil
	}
	restored, err := e.Import()
	if err != nil {
		return err
	}
	session := restored.Session()
	for _, one := range held.copies {
		if one.RoomID != e.RoomID {
			continue
		}
		order, err := one.Session.Merge(session)
		if err != nil {
			return err
		}
		if order != megolm.Unconnected {
			session.Close()
			return nil
		}
	}
	if len(held.copies) >= maxCopies {
		session.Close()
		return nil
	}
	if held.guard == nil {
		held.guard = events.NewReplayGuard(session)
	}
	held.copies = append(held.copies, events.RoomSession{Session: session, Guard: held.guard, RoomID: e.RoomID})
	return nil
}

// found returns how many of the wanted sessions there is a key of.
func (r roomKeys) found() (n int) {
	for _, held := range r {
		if len(held.copies) > 0 {
			n++
		}
	}
	return n
}

// open decrypts an event. Its error is the one of the key that came nearest.
func (r roomKeys) open(place events.RoomEvent, content *events.MegolmEncrypted) (d events.Decrypted, err error) {
	held := r[content.SessionID()]
	if held == nil || len(held.copies) == 0 {
		return d, errNoKey
	}
	for _, one := range held.copies {
		var failed error
		if d, failed = one.Open(place, content); failed == nil {
			return d, nil
		}
		if err == nil || errors.Is(err, events.ErrSessionRoom) {
			err = failed
		}
	}
	return events.Decrypted{}, err
}

// statusOf says which status an error of opening is.
func statusOf(err error) string {
	for _, s := range []struct {
		err    error
		status string
	}{
		{errNoKey, statusMissingKey},
		{events.ErrSessionRoom, statusRoom},
		{events.ErrRoom, statusRoom},
		{events.ErrAlgorithm, statusAlgorithm},
		{megolm.ErrSignature, statusSignature},
		{megolm.ErrDecrypt, statusDecrypt},
	} {
		if errors.Is(err, s.err) {
			return s.status
		}
	}
	if _, ok := errors.AsType[*megolm.UnknownIndexError](err); ok {
		return statusIndex
	}
	if _, ok := errors.AsType[*events.ReplayError](err); ok {
		return statusReplay
	}
	return statusMalformed
}
