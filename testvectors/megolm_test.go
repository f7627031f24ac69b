package testvectors_test

import (
	"bytes"
	"encoding/binary"

	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/megolm"
)

// signingKey is the Ed25519 key of ratchets that come without one.
var signingKey = curve.SigningKeyFromSeed(&[32]byte{1})

func checkRatchet(b []byte) []byte {
	check(len(b) == 128, "a ratchet of %d bytes", len(b))
	return b
}

// importRatchet returns an inbound session that begins with a ratchet.
func importRatchet(ratchet []byte, counter uint32) *megolm.InboundSession {
	public := signingKey.PublicKey()
	b := binary.BigEndian.AppendUint32([]byte{1}, counter)
	b = append(append(b, checkRatchet(ratchet)...), public[:]...)
	return importExport(encode64(b))
}

func importExport(text string) *megolm.InboundSession {
	s := must(megolm.ImportInboundSession(must(megolm.ParseExportedSession([]byte(text)))))
	check(!s.SigningKeyVerified(), "an import that counts as verified")
	return s
}

// ratchetAt returns the ratchet that a session exports at an index.
func ratchetAt(s *megolm.InboundSession, index uint32) []byte {
	e := must(s.ExportAt(index))
	b := must(decode64(string(e.SecretText())))
	check(e.Index() == index && binary.BigEndian.Uint32(b[1:]) == index, "exported at another index")
	return b[5:133]
}

// exportRefused demands that an export at index is refused, with numbers, and
// without effect.
func exportRefused(c *call, s *megolm.InboundSession, index uint32) {
	unchanged(s, c.errorClass(), func() error {
		_, err := s.ExportAt(index)
		checkUnknownIndex(err, s.FirstKnownIndex(), index)
		return err
	})
}

func checkUnknownIndex(err error, first, requested uint32) {
	e, ok := as[*megolm.UnknownIndexError](err)
	check(ok && e.FirstKnown == first && e.Got == requested, "%v, should name %d and %d", err, first, requested)
}

func megolmAdvance(c *call) {
	public := signingKey.PublicKey()
	raw := append([]byte{0, 0, 0, 1}, checkRatchet(c.in.bytes("ratchet_hex"))...)
	raw = binary.BigEndian.AppendUint32(raw, c.in.number("counter"))
	raw = append(append(raw, public[:]...), signingKey.Expanded()[:]...)
	s := must(megolm.ImportLibolmOutboundSession(pickle(raw, nil), nil))
	must(s.Encrypt(nil))
	b := must(decode64(string(must(s.SessionKey()).SecretText())))
	c.out.is("counter", binary.BigEndian.Uint32(b[1:]))
	c.out.is("counter", s.Index())
	c.out.is("ratchet_hex", b[5:133])
}

func megolmAdvanceTo(c *call) {
	s := importRatchet(c.in.bytes("ratchet_hex"), c.in.number("counter"))
	c.out.is("first_known_index", s.FirstKnownIndex())
	target := c.in.number("target")
	c.out.is("ratchet_hex", ratchetAt(s, target))
	ok(s.AdvanceTo(target))
	check(s.FirstKnownIndex() == target, "AdvanceTo went elsewhere")
	c.out.is("ratchet_hex", ratchetAt(s, target))
}

// wrap imports the ratchet and demands that it does not wrap.
func wrap(c *call) *megolm.InboundSession {
	s := importRatchet(c.in.bytes("ratchet_hex"), c.in.number("counter"))
	target := c.in.number("target")
	c.out.is("first_known_index", s.FirstKnownIndex())
	c.out.is("requested_index", target)
	exportRefused(c, s, target)
	return s
}

func megolmWrap(c *call) {
	wrap(c)
	s := importRatchet(c.in.bytes("ratchet_hex"), 0)
	c.out.is("relabelled_ratchet_hex", ratchetAt(s, c.in.number("relabelled_target")))
}

func megolmWrapVia(c *call) {
	s := wrap(c)
	via := ratchetAt(s, c.in.number("via"))
	c.out.is("via_ratchet_hex", via)
	exportRefused(c, importRatchet(via, c.in.number("via")), c.in.number("target"))
	s = importRatchet(via, 0)
	c.out.is("relabelled_ratchet_hex", ratchetAt(s, c.in.number("relabelled_target")))
}

// initialise returns the session of a session key.
func initialise(text string) *megolm.InboundSession {
	key := must(megolm.ParseSessionKey([]byte(text)))
	s := must(megolm.NewInboundSession(key))
	check(key.SessionID() == s.ID() && key.Index() == s.FirstKnownIndex(), "key and session differ")
	check(string(key.SecretText()) == text, "the session key is written otherwise")
	return s
}

func parseGroupMessage(text string) megolm.Message {
	m := must(megolm.ParseMessage(text))
	check(m.String() == text, "the message is written otherwise")
	return m
}

// decrypts demands that s decrypts a message, twice, to the plaintext and index
// that two members of expected say.
func decrypts(c *call, s *megolm.InboundSession, message, plaintext, index string) {
	m := parseGroupMessage(c.in.text(message))
	for range 2 {
		d := must(s.Decrypt(m))
		c.out.is(plaintext, d.Plaintext)
		c.out.is(index, d.Index)
	}
	check(s.SigningKeyVerified(), "not verified by a message")
	// The latest ratchet is now the one at the message's index.
	latest := state(s)[4+132:]
	check(binary.BigEndian.Uint32(latest[128:]) == m.Index() && bytes.Equal(latest[:128], ratchetAt(s, m.Index())), "another latest ratchet")
}

// messageRefused demands that s refuses a message, without effect.
func messageRefused(c *call, s *megolm.InboundSession, text string) (err error) {
	unchanged(s, c.errorClass(), func() error {
		_, err = s.Decrypt(must(megolm.ParseMessage(text)))
		return err
	})
	return err
}

func groupDecrypt(c *call) {
	s := initialise(c.in.text("session_key_b64"))
	c.out.is("first_known_index", s.FirstKnownIndex())
	c.out.is("verified", s.SigningKeyVerified())
	decrypts(c, s, "message_b64", "plaintext_utf8", "message_index")
}

func groupSendReceive(c *call) {
	s := random(c.in.bytes("random_hex"), megolm.NewOutboundSession)
	key := c.in.bytes("pickle_key_utf8")
	c.out.is("session_id_b64", s.ID())
	sessionKey := string(must(s.SessionKey()).SecretText())
	c.out.is("session_key_b64", sessionKey)
	c.out.is("outbound_pickle_b64", string(must(s.ExportLibolm(key))))
	// libolm's pickle holds all of it: the imported session goes on alike.
	copied := must(megolm.ImportLibolmOutboundSession(must(s.ExportLibolm(key)), key))

	receiver := initialise(sessionKey)
	plaintext := c.in.bytes("plaintext_utf8")
	for _, s := range []*megolm.OutboundSession{s, copied} {
		m := random(nil, func() megolm.Message { return must(s.Encrypt(plaintext)) })
		c.out.is("message_b64", m.String())
		c.out.is("outbound_index_after", s.Index())
		c.out.is("session_key_after_b64", string(must(s.SessionKey()).SecretText()))
		c.out.is("outbound_pickle_after_b64", string(must(s.ExportLibolm(key))))
	}

	c.out.is("verified", receiver.SigningKeyVerified())
	d := must(receiver.Decrypt(parseGroupMessage(c.out.text("message_b64"))))
	check(bytes.Equal(d.Plaintext, plaintext), "decrypts to %q", d.Plaintext)
	c.out.is("message_index", d.Index)
	c.out.is("inbound_pickle_after_b64", string(must(receiver.ExportLibolm(key))))
	again := must(megolm.ImportLibolmInboundSession(must(receiver.ExportLibolm(key)), key))
	c.out.is("inbound_pickle_after_b64", string(must(again.ExportLibolm(key))))
}
