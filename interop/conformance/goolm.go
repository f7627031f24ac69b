package conformance

import (
	"encoding/base64"
	"errors"
	"strings"

	"maunium.net/go/mautrix/crypto/goolm/account"
	"maunium.net/go/mautrix/crypto/goolm/session"
	"maunium.net/go/mautrix/crypto/olm"
	"maunium.net/go/mautrix/id"

	"github.com/chappe-e2ee/chappe/testvectors/conformance"
)

// Goolm is goolm behind the interfaces of the suite.
type Goolm struct{ conformance.CryptoRand }

// Name implements [conformance.Implementation].
func (*Goolm) Name() string { return "goolm" }

// goolmClasses are the classes that each error of goolm stands for.
var goolmClasses = []struct {
	err     error
	classes []string
}{
	{olm.ErrBadSignature, []string{"signature"}},
	{olm.ErrBadVerification, []string{"signature"}},
	{olm.ErrBadInput, []string{"session-key"}},
	{olm.ErrBadMAC, []string{"mac", "pickle-key", "message-key-gone"}},
	{olm.ErrBadMessageFormat, []string{"malformed"}},
	{olm.ErrInputToSmall, []string{"malformed", "session-key"}},
	{olm.ErrWrongProtocolVersion, []string{"version"}},
	{olm.ErrBadMessageKeyID, []string{"unknown-one-time-key"}},
	{olm.ErrUnknownMessageIndex, []string{"unknown-index"}},
	{olm.ErrMessageKeyNotFound, []string{"message-key-gone"}},
	{olm.ErrChainTooHigh, []string{"message-key-gone"}},
	{olm.ErrMsgIndexTooHigh, []string{"message-gap"}},
	{olm.ErrLibolmBadSessionKey, []string{"session-key"}},
	{olm.ErrLibolmInvalidBase64, []string{"base64"}},
	{olm.ErrUnknownOlmPickleVersion, []string{"pickle-legacy"}},
}

// Classes implements [conformance.Implementation].
func (*Goolm) Classes(err error) (found []string) {
	for _, c := range goolmClasses {
		if errors.Is(err, c.err) {
			found = append(found, c.classes...)
		}
	}
	if _, bad := errors.AsType[base64.CorruptInputError](err); bad {
		found = append(found, "base64")
	}
	// Some errors have no more than a text.
	for text, class := range map[string]string{"crypto/ecdh: ": "key", "unexpected proto key": "malformed"} {
		if err != nil && strings.Contains(err.Error(), text) {
			found = append(found, class)
		}
	}
	return found
}

// OneTimeKeyLimit implements [conformance.KeyLimit].
func (*Goolm) OneTimeKeyLimit() (int, error) { return 100, nil }

// NewAccount implements [conformance.Implementation].
func (*Goolm) NewAccount() (conformance.Account, error) {
	a, err := account.NewAccount()
	return goolmAccount{a}, err
}

// UnpickleAccount implements [conformance.Pickles].
func (*Goolm) UnpickleAccount(pickle, key []byte) (conformance.Account, error) {
	a, err := account.AccountFromPickled(pickle, key)
	return goolmAccount{a}, err
}

// UnpickleSession implements [conformance.Pickles].
func (*Goolm) UnpickleSession(pickle, key []byte) (conformance.Session, error) {
	s, err := session.OlmSessionFromPickled(pickle, key)
	return goolmSession{s}, err
}

// NewOutboundGroup implements [conformance.Implementation].
func (*Goolm) NewOutboundGroup() (conformance.OutboundGroup, error) {
	g, err := session.NewMegolmOutboundSession()
	return goolmOutbound{g}, err
}

// UnpickleOutboundGroup implements [conformance.Pickles].
func (*Goolm) UnpickleOutboundGroup(pickle, key []byte) (conformance.OutboundGroup, error) {
	g, err := session.MegolmOutboundSessionFromPickled(pickle, key)
	return goolmOutbound{g}, err
}

// NewInboundGroup implements [conformance.Implementation].
func (*Goolm) NewInboundGroup(sessionKey string) (conformance.InboundGroup, error) {
	g, err := session.NewMegolmInboundSession([]byte(sessionKey))
	return goolmInbound{g}, err
}

// ImportInboundGroup implements [conformance.Implementation].
func (*Goolm) ImportInboundGroup(export string) (conformance.InboundGroup, error) {
	g, err := session.NewMegolmInboundSessionFromExport([]byte(export))
	return goolmInbound{g}, err
}

// UnpickleInboundGroup implements [conformance.Pickles].
func (*Goolm) UnpickleInboundGroup(pickle, key []byte) (conformance.InboundGroup, error) {
	g, err := session.MegolmInboundSessionFromPickled(pickle, key)
	return goolmInbound{g}, err
}

type goolmAccount struct{ a *account.Account }

func (g goolmAccount) IdentityKeys() (string, string, error) {
	ed, curve, err := g.a.IdentityKeys()
	return string(curve), string(ed), err
}

func (g goolmAccount) Sign(message []byte) (string, error) {
	signature, err := g.a.Sign(message)
	return string(signature), err
}

func (g goolmAccount) GenerateOneTimeKeys(n int) error { return g.a.GenOneTimeKeys(uint(n)) }

func (g goolmAccount) OneTimeKeys() (map[string]string, error) {
	k, err := g.a.OneTimeKeys()
	return plain(k), err
}

func plain(in map[string]id.Curve25519) map[string]string {
	out := make(map[string]string)
	for k, v := range in {
		out[k] = string(v)
	}
	return out
}

func (g goolmAccount) GenerateFallbackKey() error { return g.a.GenFallbackKey() }

func (g goolmAccount) FallbackKey() (map[string]string, error) {
	return plain(g.a.FallbackKeyUnpublished()), nil
}

func (g goolmAccount) ForgetFallbackKey() error {
	g.a.ForgetOldFallbackKey()
	return nil
}

func (g goolmAccount) MarkPublished() error {
	g.a.MarkKeysAsPublished()
	return nil
}

func (g goolmAccount) NewOutboundSession(identityKey, oneTimeKey string) (conformance.Session, error) {
	s, err := g.a.NewOutboundSession(id.Curve25519(identityKey), id.Curve25519(oneTimeKey))
	if err != nil {
		return nil, err
	}
	return goolmSession{s.(*session.OlmSession)}, nil
}

func (g goolmAccount) CreateInboundSession(identityKey, body string) (conformance.Session, error) {
	from := id.Curve25519(identityKey)
	s, err := g.a.NewInboundSessionFrom(&from, body)
	if err != nil {
		return nil, err
	}
	return goolmSession{s.(*session.OlmSession)}, nil
}

func (g goolmAccount) RemoveOneTimeKey(used conformance.Session) error {
	return g.a.RemoveOneTimeKeys(used.(goolmSession).s)
}

func (g goolmAccount) NewInboundSession(identityKey, body string) (conformance.Session, []byte, error) {
	return inTwoSteps(g, identityKey, body)
}

func (g goolmAccount) Pickle(key []byte) ([]byte, error) { return g.a.Pickle(key) }

type goolmSession struct{ s *session.OlmSession }

func (g goolmSession) ID() (string, error)        { return string(g.s.ID()), nil }
func (g goolmSession) HasReceived() (bool, error) { return g.s.HasReceivedMessage(), nil }
func (g goolmSession) Describe() (string, error)  { return g.s.Describe(), nil }

func (g goolmSession) Matches(identityKey, body string) (bool, error) {
	if identityKey == "" {
		return g.s.MatchesInboundSession(body)
	}
	return g.s.MatchesInboundSessionFrom(identityKey, body)
}

func (g goolmSession) Encrypt(plaintext []byte) (int, string, error) {
	t, body, err := g.s.Encrypt(plaintext)
	return int(t), string(body), err
}

func (g goolmSession) Decrypt(messageType int, body string) ([]byte, error) {
	return g.s.Decrypt(body, id.OlmMsgType(messageType))
}

func (g goolmSession) Pickle(key []byte) ([]byte, error) { return g.s.Pickle(key) }

type goolmOutbound struct{ *session.MegolmOutboundSession }

func (g goolmOutbound) ID() (string, error)         { return string(g.MegolmOutboundSession.ID()), nil }
func (g goolmOutbound) Index() (uint32, error)      { return uint32(g.MessageIndex()), nil }
func (g goolmOutbound) SessionKey() (string, error) { return g.Key(), nil }

func (g goolmOutbound) Encrypt(plaintext []byte) (string, error) {
	m, err := g.MegolmOutboundSession.Encrypt(plaintext)
	return string(m), err
}

type goolmInbound struct{ *session.MegolmInboundSession }

func (g goolmInbound) ID() (string, error)     { return string(g.MegolmInboundSession.ID()), nil }
func (g goolmInbound) Verified() (bool, error) { return g.IsVerified(), nil }

func (g goolmInbound) FirstKnownIndex() (uint32, error) {
	return g.MegolmInboundSession.FirstKnownIndex(), nil
}

func (g goolmInbound) Export(index uint32) (string, error) {
	e, err := g.MegolmInboundSession.Export(index)
	return string(e), err
}

func (g goolmInbound) Decrypt(text string) ([]byte, uint32, error) {
	plaintext, index, err := g.MegolmInboundSession.Decrypt([]byte(text))
	return plaintext, uint32(index), err
}
