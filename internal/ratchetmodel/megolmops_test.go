package ratchetmodel_test

import (
	"math"
	"slices"

	"github.com/chappe-e2ee/chappe/internal/ratchetmodel"
	"github.com/chappe-e2ee/chappe/megolm"
)

// megolmOps are the steps of a program. Each takes its operands from the
// program.
var megolmOps = []operation[*megolmWorld]{
	{"begin", 1, (*megolmWorld).opBegin},
	{"send", 2, (*megolmWorld).opSend},
	{"burst", 1, (*megolmWorld).opBurst},
	{"deliver", 5, (*megolmWorld).opDeliver},
	{"misdeliver", 1, (*megolmWorld).opMisdeliver},
	{"drop", 1, (*megolmWorld).opDrop},
	{"share", 2, (*megolmWorld).opShare},
	{"forge-key", 1, (*megolmWorld).opForgeKey},
	{"export", 1, (*megolmWorld).opExport},
	{"forge-export", 1, (*megolmWorld).opForgeExport},
	{"merge", 2, (*megolmWorld).opMerge},
	{"advance", 1, (*megolmWorld).opAdvance},
	{"restart", 1, (*megolmWorld).opRestart},
	{"restart-sender", 1, (*megolmWorld).opRestartSender},
	{"save", 1, (*megolmWorld).opSave},
	{"restore", 1, (*megolmWorld).opRestore},
	{"jump", 1, (*megolmWorld).opJump},
	{"forge", 4, (*megolmWorld).opForge},
}

// opBegin makes an outbound session.
func (w *megolmWorld) opBegin() {
	w.step("begin")
	w.fresh()
	o := &sender{name: string(rune('A' + len(w.senders)%26)), session: megolm.NewOutboundSession()}
	w.replay(func(r ratchetmodel.Random) { o.model = ratchetmodel.NewOutboundGroup(r) })
	w.senders = append(w.senders, o)
	w.senders = w.senders[max(0, len(w.senders)-3):]
	w.checkSender(o)
}

func (w *megolmWorld) opSend() {
	o, _ := pick(w.program, w.senders)
	size := w.next()
	w.step("send %s %d, %d bytes", o.name, o.model.Next, size)
	w.send(o, size)
}

// opBurst sends many messages, so that parts of the ratchet begin anew.
func (w *megolmWorld) opBurst() {
	o, _ := pick(w.program, w.senders)
	n := w.next() % 24
	if !w.afford(n) {
		return
	}
	w.step("burst %s %d, %d messages", o.name, o.model.Next, n)
	for range n {
		w.send(o, 3)
	}
}

// opDeliver gives a message to a copy of its session. Both stay: it may come
// again.
func (w *megolmWorld) opDeliver() {
	p, ok := pick(w.program, w.posts)
	if !ok {
		return
	}
	c, ok := pick(w.program, slices.DeleteFunc(slices.Clone(w.copies), func(c *groupCopy) bool { return c.model.Public != p.from.model.Public }))
	if !ok {
		return
	}
	w.step("deliver %s %d to %s", p.from.name, p.index, c.name)
	w.decrypt(c, p)
}

// opMisdeliver gives a message to any copy.
func (w *megolmWorld) opMisdeliver() {
	p, ok := pick(w.program, w.posts)
	c, ok2 := pick(w.program, w.copies)
	if !ok || !ok2 {
		return
	}
	w.step("misdeliver %s %d to %s", p.from.name, p.index, c.name)
	w.decrypt(c, p)
	w.absent(c)
}

func (w *megolmWorld) opDrop() {
	n := w.next()
	if len(w.posts) == 0 {
		return
	}
	n %= len(w.posts)
	w.step("drop %d", n)
	w.posts = slices.Delete(w.posts, n, n+1)
}

// opShare takes the session key where the sender is, and makes a copy from it.
func (w *megolmWorld) opShare() {
	o, _ := pick(w.program, w.senders)
	w.step("share %s %d", o.name, o.model.Next)
	key := w.sessionKey(o)
	w.join("copy of "+o.name, key)
}

func (w *megolmWorld) sessionKey(o *sender) string {
	w.Helper()
	key, err := o.session.SessionKey()
	w.demand(err == nil, "SessionKey: %v", err)
	out := string(key.SecretText())
	w.demand(out == ratchetmodel.Text(o.model.SessionKey()), "%s: session key %s, model %x", o.name, out, o.model.SessionKey())
	return out
}

// index chooses an index near another one, near where the parts of the ratchet
// begin anew after it, or near the end.
func (w *megolmWorld) index(from uint32) uint32 {
	how, n := w.next(), uint64(w.next())
	at := uint64(from)
	switch how % 8 {
	case 0:
		at += n
	case 1:
		at += -n
	case 2:
		at = (at>>8+1)<<8 + n%4 - 2
	case 3:
		at = (at>>16+1)<<16 + n%4 - 2
	case 4:
		at = (at>>24+1)<<24 + n%4 - 2
	case 5:
		at += n << 8
	case 6:
		at += n << 16
	case 7:
		at = math.MaxUint32 - n%4
	}
	return uint32(at)
}

// opExport exports a copy at an index, and imports that.
func (w *megolmWorld) opExport() {
	c, ok := pick(w.program, w.copies)
	if !ok {
		return
	}
	index := w.index(c.model.Ratchet.First)
	w.step("export %s at %d", c.name, index)
	if export := w.export(c, index); export != "" {
		w.importExport("export of "+c.name, export)
	}
}

// opMerge compares and merges two copies.
func (w *megolmWorld) opMerge() {
	c, ok := pick(w.program, w.copies)
	other, _ := pick(w.program, w.copies)
	if !ok {
		return
	}
	w.step("merge %s %d, %s %d", c.name, c.model.Ratchet.First, other.name, other.model.Ratchet.First)
	how, err := c.session.Compare(other.session)
	want := c.model.Compare(other.model)
	w.demand(err == nil && orderings[how] == want, "Compare: %v %v, the model %s", how, err, want)
	w.count("merge: " + want)
	w.change(c, func() {
		how, err := c.session.Merge(other.session)
		w.demand(err == nil && orderings[how] == c.model.Merge(other.model), "Merge: %v %v, the model %s", how, err, want)
	})
	w.checkCopy(other)
}

var orderings = map[megolm.Ordering]string{
	megolm.Equal: ratchetmodel.Equal, megolm.Better: ratchetmodel.Better,
	megolm.Worse: ratchetmodel.Worse, megolm.Unconnected: ratchetmodel.Unconnected,
}

// opAdvance makes a copy forget.
func (w *megolmWorld) opAdvance() {
	c, ok := pick(w.program, w.copies)
	if !ok {
		return
	}
	index := w.index(c.model.Ratchet.First)
	w.step("advance %s from %d to %d", c.name, c.model.Ratchet.First, index)
	w.change(c, func() { w.agree("advance", c.session.AdvanceTo(index), c.model.AdvanceTo(index)) })
}
