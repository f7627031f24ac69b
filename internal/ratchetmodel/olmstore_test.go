package ratchetmodel_test

import (
	"math"

	"github.com/chappe-e2ee/chappe/internal/ratchetmodel"
	"github.com/chappe-e2ee/chappe/olm"
)

// opRestart stores a session in one of the forms and reads it again.
func (w *olmWorld) opRestart() {
	e, ok := pick(w.program, w.sessions)
	form := w.next() % 4
	if !ok {
		return
	}
	w.step("restart %s, form %d", e.name, form)
	var err error
	var stored []byte
	switch s := e.session; form {
	case 0, 1:
		stored, err = s.Seal(sealKey, context)
		w.demand(err == nil, "Seal: %v", err)
		revision := s.Revision()
		e.session, err = olm.OpenSession(stored, sealKey, context)
		w.demand(err == nil && e.session.Revision() == revision, "OpenSession: %v", err)
	case 2:
		stored, err = s.ExportLibolmLossy(pickleKey)
		w.demand(err == nil, "ExportLibolmLossy: %v", err)
		e.session, err = olm.ImportLibolmSession(stored, pickleKey)
		e.model.ThroughLibolm()
	case 3:
		stored, err = s.ExportVodozemac(pickleKey)
		w.demand(err == nil, "ExportVodozemac: %v", err)
		e.session, err = olm.ImportVodozemacSession(stored, pickleKey)
		e.model.ThroughVodozemac()
	}
	w.demand(err == nil, "form %d: %v", form, err)
	w.check(e)
}

// opRestartAccount does the same with an account.
func (w *olmWorld) opRestartAccount() {
	p, _ := pick(w.program, w.parties)
	form := w.next() % 3
	w.step("restart-account %s, form %d", p.name, form)
	var err error
	var stored []byte
	switch form {
	case 0:
		stored, err = p.account.Seal(sealKey, context)
		w.demand(err == nil, "Seal: %v", err)
		p.account, err = olm.OpenAccount(stored, sealKey, context)
	case 1:
		stored, err = p.account.ExportLibolmLossy(pickleKey)
		w.demand(err == nil, "ExportLibolmLossy: %v", err)
		p.account, err = olm.ImportLibolmAccount(stored, pickleKey)
		p.model.ThroughLibolm()
	case 2:
		stored, err = p.account.ExportVodozemac(pickleKey)
		w.demand(err == nil, "ExportVodozemac: %v", err)
		p.account, err = olm.ImportVodozemacAccount(stored, pickleKey)
	}
	w.demand(err == nil, "form %d: %v", form, err)
	w.checkAccount(p)
}

// opSave keeps a copy of a session or an account, as a database does.
func (w *olmWorld) opSave() {
	e, ok := pick(w.program, w.sessions)
	p, _ := pick(w.program, w.parties)
	if w.next()%2 == 0 && ok {
		w.step("save %s", e.name)
		sealed, err := e.session.Seal(sealKey, context)
		w.demand(err == nil, "Seal: %v", err)
		e.saved = append(e.saved, savedSession{sealed, e.model.Clone()})
		e.saved = e.saved[max(0, len(e.saved)-maxSaved):]
		return
	}
	w.step("save %s", p.name)
	sealed, err := p.account.Seal(sealKey, context)
	w.demand(err == nil, "Seal: %v", err)
	p.saved = append(p.saved, savedParty{sealed, p.model.Clone()})
	p.saved = p.saved[max(0, len(p.saved)-maxSaved):]
}

// opRestore goes back to an old copy.
func (w *olmWorld) opRestore() {
	e, ok := pick(w.program, w.sessions)
	p, _ := pick(w.program, w.parties)
	if w.next()%2 == 0 && ok {
		if old, ok := pick(w.program, e.saved); ok {
			w.step("restore %s", e.name)
			s, err := olm.OpenSession(old.sealed, sealKey, context)
			w.demand(err == nil, "OpenSession: %v", err)
			e.session, e.model = s, old.model.Clone()
			w.check(e)
		}
		return
	}
	if old, ok := pick(w.program, p.saved); ok {
		w.step("restore %s", p.name)
		a, err := olm.OpenAccount(old.sealed, sealKey, context)
		w.demand(err == nil, "OpenAccount: %v", err)
		p.account, p.model = a, old.model.Clone()
		w.checkAccount(p)
	}
}

// opShift moves a sender chain, and the receiver chains on its other end, to the
// end of the index.
func (w *olmWorld) opShift() {
	e, ok := pick(w.program, w.sessions)
	index := math.MaxUint32 - uint32(w.next()%5)
	if !ok || e.model.Sending == nil || e.model.Sending.Next > index {
		return
	}
	w.step("shift %s to %d", e.name, index)
	ratchetKey, chainKey := e.model.Sending.RatchetKey, e.model.NextChainKey()
	for _, other := range w.sessions {
		if other.model.Keys != e.model.Keys || !other.model.Has(ratchetKey) {
			continue
		}
		other.model.ThroughLibolm()
		other.model.Shift(ratchetKey, index, chainKey)
		s, err := olm.ImportLibolmSession(ratchetmodel.Pickle(pickleKey, other.model.Content()), pickleKey)
		w.demand(err == nil, "ImportLibolmSession: %v", err)
		other.session = s
		w.check(other)
	}
}
