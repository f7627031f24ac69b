package libolm

// #include <olm/olm.h>
import "C"

import (
	"bytes"
	"runtime"
)

// Session is an OlmSession.
type Session struct{ c *C.OlmSession }

func blankSession() *Session {
	s := new(Session)
	s.c = C.olm_session(allocate(s, C.olm_session_size()))
	return s
}

func (s *Session) check(result C.size_t) error {
	defer runtime.KeepAlive(s)
	if result == failed {
		return failure(C.olm_session_last_error_code(s.c))
	}
	return nil
}

// NewOutboundSession is olm_create_outbound_session.
func (a *Account) NewOutboundSession(identityKey, oneTimeKey string) (*Session, error) {
	defer runtime.KeepAlive(a)
	s := blankSession()
	r := random(C.olm_create_outbound_session_random_length(s.c))
	i, o := scratch(identityKey), scratch(oneTimeKey)
	return s, s.check(C.olm_create_outbound_session(s.c, a.c,
		pointer(i), length(i), pointer(o), length(o), pointer(r), length(r)))
}

// NewInboundSession is olm_create_inbound_session.
func (a *Account) NewInboundSession(body string) (*Session, error) {
	defer runtime.KeepAlive(a)
	s, m := blankSession(), scratch(body)
	return s, s.check(C.olm_create_inbound_session(s.c, a.c, pointer(m), length(m)))
}

// NewInboundSessionFrom is olm_create_inbound_session_from.
func (a *Account) NewInboundSessionFrom(identityKey, body string) (*Session, error) {
	defer runtime.KeepAlive(a)
	s, i, m := blankSession(), scratch(identityKey), scratch(body)
	return s, s.check(C.olm_create_inbound_session_from(s.c, a.c,
		pointer(i), length(i), pointer(m), length(m)))
}

// UnpickleSession is olm_unpickle_session.
func UnpickleSession(pickle, key []byte) (*Session, error) {
	s, p := blankSession(), scratch(pickle)
	return s, s.check(C.olm_unpickle_session(s.c, pointer(key), length(key), pointer(p), length(p)))
}

// Pickle is olm_pickle_session.
func (s *Session) Pickle(key []byte) ([]byte, error) {
	out := buffer(C.olm_pickle_session_length(s.c))
	err := s.check(C.olm_pickle_session(s.c, pointer(key), length(key), pointer(out), length(out)))
	return out, err
}

// ID is olm_session_id.
func (s *Session) ID() (string, error) {
	out := buffer(C.olm_session_id_length(s.c))
	err := s.check(C.olm_session_id(s.c, pointer(out), length(out)))
	return string(out), err
}

// HasReceivedMessage is olm_session_has_received_message.
func (s *Session) HasReceivedMessage() bool {
	defer runtime.KeepAlive(s)
	return C.olm_session_has_received_message(s.c) != 0
}

// Describe is olm_session_describe.
func (s *Session) Describe() string {
	defer runtime.KeepAlive(s)
	out := buffer(4096)
	C.olm_session_describe(s.c, (*C.char)(pointer(out)), length(out))
	text, _, _ := bytes.Cut(out, []byte{0})
	return string(text)
}

// MatchesFrom is olm_matches_inbound_session_from.
func (s *Session) MatchesFrom(identityKey, body string) (bool, error) {
	i, m := scratch(identityKey), scratch(body)
	n := C.olm_matches_inbound_session_from(s.c, pointer(i), length(i), pointer(m), length(m))
	return n == 1, s.check(n)
}

// MessageType is olm_encrypt_message_type.
func (s *Session) MessageType() int {
	defer runtime.KeepAlive(s)
	return int(C.olm_encrypt_message_type(s.c))
}

// Encrypt is olm_encrypt.
func (s *Session) Encrypt(plaintext []byte) (string, error) {
	r := random(C.olm_encrypt_random_length(s.c))
	out := buffer(C.olm_encrypt_message_length(s.c, length(plaintext)))
	err := s.check(C.olm_encrypt(s.c, pointer(plaintext), length(plaintext),
		pointer(r), length(r), pointer(out), length(out)))
	return string(out), err
}

// Decrypt is olm_decrypt.
func (s *Session) Decrypt(messageType int, body string) ([]byte, error) {
	m := scratch(body)
	n := C.olm_decrypt_max_plaintext_length(s.c, C.size_t(messageType), pointer(m), length(m))
	if err := s.check(n); err != nil {
		return nil, err
	}
	m, out := scratch(body), buffer(n)
	n = C.olm_decrypt(s.c, C.size_t(messageType), pointer(m), length(m), pointer(out), length(out))
	if err := s.check(n); err != nil {
		return nil, err
	}
	return out[:n], nil
}
