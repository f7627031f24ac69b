package main

import (
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
	"github.com/chappe-e2ee/chappe/pk"
	"github.com/chappe-e2ee/chappe/sas"
)

// chappe is this project, through its own API.
type chappe struct{}

func (chappe) name() string { return "chappe" }

func (chappe) newAccount() account { return chappeAccount{must(olm.GenerateAccount())} }
func (chappe) readAccount(pickle []byte) account {
	return chappeAccount{must(olm.ImportLibolmAccount(pickle, pickleKey))}
}
func (chappe) readSession(pickle []byte) session {
	return chappeSession{must(olm.ImportLibolmSession(pickle, pickleKey))}
}
func (chappe) newOutbound() outbound { return chappeOutbound{megolm.NewOutboundSession()} }
func (chappe) readOutbound(pickle []byte) outbound {
	return chappeOutbound{must(megolm.ImportLibolmOutboundSession(pickle, pickleKey))}
}
func (chappe) newInbound(key []byte) inbound {
	return chappeInbound{must(megolm.NewInboundSession(must(megolm.ParseSessionKey(key))))}
}
func (chappe) importInbound(export []byte) inbound {
	return chappeInbound{must(megolm.ImportInboundSession(must(megolm.ParseExportedSession(export))))}
}
func (chappe) readInbound(pickle []byte) inbound {
	return chappeInbound{must(megolm.ImportLibolmInboundSession(pickle, pickleKey))}
}

func (chappe) verify(key, signature string, message []byte) {
	check(must(keys.ParseEd25519(key)).Verify(message, must(keys.ParseSignature(signature))))
}

func (chappe) verification(theirs string, info, macInfo, input []byte) ([]byte, string) {
	e := must(must(sas.Generate()).Agree(must(keys.ParseCurve25519(theirs))))
	code := must(e.Code(info))
	mac := must(e.MAC(input, macInfo))
	check(e.VerifyMAC(input, macInfo, mac))
	return code[:], mac
}

func (chappe) boxEncrypt(recipient string, plaintext []byte) (box [3]string) {
	box[0], box[1], box[2] = must(pk.Encrypt(must(keys.ParseCurve25519(recipient)), plaintext)).Text()
	return box
}

func (chappe) boxKey(private []byte) func([3]string) []byte {
	key := must(pk.NewDecryptionKey(private))
	return func(box [3]string) []byte { return must(key.Decrypt(must(pk.ParseMessage(box[0], box[1], box[2])))) }
}

type chappeAccount struct{ a *olm.Account }

func (c chappeAccount) identity() (string, string) {
	k := c.a.IdentityKeys()
	return k.Curve25519.String(), k.Ed25519.String()
}
func (c chappeAccount) sign(message []byte) string { return must(c.a.Sign(message)).String() }
func (c chappeAccount) addOneTimeKeys(n int)       { must(c.a.GenerateOneTimeKeys(n)) }

func (c chappeAccount) oneTimeKeys() (list []string) {
	for _, k := range c.a.UnpublishedOneTimeKeys() {
		list = append(list, k.Key.String())
	}
	return list
}

func (c chappeAccount) outbound(identity, oneTime string) session {
	return chappeSession{must(c.a.NewOutboundSession(must(keys.ParseCurve25519(identity)), must(keys.ParseCurve25519(oneTime))))}
}

func (c chappeAccount) inbound(identity, body string) (session, []byte) {
	in := must(c.a.NewInboundSession(must(keys.ParseCurve25519(identity)), must(olm.ParseMessage(olm.PreKey, body))))
	return chappeSession{in.Session}, in.Plaintext
}

func (c chappeAccount) pickle() []byte { return must(c.a.ExportLibolm(pickleKey)) }

type chappeSession struct{ s *olm.Session }

func (c chappeSession) encrypt(plaintext []byte) (int, []byte) {
	body, t, err := c.s.AppendEncrypt(nil, plaintext)
	check(err)
	return int(t), body
}
func (c chappeSession) decrypt(messageType int, body string) []byte {
	return must(c.s.Decrypt(must(olm.ParseMessage(olm.MessageType(messageType), body))))
}
func (c chappeSession) pickle() []byte { return must(c.s.ExportLibolm(pickleKey)) }

type chappeOutbound struct{ s *megolm.OutboundSession }

func (c chappeOutbound) key() []byte { return must(c.s.SessionKey()).SecretText() }
func (c chappeOutbound) encrypt(plaintext []byte) []byte {
	return must(c.s.AppendEncrypt(nil, plaintext))
}
func (c chappeOutbound) pickle() []byte { return must(c.s.ExportLibolm(pickleKey)) }

type chappeInbound struct{ s *megolm.InboundSession }

func (c chappeInbound) decrypt(m message) []byte {
	return must(c.s.Decrypt(must(megolm.ParseMessage(m.text)))).Plaintext
}
func (c chappeInbound) export(index uint32) []byte { return must(c.s.ExportAt(index)).SecretText() }
func (c chappeInbound) pickle() []byte             { return must(c.s.ExportLibolm(pickleKey)) }
