package ratchetmodel_test

import (
	"bytes"
	"errors"

	"github.com/chappe-e2ee/chappe/internal/ratchetmodel"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
)

// A megolmWorld is a few sessions of senders, the copies that others have of
// them, and the messages and keys on their way. All are in the room and in the
// model.
type megolmWorld struct {
	*stage
	senders []*sender
	copies  []*groupCopy
	posts   []*post
}

const (
	maxCopies = 12
	maxPosts  = 48
)

// A sender is an outbound session.
type sender struct {
	name    string
	session *megolm.OutboundSession
	model   *ratchetmodel.Outbound
	saved   []savedSender
}

type savedSender struct {
	sealed []byte
	model  *ratchetmodel.Outbound
}

// A groupCopy is an inbound session.
type groupCopy struct {
	name    string
	session *megolm.InboundSession
	model   *ratchetmodel.Inbound
	saved   []savedCopy
}

type savedCopy struct {
	sealed []byte
	model  *ratchetmodel.Inbound
}

// A post is a message on the network.
type post struct {
	from      *sender
	body      string
	index     uint32
	plaintext []byte // nil when it is forged
}

func runMegolm(s *stage) {
	w := &megolmWorld{stage: s}
	w.opBegin()
	for w.fetch() {
		chosen(w.program, megolmOps).do(w)
	}
	for _, c := range w.copies {
		w.checkCopy(c)
	}
}

func (w *megolmWorld) checkSender(o *sender) {
	w.Helper()
	w.demand(o.session.ID() == ratchetmodel.Text(o.model.Public[:]), "%s: id %s", o.name, o.session.ID())
	w.demand(o.session.SigningKey().Array() == o.model.Public, "%s: signing key", o.name)
	w.demand(o.session.Index() == o.model.Next, "%s: index %d, model %d", o.name, o.session.Index(), o.model.Next)
	pickle, err := o.session.ExportLibolm(pickleKey)
	w.demand(err == nil, "%s: export: %v", o.name, err)
	w.samePickle(o.name, pickle, o.model.Content())
}

func (w *megolmWorld) checkCopy(c *groupCopy) {
	w.Helper()
	w.demand(c.session.ID() == ratchetmodel.Text(c.model.Public[:]), "%s: id %s", c.name, c.session.ID())
	w.demand(c.session.SigningKey().Array() == c.model.Public, "%s: signing key", c.name)
	w.demand(c.session.FirstKnownIndex() == c.model.Ratchet.First, "%s: first index %d, model %d", c.name, c.session.FirstKnownIndex(), c.model.Ratchet.First)
	w.demand(c.session.SigningKeyVerified() == c.model.Verified, "%s: verified %t", c.name, c.session.SigningKeyVerified())
	pickle, err := c.session.ExportLibolm(pickleKey)
	w.demand(err == nil, "%s: export: %v", c.name, err)
	w.samePickle(c.name, pickle, c.model.Content())
}

// change runs a call that may change a copy. The revision must move if, and only
// if, the state does.
func (w *megolmWorld) change(c *groupCopy, call func()) {
	w.Helper()
	revision, content := c.session.Revision(), c.model.Content()
	call()
	w.checkCopy(c)
	moved, changed := c.session.Revision() != revision, !bytes.Equal(c.model.Content(), content)
	w.demand(moved == changed, "%s: the revision moved: %t, the state: %t", c.name, moved, changed)
}

func (w *megolmWorld) add(c *groupCopy) {
	w.copies = append(w.copies, c)
	w.copies = w.copies[max(0, len(w.copies)-maxCopies):]
	w.checkCopy(c)
}

func (w *megolmWorld) post(p *post) {
	w.posts = append(w.posts, p)
	w.posts = w.posts[max(0, len(w.posts)-maxPosts):]
}

// send writes a sender's next message.
func (w *megolmWorld) send(o *sender, size int) {
	w.Helper()
	revision, plaintext := o.session.Revision(), text(size)
	var got []byte
	var err error
	if size%2 == 0 {
		var m megolm.Message
		m, err = o.session.Encrypt(plaintext)
		got = []byte(m.String())
	} else {
		got, err = o.session.AppendEncrypt(nil, plaintext)
	}
	want, r := o.model.Encrypt(plaintext)
	ok := w.agree("encrypt", err, r)
	w.demand((o.session.Revision() > revision) == ok, "%s: revision %d, was %d", o.name, o.session.Revision(), revision)
	w.checkSender(o)
	if ok {
		w.demand(string(got) == ratchetmodel.Text(want), "%s: the room writes %s\nthe model %x", o.name, got, want)
		w.post(&post{o, ratchetmodel.Text(want), o.model.Next - 1, plaintext})
	}
}

// decrypt gives a message to a copy.
func (w *megolmWorld) decrypt(c *groupCopy, p *post) {
	w.Helper()
	m, err := megolm.ParseMessage(p.body)
	want := &ratchetmodel.Refusal{Why: ratchetmodel.Malformed}
	var mm ratchetmodel.MegolmMessage
	raw, ok := ratchetmodel.ParseText(p.body)
	if ok {
		mm, want = ratchetmodel.ParseMegolm(raw)
	}
	if !w.agree("parse", err, want) {
		return
	}
	w.demand(m.Index() == mm.Index && m.CiphertextLen() == len(mm.Ciphertext) && bytes.Equal(m.Bytes(), raw) && m.String() == ratchetmodel.Text(raw),
		"read differently: %x", raw)
	w.change(c, func() {
		got, err := c.session.Decrypt(m)
		plaintext, r := c.model.Decrypt(mm)
		if w.agree("decrypt", err, r) {
			w.demand(bytes.Equal(got.Plaintext, plaintext) && got.Index == mm.Index, "%s: the room reads %d %x, the model %d %x", c.name, got.Index, got.Plaintext, mm.Index, plaintext)
			w.demand(p.plaintext == nil || bytes.Equal(plaintext, p.plaintext), "%s: %x was sent, %x came", c.name, p.plaintext, plaintext)
		}
	})
}

// join makes a copy from a session key in text, and imports one from an export.
func (w *megolmWorld) join(name, key string) {
	w.Helper()
	raw, ok := ratchetmodel.ParseText(key)
	parsed, err := megolm.ParseSessionKey([]byte(key))
	var model *ratchetmodel.Inbound
	want := &ratchetmodel.Refusal{Why: ratchetmodel.Malformed}
	if ok {
		model, want = ratchetmodel.NewInboundGroup(raw)
	}
	if !w.agree("session key", err, want) {
		return
	}
	w.demand(parsed.Index() == model.Ratchet.First && parsed.SessionID() == ratchetmodel.Text(model.Public[:]) && string(parsed.SecretText()) == ratchetmodel.Text(raw),
		"session key read differently: %x", raw)
	s, err := megolm.NewInboundSession(parsed)
	w.demand(err == nil, "NewInboundSession: %v", err)
	w.add(&groupCopy{name: name, session: s, model: model})
}

func (w *megolmWorld) importExport(name, export string) {
	w.Helper()
	raw, ok := ratchetmodel.ParseText(export)
	parsed, err := megolm.ParseExportedSession([]byte(export))
	var model *ratchetmodel.Inbound
	want := &ratchetmodel.Refusal{Why: ratchetmodel.Malformed}
	if ok {
		model, want = ratchetmodel.ImportInboundGroup(raw)
	}
	if !w.agree("export", err, want) {
		return
	}
	w.demand(parsed.Index() == model.Ratchet.First && parsed.SessionID() == ratchetmodel.Text(model.Public[:]) && string(parsed.SecretText()) == ratchetmodel.Text(raw),
		"export read differently: %x", raw)
	s, err := megolm.ImportInboundSession(parsed)
	w.demand(err == nil, "ImportInboundSession: %v", err)
	w.add(&groupCopy{name: name, session: s, model: model})
}

// export returns a copy's export in text, or nothing when it has no such index.
func (w *megolmWorld) export(c *groupCopy, index uint32) string {
	w.Helper()
	var out string
	w.change(c, func() {
		got, err := c.session.ExportAt(index)
		want, r := c.model.Export(index)
		if w.agree("export at", err, r) {
			out = string(got.SecretText())
			w.demand(out == ratchetmodel.Text(want), "%s: export %s, model %x", c.name, out, want)
		}
	})
	return out
}

// absent holds that values without content are refused.
func (w *megolmWorld) absent(c *groupCopy) {
	_, err := c.session.Decrypt(megolm.Message{})
	w.demand(errors.Is(err, keys.ErrAbsent), "Decrypt of nothing: %v", err)
}
