package conversation

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/chappe-e2ee/chappe/interop/peer"
)

// An end is one party's side of a session.
type end struct {
	by       peer.Implementation
	s        peer.Session
	ratchet  ratchet
	reversed bool // its skipped keys may stand in another order
}

// A session is made by one party; the other's end follows with the first
// message that arrives.
type session struct {
	id        string
	maker     int
	key       string // the one-time or fallback key
	fallback  bool
	ends      [2]*end
	chains    int
	seen      map[int]bool // chains that the other side knew
	flight    []*message
	delivered []*message
}

type message struct {
	from      int
	at        place
	kind      int
	body      string
	plaintext []byte
}

type olmStage struct {
	*stage
	parties  [2]*party
	sessions []*session
}

// Olm plays a conversation of Olm.
func Olm(script Script) (Counts, error) {
	o := &olmStage{stage: newStage(script)}
	o.parties = [2]*party{{}, {}}
	return o.play("Olm", []op{
		{"upload", 6, o.upload},
		{"fallback", 2, o.newFallback},
		{"forget", 1, o.forgetFallback},
		{"sign", 2, o.sign},
		{"move account", 5, o.moveAccount},
		{"open", 4, o.open},
		{"drop", 1, o.drop},
		{"send", 80, o.send},
		{"burst", 1, o.burst},
		{"deliver", 76, o.deliver},
		{"lose", 4, o.lose},
		{"again", 6, o.again},
		{"replay", 2, o.replay},
		{"astray", 3, o.astray},
		{"forge", 12, o.forgeOne},
		{"move", 14, o.move},
	})
}

func oneOf[T any](s *stage, from []T) (T, bool) {
	var none T
	if len(from) == 0 {
		return none, false
	}
	return from[s.decide.IntN(len(from))], true
}

// anEnd returns a random end of a random session.
func (o *olmStage) anEnd() (*session, int) {
	s, ok := oneOf(o.stage, o.sessions)
	if !ok {
		return nil, 0
	}
	p := o.decide.IntN(2)
	if s.ends[p] == nil {
		p = s.maker
	}
	return s, p
}

func (o *olmStage) open() error {
	if len(o.sessions) >= 4 {
		return errIdle
	}
	p := o.decide.IntN(2)
	us, them := o.parties[p], o.parties[1-p]
	if us.account == nil || them.account == nil {
		return errIdle
	}
	key, fallback, ok := them.claim(o.stage)
	if !ok {
		return errIdle
	}
	made, err := us.account.Outbound(them.curve, key)
	if err != nil {
		return fmt.Errorf("%s: outbound: %w", us.by.Name(), err)
	}
	id, err := made.ID()
	if err != nil {
		return err
	}
	s := &session{id: id, maker: p, key: key, fallback: fallback, seen: map[int]bool{}, chains: 1}
	s.ends[p] = &end{by: us.by, s: made, ratchet: ratchet{sender: &place{}}}
	o.sessions = append(o.sessions, s)
	o.counts["sessions"]++
	o.trace("session id", []byte(id))
	return o.check(s, p)
}

func (o *olmStage) drop() error {
	if len(o.sessions) < 3 {
		return errIdle
	}
	i := o.decide.IntN(len(o.sessions))
	o.sessions = slices.Delete(o.sessions, i, i+1)
	return nil
}

func (o *olmStage) send() error {
	s, p := o.anEnd()
	if s == nil {
		return errIdle
	}
	return o.sendIn(s, p)
}

// burst sends more than the skipped message keys that are kept.
func (o *olmStage) burst() error {
	s, p := o.anEnd()
	if s == nil {
		return errIdle
	}
	for range 20 + o.decide.IntN(60) {
		if err := o.sendIn(s, p); err != nil {
			return err
		}
	}
	return nil
}

func (o *olmStage) sendIn(s *session, p int) error {
	e, plaintext := s.ends[p], o.plaintext()
	kind, body, err := e.s.Encrypt(plaintext)
	if err != nil {
		return fmt.Errorf("%s: encrypt %d bytes: %w", e.by.Name(), len(plaintext), err)
	}
	want := peer.PreKey
	if e.ratchet.received {
		want = peer.Normal
	}
	if kind != want {
		return fmt.Errorf("%s: message type %d, not %d", e.by.Name(), kind, want)
	}
	at := e.ratchet.send(s.chains)
	s.chains = max(s.chains, at.chain+1)
	s.flight = append(s.flight, &message{p, at, kind, body, plaintext})
	if len(s.flight) > 60 {
		s.flight = s.flight[1:]
	}
	o.counts["messages"]++
	o.trace("message", []byte(body))
	return o.check(s, p)
}

// move restarts an end from its pickle, in any of the two implementations.
func (o *olmStage) move() error {
	s, p := o.anEnd()
	if s == nil {
		return errIdle
	}
	e, key, to := s.ends[p], o.pickleKey(), o.other()
	pickle, err := e.s.Pickle(key)
	if err != nil {
		return fmt.Errorf("%s: pickle: %w", e.by.Name(), err)
	}
	if e.ratchet.plain() {
		o.trace("session pickle", pickle)
	}
	moved, err := to.UnpickleSession(pickle, key)
	if err != nil {
		return fmt.Errorf("%s: unpickle from %s: %w", to.Name(), e.by.Name(), err)
	}
	o.moved(e.by, to)
	e.reversed = e.reversed || o.union.OwnPickles || e.by.Traits().OldestFirst || to.Traits().OldestFirst
	e.by, e.s = to, moved
	again, err := moved.Pickle(key)
	if err != nil {
		return fmt.Errorf("%s: pickle: %w", to.Name(), err)
	}
	if e.ratchet.plain() && !bytes.Equal(again, pickle) {
		return fmt.Errorf("%s: another pickle of the same state", to.Name())
	}
	return o.check(s, p)
}

// check compares what both sides say about a session.
func (o *olmStage) check(s *session, p int) error {
	e := s.ends[p]
	id, err := e.s.ID()
	if err != nil {
		return err
	}
	if id != s.id {
		return fmt.Errorf("%s: session id %q, not %q", e.by.Name(), id, s.id)
	}
	if got := e.s.HasReceived(); got != e.ratchet.received {
		return fmt.Errorf("%s: has received: %v", e.by.Name(), got)
	}
	ordered := !e.reversed && !e.by.Traits().OldestFirst
	if err := e.ratchet.compare(e.s.Describe(), ordered); err != nil {
		return fmt.Errorf("%s: %w", e.by.Name(), err)
	}
	return nil
}
