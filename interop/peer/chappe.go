package peer

import (
	"errors"
	"fmt"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/olm"
)

// Chappe is this project.
type Chappe struct{}

func (Chappe) Name() string   { return "chappe" }
func (Chappe) Traits() Traits { return Traits{ForgetsOrphans: true} }

func (Chappe) NewAccount() (Account, error) {
	a, err := olm.GenerateAccount()
	return chappeAccount{a}, err
}

func (Chappe) UnpickleAccount(pickle, key []byte) (Account, error) {
	a, err := olm.ImportLibolmAccount(pickle, key)
	return chappeAccount{a}, err
}

func (Chappe) UnpickleSession(pickle, key []byte) (Session, error) {
	s, err := olm.ImportLibolmSession(pickle, key)
	return chappeSession{s}, err
}

type chappeAccount struct{ a *olm.Account }

func (c chappeAccount) IdentityKeys() (string, string, error) {
	k := c.a.IdentityKeys()
	return k.Curve25519.String(), k.Ed25519.String(), nil
}

func (c chappeAccount) Sign(message []byte) (string, error) {
	signature, err := c.a.Sign(message)
	return signature.String(), err
}

func (c chappeAccount) GenerateOneTimeKeys(n int) error {
	_, err := c.a.GenerateOneTimeKeys(n)
	return err
}

func (c chappeAccount) OneTimeKeys() (map[string]string, error) {
	found := map[string]string{}
	for _, k := range c.a.UnpublishedOneTimeKeys() {
		found[k.ID.String()] = k.Key.String()
	}
	return found, nil
}

func (c chappeAccount) GenerateFallbackKey() error {
	_, err := c.a.GenerateFallbackKey()
	return err
}

func (c chappeAccount) FallbackKey() (map[string]string, error) {
	k, ok := c.a.UnpublishedFallbackKey()
	if !ok {
		return nil, nil
	}
	return map[string]string{k.ID.String(): k.Key.String()}, nil
}

func (c chappeAccount) ForgetFallbackKey() error {
	_, err := c.a.ForgetPreviousFallbackKey()
	return err
}

func (c chappeAccount) MarkPublished() error { return c.a.MarkAllPublished() }

func (c chappeAccount) Outbound(identityKey, oneTimeKey string) (Session, error) {
	identity, err1 := keys.ParseCurve25519(identityKey)
	oneTime, err2 := keys.ParseCurve25519(oneTimeKey)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	s, err := c.a.NewOutboundSession(identity, oneTime)
	return chappeSession{s}, err
}

func (c chappeAccount) Inbound(identityKey, body string) (Session, []byte, error) {
	identity, err := keys.ParseCurve25519(identityKey)
	if err != nil {
		return nil, nil, err
	}
	m, err := olm.ParseMessage(olm.PreKey, body)
	if err != nil {
		return nil, nil, err
	}
	in, err := c.a.NewInboundSession(identity, m)
	return chappeSession{in.Session}, in.Plaintext, err
}

func (c chappeAccount) Pickle(key []byte) ([]byte, error) { return c.a.ExportLibolm(key) }

type chappeSession struct{ s *olm.Session }

func (c chappeSession) ID() (string, error) { return c.s.ID(), nil }
func (c chappeSession) HasReceived() bool   { return c.s.HasReceivedMessage() }
func (c chappeSession) Describe() string    { return c.s.Describe() }

func (c chappeSession) Matches(identityKey, body string) (bool, error) {
	m, err := olm.ParseMessage(olm.PreKey, body)
	if err != nil {
		return false, err
	}
	k, ok := m.SessionKeys()
	return ok && c.s.Matches(m) && k.IdentityKey.String() == identityKey, nil
}

func (c chappeSession) Encrypt(plaintext []byte) (int, string, error) {
	m, err := c.s.Encrypt(plaintext)
	return int(m.Type()), m.Body(), err
}

func (c chappeSession) Decrypt(messageType int, body string) ([]byte, error) {
	m, err := olm.ParseMessage(olm.MessageType(messageType), body)
	if err != nil {
		return nil, err
	}
	return c.s.Decrypt(m)
}

// Pickle drops, where it must, what libolm's form cannot hold; nothing else
// may go wrong.
func (c chappeSession) Pickle(key []byte) ([]byte, error) {
	pickle, err := c.s.ExportLibolm(key)
	if lossy := new(olm.LossyPickleError); errors.As(err, &lossy) {
		if lossy.OneTimeKeys != 0 || lossy.SkippedKeys+lossy.Orphans == 0 {
			return nil, fmt.Errorf("peer: a lossy pickle of nothing: %w", err)
		}
		return c.s.ExportLibolmLossy(key)
	}
	return pickle, err
}

// ChappeAccount is an account of chappe, as a party.
func ChappeAccount(a *olm.Account) Account { return chappeAccount{a} }
