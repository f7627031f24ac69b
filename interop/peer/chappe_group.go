package peer

import (
	"errors"

	"github.com/chappe-e2ee/chappe/megolm"
)

func (Chappe) NewOutboundGroup() (OutboundGroup, error) {
	return chappeOutbound{megolm.NewOutboundSession()}, nil
}

func (Chappe) UnpickleOutboundGroup(pickle, key []byte) (OutboundGroup, error) {
	s, err := megolm.ImportLibolmOutboundSession(pickle, key)
	return chappeOutbound{s}, err
}

func (Chappe) NewInboundGroup(sessionKey string) (InboundGroup, error) {
	k, err := megolm.ParseSessionKey([]byte(sessionKey))
	if err != nil {
		return nil, err
	}
	s, err := megolm.NewInboundSession(k)
	return chappeInbound{s}, err
}

func (Chappe) ImportInboundGroup(export string) (InboundGroup, error) {
	e, err := megolm.ParseExportedSession([]byte(export))
	if err != nil {
		return nil, err
	}
	s, err := megolm.ImportInboundSession(e)
	return chappeInbound{s}, err
}

func (Chappe) UnpickleInboundGroup(pickle, key []byte) (InboundGroup, error) {
	s, err := megolm.ImportLibolmInboundSession(pickle, key)
	return chappeInbound{s}, err
}

type chappeOutbound struct{ s *megolm.OutboundSession }

func (c chappeOutbound) ID() (string, error) { return c.s.ID(), nil }
func (c chappeOutbound) Index() uint32       { return c.s.Index() }

func (c chappeOutbound) SessionKey() (string, error) {
	k, err := c.s.SessionKey()
	return string(k.SecretText()), err
}

func (c chappeOutbound) Encrypt(plaintext []byte) (string, error) {
	m, err := c.s.Encrypt(plaintext)
	return m.String(), err
}

func (c chappeOutbound) Pickle(key []byte) ([]byte, error) { return c.s.ExportLibolm(key) }

type chappeInbound struct{ s *megolm.InboundSession }

func (c chappeInbound) ID() (string, error)     { return c.s.ID(), nil }
func (c chappeInbound) FirstKnownIndex() uint32 { return c.s.FirstKnownIndex() }
func (c chappeInbound) Verified() bool          { return c.s.SigningKeyVerified() }

func (c chappeInbound) Export(index uint32) (string, error) {
	e, err := c.s.ExportAt(index)
	return string(e.SecretText()), unknownIndex(err)
}

func (c chappeInbound) Decrypt(message string) ([]byte, uint32, error) {
	m, err := megolm.ParseMessage(message)
	if err != nil {
		return nil, 0, err
	}
	d, err := c.s.Decrypt(m)
	return d.Plaintext, d.Index, unknownIndex(err)
}

func (c chappeInbound) Pickle(key []byte) ([]byte, error) { return c.s.ExportLibolm(key) }

func unknownIndex(err error) error {
	if unknown := new(megolm.UnknownIndexError); errors.As(err, &unknown) {
		return errors.Join(ErrUnknownIndex, err)
	}
	return err
}
