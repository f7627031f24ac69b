package ratchetmodel_test

import (
	"bytes"
	"errors"
	"slices"

	"github.com/chappe-e2ee/chappe/internal/ratchetmodel"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/olm"
)

// How much of everything there is at most.
const (
	parties     = 3
	maxSessions = 8 // of a party
	maxLetters  = 64
	maxSaved    = 4
)

// An olmWorld is a few devices, each in the room and in the model, and the
// network between them.
type olmWorld struct {
	*stage
	parties  []*party
	sessions []*ends
	letters  []*letter
}

// A party is a device. Its server offers keys, some of which were used.
type party struct {
	name    string
	account *olm.Account
	model   *ratchetmodel.Account
	offered []ratchetmodel.Key
	saved   []savedParty
}

type savedParty struct {
	sealed []byte
	model  *ratchetmodel.Account
}

// An ends is one party's end of a session, in the room and in the model.
type ends struct {
	name    string
	owner   *party
	session *olm.Session
	model   *ratchetmodel.Session
	saved   []savedSession
}

type savedSession struct {
	sealed []byte
	model  *ratchetmodel.Session
}

// A letter is a message on the network. What the harness needs for forging it is
// beside it.
type letter struct {
	name       string
	kind       int
	body       string
	from, to   *party
	plaintext  []byte // nil when it is forged
	keys       ratchetmodel.SessionKeys
	ratchetKey ratchetmodel.Key
	index      uint32
	messageKey []byte
}

func runOlm(s *stage) {
	w := &olmWorld{stage: s}
	for i := range parties {
		s.fresh()
		account, err := olm.GenerateAccount()
		s.demand(err == nil, "GenerateAccount: %v", err)
		p := &party{name: string(rune('A' + i)), account: account}
		s.replay(func(r ratchetmodel.Random) { p.model = ratchetmodel.NewAccount(r) })
		w.parties = append(w.parties, p)
		w.checkAccount(p)
	}
	for w.fetch() {
		chosen(w.program, olmOps).do(w)
	}
	for _, e := range w.sessions {
		w.check(e)
	}
}

func curve(k ratchetmodel.Key) keys.Curve25519 {
	c, _ := keys.NewCurve25519(k[:])
	return c
}

// check compares all that is to be seen of a session.
func (w *olmWorld) check(e *ends) {
	w.Helper()
	s, m := e.session, e.model
	w.demand(s.ID() == m.ID(), "%s: id %s, model %s", e.name, s.ID(), m.ID())
	want := olm.SessionKeys{IdentityKey: curve(m.Keys.Identity), BaseKey: curve(m.Keys.Base), OneTimeKey: curve(m.Keys.OneTime)}
	w.demand(s.SessionKeys() == want, "%s: other session keys", e.name)
	w.demand(s.HasReceivedMessage() == m.Received, "%s: HasReceivedMessage is %t", e.name, s.HasReceivedMessage())
	w.demand(s.Describe() == m.Describe(), "%s:\nroom  %q\nmodel %q", e.name, s.Describe(), m.Describe())
	changes, known := s.RatchetCount()
	w.demand(known == m.Counted && (!known || changes == m.Changes), "%s: RatchetCount is %d %t, model %d %t", e.name, changes, known, m.Changes, m.Counted)
	pickle, err := s.ExportLibolm(pickleKey)
	if want := (olm.LossyPickleError{SkippedKeys: m.Lost(), Orphans: m.Orphans}); want != (olm.LossyPickleError{}) {
		var lossy *olm.LossyPickleError
		w.demand(errors.As(err, &lossy) && *lossy == want, "%s: the model loses %+v, the room says %v", e.name, want, err)
		pickle, err = s.ExportLibolmLossy(pickleKey)
	}
	w.demand(err == nil, "%s: export: %v", e.name, err)
	w.samePickle(e.name, pickle, m.Content())
}

func (w *olmWorld) checkAccount(p *party) {
	w.Helper()
	want := olm.IdentityKeys{Curve25519: curve(p.model.Identity)}
	want.Ed25519, _ = keys.NewEd25519(p.model.Signing[:])
	w.demand(p.account.IdentityKeys() == want, "%s: other identity keys", p.name)
	w.demand(p.account.OneTimeKeyCount() == len(p.model.OneTime), "%s: %d one-time keys", p.name, p.account.OneTimeKeyCount())
	pickle, err := p.account.ExportLibolm(pickleKey)
	if want := (olm.LossyPickleError{OneTimeKeys: p.model.Lost()}); want != (olm.LossyPickleError{}) {
		var lossy *olm.LossyPickleError
		w.demand(errors.As(err, &lossy) && *lossy == want, "%s: the model loses %+v, the room says %v", p.name, want, err)
		pickle, err = p.account.ExportLibolmLossy(pickleKey)
	}
	w.demand(err == nil, "%s: export: %v", p.name, err)
	w.samePickle(p.name, pickle, p.model.Content())
}

// changeAccount runs a call that may change an account. The revision must move
// if, and only if, the state does.
func (w *olmWorld) changeAccount(p *party, call func()) {
	w.Helper()
	revision, state := p.account.Revision(), p.model.State()
	call()
	w.checkAccount(p)
	moved, changed := p.account.Revision() != revision, !bytes.Equal(p.model.State(), state)
	w.demand(moved == changed, "%s: the revision moved: %t, the state: %t", p.name, moved, changed)
}

func (w *olmWorld) add(e *ends) {
	w.sessions = append(w.sessions, e)
	own := 0
	for _, other := range slices.Backward(w.sessions) {
		if other.owner == e.owner {
			own++
		}
	}
	if own > maxSessions {
		i := slices.IndexFunc(w.sessions, func(other *ends) bool { return other.owner == e.owner })
		w.sessions = slices.Delete(w.sessions, i, i+1)
	}
	w.check(e)
}

func (w *olmWorld) post(l *letter) {
	w.letters = append(w.letters, l)
	w.letters = w.letters[max(0, len(w.letters)-maxLetters):]
}

// parse reads a letter in the room and in the model.
func (w *olmWorld) parse(l *letter) (m olm.Message, mm ratchetmodel.OlmMessage, ok bool) {
	w.Helper()
	m, err := olm.ParseMessage(olm.MessageType(l.kind), l.body)
	want := &ratchetmodel.Refusal{Why: ratchetmodel.Malformed}
	raw, ok := ratchetmodel.ParseText(l.body)
	if ok {
		mm, want = ratchetmodel.ParseOlm(l.kind, raw)
	}
	if !w.agree("parse", err, want) {
		return m, mm, false
	}
	w.demand(int(m.Type()) == mm.Type && m.ChainIndex() == mm.Index && m.RatchetKey() == curve(mm.RatchetKey) &&
		m.CiphertextLen() == len(mm.Ciphertext) && bytes.Equal(m.Bytes(), raw) && m.Body() == ratchetmodel.Text(raw),
		"%s: read differently", l.name)
	k, isPreKey := m.SessionKeys()
	w.demand(isPreKey == (l.kind == ratchetmodel.PreKey), "%s: SessionKeys", l.name)
	w.demand(!isPreKey || k == olm.SessionKeys{IdentityKey: curve(mm.Keys.Identity), BaseKey: curve(mm.Keys.Base), OneTimeKey: curve(mm.Keys.OneTime)},
		"%s: other session keys", l.name)
	return m, mm, true
}

// decrypt gives a letter to an end of a session, and says whether it decrypted.
func (w *olmWorld) decrypt(e *ends, l *letter) bool {
	w.Helper()
	m, mm, ok := w.parse(l)
	if !ok {
		return false
	}
	matches := mm.Type == ratchetmodel.PreKey && mm.Keys == e.model.Keys
	w.demand(e.session.Matches(m) == matches, "%s: Matches is %t", l.name, !matches)
	revision, before := e.session.Revision(), w.beyondLibolm(e)
	got, err := e.session.Decrypt(m)
	want, r := e.model.Decrypt(mm)
	ok = w.agree("decrypt", err, r)
	w.demand(bytes.Equal(got, want), "%s: the room reads %x, the model %x", l.name, got, want)
	w.demand(!ok || l.plaintext == nil || bytes.Equal(got, l.plaintext), "%s: %x was sent, %x came", l.name, l.plaintext, got)
	w.demand((e.session.Revision() > revision) == ok && (ok || e.session.Revision() == revision), "%s: revision %d, was %d", e.name, e.session.Revision(), revision)
	w.demand(ok || bytes.Equal(w.beyondLibolm(e), before), "%s: the refused message changed a skipped key", e.name)
	w.check(e)
	return ok
}

// beyondLibolm is a view that shows all skipped keys, where libolm's does not.
func (w *olmWorld) beyondLibolm(e *ends) []byte {
	if e.model.Lost() == 0 {
		return nil
	}
	pickle, err := e.session.ExportVodozemac(pickleKey)
	w.demand(err == nil, "%s: ExportVodozemac: %v", e.name, err)
	return pickle
}

// accept gives a letter to an account, as the first one of a new session.
func (w *olmWorld) accept(p *party, from ratchetmodel.Key, l *letter) (e *ends) {
	w.Helper()
	m, mm, ok := w.parse(l)
	if !ok {
		return nil
	}
	w.changeAccount(p, func() {
		in, err := p.account.NewInboundSession(curve(from), m)
		model, plaintext, key, kind, r := p.model.NewInbound(from, mm)
		if !w.agree("new inbound", err, r) {
			return
		}
		w.demand(bytes.Equal(in.Plaintext, plaintext), "%s: the room reads %x, the model %x", l.name, in.Plaintext, plaintext)
		w.demand(l.plaintext == nil || bytes.Equal(plaintext, l.plaintext), "%s: %x was sent, %x came", l.name, l.plaintext, plaintext)
		want := olm.UsedKey{OneTimeKey: olm.OneTimeKey{ID: keys.NewID(key.ID), Key: curve(key.Public)}, Kind: olm.KeyKind(kind)}
		w.demand(in.Used == want, "%s: used key %v, model %v", l.name, in.Used, want)
		e = &ends{name: p.name + " of " + l.name, owner: p, session: in.Session, model: model}
		w.add(e)
	})
	return e
}

// send writes the next message of an end of a session.
func (w *olmWorld) send(e *ends, size int) *letter {
	w.Helper()
	w.fresh()
	revision := e.session.Revision()
	plaintext := text(size)
	var got []byte
	var gotType olm.MessageType
	var err error
	if size%2 == 0 {
		var m olm.Message
		m, err = e.session.Encrypt(plaintext)
		got, gotType = []byte(m.Body()), m.Type()
	} else {
		got, gotType, err = e.session.AppendEncrypt(nil, plaintext)
	}
	var kind int
	var want []byte
	var r *ratchetmodel.Refusal
	w.replay(func(random ratchetmodel.Random) { kind, want, r = e.model.Encrypt(random, plaintext) })
	ok := w.agree("encrypt", err, r)
	w.demand((e.session.Revision() > revision) == ok, "%s: revision %d, was %d", e.name, e.session.Revision(), revision)
	w.check(e)
	if !ok {
		return nil
	}
	w.demand(int(gotType) == kind && string(got) == ratchetmodel.Text(want), "%s: the room writes %d %s\nthe model %d %x", e.name, gotType, got, kind, want)
	return w.letter(e, kind, want, e.model.Sending.Next-1, plaintext)
}

// letter puts a message of an end of a session on the network.
func (w *olmWorld) letter(e *ends, kind int, b []byte, index uint32, plaintext []byte) *letter {
	key, _ := e.model.SendingKey(index)
	l := &letter{
		name: e.name + " " + string(rune('a'+kind)), kind: kind, body: ratchetmodel.Text(b),
		from: e.owner, to: w.peer(e), plaintext: plaintext,
		keys: e.model.Keys, ratchetKey: e.model.Sending.RatchetKey, index: index, messageKey: key,
	}
	w.post(l)
	return l
}

// peer is the party on the other side: the one that the session's keys name, or
// else the one that made it.
func (w *olmWorld) peer(e *ends) *party {
	for _, other := range w.sessions {
		if other.owner != e.owner && other.model.Keys == e.model.Keys {
			return other.owner
		}
	}
	for _, p := range w.parties {
		if p != e.owner && (slices.Contains(p.offered, e.model.Keys.OneTime) || p.model.Identity == e.model.Keys.Identity) {
			return p
		}
	}
	return e.owner
}
