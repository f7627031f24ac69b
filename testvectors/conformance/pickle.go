package conformance

import (
	"bytes"
	"strings"

	"github.com/chappe-e2ee/chappe/internal/aessha2"
	"github.com/chappe-e2ee/chappe/internal/layout"
)

// openPickle decrypts the vector's pickle and demands that it is encrypted to
// the same text again.
func openPickle(c *call) (text string, raw, key []byte) {
	text, key = c.In.Text("pickle_b64"), c.In.Bytes("pickle_key_utf8")
	raw = unpickle(text, key)
	check(string(pickle(raw, key)) == text, "the pickle is encrypted otherwise")
	return text, raw, key
}

// pickleKinds import a pickle of each kind.
var pickleKinds = map[string]func(r *runner, pickle, key []byte) (any, error){
	"outbound": func(r *runner, p, k []byte) (any, error) { return r.pickles().UnpickleOutboundGroup(p, k) },
	"inbound":  func(r *runner, p, k []byte) (any, error) { return r.pickles().UnpickleInboundGroup(p, k) },
	"session":  func(r *runner, p, k []byte) (any, error) { return r.pickles().UnpickleSession(p, k) },
	"account":  func(r *runner, p, k []byte) (any, error) { return r.pickles().UnpickleAccount(p, k) },
	"pk": func(r *runner, p, k []byte) (any, error) {
		private, err := r.pk().PKUnpickle(p, k)
		return pkPickler{r, private}, err
	},
}

// pkPickler pickles the decryption key of a private key.
type pkPickler struct {
	r       *runner
	private []byte
}

func (p pkPickler) Pickle(key []byte) ([]byte, error) {
	_, _, pickle, err := p.r.pk().PKKey(p.private, key)
	return pickle, err
}

// pickleTrailing returns the operation for one kind of pickle.
func pickleTrailing(kind string) func(*runner, *call) {
	return func(r *runner, c *call) {
		load := pickleKinds[kind]
		text, raw, key := openPickle(c)
		check(string(pickleOf(must(load(r, []byte(text), key)), key)) == text, "exported otherwise")
		junk := string(pickle(append(raw, c.In.Bytes("trailing_hex")...), key))
		c.Out.Is("junk_pickle_b64", junk)
		_, err := load(r, []byte(junk), key)
		r.refused(c.ErrorClass(), err)
		if kind != "account" && kind != "pk" {
			_, err := load(r, []byte(c.In.Text("blank_junk_pickle_b64")), key)
			r.refused(c.ErrorClass(), err)
		}
	}
}

func sessionPickle(r *runner, c *call) {
	text, raw, key := openPickle(c)
	c.Out.Is("raw_pickle_hex", raw)
	s := must(r.pickles().UnpickleSession([]byte(text), key))
	check(string(pickleOf(s, key)) == text, "exported otherwise")
	c.Out.Is("session_id_b64", must(s.ID()))
	c.Out.Is("describe_utf8", describe(s))
}

// sessionPickleFields reads the fields with the layout of README.md, and the
// session id and the pickle from the implementation.
func sessionPickleFields(r *runner, c *call) {
	text, raw, key := openPickle(c)
	s := must(r.pickles().UnpickleSession([]byte(text), key))
	in := layout.NewReader("pickle", raw)
	is := func(name string) {
		var b [32]byte
		in.Bytes(b[:])
		c.Out.Is(name, b[:])
	}
	version := in.Uint32()
	c.Out.Is("version", version)
	c.Out.Is("received_message", in.Bool())
	c.Out.Is("received_message", must(s.HasReceived()))
	is("alice_identity_key_hex")
	is("alice_base_key_hex")
	is("bob_one_time_key_hex")
	is("root_key_hex")
	senders := in.Uint32()
	c.Out.Is("sender_chain_count", senders)
	check(senders == 1, "a vector for this has a sender chain")
	is("sender_ratchet_public_hex")
	is("sender_ratchet_private_hex")
	is("sender_chain_key_hex")
	c.Out.Is("sender_chain_index", in.Uint32())
	receivers := in.Uint32()
	c.Out.Is("receiver_chain_count", receivers)
	check(receivers == 0, "a vector for this has no receiver chain")
	c.Out.Is("skipped_message_key_count", in.Uint32())
	if version == 0x80000001 {
		c.Out.Is("trailing_chain_index", in.Uint32())
	}
	ok(in.End())
	c.Out.Is("session_id_b64", must(s.ID()))
	c.Out.Is("repickled_b64", string(pickleOf(s, key)))
}

func accountPickle(r *runner, c *call) {
	a := r.newAccount(c.In.Bytes("account_random_hex"))
	r.generateKeys(a, c.In.Bytes("one_time_key_random_hex"))
	key := c.In.Bytes("pickle_key_utf8")
	imported := must(r.pickles().UnpickleAccount(pickleOf(a, key), key))
	for _, a := range []Account{a, imported} {
		c.Out.Is("identity_keys_utf8", identityText(a))
		c.Out.Is("one_time_keys_utf8", keysText(must(a.OneTimeKeys())))
		c.Out.Is("raw_pickle_hex", state(a))
		c.Out.Is("pickle_b64", string(pickleOf(a, key)))
	}
}

func accountPickleWrongKey(r *runner, c *call) {
	text, _, key := openPickle(c)
	c.Out.Is("identity_keys_utf8", identityText(must(r.pickles().UnpickleAccount([]byte(text), key))))
	wrong := c.In.Bytes("wrong_pickle_key_utf8")
	_, err := r.pickles().UnpickleAccount([]byte(text), wrong)
	r.refused(c.ErrorClass(), err)

	raw := must(decode64(text))
	ciphertext, mac := raw[:len(raw)-aessha2.MACSize], raw[len(raw)-aessha2.MACSize:]
	c.Out.Is("mac_hex", mac)
	var cipher aessha2.Cipher
	cipher.Derive(wrong, "Pickle")
	wrongMAC := cipher.MAC(ciphertext)
	c.Out.Is("wrong_mac_hex", wrongMAC[:])
}

func accountPickleLegacy(r *runner, c *call) {
	text, raw, key := openPickle(c)
	c.Out.Is("raw_pickle_hex", raw)
	_, err := r.pickles().UnpickleAccount([]byte(text), key)
	r.refused(c.ErrorClass(), err)
}

func accountPickleUpgrade(r *runner, c *call) {
	text, raw, key := openPickle(c)
	c.Out.Is("raw_pickle_hex", raw)
	a := must(r.pickles().UnpickleAccount([]byte(text), key))
	c.Out.Is("identity_keys_utf8", identityText(a))
	c.Out.Is("one_time_keys_utf8", keysText(must(a.OneTimeKeys())))
	c.Out.Is("unpublished_fallback_key_utf8", keysText(must(a.FallbackKey())))
	c.Out.Is("repickled_b64", string(pickleOf(a, key)))
	raw = state(a)
	c.Out.Is("repickled_raw_hex", raw)

	// Version, identity keys and no one-time key stand before.
	in := layout.NewReader("pickle", raw)
	in.Bytes(make([]byte, 4+32+64+32+32))
	check(in.Uint32() == 0, "a vector for this has no one-time key")
	n := in.Byte()
	c.Out.Is("fallback_key_count", int(n))
	current := make(map[string]string)
	for i := range n {
		var id [4]byte
		var public [32]byte
		in.Bytes(id[:])
		in.Byte() // published
		in.Bytes(public[:])
		in.Bytes(make([]byte, 32))
		if i == 0 {
			current[encode64(id[:])] = encode64(public[:])
		}
	}
	c.Out.Is("fallback_key_utf8", keysText(current))
	c.Out.Is("last_key_id", in.Uint32())
	ok(in.End())
}

func sessionOutboundBadKey(r *runner, c *call) {
	a := r.newAccount(c.In.Bytes("account_random_hex"))
	c.Out.Is("identity_keys_utf8", identityText(a))
	oneTimeKey, text := c.In.Text("one_time_key_b64"), c.In.Bytes("identity_key_hex")
	_, err := a.NewOutboundSession(string(text), oneTimeKey)
	r.keyTextRefused(c.ErrorClass(), string(text), err)
	decoded := decodeLax(text)
	c.Out.Is("libolm_decoded_hex", decoded)
	_, err = a.NewOutboundSession(encode64(decoded), oneTimeKey)
	r.refused(c.Out.Object("decoded").Text("error"), err)

	s := new(Session)
	r.random(c.In.Bytes("session_random_hex"), func() {
		*s = must(a.NewOutboundSession(c.In.Text("control_identity_key_b64"), oneTimeKey))
	})
	c.Out.Is("control_session_raw_hex", state(*s))
}

// keyTextRefused demands that text of another length than a key's, which is no
// base64 either, is refused as class; or as a key, where the length is looked at
// first, and then by the decoder.
func (r *runner) keyTextRefused(class, text string, err error) {
	decoder, there := r.i.(Base64)
	if err == nil || !there {
		r.refused(class, err)
		return
	}
	for _, got := range r.i.Classes(err) {
		if got == "key" {
			_, err = decoder.DecodeBase64(text)
			break
		}
	}
	r.refused(class, err)
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

func sessionDecryptMalformed(r *runner, c *call) {
	s := must(r.pickles().UnpickleSession([]byte(c.In.Text("session_pickle_b64")), c.In.Bytes("pickle_key_utf8")))
	kind, text := int(c.In.Number("message_type")), c.In.Bytes("message_hex")
	before := state(s)
	decryptRefused := func(class, body string) {
		r.unchanged(s, class, func() error {
			_, err := s.Decrypt(kind, body)
			return err
		})
	}
	decryptRefused(c.ErrorClass(), string(text))
	decoded := decodeLax(text)
	c.Out.Is("libolm_decoded_hex", decoded)
	decryptRefused(c.Out.Object("decoded").Text("error"), encode64(decoded))
	check(bytes.Equal(before, state(s)), "the session changed")

	control := c.In.Text("control_message_b64")
	check(kind != PreKey || must(s.Matches("", control)), "the control message is of another session")
	c.Out.Is("control_plaintext_utf8", must(s.Decrypt(kind, control)))
}
