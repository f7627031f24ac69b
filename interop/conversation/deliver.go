package conversation

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/chappe-e2ee/chappe/interop/peer"
)

// aMessage returns a message in flight, often the oldest or the newest.
func (o *olmStage) aMessage() (*session, int) {
	s, ok := oneOf(o.stage, o.sessions)
	if !ok || len(s.flight) == 0 {
		return nil, 0
	}
	i := 0
	switch o.decide.IntN(6) {
	case 0:
		i = o.decide.IntN(len(s.flight))
	case 1, 2:
		i = len(s.flight) - 1
	}
	return s, i
}

func (o *olmStage) lose() error {
	s, i := o.aMessage()
	if s == nil {
		return errIdle
	}
	s.flight = slices.Delete(s.flight, i, i+1)
	o.counts["lost"]++
	return nil
}

func (o *olmStage) deliver() error {
	s, i := o.aMessage()
	if s == nil {
		return errIdle
	}
	m := s.flight[i]
	s.flight = slices.Delete(s.flight, i, i+1)
	p := 1 - m.from
	if s.ends[p] == nil {
		return o.accept(s, m)
	}
	e := s.ends[p]
	want := e.ratchet.expect(m.at, s.seen[m.at.chain])
	if want == accept && o.union.OldestFirst && e.ratchet.overflow && slices.Contains(e.ratchet.skipped, m.at) {
		want = either
	}
	if want == either {
		return errIdle
	}
	if m.kind == peer.PreKey {
		if err := o.onlyMatch(s, p, m); err != nil {
			return err
		}
	}
	plaintext, err := e.s.Decrypt(m.kind, m.body)
	switch {
	case want == refuse && err == nil:
		return fmt.Errorf("%s: decrypts message %v of a dropped chain", e.by.Name(), m.at)
	case want == refuse:
		o.counts["late refused"]++
		return o.check(s, p)
	case err != nil:
		return fmt.Errorf("%s: decrypt message %v from %s: %w", e.by.Name(), m.at, s.ends[m.from].by.Name(), err)
	case !bytes.Equal(plaintext, m.plaintext):
		return fmt.Errorf("%s: another plaintext", e.by.Name())
	}
	o.received(s, p, m)
	return o.check(s, p)
}

func (o *olmStage) received(s *session, p int, m *message) {
	s.ends[p].ratchet.receive(m.at)
	s.seen[m.at.chain] = true
	s.delivered = append(s.delivered, m)
	if len(s.delivered) > 20 {
		s.delivered = s.delivered[1:]
	}
	o.counts["decrypted"]++
}

// onlyMatch checks that of a party's sessions this one matches, and no other.
func (o *olmStage) onlyMatch(s *session, p int, m *message) error {
	for _, other := range o.sessions {
		if other.ends[p] == nil || other.maker == p {
			continue
		}
		got, err := other.ends[p].s.Matches(o.parties[m.from].curve, m.body)
		if err != nil {
			return fmt.Errorf("%s: matches: %w", other.ends[p].by.Name(), err)
		}
		if got != (other == s) {
			return fmt.Errorf("%s: matches says %v", other.ends[p].by.Name(), got)
		}
	}
	return nil
}

// accept makes the second end of a session from a pre-key message.
func (o *olmStage) accept(s *session, m *message) error {
	us, them := o.parties[1-m.from], o.parties[m.from]
	if err := o.onlyMatch(s, 1-m.from, m); err != nil {
		return err
	}
	made, plaintext, err := us.account.Inbound(them.curve, m.body)
	if !us.has(s.key) {
		if err == nil {
			return fmt.Errorf("%s: accepts a message to a forgotten key", us.by.Name())
		}
		o.sessions = slices.DeleteFunc(o.sessions, func(other *session) bool { return other == s })
		o.counts["unknown key refused"]++
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: inbound session from %s: %w", us.by.Name(), s.ends[m.from].by.Name(), err)
	}
	if !bytes.Equal(plaintext, m.plaintext) {
		return fmt.Errorf("%s: another plaintext", us.by.Name())
	}
	us.consume(s.key)
	s.ends[1-m.from] = &end{by: us.by, s: made, ratchet: ratchet{chains: []place{{}}}}
	o.received(s, 1-m.from, m)
	return o.check(s, 1-m.from)
}

// again delivers a message a second time.
func (o *olmStage) again() error {
	s, ok := oneOf(o.stage, o.sessions)
	if !ok {
		return errIdle
	}
	m, ok := oneOf(o.stage, s.delivered)
	if !ok {
		return errIdle
	}
	o.counts["duplicates refused"]++
	return o.refused(s, 1-m.from, m.kind, m.body, "a message twice")
}

// replay offers the first message of a session to the account again: its
// one-time key is gone.
func (o *olmStage) replay() error {
	s, ok := oneOf(o.stage, o.sessions)
	if !ok || s.fallback {
		return errIdle
	}
	m, ok := oneOf(o.stage, s.delivered)
	if !ok || m.kind != peer.PreKey {
		return errIdle
	}
	us := o.parties[1-m.from]
	return us.unchanged(func() error {
		if _, _, err := us.account.Inbound(o.parties[m.from].curve, m.body); err == nil {
			return fmt.Errorf("%s: makes a session with a used one-time key", us.by.Name())
		}
		o.counts["duplicates refused"]++
		return nil
	})
}

// astray gives a message to another session.
func (o *olmStage) astray() error {
	s, p := o.anEnd()
	if s == nil {
		return errIdle
	}
	other, i := o.aMessage()
	if other == nil || other == s {
		return errIdle
	}
	m := other.flight[i]
	o.counts["astray refused"]++
	return o.refused(s, p, m.kind, m.body, "another session's message")
}

func (o *olmStage) forgeOne() error {
	s, i := o.aMessage()
	if s == nil {
		return errIdle
	}
	m := s.flight[i]
	forged := o.forge(m.kind, m.body)
	o.counts["forged refused"]++
	if s.ends[1-m.from] != nil {
		return o.refused(s, 1-m.from, m.kind, forged, "a forged message")
	}
	us := o.parties[1-m.from]
	return us.unchanged(func() error {
		if _, _, err := us.account.Inbound(o.parties[m.from].curve, forged); err == nil {
			return fmt.Errorf("%s: makes a session of a forged message", us.by.Name())
		}
		return nil
	})
}

// refused checks that an end refuses a message and stays as it was.
func (o *olmStage) refused(s *session, p, kind int, body, what string) error {
	e := s.ends[p]
	before, err1 := e.s.Pickle(probe)
	if _, err := e.s.Decrypt(kind, body); err == nil {
		return fmt.Errorf("%s: decrypts %s", e.by.Name(), what)
	}
	after, err2 := e.s.Pickle(probe)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	early := e.by.Traits().EarlyRatchet && e.ratchet.sender == nil
	if !early && !bytes.Equal(before, after) {
		return fmt.Errorf("%s: %s changed the session", e.by.Name(), what)
	}
	return o.check(s, p)
}
