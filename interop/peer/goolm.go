package peer

import (
	"errors"

	"maunium.net/go/mautrix/crypto/goolm/account"
	"maunium.net/go/mautrix/crypto/goolm/session"
	"maunium.net/go/mautrix/crypto/olm"
	"maunium.net/go/mautrix/id"
)

// Goolm is maunium.net/go/mautrix/crypto/goolm.
type Goolm struct{}

func (Goolm) Name() string { return "goolm" }

func (Goolm) Traits() Traits {
	return Traits{NoEmpty: true, OldestFirst: true, SharedKeyIDs: true, Reorders: true}
}

func (Goolm) NewAccount() (Account, error) {
	a, err := account.NewAccount()
	return goolmAccount{a}, err
}

func (Goolm) UnpickleAccount(pickle, key []byte) (Account, error) {
	a, err := account.AccountFromPickled(pickle, key)
	return goolmAccount{a}, err
}

func (Goolm) UnpickleSession(pickle, key []byte) (Session, error) {
	s, err := session.OlmSessionFromPickled(pickle, key)
	return goolmSession{s}, err
}

func (Goolm) NewOutboundGroup() (OutboundGroup, error) {
	g, err := session.NewMegolmOutboundSession()
	return goolmOutbound{g}, err
}

func (Goolm) UnpickleOutboundGroup(pickle, key []byte) (OutboundGroup, error) {
	g, err := session.MegolmOutboundSessionFromPickled(pickle, key)
	return goolmOutbound{g}, err
}

func (Goolm) NewInboundGroup(sessionKey string) (InboundGroup, error) {
	g, err := session.NewMegolmInboundSession([]byte(sessionKey))
	return goolmInbound{g}, err
}

func (Goolm) ImportInboundGroup(export string) (InboundGroup, error) {
	g, err := session.NewMegolmInboundSessionFromExport([]byte(export))
	return goolmInbound{g}, err
}

func (Goolm) UnpickleInboundGroup(pickle, key []byte) (InboundGroup, error) {
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

func (g goolmAccount) Outbound(identityKey, oneTimeKey string) (Session, error) {
	s, err := g.a.NewOutboundSession(id.Curve25519(identityKey), id.Curve25519(oneTimeKey))
	if err != nil {
		return nil, err
	}
	return goolmSession{s.(*session.OlmSession)}, nil
}

func (g goolmAccount) Inbound(identityKey, body string) (Session, []byte, error) {
	from := id.Curve25519(identityKey)
	s, err := g.a.NewInboundSessionFrom(&from, body)
	if err != nil {
		return nil, nil, err
	}
	plaintext, err := s.Decrypt(body, PreKey)
	if err != nil {
		return nil, nil, err
	}
	return goolmSession{s.(*session.OlmSession)}, plaintext, g.a.RemoveOneTimeKeys(s)
}

func (g goolmAccount) Pickle(key []byte) ([]byte, error) { return g.a.Pickle(key) }

type goolmSession struct{ s *session.OlmSession }

func (g goolmSession) ID() (string, error) { return string(g.s.ID()), nil }
func (g goolmSession) HasReceived() bool   { return g.s.HasReceivedMessage() }
func (g goolmSession) Describe() string    { return g.s.Describe() }

func (g goolmSession) Matches(identityKey, body string) (bool, error) {
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
func (g goolmOutbound) Index() uint32               { return uint32(g.MessageIndex()) }
func (g goolmOutbound) SessionKey() (string, error) { return g.Key(), nil }

func (g goolmOutbound) Encrypt(plaintext []byte) (string, error) {
	m, err := g.MegolmOutboundSession.Encrypt(plaintext)
	return string(m), err
}

type goolmInbound struct{ *session.MegolmInboundSession }

func (g goolmInbound) ID() (string, error) { return string(g.MegolmInboundSession.ID()), nil }
func (g goolmInbound) Verified() bool      { return g.IsVerified() }

func (g goolmInbound) Export(index uint32) (string, error) {
	e, err := g.MegolmInboundSession.Export(index)
	return string(e), goolmIndex(err)
}

func (g goolmInbound) Decrypt(message string) ([]byte, uint32, error) {
	plaintext, index, err := g.MegolmInboundSession.Decrypt([]byte(message))
	return plaintext, uint32(index), goolmIndex(err)
}

func goolmIndex(err error) error {
	if errors.Is(err, olm.ErrUnknownMessageIndex) {
		return errors.Join(ErrUnknownIndex, err)
	}
	return err
}

func plain(in map[string]id.Curve25519) map[string]string {
	out := map[string]string{}
	for k, v := range in {
		out[k] = string(v)
	}
	return out
}
