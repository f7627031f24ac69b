package main

import (
	"maunium.net/go/mautrix/crypto/olm"
	"maunium.net/go/mautrix/id"
)

// driver is a driver of mautrix, called as mautrix does.
type driver struct {
	driverName    string
	accountNew    func() (olm.Account, error)
	accountRead   func(pickled, key []byte) (olm.Account, error)
	sessionRead   func(pickled, key []byte) (olm.Session, error)
	outboundNew   func() (olm.OutboundGroupSession, error)
	outboundRead  func(pickled, key []byte) (olm.OutboundGroupSession, error)
	inboundNew    func(key []byte) (olm.InboundGroupSession, error)
	inboundImport func(export []byte) (olm.InboundGroupSession, error)
	inboundRead   func(pickled, key []byte) (olm.InboundGroupSession, error)
}

func driverOf(register func()) driver {
	register()
	return driver{
		driverName: olm.Driver,
		accountNew: olm.InitNewAccount, accountRead: olm.InitNewAccountFromPickled, sessionRead: olm.InitSessionFromPickled,
		outboundNew: olm.InitNewOutboundGroupSession, outboundRead: olm.InitNewOutboundGroupSessionFromPickled,
		inboundNew: olm.InitNewInboundGroupSession, inboundImport: olm.InitInboundGroupSessionImport,
		inboundRead: olm.InitInboundGroupSessionFromPickled,
	}
}

func (d driver) name() string { return d.driverName }

func (d driver) newAccount() account { return mautrixAccount{must(d.accountNew())} }
func (d driver) readAccount(pickle []byte) account {
	return mautrixAccount{must(d.accountRead(pickle, pickleKey))}
}
func (d driver) readSession(pickle []byte) session {
	return mautrixSession{must(d.sessionRead(pickle, pickleKey))}
}
func (d driver) newOutbound() outbound { return mautrixOutbound{must(d.outboundNew())} }
func (d driver) readOutbound(pickle []byte) outbound {
	return mautrixOutbound{must(d.outboundRead(pickle, pickleKey))}
}
func (d driver) newInbound(key []byte) inbound { return mautrixInbound{must(d.inboundNew(key))} }
func (d driver) importInbound(export []byte) inbound {
	return mautrixInbound{must(d.inboundImport(export))}
}
func (d driver) readInbound(pickle []byte) inbound {
	return mautrixInbound{must(d.inboundRead(pickle, pickleKey))}
}

type mautrixAccount struct{ a olm.Account }

func (m mautrixAccount) identity() (string, string) {
	ed, curve, err := m.a.IdentityKeys()
	check(err)
	return string(curve), string(ed)
}
func (m mautrixAccount) sign(message []byte) string { return string(must(m.a.Sign(message))) }
func (m mautrixAccount) addOneTimeKeys(n int)       { check(m.a.GenOneTimeKeys(uint(n))) }

func (m mautrixAccount) oneTimeKeys() (list []string) {
	for _, k := range must(m.a.OneTimeKeys()) {
		list = append(list, string(k))
	}
	return list
}

func (m mautrixAccount) outbound(identity, oneTime string) session {
	return mautrixSession{must(m.a.NewOutboundSession(id.Curve25519(identity), id.Curve25519(oneTime)))}
}

func (m mautrixAccount) inbound(identity, body string) (session, []byte) {
	from := id.Curve25519(identity)
	s := must(m.a.NewInboundSessionFrom(&from, body))
	plaintext := must(s.Decrypt(body, id.OlmMsgTypePreKey))
	check(m.a.RemoveOneTimeKeys(s))
	return mautrixSession{s}, plaintext
}

func (m mautrixAccount) pickle() []byte { return must(m.a.Pickle(pickleKey)) }

type mautrixSession struct{ s olm.Session }

func (m mautrixSession) encrypt(plaintext []byte) (int, []byte) {
	t, body, err := m.s.Encrypt(plaintext)
	check(err)
	return int(t), body
}
func (m mautrixSession) decrypt(messageType int, body string) []byte {
	return must(m.s.Decrypt(body, id.OlmMsgType(messageType)))
}
func (m mautrixSession) pickle() []byte { return must(m.s.Pickle(pickleKey)) }

type mautrixOutbound struct{ s olm.OutboundGroupSession }

func (m mautrixOutbound) key() []byte                     { return []byte(m.s.Key()) }
func (m mautrixOutbound) encrypt(plaintext []byte) []byte { return must(m.s.Encrypt(plaintext)) }
func (m mautrixOutbound) pickle() []byte                  { return must(m.s.Pickle(pickleKey)) }

type mautrixInbound struct{ s olm.InboundGroupSession }

func (m mautrixInbound) decrypt(in message) []byte {
	plaintext, _, err := m.s.Decrypt(in.bytes)
	check(err)
	return plaintext
}
func (m mautrixInbound) export(index uint32) []byte { return must(m.s.Export(index)) }
func (m mautrixInbound) pickle() []byte             { return must(m.s.Pickle(pickleKey)) }
