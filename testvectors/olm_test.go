package testvectors_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/olm"
)

// newAccount returns an account from its 64 random bytes.
func newAccount(random64 []byte) *olm.Account {
	return random(random64, func() *olm.Account { return must(olm.GenerateAccount()) })
}

// generateKeys makes as many one-time keys as there are random bytes for.
func generateKeys(a *olm.Account, bytes []byte) {
	check(len(bytes) > 0 && len(bytes)%32 == 0, "not 32 random bytes for each key")
	evicted := random(bytes, func() []keys.Curve25519 { return must(a.GenerateOneTimeKeys(len(bytes) / 32)) })
	check(len(evicted) == 0, "one-time keys were evicted")
}

func identityText(a *olm.Account) string { return string(must(json.Marshal(a.IdentityKeys()))) }

// keysText is libolm's text for one-time and fallback keys.
func keysText(list ...olm.OneTimeKey) string {
	var items []string
	for _, k := range list {
		items = append(items, `"`+k.ID.String()+`":"`+k.Key.String()+`"`)
	}
	return `{"curve25519":{` + strings.Join(items, ",") + `}}`
}

// newestFirst returns the one-time keys in libolm's order.
func newestFirst(a *olm.Account) []olm.OneTimeKey {
	var list []olm.OneTimeKey
	for _, k := range a.UnpublishedOneTimeKeys() {
		list = append([]olm.OneTimeKey{k}, list...)
	}
	return list
}

func oneTimeKeysText(a *olm.Account) string { return keysText(newestFirst(a)...) }

func fallbackText(a *olm.Account) string { return optionalKey(a.FallbackKey()) }

func optionalKey(k olm.OneTimeKey, there bool) string {
	if !there {
		return keysText()
	}
	return keysText(k)
}

// newSession returns a's session with a key of b.
func newSession(a, b *olm.Account, oneTimeKey keys.Curve25519, random64 []byte) *olm.Session {
	return random(random64, func() *olm.Session {
		return must(a.NewOutboundSession(b.IdentityKeys().Curve25519, oneTimeKey))
	})
}

func encrypt(s *olm.Session, plaintext, bytes []byte) olm.Message {
	return random(bytes, func() olm.Message { return must(s.Encrypt(plaintext)) })
}

// parse hands a message over as it goes over the wire.
func parse(m olm.Message) olm.Message { return must(olm.ParseMessage(m.Type(), m.Body())) }

func decryptsTo(s *olm.Session, m olm.Message, plaintext []byte) {
	got := must(s.Decrypt(parse(m)))
	check(bytes.Equal(got, plaintext), "decrypts to %q", got)
}

func curve25519Of(a *olm.Account) keys.Curve25519 { return a.IdentityKeys().Curve25519 }

// matchesFrom says whether m is of session s and from a sender.
func matchesFrom(s *olm.Session, m olm.Message, sender keys.Curve25519) bool {
	return s.Matches(m) && s.SessionKeys().IdentityKey == sender
}

// inbound makes b's session of a pre-key message as libolm does, and demands
// that the single step of our own gives the same in the end. It returns the
// session before anything is decrypted.
func inbound(a, b *olm.Account, m olm.Message, plaintext []byte) *olm.Session {
	s := must(b.UnsafeNewInboundSession(curve25519Of(a), parse(m)))
	two := must(olm.ImportLibolmSession(must(s.ExportLibolm(nil)), nil))
	account := must(olm.ImportLibolmAccount(must(b.ExportLibolm(nil)), nil))
	one := must(account.NewInboundSession(curve25519Of(a), parse(m)))
	decryptsTo(two, m, plaintext)
	check(bytes.Equal(one.Plaintext, plaintext), "decrypts to %q", one.Plaintext)
	check(bytes.Equal(state(one.Session), state(two)), "one step and two steps give different sessions")

	twoSteps := must(olm.ImportLibolmAccount(must(b.ExportLibolm(nil)), nil))
	id := must(twoSteps.UnsafeConsumeKey(s))
	check(id == one.Used.ID && bytes.Equal(state(account), state(twoSteps)), "one step and two steps give different accounts")
	return s
}

// wrongSender demands that a message is not taken from another sender.
func wrongSender(b *olm.Account, m olm.Message, sender keys.Curve25519) {
	before := state(b)
	_, err := b.NewInboundSession(sender, parse(m))
	check(errors.Is(err, olm.ErrIdentityKey) && bytes.Equal(before, state(b)), "taken from another sender: %v", err)
}

func olmLoopback(c *call) {
	plaintext, pickleKey := c.in.bytes("plaintext_utf8"), c.in.bytes("pickle_key_utf8")
	a, b := newAccount(c.in.bytes("alice_account_random_hex")), newAccount(c.in.bytes("bob_account_random_hex"))
	generateKeys(b, c.in.bytes("bob_one_time_key_random_hex"))
	c.out.is("alice_identity_keys_utf8", identityText(a))
	c.out.is("bob_identity_keys_utf8", identityText(b))
	c.out.is("bob_one_time_keys_utf8", oneTimeKeysText(b))

	sa := newSession(a, b, newestFirst(b)[0].Key, c.in.bytes("alice_session_random_hex"))
	c.out.is("session_id_b64", sa.ID())
	c.out.is("alice_session_created_raw_hex", state(sa))
	c.out.is("alice_session_created_pickle_b64", string(must(sa.ExportLibolm(pickleKey))))

	m := encrypt(sa, plaintext, nil)
	c.out.is("message_1_type", int(m.Type()))
	c.out.is("message_1_b64", m.Body())
	c.out.is("alice_session_1_raw_hex", state(sa))

	wrongSender(b, m, curve25519Of(b))
	sb := inbound(a, b, m, plaintext)
	c.out.is("session_id_b64", sb.ID())
	c.out.is("bob_session_created_raw_hex", state(sb))
	c.out.is("matches", sb.Matches(m))
	c.out.is("matches_from_alice", matchesFrom(sb, m, curve25519Of(a)))
	c.out.is("matches_from_bob", matchesFrom(sb, m, curve25519Of(b)))
	decryptsTo(sb, m, plaintext)
	c.out.is("removed_key_id", must(b.UnsafeConsumeKey(sb)).Number())
	c.out.is("bob_account_raw_hex", state(b))

	m = encrypt(sb, plaintext, c.in.bytes("bob_message_random_hex"))
	c.out.is("message_2_type", int(m.Type()))
	c.out.is("message_2_b64", m.Body())
	c.out.is("bob_session_2_raw_hex", state(sb))
	c.out.is("bob_session_2_pickle_b64", string(must(sb.ExportLibolm(pickleKey))))

	decryptsTo(sa, m, plaintext)
	c.out.is("alice_session_2_raw_hex", state(sa))
	unchanged(sa, c.out.object("replay").text("error"), func() error {
		_, err := sa.Decrypt(parse(m))
		return err
	})
	c.out.is("alice_session_2_raw_hex", state(sa))
	c.out.is("alice_describe_utf8", sa.Describe())
	c.out.is("bob_describe_utf8", sb.Describe())
}

func olmConversation(c *call) {
	plaintext := c.in.bytes("plaintext_utf8")
	a, b := newAccount(c.in.bytes("alice_account_random_hex")), newAccount(c.in.bytes("bob_account_random_hex"))
	generateKeys(b, c.in.bytes("bob_one_time_key_random_hex"))
	c.out.is("alice_identity_keys_utf8", identityText(a))
	sa := newSession(a, b, newestFirst(b)[0].Key, c.in.bytes("alice_session_random_hex"))
	var sb *olm.Session
	todo, want := c.in.objects("messages"), c.out.objects("messages")
	check(len(todo) == len(want), "%d messages in inputs, %d expected", len(todo), len(want))
	for i, o := range todo {
		from, to := sa, sb
		if !o.boolean("from_alice") {
			from, to = sb, sa
		}
		check(from != nil, "Bob has no session yet")
		m := encrypt(from, plaintext, o.bytes("random_hex"))
		want[i].is("type", int(m.Type()))
		want[i].is("message_b64", m.Body())
		if to == nil {
			sb = inbound(a, b, m, plaintext)
			must(b.UnsafeConsumeKey(sb))
			to = sb
		}
		decryptsTo(to, m, plaintext)
	}
	check(sb != nil, "no message")
	c.out.is("bob_account_raw_hex", state(b))
	c.out.is("alice_session_raw_hex", state(sa))
	c.out.is("bob_session_raw_hex", state(sb))
	c.out.is("alice_describe_utf8", sa.Describe())
	c.out.is("bob_describe_utf8", sb.Describe())
}

// forget makes an account forget its previous fallback key.
func forget(a *olm.Account) {
	check(must(a.ForgetPreviousFallbackKey()), "there was no previous fallback key")
}

func olmFallbackKey(c *call) {
	plaintext, randoms := c.in.bytes("plaintext_utf8"), c.in.list("session_randoms_hex")
	check(len(randoms) == 3, "%d sessions", len(randoms))
	a, b := newAccount(c.in.bytes("alice_account_random_hex")), newAccount(c.in.bytes("bob_account_random_hex"))
	c.out.is("alice_identity_keys_utf8", identityText(a))
	generate := func(name string) {
		forgotten := random(c.in.bytes(name), func() keys.Curve25519 { return must(b.GenerateFallbackKey()) })
		check(forgotten.IsZero(), "a fallback key was forgotten")
	}
	generate("fallback_random_1_hex")
	first, _ := b.FallbackKey()
	c.out.is("fallback_key_1_utf8", fallbackText(b))
	c.out.is("bob_account_1_raw_hex", state(b))

	send := func(i int) olm.Message { return encrypt(newSession(a, b, first.Key, randoms[i]), plaintext, nil) }
	accepted := func(o *members, m olm.Message) {
		o.is("message_b64", m.Body())
		before := state(b)
		s := inbound(a, b, m, plaintext)
		o.is("matches", s.Matches(m))
		o.is("matches_from_alice", matchesFrom(s, m, curve25519Of(a)))
		o.is("matches_from_bob", matchesFrom(s, m, curve25519Of(b)))
		decryptsTo(s, m, plaintext)
		o.is("used_key_id", must(b.UnsafeConsumeKey(s)).Number())
		check(bytes.Equal(before, state(b)), "the account changed")
	}
	accepted(c.out.object("session_1"), send(0))
	generate("fallback_random_2_hex")
	c.out.is("fallback_key_2_utf8", fallbackText(b))
	c.out.is("bob_account_2_raw_hex", state(b))
	accepted(c.out.object("session_2"), send(1))
	forget(b)
	c.out.is("bob_account_forgotten_raw_hex", state(b))
	o, m := c.out.object("session_3"), send(2)
	o.is("message_b64", m.Body())
	inboundRefused(b, o.text("error"), m)
}

// inboundRefused demands that no session can be made of a pre-key message, in
// one step or in two.
func inboundRefused(a *olm.Account, class string, m olm.Message) {
	sender, _ := m.SessionKeys()
	unchanged(a, class, func() error {
		_, err := a.UnsafeNewInboundSession(sender.IdentityKey, parse(m))
		return err
	})
	unchanged(a, class, func() error {
		_, err := a.NewInboundSession(sender.IdentityKey, parse(m))
		e, ok := as[*olm.UnknownOneTimeKeyError](err)
		check(ok && e.Key == sender.OneTimeKey, "%v, should name the key %v", err, sender.OneTimeKey)
		return err
	})
}

func inboundUnknownOneTimeKey(c *call) {
	a := importAccount(c.in.bytes("account_raw_hex"))
	m := must(olm.ParseMessage(olm.PreKey, c.in.text("message_b64")))
	sender, _ := m.SessionKeys()
	c.out.is("plaintext_utf8", must(a.NewInboundSession(sender.IdentityKey, m)).Plaintext)
	forget(a)
	c.out.is("account_forgotten_raw_hex", state(a))
	inboundRefused(a, c.errorClass(), m)
	inboundRefused(importAccount(c.out.bytes("account_forgotten_raw_hex")), c.errorClass(), m)
}

func sessionReplay(c *call) {
	s := importSession(c.in.bytes("session_raw_hex"))
	m := must(olm.ParseMessage(messageType(c.in), c.in.text("message_b64")))
	c.out.is("plaintext_utf8", must(s.Decrypt(m)))
	c.out.is("session_after_raw_hex", state(s))
	for _, s := range []*olm.Session{s, importSession(c.out.bytes("session_after_raw_hex"))} {
		unchanged(s, c.errorClass(), func() error {
			_, err := s.Decrypt(m)
			e, ok := as[*olm.MessageKeyGoneError](err)
			check(ok && e.Index == m.ChainIndex(), "%v, should name message %d", err, m.ChainIndex())
			return err
		})
	}
}

func messageType(o *members) olm.MessageType { return olm.MessageType(o.number("message_type")) }
