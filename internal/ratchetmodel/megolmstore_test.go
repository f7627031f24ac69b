package ratchetmodel_test

import (
	"github.com/chappe-e2ee/chappe/internal/ratchetmodel"
	"github.com/chappe-e2ee/chappe/megolm"
)

// opRestart stores a copy in one of the forms and reads it again.
func (w *megolmWorld) opRestart() {
	c, ok := pick(w.program, w.copies)
	form := w.next() % 3
	if !ok {
		return
	}
	w.step("restart %s, form %d", c.name, form)
	var err error
	var stored []byte
	switch s := c.session; form {
	case 0:
		stored, err = s.Seal(sealKey, context)
		w.demand(err == nil, "Seal: %v", err)
		revision := s.Revision()
		c.session, err = megolm.OpenInboundSession(stored, sealKey, context)
		w.demand(err == nil && c.session.Revision() == revision, "OpenInboundSession: %v", err)
	case 1:
		stored, err = s.ExportLibolm(pickleKey)
		w.demand(err == nil, "ExportLibolm: %v", err)
		c.session, err = megolm.ImportLibolmInboundSession(stored, pickleKey)
	case 2:
		stored, err = s.ExportVodozemac(pickleKey)
		w.demand(err == nil, "ExportVodozemac: %v", err)
		c.session, err = megolm.ImportVodozemacInboundSession(stored, pickleKey)
		c.model.Latest = c.model.Ratchet.First // is not in the form
	}
	w.demand(err == nil, "form %d: %v", form, err)
	w.checkCopy(c)
}

// opRestartSender does the same with an outbound session.
func (w *megolmWorld) opRestartSender() {
	o, _ := pick(w.program, w.senders)
	form := w.next() % 3
	w.step("restart-sender %s, form %d", o.name, form)
	var err error
	var stored []byte
	switch s := o.session; form {
	case 0:
		stored, err = s.Seal(sealKey, context)
		w.demand(err == nil, "Seal: %v", err)
		revision := s.Revision()
		o.session, err = megolm.OpenOutboundSession(stored, sealKey, context)
		w.demand(err == nil && o.session.Revision() == revision, "OpenOutboundSession: %v", err)
	case 1:
		stored, err = s.ExportLibolm(pickleKey)
		w.demand(err == nil, "ExportLibolm: %v", err)
		o.session, err = megolm.ImportLibolmOutboundSession(stored, pickleKey)
	case 2:
		stored, err = s.ExportVodozemac(pickleKey)
		w.demand(err == nil, "ExportVodozemac: %v", err)
		o.session, err = megolm.ImportVodozemacOutboundSession(stored, pickleKey)
	}
	w.demand(err == nil, "form %d: %v", form, err)
	w.checkSender(o)
}

// opSave keeps a sender and a copy, as a database does.
func (w *megolmWorld) opSave() {
	o, _ := pick(w.program, w.senders)
	c, ok := pick(w.program, w.copies)
	w.step("save %s", o.name)
	sealed, err := o.session.Seal(sealKey, context)
	w.demand(err == nil, "Seal: %v", err)
	o.saved = append(o.saved, savedSender{sealed, o.model.Clone()})
	if ok {
		sealed, err = c.session.Seal(sealKey, context)
		w.demand(err == nil, "Seal: %v", err)
		c.saved = append(c.saved, savedCopy{sealed, c.model.Clone()})
	}
}

// opRestore goes back to an old sender, which then uses its keys again, or to an
// old copy.
func (w *megolmWorld) opRestore() {
	o, _ := pick(w.program, w.senders)
	c, ok := pick(w.program, w.copies)
	if old, saved := pick(w.program, o.saved); saved {
		w.step("restore %s", o.name)
		s, err := megolm.OpenOutboundSession(old.sealed, sealKey, context)
		w.demand(err == nil, "OpenOutboundSession: %v", err)
		o.session, o.model = s, old.model.Clone()
		w.checkSender(o)
	}
	if !ok {
		return
	}
	if old, saved := pick(w.program, c.saved); saved {
		w.step("restore %s", c.name)
		s, err := megolm.OpenInboundSession(old.sealed, sealKey, context)
		w.demand(err == nil, "OpenInboundSession: %v", err)
		c.session, c.model = s, old.model.Clone()
		w.checkCopy(c)
	}
}

// opJump moves a sender to a later index, as if it had sent all messages before,
// through a pickle that the model writes.
func (w *megolmWorld) opJump() {
	o, _ := pick(w.program, w.senders)
	index := w.index(o.model.Next)
	if index < o.model.Next {
		return
	}
	w.step("jump %s from %d to %d", o.name, o.model.Next, index)
	o.model.Next = index
	s, err := megolm.ImportLibolmOutboundSession(ratchetmodel.Pickle(pickleKey, o.model.Content()), pickleKey)
	w.demand(err == nil, "ImportLibolmOutboundSession: %v", err)
	o.session = s
	w.checkSender(o)
}
