package peer

import (
	"encoding/json"
	"errors"

	"github.com/chappe-e2ee/chappe/interop/libolm"
)

// Libolm is libolm, through package libolm.
type Libolm struct{}

func (Libolm) Name() string   { return "libolm" }
func (Libolm) Traits() Traits { return Traits{AnyKey: true} }

func (Libolm) NewAccount() (Account, error) {
	a, err := libolm.NewAccount()
	return libolmAccount{a}, err
}

func (Libolm) UnpickleAccount(pickle, key []byte) (Account, error) {
	a, err := libolm.UnpickleAccount(pickle, key)
	return libolmAccount{a}, err
}

func (Libolm) UnpickleSession(pickle, key []byte) (Session, error) {
	s, err := libolm.UnpickleSession(pickle, key)
	return libolmSession{s}, err
}

func (Libolm) NewOutboundGroup() (OutboundGroup, error) { return libolm.NewOutboundGroup() }

func (Libolm) UnpickleOutboundGroup(pickle, key []byte) (OutboundGroup, error) {
	return libolm.UnpickleOutboundGroup(pickle, key)
}

func (Libolm) NewInboundGroup(sessionKey string) (InboundGroup, error) {
	g, err := libolm.NewInboundGroup([]byte(sessionKey))
	return libolmInbound{g}, err
}

func (Libolm) ImportInboundGroup(export string) (InboundGroup, error) {
	g, err := libolm.ImportInboundGroup([]byte(export))
	return libolmInbound{g}, err
}

func (Libolm) UnpickleInboundGroup(pickle, key []byte) (InboundGroup, error) {
	g, err := libolm.UnpickleInboundGroup(pickle, key)
	return libolmInbound{g}, err
}

type libolmAccount struct{ *libolm.Account }

func (l libolmAccount) IdentityKeys() (string, string, error) {
	text, err := l.Account.IdentityKeys()
	if err != nil {
		return "", "", err
	}
	var k struct{ Curve25519, Ed25519 string }
	err = json.Unmarshal(text, &k)
	return k.Curve25519, k.Ed25519, err
}

func (l libolmAccount) OneTimeKeys() (map[string]string, error) {
	text, err := l.Account.OneTimeKeys()
	return published(text, err)
}

func (l libolmAccount) FallbackKey() (map[string]string, error) {
	text, err := l.UnpublishedFallbackKey()
	return published(text, err)
}

func published(text []byte, err error) (map[string]string, error) {
	if err != nil {
		return nil, err
	}
	var k struct{ Curve25519 map[string]string }
	err = json.Unmarshal(text, &k)
	return k.Curve25519, err
}

func (l libolmAccount) ForgetFallbackKey() error {
	l.ForgetOldFallbackKey()
	return nil
}

func (l libolmAccount) MarkPublished() error { return l.MarkKeysAsPublished() }

func (l libolmAccount) Outbound(identityKey, oneTimeKey string) (Session, error) {
	s, err := l.NewOutboundSession(identityKey, oneTimeKey)
	return libolmSession{s}, err
}

func (l libolmAccount) Inbound(identityKey, body string) (Session, []byte, error) {
	// Both forms of the call must accept the message.
	if _, err := l.NewInboundSession(body); err != nil {
		return nil, nil, err
	}
	s, err := l.NewInboundSessionFrom(identityKey, body)
	if err != nil {
		return nil, nil, err
	}
	plaintext, err := s.Decrypt(PreKey, body)
	if err != nil {
		return nil, nil, err
	}
	return libolmSession{s}, plaintext, l.RemoveOneTimeKeys(s)
}

type libolmSession struct{ *libolm.Session }

func (l libolmSession) HasReceived() bool { return l.HasReceivedMessage() }

func (l libolmSession) Matches(identityKey, body string) (bool, error) {
	return l.MatchesFrom(identityKey, body)
}

func (l libolmSession) Encrypt(plaintext []byte) (int, string, error) {
	t := l.MessageType()
	body, err := l.Session.Encrypt(plaintext)
	return t, body, err
}

type libolmInbound struct{ *libolm.InboundGroup }

func (l libolmInbound) Verified() bool { return l.IsVerified() }

func (l libolmInbound) Export(index uint32) (string, error) {
	e, err := l.InboundGroup.Export(index)
	return string(e), libolmIndex(err)
}

func (l libolmInbound) Decrypt(message string) ([]byte, uint32, error) {
	plaintext, index, err := l.InboundGroup.Decrypt(message)
	return plaintext, index, libolmIndex(err)
}

func libolmIndex(err error) error {
	if e := new(libolm.Error); errors.As(err, &e) && e.Code == libolm.UnknownMessageIndex {
		return errors.Join(ErrUnknownIndex, err)
	}
	return err
}
