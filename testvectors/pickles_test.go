package testvectors_test

import (
	"bytes"
	"strings"

	"github.com/chappe-e2ee/chappe/internal/aessha2"
	"github.com/chappe-e2ee/chappe/internal/layout"
	"github.com/chappe-e2ee/chappe/internal/libolm"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
	"github.com/chappe-e2ee/chappe/pk"
)

// pickle encrypts a raw pickle, unpickle decrypts it.
func pickle(raw, key []byte) []byte { return libolm.Encrypt(raw, key) }

func unpickle(text string, key []byte) []byte {
	return must(libolm.Decrypt("pickle", []byte(text), key))
}

// rawKey is the pickle key under which raw pickles are imported. Any will do.
var rawKey = []byte("raw")

func importAccount(raw []byte) *olm.Account {
	a := must(olm.ImportLibolmAccount(pickle(raw, rawKey), rawKey))
	check(bytes.Equal(state(a), raw), "the account is written otherwise")
	return a
}

func importSession(raw []byte) *olm.Session {
	s := must(olm.ImportLibolmSession(pickle(raw, rawKey), rawKey))
	check(bytes.Equal(state(s), raw), "the session is written otherwise")
	return s
}

// openPickle decrypts the vector's pickle and demands that it is encrypted to
// the same text again.
func openPickle(c *call) (text string, raw, key []byte) {
	text, key = c.in.text("pickle_b64"), c.in.bytes("pickle_key_utf8")
	raw = unpickle(text, key)
	check(string(pickle(raw, key)) == text, "the pickle is encrypted otherwise")
	return text, raw, key
}

// importers import a pickle of each kind.
var importers = map[string]func(pickle, key []byte) (stateless, error){
	"outbound": func(p, k []byte) (stateless, error) { return megolm.ImportLibolmOutboundSession(p, k) },
	"inbound":  func(p, k []byte) (stateless, error) { return megolm.ImportLibolmInboundSession(p, k) },
	"session":  func(p, k []byte) (stateless, error) { return olm.ImportLibolmSession(p, k) },
	"account":  func(p, k []byte) (stateless, error) { return olm.ImportLibolmAccount(p, k) },
	"pk":       func(p, k []byte) (stateless, error) { return pk.ImportLibolmDecryptionKey(p, k) },
}

// stateless is a value that exports a pickle.
type stateless interface {
	ExportLibolm(pickleKey []byte) ([]byte, error)
}

// pickleTrailing returns the operation for one kind of pickle.
func pickleTrailing(kind string) operation {
	return func(c *call) {
		load := importers[kind]
		text, raw, key := openPickle(c)
		check(string(must(must(load([]byte(text), key)).ExportLibolm(key))) == text, "exported otherwise")
		junk := string(pickle(append(raw, c.in.bytes("trailing_hex")...), key))
		c.out.is("junk_pickle_b64", junk)
		_, err := load([]byte(junk), key)
		refused(c.errorClass(), err)
		if kind != "account" && kind != "pk" {
			_, err := load([]byte(c.in.text("blank_junk_pickle_b64")), key)
			refused(c.errorClass(), err)
		}
	}
}

func sessionPickle(c *call) {
	text, raw, key := openPickle(c)
	c.out.is("raw_pickle_hex", raw)
	s := must(olm.ImportLibolmSession([]byte(text), key))
	check(string(must(s.ExportLibolm(key))) == text, "exported otherwise")
	c.out.is("session_id_b64", s.ID())
	c.out.is("describe_utf8", s.Describe())
}

func sessionPickleFields(c *call) {
	text, raw, key := openPickle(c)
	s := must(olm.ImportLibolmSession([]byte(text), key))
	k := s.SessionKeys()
	in := layout.NewReader("pickle", raw)
	is := func(name string) []byte {
		var b [32]byte
		in.Bytes(b[:])
		c.out.is(name, b[:])
		return b[:]
	}
	version := in.Uint32()
	c.out.is("version", version)
	c.out.is("received_message", in.Bool())
	c.out.is("received_message", s.HasReceivedMessage())
	check(bytes.Equal(is("alice_identity_key_hex"), k.IdentityKey.Bytes()), "another identity key")
	check(bytes.Equal(is("alice_base_key_hex"), k.BaseKey.Bytes()), "another base key")
	check(bytes.Equal(is("bob_one_time_key_hex"), k.OneTimeKey.Bytes()), "another one-time key")
	is("root_key_hex")
	senders := in.Uint32()
	c.out.is("sender_chain_count", senders)
	check(senders == 1, "a vector for this has a sender chain")
	public := is("sender_ratchet_public_hex")
	check(bytes.Equal(newPair(is("sender_ratchet_private_hex")).public, public), "not a key pair")
	is("sender_chain_key_hex")
	index := in.Uint32()
	c.out.is("sender_chain_index", index)
	receivers := in.Uint32()
	c.out.is("receiver_chain_count", receivers)
	check(receivers == 0, "a vector for this has no receiver chain")
	c.out.is("skipped_message_key_count", in.Uint32())
	if version == 0x80000001 {
		c.out.is("trailing_chain_index", in.Uint32())
	}
	ok(in.End())
	c.out.is("session_id_b64", s.ID())
	c.out.is("repickled_b64", string(must(s.ExportLibolm(key))))
}

func accountPickle(c *call) {
	a := newAccount(c.in.bytes("account_random_hex"))
	generateKeys(a, c.in.bytes("one_time_key_random_hex"))
	key := c.in.bytes("pickle_key_utf8")
	imported := must(olm.ImportLibolmAccount(must(a.ExportLibolm(key)), key))
	for _, a := range []*olm.Account{a, imported} {
		c.out.is("identity_keys_utf8", identityText(a))
		c.out.is("one_time_keys_utf8", oneTimeKeysText(a))
		c.out.is("raw_pickle_hex", state(a))
		c.out.is("pickle_b64", string(must(a.ExportLibolm(key))))
	}
}

func accountPickleWrongKey(c *call) {
	text, _, key := openPickle(c)
	c.out.is("identity_keys_utf8", identityText(must(olm.ImportLibolmAccount([]byte(text), key))))
	wrong := c.in.bytes("wrong_pickle_key_utf8")
	_, err := olm.ImportLibolmAccount([]byte(text), wrong)
	refused(c.errorClass(), err)

	raw := must(decode64(text))
	ciphertext, mac := raw[:len(raw)-aessha2.MACSize], raw[len(raw)-aessha2.MACSize:]
	c.out.is("mac_hex", mac)
	var cipher aessha2.Cipher
	cipher.Derive(wrong, "Pickle")
	wrongMAC := cipher.MAC(ciphertext)
	c.out.is("wrong_mac_hex", wrongMAC[:])
}

func accountPickleLegacy(c *call) {
	text, raw, key := openPickle(c)
	c.out.is("raw_pickle_hex", raw)
	_, err := olm.ImportLibolmAccount([]byte(text), key)
	refused(c.errorClass(), err)
}

func accountPickleUpgrade(c *call) {
	text, raw, key := openPickle(c)
	c.out.is("raw_pickle_hex", raw)
	a := must(olm.ImportLibolmAccount([]byte(text), key))
	c.out.is("identity_keys_utf8", identityText(a))
	c.out.is("one_time_keys_utf8", oneTimeKeysText(a))
	c.out.is("fallback_key_utf8", fallbackText(a))
	c.out.is("unpublished_fallback_key_utf8", optionalKey(a.UnpublishedFallbackKey()))
	c.out.is("repickled_b64", string(must(a.ExportLibolm(key))))
	raw = state(a)
	c.out.is("repickled_raw_hex", raw)

	// Version, identity keys and no one-time key stand before.
	in := layout.NewReader("pickle", raw)
	in.Bytes(make([]byte, 4+32+64+32+32))
	check(in.Uint32() == 0, "a vector for this has no one-time key")
	n := in.Byte()
	c.out.is("fallback_key_count", int(n))
	in.Bytes(make([]byte, int(n)*(4+1+32+32)))
	c.out.is("last_key_id", in.Uint32())
	ok(in.End())
}

func sessionOutboundBadKey(c *call) {
	a := newAccount(c.in.bytes("account_random_hex"))
	c.out.is("identity_keys_utf8", identityText(a))
	oneTimeKey := must(keys.ParseCurve25519(c.in.text("one_time_key_b64")))
	text := c.in.bytes("identity_key_hex")
	_, err := decode64(string(text))
	refused(c.errorClass(), err)
	// Of text that is also too short for a key, package keys names the length.
	_, err = keys.ParseCurve25519(string(text))
	refused("key", err)
	decoded := decodeLax(text)
	c.out.is("libolm_decoded_hex", decoded)
	_, err = keys.NewCurve25519(decoded)
	refused(c.out.object("decoded").text("error"), err)

	good := must(keys.ParseCurve25519(c.in.text("control_identity_key_b64")))
	s := random(c.in.bytes("session_random_hex"), func() *olm.Session { return must(a.NewOutboundSession(good, oneTimeKey)) })
	c.out.is("control_session_raw_hex", state(s))
}

// decodeLax decodes base64 as libolm does, for which every byte is a symbol.
func decodeLax(text []byte) []byte {
	check(len(text)%4 != 1, "of a length that even libolm refuses")
	var b []byte
	for len(text) > 0 {
		n := min(len(text), 4)
		v := uint32(0)
		for _, s := range text[:n] {
			d := uint32(0xff)
			if i := strings.IndexByte(alphabet, s&0x7f); i >= 0 {
				d = uint32(i)
			}
			v = v<<6 | d
		}
		v <<= 6 * (4 - n)
		b = append(b, []byte{byte(v >> 16), byte(v >> 8), byte(v)}[:n-1]...)
		text = text[n:]
	}
	return b
}

func sessionDecryptMalformed(c *call) {
	s := must(olm.ImportLibolmSession([]byte(c.in.text("session_pickle_b64")), c.in.bytes("pickle_key_utf8")))
	t, text := messageType(c.in), c.in.bytes("message_hex")
	control := must(olm.ParseMessage(t, c.in.text("control_message_b64")))
	_, err := olm.ParseMessage(t, string(text))
	refused(c.errorClass(), err)
	decoded := decodeLax(text)
	c.out.is("libolm_decoded_hex", decoded)
	class := c.out.object("decoded").text("error")
	_, err = olm.NewMessage(t, decoded)
	refused(class, err)
	_, err = olm.ParseMessage(t, encode64(decoded))
	refused(class, err)

	// A message is parsed before a session sees it: no call could have changed
	// the session.
	check(t != olm.PreKey || s.Matches(control), "the control message is of another session")
	c.out.is("control_plaintext_utf8", must(s.Decrypt(control)))
}

func accountSign(c *call) {
	a := newAccount(c.in.bytes("account_random_hex"))
	c.out.is("identity_keys_utf8", identityText(a))
	message := c.in.bytes("message_utf8")
	signature := must(a.Sign(message))
	c.out.is("signature_b64", signature.String())
	ok(a.IdentityKeys().Ed25519.Verify(message, signature))
}
