package peer

import (
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
)

// ChappeToVodozemac is chappe beside vodozemac: its pickles are vodozemac's.
type ChappeToVodozemac struct{ Chappe }

func (ChappeToVodozemac) Traits() Traits {
	return Traits{OwnPickles: true, ForgetsOrphans: true}
}

func (ChappeToVodozemac) NewAccount() (Account, error) {
	return toVodozemacAccount(olm.GenerateAccount())
}

func (ChappeToVodozemac) UnpickleAccount(pickle, key []byte) (Account, error) {
	return toVodozemacAccount(olm.ImportVodozemacAccount(pickle, key))
}

func (ChappeToVodozemac) UnpickleSession(pickle, key []byte) (Session, error) {
	return toVodozemacSession(olm.ImportVodozemacSession(pickle, key))
}

func (ChappeToVodozemac) NewOutboundGroup() (OutboundGroup, error) {
	return toVodozemacOutbound(megolm.NewOutboundSession(), nil)
}

func (ChappeToVodozemac) UnpickleOutboundGroup(pickle, key []byte) (OutboundGroup, error) {
	return toVodozemacOutbound(megolm.ImportVodozemacOutboundSession(pickle, key))
}

func (c ChappeToVodozemac) NewInboundGroup(sessionKey string) (InboundGroup, error) {
	return toVodozemacInbound(c.Chappe.NewInboundGroup(sessionKey))
}

func (c ChappeToVodozemac) ImportInboundGroup(export string) (InboundGroup, error) {
	return toVodozemacInbound(c.Chappe.ImportInboundGroup(export))
}

func (ChappeToVodozemac) UnpickleInboundGroup(pickle, key []byte) (InboundGroup, error) {
	s, err := megolm.ImportVodozemacInboundSession(pickle, key)
	return toVodozemacInbound(chappeInbound{s}, err)
}

type inVodozemacAccount struct{ chappeAccount }

func toVodozemacAccount(a *olm.Account, err error) (Account, error) {
	return inVodozemacAccount{chappeAccount{a}}, err
}

func (a inVodozemacAccount) Outbound(identityKey, oneTimeKey string) (Session, error) {
	s, err := a.chappeAccount.Outbound(identityKey, oneTimeKey)
	if err != nil {
		return nil, err
	}
	return inVodozemacSession{s.(chappeSession)}, nil
}

func (a inVodozemacAccount) Inbound(identityKey, body string) (Session, []byte, error) {
	s, plaintext, err := a.chappeAccount.Inbound(identityKey, body)
	if err != nil {
		return nil, nil, err
	}
	return inVodozemacSession{s.(chappeSession)}, plaintext, nil
}

func (a inVodozemacAccount) Pickle(key []byte) ([]byte, error) { return a.a.ExportVodozemac(key) }

type inVodozemacSession struct{ chappeSession }

func toVodozemacSession(s *olm.Session, err error) (Session, error) {
	return inVodozemacSession{chappeSession{s}}, err
}

func (s inVodozemacSession) Pickle(key []byte) ([]byte, error) { return s.s.ExportVodozemac(key) }

type inVodozemacOutbound struct{ chappeOutbound }

func toVodozemacOutbound(s *megolm.OutboundSession, err error) (OutboundGroup, error) {
	return inVodozemacOutbound{chappeOutbound{s}}, err
}

func (s inVodozemacOutbound) Pickle(key []byte) ([]byte, error) { return s.s.ExportVodozemac(key) }

type inVodozemacInbound struct{ chappeInbound }

func toVodozemacInbound(s InboundGroup, err error) (InboundGroup, error) {
	if err != nil {
		return nil, err
	}
	return inVodozemacInbound{s.(chappeInbound)}, nil
}

func (s inVodozemacInbound) Pickle(key []byte) ([]byte, error) { return s.s.ExportVodozemac(key) }
