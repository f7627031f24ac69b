package testvectors_test

import (
	"bytes"
	"errors"
	"slices"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
)

// vodozemacPickle returns an operation that imports the pickle of a vector,
// compares its JSON, and goes on with what was imported.
func vodozemacPickle[T any](open func(pickle, key []byte) (T, error), show func(c *call, v T)) operation {
	return func(c *call) {
		show(c, openVodozemac(c, open))
		p, key := []byte(c.in.text("pickle_b64")), c.in.bytes("pickle_key_hex")
		refusesPickle(func(change func(p, key []byte) ([]byte, []byte)) error {
			_, err := open(change(bytes.Clone(p), bytes.Clone(key)))
			return err
		})
	}
}

func openVodozemac[T any](c *call, open func(pickle, key []byte) (T, error)) T {
	p, key := c.in.text("pickle_b64"), c.in.bytes("pickle_key_hex")
	c.in.bytes("pickle_b64")
	v := must(open([]byte(p), key))
	c.out.is("json_utf8", unpickle(p, key))
	return v
}

// refusesPickle demands that a pickle opens under its key alone, and whole.
func refusesPickle(open func(change func(p, key []byte) ([]byte, []byte)) error) {
	for what, change := range map[string]func(p, key []byte) ([]byte, []byte){
		"another key":   func(p, key []byte) ([]byte, []byte) { key[31] ^= 1; return p, key },
		"a shorter key": func(p, key []byte) ([]byte, []byte) { return p, key[:31] },
		"a longer key":  func(p, key []byte) ([]byte, []byte) { return p, append(key, 0) },
		"no key":        func(p, key []byte) ([]byte, []byte) { return p, nil },
		"a part":        func(p, key []byte) ([]byte, []byte) { return p[:len(p)/8*4], key },
		"more":          func(p, key []byte) ([]byte, []byte) { return append([]byte("AAAA"), p...), key },
	} {
		check(errors.Is(open(change), olm.ErrPickleKey), "opens with %s", what)
	}
}

// exports demands that v is exported as a pickle. A pickle of today's layout is
// exported as it came.
func exports(c *call, name string, v interface{ ExportVodozemac([]byte) ([]byte, error) }) {
	c.out.is(name, string(must(v.ExportVodozemac(c.in.bytes("pickle_key_hex")))))
}

func vodozemacAccount(c *call, a *olm.Account) {
	c.out.is("one_time_key_count", a.OneTimeKeyCount())
	c.out.is("unpublished_one_time_keys_b64", keyList(a.UnpublishedOneTimeKeys()...))
	var fallback []olm.OneTimeKey
	if k, there := a.UnpublishedFallbackKey(); there {
		fallback = append(fallback, k)
	}
	c.out.is("unpublished_fallback_keys_b64", keyList(fallback...))

	// There and back, the account is the same.
	key := c.in.bytes("pickle_key_hex")
	back := must(olm.ImportVodozemacAccount(must(a.ExportVodozemac(key)), key))
	check(bytes.Equal(state(back), state(a)), "another account after an export and an import")
	accountWorks(c, a)
}

// keyList returns public keys in the order of their texts.
func keyList(list ...olm.OneTimeKey) [][]byte {
	slices.SortFunc(list, func(a, b olm.OneTimeKey) int { return bytes.Compare([]byte(a.Key.String()), []byte(b.Key.String())) })
	var all [][]byte
	for _, k := range list {
		all = append(all, k.Key.Bytes())
	}
	return all
}

// accountWorks compares the identity of an account, and reads a message to one
// of its keys.
func accountWorks(c *call, a *olm.Account) {
	c.out.is("identity_keys_utf8", identityText(a))
	c.out.is("signature_b64", must(a.Sign(c.in.bytes("message_utf8"))).String())
	sender := must(keys.NewCurve25519(c.in.bytes("sender_key_b64")))
	m := must(olm.NewMessage(olm.PreKey, c.in.bytes("pre_key_message_b64")))
	c.out.is("plaintext_utf8", must(a.NewInboundSession(sender, m)).Plaintext)
}

func vodozemacOlmSession(c *call, s *olm.Session) {
	c.out.is("session_id_b64", s.ID())
	c.out.is("received_message", s.HasReceivedMessage())
	exports(c, "pickle_again_b64", s)
}

func vodozemacSession(c *call, s *olm.Session) {
	vodozemacOlmSession(c, s)
	var plaintexts [][]byte
	for _, m := range c.in.list("messages_b64") {
		plaintexts = append(plaintexts, must(s.Decrypt(must(olm.NewMessage(olm.Normal, m)))))
	}
	c.out.is("plaintexts_utf8", plaintexts)
	exports(c, "pickle_after_b64", s)
}

func vodozemacSessionSending(c *call, s *olm.Session) {
	vodozemacOlmSession(c, s)
	m := must(s.Encrypt(c.in.bytes("plaintext_utf8")))
	c.out.is("message_type", int(m.Type()))
	c.out.is("message_b64", m.Body())
	exports(c, "pickle_after_b64", s)
}

func vodozemacOutbound(c *call, s *megolm.OutboundSession) {
	c.out.is("session_id_b64", s.ID())
	c.out.is("index", s.Index())
	c.out.is("session_key_b64", string(must(s.SessionKey()).SecretText()))
	exports(c, "pickle_again_b64", s)
	c.out.is("message_b64", must(s.Encrypt(c.in.bytes("plaintext_utf8"))).String())
	exports(c, "pickle_after_b64", s)
}

func vodozemacInbound(c *call, s *megolm.InboundSession) {
	c.out.is("session_id_b64", s.ID())
	c.out.is("first_known_index", s.FirstKnownIndex())
	c.out.is("verified", s.SigningKeyVerified())
	c.out.is("export_b64", string(must(s.Export()).SecretText()))
	exports(c, "pickle_again_b64", s)
	d := must(s.Decrypt(must(megolm.ParseMessage(c.in.text("message_b64")))))
	c.out.is("message_index", d.Index)
	c.out.is("plaintext_utf8", d.Plaintext)
}

func dehydratedV1(c *call) {
	dehydrated(c, olm.DehydrationV1, "", c.in.text("device_id_utf8"))
}

// dehydratedV2 also dehydrates the account again, with the same nonce.
func dehydratedV2(c *call) {
	a, d := dehydrated(c, olm.DehydrationV2, c.in.text("nonce_b64"), "")
	again := random(c.in.bytes("nonce_b64"), func() olm.DehydratedDevice { return must(a.Dehydrate(c.in.bytes("key_hex"))) })
	check(again == d, "dehydrated again, it is %+v", again)
}

func dehydrated(c *call, algorithm, nonce, device string) (*olm.Account, olm.DehydratedDevice) {
	c.in.bytes("device_pickle_b64")
	d := olm.DehydratedDevice{Algorithm: algorithm, DevicePickle: c.in.text("device_pickle_b64"), Nonce: nonce}
	a := must(olm.RehydrateAccount(d, c.in.bytes("key_hex"), device))
	check(len(a.UnpublishedOneTimeKeys()) == 0 || algorithm == olm.DehydrationV1, "keys that are not published")
	accountWorks(c, must(olm.RehydrateAccount(d, c.in.bytes("key_hex"), device)))
	refusesPickle(func(change func(p, key []byte) ([]byte, []byte)) error {
		changed := d
		p, key := change([]byte(d.DevicePickle), c.in.bytes("key_hex"))
		changed.DevicePickle = string(p)
		_, err := olm.RehydrateAccount(changed, key, device)
		return err
	})
	return a, d
}
