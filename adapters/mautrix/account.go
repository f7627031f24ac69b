package mautrixolm

import (
	"encoding/json"

	mautrix "maunium.net/go/mautrix/crypto/olm"
	"maunium.net/go/mautrix/id"

	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/olm"
)

// maxOneTimeKeys is how many one-time keys libolm's pickle of an account
// holds. chappe keeps more in memory; those beyond are used as long as they are
// there, and never offered.
const maxOneTimeKeys = 100

// account is mautrix's Account. It is blank while a is nil.
type account struct {
	secret.Redacted
	a *olm.Account
}

func newAccount() (mautrix.Account, error) {
	a, err := olm.GenerateAccount()
	return unless[mautrix.Account](&account{a: a}, err)
}

// Pickle writes the newest hundred one-time keys when there are more.
func (a *account) Pickle(key []byte) ([]byte, error) {
	switch {
	case a.a == nil:
		return nil, errBlank
	case len(key) == 0:
		return nil, mautrix.ErrNoKeyProvided
	}
	return a.a.ExportLibolmLossy(key)
}

func (a *account) Unpickle(pickled, key []byte) error {
	read, err := unpickle(olm.ImportLibolmAccount, pickled, key)
	if err == nil {
		a.a = read
	}
	return err
}

func (a *account) IdentityKeysJSON() ([]byte, error) {
	if a.a == nil {
		return nil, errBlank
	}
	return json.Marshal(a.a.IdentityKeys())
}

func (a *account) IdentityKeys() (id.Ed25519, id.Curve25519, error) {
	if a.a == nil {
		return "", "", errBlank
	}
	k := a.a.IdentityKeys()
	return id.Ed25519(k.Ed25519.String()), id.Curve25519(k.Curve25519.String()), nil
}

func (a *account) Sign(message []byte) ([]byte, error) {
	switch {
	case a.a == nil:
		return nil, errBlank
	case len(message) == 0:
		return nil, mautrix.ErrEmptyInput
	}
	signature, err := a.a.Sign(message)
	if err != nil {
		return nil, err
	}
	return signature.MarshalText()
}

func (a *account) OneTimeKeys() (map[string]id.Curve25519, error) {
	if a.a == nil {
		return nil, errBlank
	}
	list := a.a.UnpublishedOneTimeKeys() // oldest first
	list = list[max(0, len(list)-maxOneTimeKeys):]
	found := make(map[string]id.Curve25519, len(list))
	for _, k := range list {
		found[k.ID.String()] = id.Curve25519(k.Key.String())
	}
	return found, nil
}

// MarkKeysAsPublished cannot report an error. There is none to report: accounts
// are not closed here.
func (a *account) MarkKeysAsPublished() {
	if a.a != nil {
		a.a.MarkAllPublished()
	}
}

func (a *account) MaxNumberOfOneTimeKeys() uint { return maxOneTimeKeys }

func (a *account) GenOneTimeKeys(num uint) error {
	switch {
	case a.a == nil:
		return errBlank
	case num > olm.MaxOneTimeKeys:
		return ofKey.convert(olm.ErrKeyCount)
	}
	_, err := a.a.GenerateOneTimeKeys(int(num))
	return ofKey.convert(err)
}

func (a *account) NewOutboundSession(theirIdentityKey, theirOneTimeKey id.Curve25519) (mautrix.Session, error) {
	if a.a == nil {
		return nil, errBlank
	}
	identityKey, err := parseCurve25519(theirIdentityKey)
	if err != nil {
		return nil, err
	}
	oneTimeKey, err := parseCurve25519(theirOneTimeKey)
	if err != nil {
		return nil, err
	}
	s, err := a.a.NewOutboundSession(identityKey, oneTimeKey)
	return unless[mautrix.Session](&session{s: s}, ofKey.convert(err))
}

// NewInboundSession takes the sender's identity key from the message: nothing
// shows that it is the sender's.
func (a *account) NewInboundSession(oneTimeKeyMsg string) (mautrix.Session, error) {
	m, err := parsePreKey(oneTimeKeyMsg)
	if err != nil {
		return nil, err
	}
	k, _ := m.SessionKeys()
	return a.inbound(k.IdentityKey, m)
}

func (a *account) NewInboundSessionFrom(theirIdentityKey *id.Curve25519, oneTimeKeyMsg string) (mautrix.Session, error) {
	if theirIdentityKey == nil {
		return nil, mautrix.ErrEmptyInput
	}
	identityKey, err := parseCurve25519(*theirIdentityKey)
	if err != nil {
		return nil, err
	}
	m, err := parsePreKey(oneTimeKeyMsg)
	if err != nil {
		return nil, err
	}
	return a.inbound(identityKey, m)
}

// inbound makes a session and no more. mautrix decrypts next, and when that
// went well calls RemoveOneTimeKeys.
func (a *account) inbound(identityKey keys.Curve25519, m olm.Message) (mautrix.Session, error) {
	if a.a == nil {
		return nil, errBlank
	}
	s, err := a.a.UnsafeNewInboundSession(identityKey, m)
	return unless[mautrix.Session](&session{s: s}, ofMessage.convert(err))
}

// RemoveOneTimeKeys leaves a fallback key where it is.
func (a *account) RemoveOneTimeKeys(s mautrix.Session) error {
	ours, ok := s.(*session)
	switch {
	case !ok:
		return mautrix.ErrBadInput // made by another implementation, or nil
	case a.a == nil || ours == nil || ours.s == nil:
		return errBlank
	}
	_, err := a.a.UnsafeConsumeKey(ours.s)
	return ofMessage.convert(err)
}

func parseCurve25519(text id.Curve25519) (keys.Curve25519, error) {
	if text == "" {
		return keys.Curve25519{}, mautrix.ErrEmptyInput
	}
	k, err := keys.ParseCurve25519(string(text))
	return k, ofKey.convert(err)
}
