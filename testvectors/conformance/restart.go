package conformance

import "errors"

// restarting makes objects that are stored and read again after every call that
// may have changed them, failed or not, as in a program that ends and starts
// again: as pickles, or in a form of their own.
type restarting struct{ Implementation }

// after restarts an object after a call that returned an error, or nil, which it
// returns unless the restart fails.
func after[O any](r restarting, object *O, unpickle func(p Pickles, pickle, key []byte) (O, error), load func(l Loads, saved []byte) (O, error), called error) error {
	var again O
	stored, err := pickleIn(*object, stateKey)
	p, unpickles := r.Implementation.(Pickles)
	l, loads := r.Implementation.(Loads)
	if unpickles && !errors.Is(err, errors.ErrUnsupported) {
		if err == nil {
			again, err = unpickle(p, stored, stateKey)
		}
	} else if stored, err = saveIn(*object); loads && err == nil {
		again, err = load(l, stored)
	} else if !loads || errors.Is(err, errors.ErrUnsupported) {
		return &NotRunError{"no pickles, and nothing to store objects with"}
	}
	if err != nil {
		return err
	}
	*object = again
	return called
}

// pickleIn and saveIn are Pickle and Save of an object that may have neither.

func pickleIn(object any, key []byte) ([]byte, error) {
	p, there := object.(Pickler)
	if !there {
		return nil, errors.ErrUnsupported
	}
	return p.Pickle(key)
}

func saveIn(object any) ([]byte, error) {
	s, there := object.(Saver)
	if !there {
		return nil, errors.ErrUnsupported
	}
	return s.Save()
}

func (r restarting) NewAccount() (Account, error) {
	a, err := r.Implementation.NewAccount()
	if err != nil {
		return nil, err
	}
	again := &restartedAccount{a, r}
	return again, again.after(nil)
}

func (r restarting) session(s Session, err error) (Session, error) {
	if err != nil {
		return nil, err
	}
	again := &restartedSession{s, r}
	return again, again.after(nil)
}

func (r restarting) NewOutboundGroup() (OutboundGroup, error) {
	o, err := r.Implementation.NewOutboundGroup()
	if err != nil {
		return nil, err
	}
	again := &restartedOutbound{o, r}
	return again, again.after(nil)
}

func (r restarting) NewInboundGroup(sessionKey string) (InboundGroup, error) {
	return r.inbound(r.Implementation.NewInboundGroup(sessionKey))
}

func (r restarting) ImportInboundGroup(export string) (InboundGroup, error) {
	return r.inbound(r.Implementation.ImportInboundGroup(export))
}

func (r restarting) inbound(i InboundGroup, err error) (InboundGroup, error) {
	if err != nil {
		return nil, err
	}
	again := &restartedInbound{i, r}
	return again, again.after(nil)
}

type restartedAccount struct {
	Account
	r restarting
}

func (a *restartedAccount) after(err error) error {
	return after(a.r, &a.Account, Pickles.UnpickleAccount, Loads.LoadAccount, err)
}

func (a *restartedAccount) GenerateOneTimeKeys(n int) error {
	return a.after(a.Account.GenerateOneTimeKeys(n))
}

func (a *restartedAccount) GenerateFallbackKey() error {
	return a.after(a.Account.GenerateFallbackKey())
}

func (a *restartedAccount) ForgetFallbackKey() error { return a.after(a.Account.ForgetFallbackKey()) }

func (a *restartedAccount) MarkPublished() error { return a.after(a.Account.MarkPublished()) }

func (a *restartedAccount) NewOutboundSession(identityKey, oneTimeKey string) (Session, error) {
	return a.r.session(a.Account.NewOutboundSession(identityKey, oneTimeKey))
}

func (a *restartedAccount) NewInboundSession(identityKey, body string) (Session, []byte, error) {
	s, plaintext, err := a.Account.NewInboundSession(identityKey, body)
	if err := a.after(err); err != nil {
		return nil, nil, err
	}
	s, err = a.r.session(s, nil)
	return s, plaintext, err
}

func (a *restartedAccount) Pickle(key []byte) ([]byte, error) { return pickleIn(a.Account, key) }

func (a *restartedAccount) Save() ([]byte, error) { return saveIn(a.Account) }

type restartedSession struct {
	Session
	r restarting
}

func (s *restartedSession) after(err error) error {
	return after(s.r, &s.Session, Pickles.UnpickleSession, Loads.LoadSession, err)
}

func (s *restartedSession) Encrypt(plaintext []byte) (int, string, error) {
	kind, body, err := s.Session.Encrypt(plaintext)
	return kind, body, s.after(err)
}

func (s *restartedSession) Decrypt(messageType int, body string) ([]byte, error) {
	plaintext, err := s.Session.Decrypt(messageType, body)
	return plaintext, s.after(err)
}

func (s *restartedSession) Pickle(key []byte) ([]byte, error) { return pickleIn(s.Session, key) }

func (s *restartedSession) Save() ([]byte, error) { return saveIn(s.Session) }

type restartedOutbound struct {
	OutboundGroup
	r restarting
}

func (o *restartedOutbound) after(err error) error {
	return after(o.r, &o.OutboundGroup, Pickles.UnpickleOutboundGroup, Loads.LoadOutboundGroup, err)
}

func (o *restartedOutbound) Encrypt(plaintext []byte) (string, error) {
	m, err := o.OutboundGroup.Encrypt(plaintext)
	return m, o.after(err)
}

func (o *restartedOutbound) Pickle(key []byte) ([]byte, error) {
	return pickleIn(o.OutboundGroup, key)
}

func (o *restartedOutbound) Save() ([]byte, error) { return saveIn(o.OutboundGroup) }

type restartedInbound struct {
	InboundGroup
	r restarting
}

func (i *restartedInbound) after(err error) error {
	return after(i.r, &i.InboundGroup, Pickles.UnpickleInboundGroup, Loads.LoadInboundGroup, err)
}

func (i *restartedInbound) Export(index uint32) (string, error) {
	export, err := i.InboundGroup.Export(index)
	return export, i.after(err)
}

func (i *restartedInbound) Decrypt(text string) ([]byte, uint32, error) {
	plaintext, index, err := i.InboundGroup.Decrypt(text)
	return plaintext, index, i.after(err)
}

func (i *restartedInbound) Pickle(key []byte) ([]byte, error) {
	return pickleIn(i.InboundGroup, key)
}

func (i *restartedInbound) Save() ([]byte, error) { return saveIn(i.InboundGroup) }
