package testvectors_test

import (
	"strings"

	"github.com/chappe-e2ee/chappe/megolm"
)

func groupLateJoiner(c *call) {
	late := initialise(c.in.text("late_session_key_b64"))
	early := initialise(c.in.text("early_session_key_b64"))
	c.out.is("first_known_index", late.FirstKnownIndex())
	err := messageRefused(c, late, c.in.text("message_b64"))
	checkUnknownIndex(err, c.out.number("first_known_index"), c.out.number("requested_index"))
	decrypts(c, early, "message_b64", "early_plaintext_utf8", "early_message_index")
}

func groupExportImport(c *call) {
	s := initialise(c.in.text("session_key_b64"))
	c.out.is("session_id_b64", s.ID())
	indexes, exports := c.in.numbers("indexes"), c.out.list("exports_b64")
	check(len(indexes) == len(exports), "%d exports of %d", len(exports), len(indexes))
	for i, index := range indexes {
		e := must(s.ExportAt(index))
		check(string(e.SecretText()) == encode64(exports[i]), "another export at %d", index)
		check(e.Index() == index && e.SessionID() == s.ID(), "the export says something else of itself")
	}
	imported := importExport(string(must(s.ExportAt(0)).SecretText()))
	c.out.is("session_id_b64", imported.ID())
	c.out.is("imported_verified", imported.SigningKeyVerified())
	decrypts(c, imported, "message_b64", "plaintext_utf8", "message_index")
	c.out.is("imported_verified_after", imported.SigningKeyVerified())
}

func groupImportLater(c *call) {
	s := importExport(c.in.text("export_b64"))
	first, requested := c.out.number("first_known_index"), c.out.number("requested_index")
	check(s.FirstKnownIndex() == first, "begins at %d", s.FirstKnownIndex())
	check(c.in.number("export_index") == requested, "two requested indexes")
	exportRefused(c, s, requested)
	checkUnknownIndex(messageRefused(c, s, c.in.text("message_b64")), first, requested)
	decrypts(c, s, "later_message_b64", "later_plaintext_utf8", "later_message_index")
}

func groupInitWrongFormat(c *call) {
	text := c.in.text("export_b64")
	_, err := megolm.ParseSessionKey([]byte(text))
	refused(c.errorClass(), err)
	s := importExport(text)
	c.out.is("first_known_index", s.FirstKnownIndex())
	decrypts(c, s, "message_b64", "plaintext_utf8", "message_index")
}

func groupImportWrongFormat(c *call) {
	text := c.in.text("session_key_b64")
	_, err := megolm.ParseExportedSession([]byte(text))
	refused(c.errorClass(), err)
	s := initialise(text)
	c.out.is("first_known_index", s.FirstKnownIndex())
	decrypts(c, s, "message_b64", "plaintext_utf8", "message_index")
}

func groupSessionKeyBadSignature(c *call) {
	text := c.in.text("session_key_b64")
	tampered := c.tamper(text)
	c.out.is("tampered_session_key_b64", tampered)
	_, err := megolm.ParseSessionKey([]byte(tampered))
	refused(c.errorClass(), err)
	decrypts(c, initialise(text), "message_b64", "plaintext_utf8", "message_index")
}

func groupMessageBadSignature(c *call) {
	s := initialise(c.in.text("session_key_b64"))
	tampered := c.tamper(c.in.text("message_b64"))
	c.out.is("tampered_message_b64", tampered)
	messageRefused(c, s, tampered)
	decrypts(c, s, "message_b64", "plaintext_utf8", "message_index")
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

func groupCorruptBase64(c *call) {
	s := initialise(c.in.text("session_key_b64"))
	text := c.in.text("message_utf8")
	_, err := megolm.ParseMessage(text)
	refused(c.errorClass(), err)

	bad := strings.IndexFunc(text, outside)
	check(bad >= 0 && strings.LastIndexFunc(text, outside) == bad, "not one symbol outside the alphabet")
	c.out.is("bad_symbol_offset", bad)
	c.out.is("without_bad_symbol_hex", must(decode64(text[:bad]+text[bad+1:])))
	decrypts(c, s, "control_message_b64", "control_plaintext_utf8", "control_message_index")
}

func outside(r rune) bool { return !strings.ContainsRune(alphabet, r) }
