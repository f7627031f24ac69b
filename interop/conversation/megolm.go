package conversation

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/chappe-e2ee/chappe/interop/peer"
)

// A listener is one copy of a Megolm session.
type listener struct {
	by       peer.Implementation
	g        peer.InboundGroup
	first    uint32
	verified bool
	latest   uint32 // highest index decrypted
	exported uint32 // highest index exported
}

// plain says that all implementations keep the same: an export beyond the
// latest message moves the latest ratchet of libolm and goolm, and not chappe's.
func (l *listener) plain() bool { return l.exported <= l.latest }

type sent struct {
	index     uint32
	body      string
	plaintext []byte
}

type group struct {
	*stage
	by        peer.Implementation
	out       peer.OutboundGroup
	id        string
	index     uint32
	listeners []*listener
	sent      []sent    // all, in order
	stranger  *listener // of the session before
}

// Megolm plays a conversation of Megolm: one sender, and listeners of both
// implementations, who join when they like.
func Megolm(script Script) (Counts, error) {
	g := &group{stage: newStage(script)}
	return g.play("Megolm", []op{
		{"start", 1, g.start},
		{"send", 40, g.send},
		{"join", 4, g.join},
		{"export", 6, g.export},
		{"drop", 2, g.drop},
		{"deliver", 80, g.deliver},
		{"unknown", 6, g.unknown},
		{"forge", 12, g.forgeOne},
		{"move outbound", 4, g.moveOutbound},
		{"move inbound", 16, g.moveInbound},
		{"merge", 4, g.merge},
	})
}

func (g *group) ensure() error {
	if g.out != nil {
		return nil
	}
	return g.start()
}

// start begins a session, in the place of the one before.
func (g *group) start() (err error) {
	by := g.Pair[0]
	out, err := by.NewOutboundGroup()
	if err != nil {
		return err
	}
	id, err := out.ID()
	if err != nil {
		return err
	}
	stranger, _ := oneOf(g.stage, g.listeners)
	*g = group{stage: g.stage, by: by, out: out, id: id, stranger: stranger}
	g.counts["sessions"]++
	g.trace("session id", []byte(id))
	return g.join()
}

// join makes a copy of the session from where it is now.
func (g *group) join() error {
	if g.out == nil {
		return g.start()
	}
	if len(g.listeners) >= 6 {
		return errIdle
	}
	by := g.Pair[1]
	if g.decide.IntN(4) == 0 {
		by = g.Pair[0]
	}
	key, err := g.out.SessionKey()
	if err != nil {
		return fmt.Errorf("%s: session key: %w", g.by.Name(), err)
	}
	g.trace("session key", []byte(key))
	in, err := by.NewInboundGroup(key)
	if err != nil {
		return fmt.Errorf("%s: session key from %s: %w", by.Name(), g.by.Name(), err)
	}
	l := &listener{by: by, g: in, first: g.index, verified: true, latest: g.index}
	g.listeners = append(g.listeners, l)
	g.counts["session keys"]++
	return g.check(l)
}

func (g *group) drop() error {
	if len(g.listeners) < 3 {
		return errIdle
	}
	i := g.decide.IntN(len(g.listeners))
	g.listeners = slices.Delete(g.listeners, i, i+1)
	return nil
}

func (g *group) send() error {
	if err := g.ensure(); err != nil {
		return err
	}
	n := 1
	if g.decide.IntN(40) == 0 {
		n = 1 + g.decide.IntN(300) // across a carry of the ratchet
	}
	for range n {
		plaintext := g.plaintext()
		body, err := g.out.Encrypt(plaintext)
		if err != nil {
			return fmt.Errorf("%s: encrypt %d bytes: %w", g.by.Name(), len(plaintext), err)
		}
		g.sent = append(g.sent, sent{g.index, body, plaintext})
		g.index++
		g.counts["messages"]++
		g.trace("message", []byte(body))
		if got := g.out.Index(); got != g.index {
			return fmt.Errorf("%s: message index %d, not %d", g.by.Name(), got, g.index)
		}
	}
	return nil
}

// deliver gives any message to any listener: Megolm decrypts in any order and
// as often as asked.
func (g *group) deliver() error {
	l, ok := oneOf(g.stage, g.listeners)
	if !ok {
		return errIdle
	}
	from := max(int(l.first), 0)
	if g.decide.IntN(3) > 0 {
		from = max(from, len(g.sent)-5)
	}
	if from >= len(g.sent) {
		return errIdle
	}
	m := g.sent[from+g.decide.IntN(len(g.sent)-from)]
	plaintext, index, err := l.g.Decrypt(m.body)
	switch {
	case err != nil:
		return fmt.Errorf("%s: decrypt message %d from %s: %w", l.by.Name(), m.index, g.by.Name(), err)
	case index != m.index:
		return fmt.Errorf("%s: message index %d, not %d", l.by.Name(), index, m.index)
	case !bytes.Equal(plaintext, m.plaintext):
		return fmt.Errorf("%s: another plaintext", l.by.Name())
	}
	l.verified = l.verified || !l.by.Traits().VerifiesByKeyOnly
	l.latest = max(l.latest, index)
	g.counts["decrypted"]++
	return g.check(l)
}

// unknown gives a listener what was before its time.
func (g *group) unknown() error {
	l, ok := oneOf(g.stage, g.listeners)
	if !ok || l.first == 0 {
		return errIdle
	}
	at := uint32(g.decide.IntN(int(l.first)))
	if _, _, err := l.g.Decrypt(g.sent[at].body); !errors.Is(err, peer.ErrUnknownIndex) {
		return fmt.Errorf("%s: message %d, before the first known %d: %v", l.by.Name(), at, l.first, err)
	}
	if _, err := l.g.Export(at); !errors.Is(err, peer.ErrUnknownIndex) {
		return fmt.Errorf("%s: export at %d, before the first known %d: %v", l.by.Name(), at, l.first, err)
	}
	g.counts["unknown index refused"]++
	return g.check(l)
}

// export makes a copy of a listener's session from some index on, in any
// implementation. The same export by the other must be the same.
func (g *group) export() error {
	l, ok := oneOf(g.stage, g.listeners)
	if !ok {
		return errIdle
	}
	at := l.first + uint32(g.decide.IntN(len(g.sent)-int(l.first)+3))
	if g.decide.IntN(10) == 0 {
		at += uint32(g.decide.IntN(1 << 20))
	}
	text, err := l.g.Export(at)
	if err != nil {
		return fmt.Errorf("%s: export at %d: %w", l.by.Name(), at, err)
	}
	l.exported = max(l.exported, at)
	g.trace("export", []byte(text))
	by := g.other()
	in, err := by.ImportInboundGroup(text)
	if err != nil {
		return fmt.Errorf("%s: import from %s: %w", by.Name(), l.by.Name(), err)
	}
	fresh := &listener{by: by, g: in, first: at, latest: at}
	again, err := in.Export(at)
	if err != nil || again != text {
		return fmt.Errorf("%s: another export at the same index: %v", by.Name(), err)
	}
	g.counts["exports"]++
	if int(at) <= len(g.sent) && len(g.listeners) < 6 {
		g.listeners = append(g.listeners, fresh)
	}
	return g.check(fresh)
}

func (g *group) forgeOne() error {
	l, ok := oneOf(g.stage, g.listeners)
	if !ok {
		return errIdle
	}
	m, ok := oneOf(g.stage, g.sent)
	if !ok {
		return errIdle
	}
	before, err1 := l.g.Pickle(probe)
	if _, _, err := l.g.Decrypt(g.forge(peer.Normal, m.body)); err == nil {
		return fmt.Errorf("%s: decrypts a forged message", l.by.Name())
	}
	after, err2 := l.g.Pickle(probe)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	if !bytes.Equal(before, after) {
		return fmt.Errorf("%s: a forged message changed the session", l.by.Name())
	}
	g.counts["forged refused"]++
	return g.check(l)
}

func (g *group) moveOutbound() error {
	if err := g.ensure(); err != nil {
		return err
	}
	key, to := g.pickleKey(), g.other()
	before, err := g.out.SessionKey()
	if err != nil {
		return err
	}
	pickle, err := g.out.Pickle(key)
	if err != nil {
		return fmt.Errorf("%s: pickle: %w", g.by.Name(), err)
	}
	g.trace("outbound pickle", pickle)
	moved, err := to.UnpickleOutboundGroup(pickle, key)
	if err != nil {
		return fmt.Errorf("%s: unpickle from %s: %w", to.Name(), g.by.Name(), err)
	}
	g.moved(g.by, to)
	g.by, g.out = to, moved
	if err := same(to, pickle, moved, key); err != nil {
		return err
	}
	id, err := moved.ID()
	if err != nil || id != g.id || moved.Index() != g.index {
		return fmt.Errorf("%s: session %q at %d, not %q at %d: %v", to.Name(), id, moved.Index(), g.id, g.index, err)
	}
	if after, err := moved.SessionKey(); err != nil || after != before {
		return fmt.Errorf("%s: another session key: %v", to.Name(), err)
	}
	return nil
}

func (g *group) moveInbound() error {
	l, ok := oneOf(g.stage, g.listeners)
	if !ok {
		return errIdle
	}
	key, to := g.pickleKey(), g.other()
	pickle, err := l.g.Pickle(key)
	if err != nil {
		return fmt.Errorf("%s: pickle: %w", l.by.Name(), err)
	}
	if l.plain() {
		g.trace("inbound pickle", pickle)
	}
	moved, err := to.UnpickleInboundGroup(pickle, key)
	if err != nil {
		return fmt.Errorf("%s: unpickle from %s: %w", to.Name(), l.by.Name(), err)
	}
	g.moved(l.by, to)
	l.by, l.g = to, moved
	if err := same(to, pickle, moved, key); err != nil {
		return err
	}
	return g.check(l)
}

// same checks that what was read from a pickle pickles as that again.
func same(by peer.Implementation, pickle []byte, moved interface {
	Pickle(key []byte) ([]byte, error)
}, key []byte) error {
	again, err := moved.Pickle(key)
	if err != nil {
		return fmt.Errorf("%s: pickle: %w", by.Name(), err)
	}
	if !bytes.Equal(again, pickle) {
		return fmt.Errorf("%s: another pickle of the same state", by.Name())
	}
	return nil
}

func (g *group) check(l *listener) error {
	id, err := l.g.ID()
	if err != nil {
		return err
	}
	if id != g.id {
		return fmt.Errorf("%s: session id %q, not %q", l.by.Name(), id, g.id)
	}
	if got := l.g.FirstKnownIndex(); got != l.first {
		return fmt.Errorf("%s: first known index %d, not %d", l.by.Name(), got, l.first)
	}
	if got := l.g.Verified(); got != l.verified {
		return fmt.Errorf("%s: verified: %v", l.by.Name(), got)
	}
	return nil
}
