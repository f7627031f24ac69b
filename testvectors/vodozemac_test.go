package testvectors_test

import (
	"bytes"
	"errors"
	"slices"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
	"github.com/chappe-e2ee/chappe/testvectors/conformance/vector"
)

// vodozemacPickle returns an operation that imports the pickle of a vector,
// compares its JSON, and goes on with what was imported.
func vodozemacPickle[T any](open func(pickle, key []byte) (T, error), show func(c *call, v T)) vector.Operation {
	return func(c *call) {
		show(c, openVodozemac(c, open))
		p, key := []byte(c.In.Text("pickle_b64")), c.In.Bytes("pickle_key_hex")
		refusesPickle(func(change func(p, key []byte) ([]byte, []byte)) error {
			_, err := open(change(bytes.Clone(p), bytes.Clone(key)))
			return err
		})
	}
}

func openVodozemac[T any](c *call, open func(pickle, key []byte) (T, error)) T {
	p, key := c.In.Text("pickle_b64"), c.In.Bytes("pickle_key_hex")
	c.In.Bytes("pickle_b64")
	v := must(open([]byte(p), key))
	c.Out.Is("json_utf8", unpickle(p, key))
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
	c.Out.Is(name, string(must(v.ExportVodozemac(c.In.Bytes("pickle_key_hex")))))
}

func vodozemacAccount(c *call, a *olm.Account) {
	c.Out.Is("one_time_key_count", a.OneTimeKeyCount())
	c.Out.Is("unpublished_one_time_keys_b64", keyList(a.UnpublishedOneTimeKeys()...))
	var fallback []olm.OneTimeKey
	if k, there := a.UnpublishedFallbackKey(); there {
		fallback = append(fallback, k)
	}
	c.Out.Is("unpublished_fallback_keys_b64", keyList(fallback...))

	// There and back, the account is the same.
	key := c.In.Bytes("pickle_key_hex")
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
	c.Out.Is("identity_keys_utf8", identityText(a))
	c.Out.Is("signature_b64", must(a.Sign(c.In.Bytes("message_utf8"))).String())
	sender := must(keys.NewCurve25519(c.In.Bytes("sender_key_b64")))
	m := must(olm.NewMessage(olm.PreKey, c.In.Bytes("pre_key_message_b64")))
	c.Out.Is("plaintext_utf8", must(a.NewInboundSession(sender, m)).Plaintext)
}

func vodozemacOlmSession(c *call, s *olm.Session) {
	c.Out.Is("session_id_b64", s.ID())
	c.Out.Is("received_message", s.HasReceivedMessage())
	exports(c, "pickle_again_b64", s)
}

func vodozemacSession(c *call, s *olm.Session) {
	vodozemacOlmSession(c, s)
	var plaintexts [][]byte
	for _, m := range c.In.List("messages_b64") {
		plaintexts = append(plaintexts, must(s.Decrypt(must(olm.NewMessage(olm.Normal, m)))))
	}
	c.Out.Is("plaintexts_utf8", plaintexts)
	exports(c, "pickle_after_b64", s)
}

func vodozemacSessionSending(c *call, s *olm.Session) {
	vodozemacOlmSession(c, s)
	m := must(s.Encrypt(c.In.Bytes("plaintext_utf8")))
	c.Out.Is("message_type", int(m.Type()))
	c.Out.Is("message_b64", m.Body())
	exports(c, "pickle_after_b64", s)
}

func vodozemacOutbound(c *call, s *megolm.OutboundSession) {
	c.Out.Is("session_id_b64", s.ID())
	c.Out.Is("index", s.Index())
	c.Out.Is("session_key_b64", string(must(s.SessionKey()).SecretText()))
	exports(c, "pickle_again_b64", s)
	c.Out.Is("message_b64", must(s.Encrypt(c.In.Bytes("plaintext_utf8"))).String())
	exports(c, "pickle_after_b64", s)
}

func vodozemacInbound(c *call, s *megolm.InboundSession) {
	c.Out.Is("session_id_b64", s.ID())
	c.Out.Is("first_known_index", s.FirstKnownIndex())
	c.Out.Is("verified", s.SigningKeyVerified())
	c.Out.Is("export_b64", string(must(s.Export()).SecretText()))
	exports(c, "pickle_again_b64", s)
	d := must(s.Decrypt(must(megolm.ParseMessage(c.In.Text("message_b64")))))
	c.Out.Is("message_index", d.Index)
	c.Out.Is("plaintext_utf8", d.Plaintext)
}

func dehydratedV1(c *call) {
	dehydrated(c, olm.DehydrationV1, "", c.In.Text("device_id_utf8"))
}

// dehydratedV2 also dehydrates the account again, with the same nonce.
func dehydratedV2(c *call) {
	a, d := dehydrated(c, olm.DehydrationV2, c.In.Text("nonce_b64"), "")
	again := random(c.In.Bytes("nonce_b64"), func() olm.DehydratedDevice { return must(a.Dehydrate(c.In.Bytes("key_hex"))) })
	check(again == d, "dehydrated again, it is %+v", again)
}

func dehydrated(c *call, algorithm, nonce, device string) (*olm.Account, olm.DehydratedDevice) {
	c.In.Bytes("device_pickle_b64")
	d := olm.DehydratedDevice{Algorithm: algorithm, DevicePickle: c.In.Text("device_pickle_b64"), Nonce: nonce}
	a := must(olm.RehydrateAccount(d, c.In.Bytes("key_hex"), device))
	check(len(a.UnpublishedOneTimeKeys()) == 0 || algorithm == olm.DehydrationV1, "keys that are not published")
	accountWorks(c, must(olm.RehydrateAccount(d, c.In.Bytes("key_hex"), device)))
	refusesPickle(func(change func(p, key []byte) ([]byte, []byte)) error {
		changed := d
		p, key := change([]byte(d.DevicePickle), c.In.Bytes("key_hex"))
		changed.DevicePickle = string(p)
		_, err := olm.RehydrateAccount(changed, key, device)
		return err
	})
	return a, d
}
