package conformance

import (
	"encoding/json"
	"errors"

	"github.com/chappe-e2ee/chappe/interop/libolm"
	"github.com/chappe-e2ee/chappe/testvectors/conformance"
)

// Libolm is libolm behind the interfaces of the suite.
type Libolm struct{ conformance.CryptoRand }

// Name implements [conformance.Implementation].
func (*Libolm) Name() string { return "libolm " + libolm.Version() }

// libolmClasses are the classes that each code of libolm stands for.
var libolmClasses = map[string][]string{
	"INVALID_BASE64":            {"base64"},
	"BAD_MESSAGE_FORMAT":        {"malformed"},
	"BAD_MESSAGE_VERSION":       {"version"},
	"BAD_MESSAGE_MAC":           {"mac", "message-key-gone", "message-gap", "signature"},
	"BAD_SIGNATURE":             {"signature"},
	"UNKNOWN_MESSAGE_INDEX":     {"unknown-index"},
	"BAD_MESSAGE_KEY_ID":        {"unknown-one-time-key"},
	"BAD_SESSION_KEY":           {"session-key"},
	"BAD_ACCOUNT_KEY":           {"pickle-key"},
	"BAD_LEGACY_ACCOUNT_PICKLE": {"pickle-legacy"},
	"OLM_PICKLE_EXTRA_DATA":     {"pickle-trailing"},
	"OLM_SAS_THEIR_KEY_NOT_SET": {"key"},
}

// Classes implements [conformance.Implementation].
func (*Libolm) Classes(err error) []string {
	if e, ok := errors.AsType[*libolm.Error](err); ok {
		return libolmClasses[e.Name]
	}
	return nil
}

// OneTimeKeyLimit implements [conformance.KeyLimit].
func (*Libolm) OneTimeKeyLimit() (int, error) { return 100, nil }

// NewAccount implements [conformance.Implementation].
func (*Libolm) NewAccount() (conformance.Account, error) {
	a, err := libolm.NewAccount()
	return libolmAccount{a}, err
}

// UnpickleAccount implements [conformance.Pickles].
func (*Libolm) UnpickleAccount(pickle, key []byte) (conformance.Account, error) {
	a, err := libolm.UnpickleAccount(pickle, key)
	return libolmAccount{a}, err
}

// UnpickleSession implements [conformance.Pickles].
func (*Libolm) UnpickleSession(pickle, key []byte) (conformance.Session, error) {
	s, err := libolm.UnpickleSession(pickle, key)
	return libolmSession{s}, err
}

// NewOutboundGroup implements [conformance.Implementation].
func (*Libolm) NewOutboundGroup() (conformance.OutboundGroup, error) {
	g, err := libolm.NewOutboundGroup()
	return libolmOutbound{g}, err
}

// UnpickleOutboundGroup implements [conformance.Pickles].
func (*Libolm) UnpickleOutboundGroup(pickle, key []byte) (conformance.OutboundGroup, error) {
	g, err := libolm.UnpickleOutboundGroup(pickle, key)
	return libolmOutbound{g}, err
}

// NewInboundGroup implements [conformance.Implementation].
func (*Libolm) NewInboundGroup(sessionKey string) (conformance.InboundGroup, error) {
	g, err := libolm.NewInboundGroup([]byte(sessionKey))
	return libolmInbound{g}, err
}

// ImportInboundGroup implements [conformance.Implementation].
func (*Libolm) ImportInboundGroup(export string) (conformance.InboundGroup, error) {
	g, err := libolm.ImportInboundGroup([]byte(export))
	return libolmInbound{g}, err
}

// UnpickleInboundGroup implements [conformance.Pickles].
func (*Libolm) UnpickleInboundGroup(pickle, key []byte) (conformance.InboundGroup, error) {
	g, err := libolm.UnpickleInboundGroup(pickle, key)
	return libolmInbound{g}, err
}

type libolmAccount struct{ *libolm.Account }

func (a libolmAccount) IdentityKeys() (string, string, error) {
	text, err := a.Account.IdentityKeys()
	if err != nil {
		return "", "", err
	}
	var k struct{ Curve25519, Ed25519 string }
	err = json.Unmarshal(text, &k)
	return k.Curve25519, k.Ed25519, err
}

func keysByID(text []byte, err error) (map[string]string, error) {
	if err != nil {
		return nil, err
	}
	var k struct{ Curve25519 map[string]string }
	err = json.Unmarshal(text, &k)
	return k.Curve25519, err
}

func (a libolmAccount) OneTimeKeys() (map[string]string, error) {
	return keysByID(a.Account.OneTimeKeys())
}

func (a libolmAccount) FallbackKey() (map[string]string, error) {
	return keysByID(a.UnpublishedFallbackKey())
}

func (a libolmAccount) ForgetFallbackKey() error {
	a.ForgetOldFallbackKey()
	return nil
}

func (a libolmAccount) MarkPublished() error { return a.MarkKeysAsPublished() }

func (a libolmAccount) NewOutboundSession(identityKey, oneTimeKey string) (conformance.Session, error) {
	s, err := a.Account.NewOutboundSession(identityKey, oneTimeKey)
	return libolmSession{s}, err
}

func (a libolmAccount) CreateInboundSession(identityKey, body string) (conformance.Session, error) {
	s, err := a.NewInboundSessionFrom(identityKey, body)
	return libolmSession{s}, err
}

func (a libolmAccount) RemoveOneTimeKey(used conformance.Session) error {
	return a.RemoveOneTimeKeys(used.(libolmSession).Session)
}

func (a libolmAccount) NewInboundSession(identityKey, body string) (conformance.Session, []byte, error) {
	return inTwoSteps(a, identityKey, body)
}

// inTwoSteps is what a program does with libolm's calls.
func inTwoSteps(a conformance.TwoSteps, identityKey, body string) (conformance.Session, []byte, error) {
	s, err := a.CreateInboundSession(identityKey, body)
	if err != nil {
		return nil, nil, err
	}
	plaintext, err := s.Decrypt(conformance.PreKey, body)
	if err != nil {
		return nil, nil, err
	}
	return s, plaintext, a.RemoveOneTimeKey(s)
}

type libolmSession struct{ *libolm.Session }

func (s libolmSession) HasReceived() (bool, error) { return s.HasReceivedMessage(), nil }
func (s libolmSession) Describe() (string, error)  { return s.Session.Describe(), nil }

// Matches asks for the sender that the message itself names when none is given.
func (s libolmSession) Matches(identityKey, body string) (bool, error) {
	if identityKey == "" {
		sender, err := senderOf(body)
		if err != nil {
			return false, err
		}
		identityKey = sender
	}
	return s.MatchesFrom(identityKey, body)
}

func (s libolmSession) Encrypt(plaintext []byte) (int, string, error) {
	kind := s.MessageType()
	body, err := s.Session.Encrypt(plaintext)
	return kind, body, err
}

type libolmOutbound struct{ *libolm.OutboundGroup }

func (g libolmOutbound) Index() (uint32, error) { return g.OutboundGroup.Index(), nil }

type libolmInbound struct{ *libolm.InboundGroup }

func (g libolmInbound) FirstKnownIndex() (uint32, error) {
	return g.InboundGroup.FirstKnownIndex(), nil
}

func (g libolmInbound) Verified() (bool, error) { return g.IsVerified(), nil }

func (g libolmInbound) Export(index uint32) (string, error) {
	e, err := g.InboundGroup.Export(index)
	return string(e), err
}
