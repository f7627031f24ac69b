package main

import (
	"encoding/json"
	"errors"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
	"github.com/chappe-e2ee/chappe/pk"
)

func verifyTampered(c *vectorCall) {
	key, err := keys.ParseEd25519(c.text("public_key_b64"))
	if !c.succeeds(err) {
		return
	}
	good, err := keys.ParseSignature(c.text("signature_b64"))
	if c.succeeds(err) {
		c.succeeds(key.Verify(c.bytes("message_utf8"), good))
	}
	bad, err := keys.ParseSignature(c.text("tampered_signature_b64"))
	if err == nil {
		err = key.Verify(c.bytes("message_utf8"), bad)
	}
	c.refused(err)
}

// inbound returns the session of a session key.
func (c *vectorCall) inbound(name string) *megolm.InboundSession {
	key, err := megolm.ParseSessionKey([]byte(c.text(name)))
	if !c.succeeds(err) {
		return nil
	}
	s, err := megolm.NewInboundSession(key)
	c.succeeds(err)
	return s
}

// exported returns the session of an export.
func (c *vectorCall) exported(name string) *megolm.InboundSession {
	key, err := megolm.ParseExportedSession([]byte(c.text(name)))
	if !c.succeeds(err) {
		return nil
	}
	s, err := megolm.ImportInboundSession(key)
	c.succeeds(err)
	return s
}

// groupDecrypts decrypts the message with a prefix in its name.
func (c *vectorCall) groupDecrypts(s *megolm.InboundSession, prefix string) {
	name := "message_b64"
	if c.In[prefix+name] != nil {
		name = prefix + name
	}
	m, err := megolm.ParseMessage(c.text(name))
	if !c.succeeds(err) {
		return
	}
	d, err := s.Decrypt(m)
	if c.succeeds(err) {
		c.is(prefix+"plaintext_utf8", d.Plaintext)
		c.is(prefix+"message_index", d.Index)
	}
}

func (c *vectorCall) groupRefuses(s *megolm.InboundSession, name string) {
	m, err := megolm.ParseMessage(c.text(name))
	if err == nil && c.err == nil {
		_, err = s.Decrypt(m)
	}
	c.refused(err)
}

func lateJoiner(c *vectorCall) {
	late, early := c.inbound("late_session_key_b64"), c.inbound("early_session_key_b64")
	c.groupRefuses(late, "message_b64")
	c.groupDecrypts(early, "early_")
}

func importLater(c *vectorCall) {
	s := c.exported("export_b64")
	c.groupRefuses(s, "message_b64")
	c.groupDecrypts(s, "later_")
}

func initWrongFormat(c *vectorCall) {
	_, err := megolm.ParseSessionKey([]byte(c.text("export_b64")))
	c.refused(err)
	c.groupDecrypts(c.exported("export_b64"), "")
}

func importWrongFormat(c *vectorCall) {
	_, err := megolm.ParseExportedSession([]byte(c.text("session_key_b64")))
	c.refused(err)
	c.groupDecrypts(c.inbound("session_key_b64"), "")
}

func badSessionKey(c *vectorCall) {
	_, err := megolm.ParseSessionKey([]byte(c.text("tampered_session_key_b64")))
	c.refused(err)
	c.groupDecrypts(c.inbound("session_key_b64"), "")
}

func badMessage(c *vectorCall) {
	s := c.inbound("session_key_b64")
	c.groupRefuses(s, "tampered_message_b64")
	c.groupDecrypts(s, "")
}

func malformedMessage(c *vectorCall) {
	s, err := olm.ImportLibolmSession([]byte(c.text("session_pickle_b64")), c.bytes("pickle_key_utf8"))
	if !c.succeeds(err) {
		return
	}
	n, _ := c.In["message_type"].(json.Number)
	kind := olm.PreKey
	if n.String() == "1" {
		kind = olm.Normal
	}
	m, err := olm.NewMessage(kind, c.bytes("message_hex"))
	if err == nil {
		_, err = s.Decrypt(m)
	}
	c.refused(err)
	for _, kind := range []olm.MessageType{olm.PreKey, olm.Normal} {
		control, err := olm.ParseMessage(kind, c.text("control_message_b64"))
		if err != nil {
			continue
		}
		plaintext, err := s.Decrypt(control)
		if c.succeeds(err) {
			c.is("control_plaintext_utf8", plaintext)
		}
		return
	}
	c.fail("the control message is none")
}

func pickledSession(c *vectorCall) {
	s, err := olm.ImportLibolmSession([]byte(c.text("pickle_b64")), c.bytes("pickle_key_utf8"))
	if c.succeeds(err) {
		c.is("session_id_b64", s.ID())
		c.is("describe_utf8", s.Describe())
	}
}

func pickledAccount(c *vectorCall) {
	a, err := olm.ImportLibolmAccount([]byte(c.text("pickle_b64")), c.bytes("pickle_key_utf8"))
	if !c.succeeds(err) {
		return
	}
	again, err := a.ExportLibolm(c.bytes("pickle_key_utf8"))
	if c.succeeds(err) {
		c.is("repickled_b64", again)
	}
}

func wrongPickleKey(c *vectorCall) {
	_, err := olm.ImportLibolmAccount([]byte(c.text("pickle_b64")), c.bytes("pickle_key_utf8"))
	c.succeeds(err)
	_, err = olm.ImportLibolmAccount([]byte(c.text("pickle_b64")), c.bytes("wrong_pickle_key_utf8"))
	c.refused(err)
}

func legacyPickle(c *vectorCall) {
	_, err := olm.ImportLibolmAccount([]byte(c.text("pickle_b64")), c.bytes("pickle_key_utf8"))
	c.refused(err)
	if errors.Is(err, olm.ErrPickleKey) {
		c.fail("refused for its pickle key, should be for its version")
	}
}

// pkDecrypts decrypts a message with the given MAC.
func (c *vectorCall) pkDecrypts(mac string) {
	if plaintext, err := c.pkOpen(mac); c.succeeds(err) {
		c.is("plaintext_utf8", plaintext)
	}
}

func (c *vectorCall) pkOpen(mac string) ([]byte, error) {
	key, err := pk.NewDecryptionKey(c.bytes("private_key_hex"))
	if err != nil {
		return nil, err
	}
	m, err := pk.ParseMessage(c.text("ciphertext_b64"), mac, c.text("ephemeral_public_b64"))
	if err != nil {
		return nil, err
	}
	return key.Decrypt(m)
}

func badPKMAC(c *vectorCall) {
	_, err := c.pkOpen(c.text("tampered_mac_b64"))
	c.refused(err)
	c.pkDecrypts(c.text("mac_b64"))
}

func pkPublic(c *vectorCall) {
	key, err := pk.NewDecryptionKey(c.bytes("private_key_hex"))
	if c.succeeds(err) {
		c.is("public_key_b64", key.PublicKey())
	}
}

func pkSign(c *vectorCall) {
	key, err := pk.NewSigningKey(c.bytes("seed_hex"))
	if !c.succeeds(err) {
		return
	}
	c.is("public_key_b64", key.PublicKey())
	signature, err := key.Sign(c.bytes("message_utf8"))
	if c.succeeds(err) {
		c.is("signature_b64", signature)
	}
}

// opened opens what a vector has sealed.
func opened[T any](c *vectorCall, open func([]byte, keys.SealKey, []byte) (T, error)) (v T, ok bool) {
	key, err := keys.NewSealKey(c.bytes("seal_key_hex"))
	if c.succeeds(err) {
		v, err = open(c.bytes("sealed_hex"), key, c.bytes("context_utf8"))
		c.succeeds(err)
	}
	if c.err == nil {
		_, err = open(c.bytes("sealed_hex"), key, append(c.bytes("context_utf8"), 'x'))
		c.refused(err)
	}
	return v, c.err == nil
}

func sealedAccount(c *vectorCall) {
	if a, ok := opened(c, olm.OpenAccount); ok {
		c.is("revision", a.Revision())
		c.is("one_time_key_count", a.OneTimeKeyCount())
	}
}

func sealedSession(c *vectorCall) {
	if s, ok := opened(c, olm.OpenSession); ok {
		c.is("revision", s.Revision())
		c.is("session_id_b64", s.ID())
		c.is("describe_utf8", s.Describe())
	}
}

func sealedOutbound(c *vectorCall) {
	if s, ok := opened(c, megolm.OpenOutboundSession); ok {
		c.is("session_id_b64", s.ID())
		c.is("index", s.Index())
	}
}

func sealedInbound(c *vectorCall) {
	if s, ok := opened(c, megolm.OpenInboundSession); ok {
		c.is("session_id_b64", s.ID())
		c.is("first_known_index", s.FirstKnownIndex())
		c.groupDecrypts(s, "")
	}
}
