package mautrixolm

import (
	mautrix "maunium.net/go/mautrix/crypto/olm"
	"maunium.net/go/mautrix/id"

	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/megolm"
)

// inbound is mautrix's InboundGroupSession. It is blank while s is nil.
type inbound struct {
	secret.Redacted
	s *megolm.InboundSession
}

// newInbound makes a session from the session_key of m.room_key.
func newInbound(sessionKey []byte) (mautrix.InboundGroupSession, error) {
	if len(sessionKey) == 0 {
		return nil, mautrix.ErrEmptyInput
	}
	k, err := megolm.ParseSessionKey(sessionKey)
	if err != nil {
		return nil, ofKey.convert(err)
	}
	defer k.Close()
	s, err := megolm.NewInboundSession(k)
	return unless[mautrix.InboundGroupSession](&inbound{s: s}, ofKey.convert(err))
}

// importInbound makes a session from an export.
func importInbound(sessionKey []byte) (mautrix.InboundGroupSession, error) {
	if len(sessionKey) == 0 {
		return nil, mautrix.ErrEmptyInput
	}
	e, err := megolm.ParseExportedSession(sessionKey)
	if err != nil {
		return nil, ofKey.convert(err)
	}
	defer e.Close()
	s, err := megolm.ImportInboundSession(e)
	return unless[mautrix.InboundGroupSession](&inbound{s: s}, ofKey.convert(err))
}

func (s *inbound) Pickle(key []byte) ([]byte, error) {
	switch {
	case s.s == nil:
		return nil, errBlank
	case len(key) == 0:
		return nil, mautrix.ErrNoKeyProvided
	}
	return s.s.ExportLibolm(key)
}

func (s *inbound) Unpickle(pickled, key []byte) error {
	read, err := unpickle(megolm.ImportLibolmInboundSession, pickled, key)
	if err == nil {
		s.s = read
	}
	return err
}

func (s *inbound) Decrypt(message []byte) ([]byte, uint, error) {
	switch {
	case s.s == nil:
		return nil, 0, errBlank
	case len(message) == 0:
		return nil, 0, mautrix.ErrEmptyInput
	}
	m, err := megolm.ParseMessage(string(message))
	if err != nil {
		return nil, 0, ofMessage.convert(err)
	}
	d, err := s.s.Decrypt(m)
	return d.Plaintext, uint(d.Index), ofMessage.convert(err)
}

func (s *inbound) ID() id.SessionID {
	if s.s == nil {
		return ""
	}
	return id.SessionID(s.s.ID())
}

func (s *inbound) FirstKnownIndex() uint32 {
	if s.s == nil {
		return 0
	}
	return s.s.FirstKnownIndex()
}

func (s *inbound) IsVerified() bool { return s.s != nil && s.s.SigningKeyVerified() }

func (s *inbound) Export(messageIndex uint32) ([]byte, error) {
	if s.s == nil {
		return nil, errBlank
	}
	e, err := s.s.ExportAt(messageIndex)
	if err != nil {
		return nil, ofKey.convert(err)
	}
	defer e.Close()
	return e.SecretText(), nil
}
