package ratchetmodel_test

import (
	"errors"
	"math"
	"slices"

	"github.com/chappe-e2ee/chappe/internal/ratchetmodel"
	"github.com/chappe-e2ee/chappe/olm"
)

// olmOps are the steps of a program. Each takes its operands from the program.
var olmOps = []operation[*olmWorld]{
	{"publish", 1, (*olmWorld).opPublish},
	{"open", 1, (*olmWorld).opOpen},
	{"send", 2, (*olmWorld).opSend},
	{"deliver", 3, (*olmWorld).opDeliver},
	{"misdeliver", 1, (*olmWorld).opMisdeliver},
	{"accept", 1, (*olmWorld).opAccept},
	{"drop", 1, (*olmWorld).opDrop},
	{"burst", 1, (*olmWorld).opBurst},
	{"talk", 1, (*olmWorld).opTalk},
	{"forge", 2, (*olmWorld).opForge},
	{"ahead", 1, (*olmWorld).opAhead},
	{"restart", 1, (*olmWorld).opRestart},
	{"restart-account", 1, (*olmWorld).opRestartAccount},
	{"save", 1, (*olmWorld).opSave},
	{"restore", 1, (*olmWorld).opRestore},
	{"fallback", 1, (*olmWorld).opFallback},
	{"split", 1, (*olmWorld).opSplit},
	{"shift", 1, (*olmWorld).opShift},
}

// opPublish makes one-time keys and gives them to the server.
func (w *olmWorld) opPublish() {
	p, _ := pick(w.program, w.parties)
	n := []int{0, 1, 2, 3, 60}[w.next()%5]
	if !w.afford(n) {
		return
	}
	w.step("publish %s %d", p.name, n)
	w.changeAccount(p, func() {
		w.fresh()
		_, err := p.account.GenerateOneTimeKeys(n)
		w.demand(err == nil, "GenerateOneTimeKeys: %v", err)
		w.replay(func(r ratchetmodel.Random) { p.model.GenerateOneTimeKeys(r, n) })
	})
	w.publish(p)
}

// publish offers all keys that were not offered before.
func (w *olmWorld) publish(p *party) {
	for _, k := range p.account.UnpublishedOneTimeKeys() {
		p.offered = append(p.offered, ratchetmodel.Key(k.Key.Array()))
	}
	if k, ok := p.account.UnpublishedFallbackKey(); ok {
		p.offered = append(p.offered, ratchetmodel.Key(k.Key.Array()))
	}
	w.changeAccount(p, func() {
		w.demand(p.account.MarkAllPublished() == nil, "MarkAllPublished")
		p.model.MarkPublished()
	})
}

// opOpen claims a key, perhaps one that was claimed before, and makes a session.
func (w *olmWorld) opOpen() {
	p, _ := pick(w.program, w.parties)
	q, _ := pick(w.program, w.parties)
	claimed, ok := pick(w.program, q.offered)
	if !ok {
		return
	}
	w.step("open %s to %s", p.name, q.name)
	w.fresh()
	s, err := p.account.NewOutboundSession(curve(q.model.Identity), curve(claimed))
	w.demand(err == nil, "NewOutboundSession: %v", err)
	e := &ends{name: p.name + " to " + q.name, owner: p, session: s}
	w.replay(func(r ratchetmodel.Random) { e.model = p.model.NewOutbound(r, q.model.Identity, claimed) })
	w.checkAccount(p)
	w.add(e)
}

// opSend sends one message.
func (w *olmWorld) opSend() {
	e, ok := pick(w.program, w.sessions)
	size := w.next()
	if !ok {
		return
	}
	w.step("send %s, %d bytes", e.name, size)
	w.send(e, size)
}

// opDeliver gives a letter to its recipient, who does what the specification
// says: the session that it belongs to, or else a new one. The letter stays, so
// that it can come again.
func (w *olmWorld) opDeliver() {
	l, ok := pick(w.program, w.letters)
	if !ok {
		return
	}
	w.step("deliver %s %d to %s", l.name, l.index, l.to.name)
	w.deliver(l)
}

func (w *olmWorld) deliver(l *letter) *ends {
	_, mm, ok := w.parse(l)
	if !ok {
		return nil
	}
	for _, e := range slices.Clone(w.sessions) {
		if e.owner != l.to || mm.Type == ratchetmodel.PreKey && mm.Keys != e.model.Keys {
			continue
		}
		if w.decrypt(e, l) || mm.Type == ratchetmodel.PreKey {
			return e
		}
	}
	if mm.Type == ratchetmodel.PreKey {
		return w.accept(l.to, l.from.model.Identity, l)
	}
	return nil
}

// opMisdeliver gives a letter to any end of any session.
func (w *olmWorld) opMisdeliver() {
	l, ok := pick(w.program, w.letters)
	e, ok2 := pick(w.program, w.sessions)
	if !ok || !ok2 {
		return
	}
	w.step("misdeliver %s %d to %s", l.name, l.index, e.name)
	w.decrypt(e, l)
}

// opAccept gives a letter to any account, perhaps under another sender's name,
// and perhaps again.
func (w *olmWorld) opAccept() {
	l, ok := pick(w.program, w.letters)
	p, _ := pick(w.program, w.parties)
	from, _ := pick(w.program, w.parties)
	if !ok {
		return
	}
	w.step("accept %s by %s from %s", l.name, p.name, from.name)
	w.accept(p, from.model.Identity, l)
}

// opDrop loses a letter.
func (w *olmWorld) opDrop() {
	n := w.next()
	if len(w.letters) == 0 {
		return
	}
	n %= len(w.letters)
	w.step("drop %s", w.letters[n].name)
	w.letters = slices.Delete(w.letters, n, n+1)
}

// opBurst sends many messages, and delivers the last.
func (w *olmWorld) opBurst() {
	e, ok := pick(w.program, w.sessions)
	n := w.next() % 64
	if !ok || !w.afford(n) {
		return
	}
	w.step("burst %s, %d messages", e.name, n)
	var last *letter
	for range n {
		if last = w.send(e, 3); last == nil {
			return
		}
	}
	if last != nil {
		w.deliver(last)
	}
}

// opTalk lets both ends of a session speak in turn. Of each two messages, the
// second is delivered.
func (w *olmWorld) opTalk() {
	e, ok := pick(w.program, w.sessions)
	n := w.next() % 12
	if !ok || !w.afford(2*n) {
		return
	}
	w.step("talk %s, %d turns", e.name, n)
	for range n {
		if w.send(e, 1) == nil {
			return
		}
		l := w.send(e, 2)
		if l == nil {
			return
		}
		if e = w.deliver(l); e == nil {
			return
		}
	}
}

// aheads are how far opAhead goes: the bounds of skipped keys and of gaps, and
// what is beside them.
var aheads = []uint32{0, 1, 2, 38, 39, 40, 41, 60, 1999, 2000, 2001, 2002, 3000}

// opAhead makes the message of a later index than the next one, with the right
// keys, as if those between had been sent and lost.
func (w *olmWorld) opAhead() {
	e, ok := pick(w.program, w.sessions)
	ahead, _ := pick(w.program, aheads)
	if !ok || e.model.Sending == nil || e.model.Sending.Next > math.MaxUint32-ahead || !w.afford(int(ahead/8)) {
		return
	}
	index := e.model.Sending.Next + ahead
	w.step("ahead %s, index %d", e.name, index)
	key, _ := e.model.SendingKey(index)
	kind, b := ratchetmodel.Normal, ratchetmodel.SealOlm(key, e.model.Sending.RatchetKey, index, text(5))
	if !e.model.Received {
		kind, b = ratchetmodel.PreKey, ratchetmodel.Wrap(e.model.Keys, b)
	}
	w.deliver(w.letter(e, kind, b, index, nil))
}

// opFallback makes a new fallback key, or forgets the previous one.
func (w *olmWorld) opFallback() {
	p, _ := pick(w.program, w.parties)
	forget := w.next()%4 == 0
	w.step("fallback %s, forget %t", p.name, forget)
	w.changeAccount(p, func() {
		if forget {
			had, err := p.account.ForgetPreviousFallbackKey()
			w.demand(err == nil && had == p.model.ForgetPrevious(), "ForgetPreviousFallbackKey: %t %v", had, err)
			return
		}
		w.fresh()
		forgotten, err := p.account.GenerateFallbackKey()
		w.demand(err == nil, "GenerateFallbackKey: %v", err)
		w.replay(func(r ratchetmodel.Random) {
			want := p.model.GenerateFallbackKey(r)
			w.demand(forgotten.Array() == want, "GenerateFallbackKey forgot %v, the model %x", forgotten, want)
		})
	})
	w.publish(p)
}

// opSplit makes an inbound session in libolm's two steps: without decrypting, and
// then the consumption of the key.
func (w *olmWorld) opSplit() {
	l, ok := pick(w.program, w.letters)
	if !ok {
		return
	}
	m, mm, ok := w.parse(l)
	if !ok {
		return
	}
	p, from := l.to, l.from.model.Identity
	w.step("split %s by %s", l.name, p.name)
	w.changeAccount(p, func() {
		s, err := p.account.UnsafeNewInboundSession(curve(from), m)
		model, key, kind, r := p.model.UndecryptedInbound(from, mm)
		if !w.agree("undecrypted inbound", err, r) {
			return
		}
		e := &ends{name: p.name + " of " + l.name, owner: p, session: s, model: model}
		w.add(e)
		id, err := p.account.UnsafeConsumeKey(s)
		w.demand(err == nil && id.Number() == key.ID, "UnsafeConsumeKey: %v %v, key of kind %d", id, err, kind)
		p.model.Consume(key.Public)
		_, err = p.account.UnsafeConsumeKey(s)
		var unknown *olm.UnknownOneTimeKeyError
		w.demand(errors.As(err, &unknown) == (kind == ratchetmodel.OneTime), "UnsafeConsumeKey again: %v", err)
		w.decrypt(e, l)
	})
}
