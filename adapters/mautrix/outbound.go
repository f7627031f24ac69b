package mautrixolm

import (
	mautrix "maunium.net/go/mautrix/crypto/olm"
	"maunium.net/go/mautrix/id"

	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/megolm"
)

// outbound is mautrix's OutboundGroupSession. It is blank while s is nil.
type outbound struct {
	secret.Redacted
	s *megolm.OutboundSession
}

func newOutbound() (mautrix.OutboundGroupSession, error) {
	return &outbound{s: megolm.NewOutboundSession()}, nil
}

func (s *outbound) Pickle(key []byte) ([]byte, error) {
	switch {
	case s.s == nil:
		return nil, errBlank
	case len(key) == 0:
		return nil, mautrix.ErrNoKeyProvided
	}
	return s.s.ExportLibolm(key)
}

func (s *outbound) Unpickle(pickled, key []byte) error {
	read, err := unpickle(megolm.ImportLibolmOutboundSession, pickled, key)
	if err == nil {
		s.s = read
	}
	return err
}

func (s *outbound) Encrypt(plaintext []byte) ([]byte, error) {
	switch {
	case s.s == nil:
		return nil, errBlank
	case len(plaintext) == 0:
		return nil, mautrix.ErrEmptyInput
	}
	message, err := s.s.AppendEncrypt(nil, plaintext)
	if err != nil {
		return nil, ofMessage.convert(err)
	}
	return message, nil
}

func (s *outbound) ID() id.SessionID {
	if s.s == nil {
		return ""
	}
	return id.SessionID(s.s.ID())
}

func (s *outbound) MessageIndex() uint {
	if s.s == nil {
		return 0
	}
	return uint(s.s.Index())
}

// Key returns the session key as a string, which cannot be wiped: mautrix's
// interface asks for it. It is empty for a blank session.
func (s *outbound) Key() string {
	if s.s == nil {
		return ""
	}
	k, err := s.s.SessionKey()
	if err != nil {
		return ""
	}
	defer k.Close()
	text := k.SecretText()
	defer secret.Wipe(text)
	return string(text)
}
