package conformance

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"

	"github.com/chappe-e2ee/chappe/internal/curve"
)

// signingKey is the Ed25519 key of ratchets that come without one.
var signingKey = curve.SigningKeyFromSeed(&[32]byte{1})

func checkRatchet(b []byte) []byte {
	check(len(b) == 128, "a ratchet of %d bytes", len(b))
	return b
}

// importRatchet returns an inbound session that begins with a ratchet.
func (r *runner) importRatchet(ratchet []byte, counter uint32) InboundGroup {
	public := signingKey.PublicKey()
	b := binary.BigEndian.AppendUint32([]byte{1}, counter)
	b = append(append(b, checkRatchet(ratchet)...), public[:]...)
	return r.importExport(encode64(b))
}

func (r *runner) importExport(text string) InboundGroup {
	s := must(r.i.ImportInboundGroup(text))
	check(!must(s.Verified()), "an import that counts as verified")
	return s
}

// initialise returns the session of a session key.
func (r *runner) initialise(sessionKey string) InboundGroup {
	return must(r.i.NewInboundGroup(sessionKey))
}

// ratchetAt returns the ratchet that a session exports at an index.
func ratchetAt(s InboundGroup, index uint32) []byte {
	b := must(decode64(must(s.Export(index))))
	check(len(b) == 165 && b[0] == 1 && binary.BigEndian.Uint32(b[1:]) == index, "exported in another form, or at another index")
	return b[5:133]
}

// exportRefused demands that an export at an unknown index is refused without
// effect.
func (r *runner) exportRefused(class string, s InboundGroup, index uint32) {
	r.unknownIndex(r.unchanged(s, class, func() error {
		_, err := s.Export(index)
		return err
	}), must(s.FirstKnownIndex()), index)
}

// messageRefused demands that a message is refused without effect.
func (r *runner) messageRefused(class string, s InboundGroup, text string) error {
	return r.unchanged(s, class, func() error {
		_, _, err := s.Decrypt(text)
		return err
	})
}

// decrypts demands that s decrypts a message, twice, to the plaintext and index
// that two members of expected say.
func (r *runner) decrypts(c *call, s InboundGroup, message, plaintext, index string) {
	text := c.In.Text(message)
	for range 2 {
		got, at, err := s.Decrypt(text)
		ok(err)
		c.Out.Is(plaintext, got)
		c.Out.Is(index, at)
	}
	check(must(s.Verified()), "not verified by a message")
	if p, err := pickleIn(s, stateKey); !errors.Is(err, errors.ErrUnsupported) {
		// The latest ratchet is now the one at the message's index.
		raw, at := unpickle(string(must(p, err)), stateKey), c.Out.Number(index)
		check(len(raw) == 4+132+132+32+1, "an inbound pickle of %d bytes", len(raw))
		latest := raw[4+132:]
		check(binary.BigEndian.Uint32(latest[128:]) == at && bytes.Equal(latest[:128], ratchetAt(s, at)), "another latest ratchet")
	}
}

func groupSendReceive(r *runner, c *call) {
	var s OutboundGroup
	r.random(c.In.Bytes("random_hex"), func() { s = must(r.i.NewOutboundGroup()) })
	key := c.In.Bytes("pickle_key_utf8")
	c.Out.Is("session_id_b64", must(s.ID()))
	sessionKey := must(s.SessionKey())
	c.Out.Is("session_key_b64", sessionKey)
	c.Out.Is("outbound_pickle_b64", string(pickleOf(s, key)))
	// The pickle holds all of it: the imported session goes on alike.
	copied := must(r.pickles().UnpickleOutboundGroup(pickleOf(s, key), key))

	receiver := r.initialise(sessionKey)
	plaintext := c.In.Bytes("plaintext_utf8")
	for _, s := range []OutboundGroup{s, copied} {
		var m string
		r.random(nil, func() { m = must(s.Encrypt(plaintext)) })
		c.Out.Is("message_b64", m)
		c.Out.Is("outbound_index_after", must(s.Index()))
		c.Out.Is("session_key_after_b64", must(s.SessionKey()))
		c.Out.Is("outbound_pickle_after_b64", string(pickleOf(s, key)))
	}

	c.Out.Is("verified", must(receiver.Verified()))
	got, index, err := receiver.Decrypt(c.Out.Text("message_b64"))
	ok(err)
	check(bytes.Equal(got, plaintext), "decrypts to %q", got)
	c.Out.Is("message_index", index)
	c.Out.Is("inbound_pickle_after_b64", string(pickleOf(receiver, key)))
	again := must(r.pickles().UnpickleInboundGroup(pickleOf(receiver, key), key))
	c.Out.Is("inbound_pickle_after_b64", string(pickleOf(again, key)))
}

func groupDecrypt(r *runner, c *call) {
	s := r.initialise(c.In.Text("session_key_b64"))
	c.Out.Is("first_known_index", must(s.FirstKnownIndex()))
	c.Out.Is("verified", must(s.Verified()))
	r.decrypts(c, s, "message_b64", "plaintext_utf8", "message_index")
}

func groupLateJoiner(r *runner, c *call) {
	late := r.initialise(c.In.Text("late_session_key_b64"))
	early := r.initialise(c.In.Text("early_session_key_b64"))
	c.Out.Is("first_known_index", must(late.FirstKnownIndex()))
	c.Out.Is("requested_index", c.Out.Number("early_message_index"))
	err := r.messageRefused(c.ErrorClass(), late, c.In.Text("message_b64"))
	r.unknownIndex(err, c.Out.Number("first_known_index"), c.Out.Number("requested_index"))
	r.decrypts(c, early, "message_b64", "early_plaintext_utf8", "early_message_index")
}

func groupExportImport(r *runner, c *call) {
	s := r.initialise(c.In.Text("session_key_b64"))
	c.Out.Is("session_id_b64", must(s.ID()))
	indexes, exports := c.In.Numbers("indexes"), c.Out.List("exports_b64")
	check(len(indexes) == len(exports), "%d exports of %d", len(exports), len(indexes))
	for i, index := range indexes {
		check(must(s.Export(index)) == encode64(exports[i]), "another export at %d", index)
	}
	imported := r.importExport(must(s.Export(0)))
	c.Out.Is("session_id_b64", must(imported.ID()))
	c.Out.Is("imported_verified", must(imported.Verified()))
	r.decrypts(c, imported, "message_b64", "plaintext_utf8", "message_index")
	c.Out.Is("imported_verified_after", must(imported.Verified()))
}

func groupImportLater(r *runner, c *call) {
	s := r.importExport(c.In.Text("export_b64"))
	c.Out.Is("first_known_index", must(s.FirstKnownIndex()))
	c.Out.Is("requested_index", c.In.Number("export_index"))
	first, requested := c.Out.Number("first_known_index"), c.Out.Number("requested_index")
	r.exportRefused(c.ErrorClass(), s, requested)
	r.unknownIndex(r.messageRefused(c.ErrorClass(), s, c.In.Text("message_b64")), first, requested)
	r.decrypts(c, s, "later_message_b64", "later_plaintext_utf8", "later_message_index")
}

func groupInitWrongFormat(r *runner, c *call) {
	text := c.In.Text("export_b64")
	_, err := r.i.NewInboundGroup(text)
	r.refused(c.ErrorClass(), err)
	s := r.importExport(text)
	c.Out.Is("first_known_index", must(s.FirstKnownIndex()))
	r.decrypts(c, s, "message_b64", "plaintext_utf8", "message_index")
}

func groupImportWrongFormat(r *runner, c *call) {
	text := c.In.Text("session_key_b64")
	_, err := r.i.ImportInboundGroup(text)
	r.refused(c.ErrorClass(), err)
	s := r.initialise(text)
	c.Out.Is("first_known_index", must(s.FirstKnownIndex()))
	r.decrypts(c, s, "message_b64", "plaintext_utf8", "message_index")
}

func groupSessionKeyBadSignature(r *runner, c *call) {
	text := c.In.Text("session_key_b64")
	tampered := c.Tamper(text)
	c.Out.Is("tampered_session_key_b64", tampered)
	_, err := r.i.NewInboundGroup(tampered)
	r.refused(c.ErrorClass(), err)
	r.decrypts(c, r.initialise(text), "message_b64", "plaintext_utf8", "message_index")
}

func groupMessageBadSignature(r *runner, c *call) {
	s := r.initialise(c.In.Text("session_key_b64"))
	tampered := c.Tamper(c.In.Text("message_b64"))
	c.Out.Is("tampered_message_b64", tampered)
	r.messageRefused(c.ErrorClass(), s, tampered)
	r.decrypts(c, s, "message_b64", "plaintext_utf8", "message_index")
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

func outside(r rune) bool { return !strings.ContainsRune(alphabet, r) }

func groupCorruptBase64(r *runner, c *call) {
	s := r.initialise(c.In.Text("session_key_b64"))
	text := c.In.Text("message_utf8")
	r.messageRefused(c.ErrorClass(), s, text)
	bad := strings.IndexFunc(text, outside)
	check(bad >= 0 && strings.LastIndexFunc(text, outside) == bad, "not one symbol outside the alphabet")
	c.Out.Is("bad_symbol_offset", bad)
	c.Out.Is("without_bad_symbol_hex", must(decode64(text[:bad]+text[bad+1:])))
	r.decrypts(c, s, "control_message_b64", "control_plaintext_utf8", "control_message_index")
}
