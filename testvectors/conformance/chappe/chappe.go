// Package chappe puts this module behind the interfaces of package conformance.
package chappe

import (
	"errors"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
	"github.com/chappe-e2ee/chappe/testvectors/conformance"
)

// Implementation is this module without what needs given randomness.
type Implementation struct{}

// Replaying is this module with given randomness, and hence with SAS, whose keys
// are not read but made. What [conformance.CryptoRand] says of the process holds
// for it.
type Replaying struct {
	Implementation
	conformance.CryptoRand
}

// Name implements [conformance.Implementation].
func (Implementation) Name() string { return "chappe" }

// NewAccount implements [conformance.Implementation].
func (Implementation) NewAccount() (conformance.Account, error) {
	a, err := olm.GenerateAccount()
	return account{a}, err
}

// UnpickleAccount implements [conformance.Pickles].
func (Implementation) UnpickleAccount(pickle, key []byte) (conformance.Account, error) {
	a, err := olm.ImportLibolmAccount(pickle, key)
	return account{a}, err
}

// UnpickleSession implements [conformance.Pickles].
func (Implementation) UnpickleSession(pickle, key []byte) (conformance.Session, error) {
	s, err := olm.ImportLibolmSession(pickle, key)
	return session{s}, err
}

type account struct{ a *olm.Account }

func (a account) IdentityKeys() (string, string, error) {
	k := a.a.IdentityKeys()
	return k.Curve25519.String(), k.Ed25519.String(), nil
}

func (a account) Sign(message []byte) (string, error) {
	signature, err := a.a.Sign(message)
	return signature.String(), err
}

func (a account) GenerateOneTimeKeys(n int) error {
	_, err := a.a.GenerateOneTimeKeys(n)
	return err
}

func (a account) OneTimeKeys() (map[string]string, error) {
	byID := make(map[string]string)
	for _, k := range a.a.UnpublishedOneTimeKeys() {
		byID[k.ID.String()] = k.Key.String()
	}
	return byID, nil
}

func (a account) GenerateFallbackKey() error {
	_, err := a.a.GenerateFallbackKey()
	return err
}

func (a account) FallbackKey() (map[string]string, error) {
	byID := make(map[string]string)
	if k, there := a.a.UnpublishedFallbackKey(); there {
		byID[k.ID.String()] = k.Key.String()
	}
	return byID, nil
}

func (a account) ForgetFallbackKey() error {
	_, err := a.a.ForgetPreviousFallbackKey()
	return err
}

func (a account) MarkPublished() error { return a.a.MarkAllPublished() }

func (a account) NewOutboundSession(identityKey, oneTimeKey string) (conformance.Session, error) {
	identity, err := keys.ParseCurve25519(identityKey)
	if err != nil {
		return nil, err
	}
	oneTime, err := keys.ParseCurve25519(oneTimeKey)
	if err != nil {
		return nil, err
	}
	s, err := a.a.NewOutboundSession(identity, oneTime)
	return session{s}, err
}

// preKey reads a pre-key message and its sender.
func preKey(identityKey, body string) (keys.Curve25519, olm.Message, error) {
	identity, err := keys.ParseCurve25519(identityKey)
	if err != nil {
		return identity, olm.Message{}, err
	}
	m, err := olm.ParseMessage(olm.PreKey, body)
	return identity, m, err
}

func (a account) NewInboundSession(identityKey, body string) (conformance.Session, []byte, error) {
	identity, m, err := preKey(identityKey, body)
	if err != nil {
		return nil, nil, err
	}
	in, err := a.a.NewInboundSession(identity, m)
	return session{in.Session}, in.Plaintext, err
}

func (a account) CreateInboundSession(identityKey, body string) (conformance.Session, error) {
	identity, m, err := preKey(identityKey, body)
	if err != nil {
		return nil, err
	}
	s, err := a.a.UnsafeNewInboundSession(identity, m)
	return session{s}, err
}

func (a account) RemoveOneTimeKey(used conformance.Session) error {
	s, ours := used.(session)
	if !ours {
		return errors.New("chappe: a session of another implementation")
	}
	_, err := a.a.UnsafeConsumeKey(s.s)
	return err
}

// Pickle drops what libolm's form cannot hold.
func (a account) Pickle(key []byte) ([]byte, error) { return lossy(a.a, key) }

// lossyExporter is an account or a session.
type lossyExporter interface {
	ExportLibolm(key []byte) ([]byte, error)
	ExportLibolmLossy(key []byte) ([]byte, error)
}

func lossy(v lossyExporter, key []byte) ([]byte, error) {
	pickle, err := v.ExportLibolm(key)
	if _, ok := errors.AsType[*olm.LossyPickleError](err); ok {
		return v.ExportLibolmLossy(key)
	}
	return pickle, err
}

type session struct{ s *olm.Session }

func (s session) ID() (string, error)        { return s.s.ID(), nil }
func (s session) HasReceived() (bool, error) { return s.s.HasReceivedMessage(), nil }
func (s session) Describe() (string, error)  { return s.s.Describe(), nil }

func (s session) Matches(identityKey, body string) (bool, error) {
	m, err := olm.ParseMessage(olm.PreKey, body)
	if err != nil {
		return false, err
	}
	return s.s.Matches(m) && (identityKey == "" || identityKey == s.s.SessionKeys().IdentityKey.String()), nil
}

func (s session) Encrypt(plaintext []byte) (int, string, error) {
	m, err := s.s.Encrypt(plaintext)
	return int(m.Type()), m.Body(), err
}

func (s session) Decrypt(messageType int, body string) ([]byte, error) {
	m, err := olm.ParseMessage(olm.MessageType(messageType), body)
	if err != nil {
		return nil, err
	}
	return s.s.Decrypt(m)
}

// Pickle drops what libolm's form cannot hold.
func (s session) Pickle(key []byte) ([]byte, error) { return lossy(s.s, key) }

// NewOutboundGroup implements [conformance.Implementation].
func (Implementation) NewOutboundGroup() (conformance.OutboundGroup, error) {
	return outbound{megolm.NewOutboundSession()}, nil
}

// UnpickleOutboundGroup implements [conformance.Pickles].
func (Implementation) UnpickleOutboundGroup(pickle, key []byte) (conformance.OutboundGroup, error) {
	s, err := megolm.ImportLibolmOutboundSession(pickle, key)
	return outbound{s}, err
}

// NewInboundGroup implements [conformance.Implementation].
func (Implementation) NewInboundGroup(sessionKey string) (conformance.InboundGroup, error) {
	k, err := megolm.ParseSessionKey([]byte(sessionKey))
	if err != nil {
		return nil, err
	}
	s, err := megolm.NewInboundSession(k)
	return inbound{s}, err
}

// ImportInboundGroup implements [conformance.Implementation].
func (Implementation) ImportInboundGroup(export string) (conformance.InboundGroup, error) {
	e, err := megolm.ParseExportedSession([]byte(export))
	if err != nil {
		return nil, err
	}
	s, err := megolm.ImportInboundSession(e)
	return inbound{s}, err
}

// UnpickleInboundGroup implements [conformance.Pickles].
func (Implementation) UnpickleInboundGroup(pickle, key []byte) (conformance.InboundGroup, error) {
	s, err := megolm.ImportLibolmInboundSession(pickle, key)
	return inbound{s}, err
}

type outbound struct{ s *megolm.OutboundSession }

func (o outbound) ID() (string, error)    { return o.s.ID(), nil }
func (o outbound) Index() (uint32, error) { return o.s.Index(), nil }

func (o outbound) SessionKey() (string, error) {
	k, err := o.s.SessionKey()
	return string(k.SecretText()), err
}

func (o outbound) Encrypt(plaintext []byte) (string, error) {
	m, err := o.s.Encrypt(plaintext)
	return m.String(), err
}

func (o outbound) Pickle(key []byte) ([]byte, error) { return o.s.ExportLibolm(key) }

type inbound struct{ s *megolm.InboundSession }

func (i inbound) ID() (string, error)              { return i.s.ID(), nil }
func (i inbound) FirstKnownIndex() (uint32, error) { return i.s.FirstKnownIndex(), nil }
func (i inbound) Verified() (bool, error)          { return i.s.SigningKeyVerified(), nil }

func (i inbound) Export(index uint32) (string, error) {
	e, err := i.s.ExportAt(index)
	return string(e.SecretText()), err
}

func (i inbound) Decrypt(message string) ([]byte, uint32, error) {
	m, err := megolm.ParseMessage(message)
	if err != nil {
		return nil, 0, err
	}
	d, err := i.s.Decrypt(m)
	return d.Plaintext, d.Index, err
}

func (i inbound) Pickle(key []byte) ([]byte, error) { return i.s.ExportLibolm(key) }
