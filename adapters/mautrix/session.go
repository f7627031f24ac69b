package mautrixolm

import (
	mautrix "maunium.net/go/mautrix/crypto/olm"
	"maunium.net/go/mautrix/id"

	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/olm"
)

// session is mautrix's Session. It is blank while s is nil.
type session struct {
	secret.Redacted
	s *olm.Session
}

// Pickle writes the newest forty skipped message keys when there are more.
func (s *session) Pickle(key []byte) ([]byte, error) {
	switch {
	case s.s == nil:
		return nil, errBlank
	case len(key) == 0:
		return nil, mautrix.ErrNoKeyProvided
	}
	return s.s.ExportLibolmLossy(key)
}

func (s *session) Unpickle(pickled, key []byte) error {
	read, err := unpickle(olm.ImportLibolmSession, pickled, key)
	if err == nil {
		s.s = read
	}
	return err
}

func (s *session) ID() id.SessionID {
	if s.s == nil {
		return ""
	}
	return id.SessionID(s.s.ID())
}

func (s *session) HasReceivedMessage() bool { return s.s != nil && s.s.HasReceivedMessage() }

// MatchesInboundSession returns an error for what is no pre-key message only:
// mautrix drops a message on an error, and tries the next session on false.
func (s *session) MatchesInboundSession(oneTimeKeyMsg string) (bool, error) {
	if s.s == nil {
		return false, errBlank
	}
	m, err := parsePreKey(oneTimeKeyMsg)
	if err != nil {
		return false, err
	}
	return s.s.Matches(m), nil
}

func (s *session) MatchesInboundSessionFrom(theirIdentityKey, oneTimeKeyMsg string) (bool, error) {
	identityKey, err := parseCurve25519(id.Curve25519(theirIdentityKey))
	if err != nil {
		return false, err
	}
	matches, err := s.MatchesInboundSession(oneTimeKeyMsg)
	return matches && s.s.SessionKeys().IdentityKey == identityKey, err
}

func (s *session) EncryptMsgType() id.OlmMsgType {
	if s.HasReceivedMessage() {
		return id.OlmMsgTypeMsg
	}
	return id.OlmMsgTypePreKey
}

func (s *session) Encrypt(plaintext []byte) (id.OlmMsgType, []byte, error) {
	switch {
	case s.s == nil:
		return 0, nil, errBlank
	case len(plaintext) == 0:
		return 0, nil, mautrix.ErrEmptyInput
	}
	body, t, err := s.s.AppendEncrypt(nil, plaintext)
	if err != nil {
		return 0, nil, ofMessage.convert(err)
	}
	return id.OlmMsgType(t), body, nil
}

func (s *session) Decrypt(message string, msgType id.OlmMsgType) ([]byte, error) {
	switch {
	case s.s == nil:
		return nil, errBlank
	case message == "":
		return nil, mautrix.ErrEmptyInput
	}
	m, err := olm.ParseMessage(olm.MessageType(msgType), message)
	if err != nil {
		return nil, ofMessage.convert(err)
	}
	plaintext, err := s.s.Decrypt(m)
	return plaintext, ofMessage.convert(err)
}

func (s *session) Describe() string {
	if s.s == nil {
		return "blank"
	}
	return s.s.Describe()
}

func parsePreKey(body string) (olm.Message, error) {
	if body == "" {
		return olm.Message{}, mautrix.ErrEmptyInput
	}
	m, err := olm.ParseMessage(olm.PreKey, body)
	return m, ofMessage.convert(err)
}
