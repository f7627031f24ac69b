package conformance_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/testvectors/conformance"
	"github.com/chappe-e2ee/chappe/testvectors/conformance/chappe"
)

// hooks are where an implementation goes wrong. Those that are nil do not.
type hooks struct {
	decrypt        func(s conformance.Session, kind int, body string) ([]byte, error)
	encrypt        func(s conformance.Session, plaintext []byte) (int, string, error)
	inbound        func(a conformance.Account, identityKey, body string) (conformance.Session, []byte, error)
	outbound       func(a conformance.Account, identityKey, oneTimeKey string) (conformance.Session, error)
	oneTimeKeys    func(a conformance.Account) (map[string]string, error)
	markPublished  func(a conformance.Account) error
	forgetFallback func(a conformance.Account) error
	sessionID      func(id string) string
	matches        func(s conformance.Session, identityKey, body string) (bool, error)
	hear           func(i conformance.InboundGroup, text string) ([]byte, uint32, error)
	export         func(i conformance.InboundGroup, index uint32) (string, error)
	firstKnown     func(index uint32) uint32
	verified       func(bool) bool
	index          func(index uint32) uint32
	groupID        func(id string) string
	newInbound     func(i conformance.Implementation, key string) (conformance.InboundGroup, error)
	verify         func(i conformance.Signatures, key string, message []byte, signature string) error
	decode         func(i conformance.Base64, text string) ([]byte, error)
	checkKey       func(i conformance.PublicKeys, key string) error
	pkDecrypt      func(i conformance.PK, private []byte, ciphertext, mac, ephemeral string) ([]byte, error)
	sasMAC         func(i conformance.SAS, method string, private []byte, theirs string, input, info []byte) (string, error)
	unpickle       func(pickle, key []byte) ([]byte, []byte)
	classes        func(classes []string) []string
	numbers        func(numbers map[string]uint32)
}

// faulty is chappe with hooks.
type faulty struct {
	chappe.Replaying
	hooks
}

func or[T any](hook func(T) T, v T) T {
	if hook == nil {
		return v
	}
	return hook(v)
}

func (f *faulty) Classes(err error) []string { return or(f.classes, f.Replaying.Classes(err)) }

func (f *faulty) ErrorNumbers(err error) map[string]uint32 {
	n := f.Replaying.ErrorNumbers(err)
	if f.numbers != nil {
		f.numbers(n)
	}
	return n
}

func (f *faulty) account(a conformance.Account, err error) (conformance.Account, error) {
	return &faultyAccount{a, a.(conformance.TwoSteps), f}, err
}

func (f *faulty) NewAccount() (conformance.Account, error) {
	return f.account(f.Replaying.NewAccount())
}

func (f *faulty) open(pickle, key []byte) ([]byte, []byte) {
	if f.unpickle != nil {
		return f.unpickle(pickle, key)
	}
	return pickle, key
}

func (f *faulty) UnpickleAccount(pickle, key []byte) (conformance.Account, error) {
	a, err := f.Replaying.UnpickleAccount(f.open(pickle, key))
	return f.account(a, err)
}

func (f *faulty) session(s conformance.Session, err error) (conformance.Session, error) {
	return &faultySession{s, f}, err
}

func (f *faulty) UnpickleSession(pickle, key []byte) (conformance.Session, error) {
	s, err := f.Replaying.UnpickleSession(f.open(pickle, key))
	return f.session(s, err)
}

func (f *faulty) NewOutboundGroup() (conformance.OutboundGroup, error) {
	o, err := f.Replaying.NewOutboundGroup()
	return &faultyOutbound{o, f}, err
}

func (f *faulty) UnpickleOutboundGroup(pickle, key []byte) (conformance.OutboundGroup, error) {
	o, err := f.Replaying.UnpickleOutboundGroup(pickle, key)
	return &faultyOutbound{o, f}, err
}

func (f *faulty) group(i conformance.InboundGroup, err error) (conformance.InboundGroup, error) {
	return &faultyInbound{i, f}, err
}

func (f *faulty) NewInboundGroup(key string) (conformance.InboundGroup, error) {
	if f.newInbound != nil {
		return f.group(f.newInbound(&f.Replaying, key))
	}
	return f.group(f.Replaying.NewInboundGroup(key))
}

func (f *faulty) ImportInboundGroup(export string) (conformance.InboundGroup, error) {
	return f.group(f.Replaying.ImportInboundGroup(export))
}

func (f *faulty) UnpickleInboundGroup(pickle, key []byte) (conformance.InboundGroup, error) {
	return f.group(f.Replaying.UnpickleInboundGroup(pickle, key))
}

func (f *faulty) Verify(key string, message []byte, signature string) error {
	if f.verify != nil {
		return f.verify(&f.Replaying, key, message, signature)
	}
	return f.Replaying.Verify(key, message, signature)
}

func (f *faulty) DecodeBase64(text string) ([]byte, error) {
	if f.decode != nil {
		return f.decode(&f.Replaying, text)
	}
	return f.Replaying.DecodeBase64(text)
}

func (f *faulty) CheckEd25519(key string) error {
	if f.checkKey != nil {
		return f.checkKey(&f.Replaying, key)
	}
	return f.Replaying.CheckEd25519(key)
}

func (f *faulty) PKDecrypt(private []byte, ciphertext, mac, ephemeral string) ([]byte, error) {
	if f.pkDecrypt != nil {
		return f.pkDecrypt(&f.Replaying, private, ciphertext, mac, ephemeral)
	}
	return f.Replaying.PKDecrypt(private, ciphertext, mac, ephemeral)
}

func (f *faulty) SASMAC(method string, private []byte, theirs string, input, info []byte) (string, error) {
	if f.sasMAC != nil {
		return f.sasMAC(&f.Replaying, method, private, theirs, input, info)
	}
	return f.Replaying.SASMAC(method, private, theirs, input, info)
}

type faultyAccount struct {
	conformance.Account
	two conformance.TwoSteps
	f   *faulty
}

func (a *faultyAccount) Pickle(key []byte) ([]byte, error) {
	return a.Account.(conformance.Pickler).Pickle(key)
}

func (a *faultyAccount) NewInboundSession(identityKey, body string) (conformance.Session, []byte, error) {
	if a.f.inbound != nil {
		s, plaintext, err := a.f.inbound(a.Account, identityKey, body)
		return &faultySession{s, a.f}, plaintext, err
	}
	s, plaintext, err := a.Account.NewInboundSession(identityKey, body)
	return &faultySession{s, a.f}, plaintext, err
}

func (a *faultyAccount) NewOutboundSession(identityKey, oneTimeKey string) (conformance.Session, error) {
	if a.f.outbound != nil {
		return a.f.session(a.f.outbound(a.Account, identityKey, oneTimeKey))
	}
	return a.f.session(a.Account.NewOutboundSession(identityKey, oneTimeKey))
}

func (a *faultyAccount) CreateInboundSession(identityKey, body string) (conformance.Session, error) {
	return a.f.session(a.two.CreateInboundSession(identityKey, body))
}

func (a *faultyAccount) RemoveOneTimeKey(used conformance.Session) error {
	return a.two.RemoveOneTimeKey(used.(*faultySession).Session)
}

func (a *faultyAccount) OneTimeKeys() (map[string]string, error) {
	if a.f.oneTimeKeys != nil {
		return a.f.oneTimeKeys(a.Account)
	}
	return a.Account.OneTimeKeys()
}

func (a *faultyAccount) MarkPublished() error {
	if a.f.markPublished != nil {
		return a.f.markPublished(a.Account)
	}
	return a.Account.MarkPublished()
}

func (a *faultyAccount) ForgetFallbackKey() error {
	if a.f.forgetFallback != nil {
		return a.f.forgetFallback(a.Account)
	}
	return a.Account.ForgetFallbackKey()
}

type faultySession struct {
	conformance.Session
	f *faulty
}

func (s *faultySession) Pickle(key []byte) ([]byte, error) {
	return s.Session.(conformance.Pickler).Pickle(key)
}

func (s *faultySession) Describe() (string, error) {
	return s.Session.(conformance.Describer).Describe()
}

func (s *faultySession) ID() (string, error) {
	id, err := s.Session.ID()
	return or(s.f.sessionID, id), err
}

func (s *faultySession) Matches(identityKey, body string) (bool, error) {
	if s.f.matches != nil {
		return s.f.matches(s.Session, identityKey, body)
	}
	return s.Session.Matches(identityKey, body)
}

func (s *faultySession) Encrypt(plaintext []byte) (int, string, error) {
	if s.f.encrypt != nil {
		return s.f.encrypt(s.Session, plaintext)
	}
	return s.Session.Encrypt(plaintext)
}

func (s *faultySession) Decrypt(kind int, body string) ([]byte, error) {
	if s.f.decrypt != nil {
		return s.f.decrypt(s.Session, kind, body)
	}
	return s.Session.Decrypt(kind, body)
}

type faultyOutbound struct {
	conformance.OutboundGroup
	f *faulty
}

func (o *faultyOutbound) Pickle(key []byte) ([]byte, error) {
	return o.OutboundGroup.(conformance.Pickler).Pickle(key)
}

func (o *faultyOutbound) Index() (uint32, error) {
	index, err := o.OutboundGroup.Index()
	return or(o.f.index, index), err
}

func (o *faultyOutbound) ID() (string, error) {
	id, err := o.OutboundGroup.ID()
	return or(o.f.groupID, id), err
}

type faultyInbound struct {
	conformance.InboundGroup
	f *faulty
}

func (i *faultyInbound) Pickle(key []byte) ([]byte, error) {
	return i.InboundGroup.(conformance.Pickler).Pickle(key)
}

func (i *faultyInbound) Decrypt(text string) ([]byte, uint32, error) {
	if i.f.hear != nil {
		return i.f.hear(i.InboundGroup, text)
	}
	return i.InboundGroup.Decrypt(text)
}

func (i *faultyInbound) Export(index uint32) (string, error) {
	if i.f.export != nil {
		return i.f.export(i.InboundGroup, index)
	}
	return i.InboundGroup.Export(index)
}

func (i *faultyInbound) FirstKnownIndex() (uint32, error) {
	index, err := i.InboundGroup.FirstKnownIndex()
	return or(i.f.firstKnown, index), err
}

func (i *faultyInbound) Verified() (bool, error) {
	verified, err := i.InboundGroup.Verified()
	return or(i.f.verified, verified), err
}

// TestFaults holds that an implementation with any of these faults does not
// pass the cases that are named for it, which it passes without the fault.
func TestFaults(t *testing.T) {
	cases := make(map[string]conformance.Case)
	for _, c := range conformance.Cases() {
		cases[c.ID] = c
	}
	for name, f := range faults {
		require.NotEmpty(t, f.vector+f.scenario, name)
		for _, id := range []string{f.vector, f.scenario} {
			if id == "" {
				continue
			}
			require.Contains(t, cases, id, name)
			require.NoError(t, cases[id].Run(new(faulty)), id)
			err := cases[id].Run(&faulty{hooks: f.hooks})
			require.Error(t, err, "%s: not noticed by %s", name, id)
			var missing *conformance.NotRunError
			require.NotErrorAs(t, err, &missing, name)
			t.Logf("%s: %s: %v", name, id, err)
		}
	}
}
