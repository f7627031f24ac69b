package conformance

import "bytes"

// newAccount returns an account from its 64 random bytes.
func (r *runner) newAccount(random []byte) (a Account) {
	r.random(random, func() { a = must(r.i.NewAccount()) })
	return a
}

// generateKeys makes as many one-time keys as there are random bytes for.
func (r *runner) generateKeys(a Account, random []byte) {
	check(len(random) > 0 && len(random)%32 == 0, "not 32 random bytes for each key")
	r.random(random, func() { ok(a.GenerateOneTimeKeys(len(random) / 32)) })
}

// newSession returns a's session with a key of b.
func (r *runner) newSession(a, b Account, oneTimeKey string, random []byte) (s Session) {
	identity := identityKey(b)
	r.random(random, func() { s = must(a.NewOutboundSession(identity, oneTimeKey)) })
	return s
}

// message is an encrypted message.
type message struct {
	kind int
	body string
}

func encrypt(s Session, plaintext []byte) message {
	kind, body, err := s.Encrypt(plaintext)
	ok(err)
	return message{kind, body}
}

func (r *runner) encrypt(s Session, plaintext, random []byte) (m message) {
	r.random(random, func() { m = encrypt(s, plaintext) })
	return m
}

func decrypt(s Session, m message) ([]byte, error) { return s.Decrypt(m.kind, m.body) }

func decryptsTo(s Session, m message, plaintext []byte) {
	got := must(decrypt(s, m))
	check(bytes.Equal(got, plaintext), "decrypts to %q, should be %q", got, plaintext)
}

// inbound makes b's session of a pre-key message in two steps, and demands that
// the single step gives the same in the end. It returns the session before
// anything is decrypted.
func (r *runner) inbound(a, b Account, m message, plaintext []byte) Session {
	sender := identityKey(a)
	s := must(twoSteps(b).CreateInboundSession(sender, m.body))

	account := must(r.pickles().UnpickleAccount(pickleOf(b, stateKey), stateKey))
	one, got, err := account.NewInboundSession(sender, m.body)
	ok(err)
	check(bytes.Equal(got, plaintext), "decrypts to %q", got)

	two := must(r.pickles().UnpickleSession(pickleOf(s, stateKey), stateKey))
	decryptsTo(two, m, plaintext)
	check(bytes.Equal(state(one), state(two)), "one step and two steps give different sessions")
	account2 := must(r.pickles().UnpickleAccount(pickleOf(b, stateKey), stateKey))
	removeKey(account2, s)
	check(bytes.Equal(state(account), state(account2)), "one step and two steps give different accounts")
	return s
}

// removeKey removes the one-time or fallback key that a session used.
func removeKey(a Account, used Session) { ok(twoSteps(a).RemoveOneTimeKey(used)) }

func twoSteps(a Account) TwoSteps { return need[TwoSteps](a, "inbound sessions in two steps") }

// matches compares whether a message is of a session, whoever sent it.
func matches(o *members, s Session, m message, alice, bob Account) {
	o.Is("matches", must(s.Matches("", m.body)))
	o.Is("matches_from_alice", must(s.Matches(identityKey(alice), m.body)))
	o.Is("matches_from_bob", must(s.Matches(identityKey(bob), m.body)))
}

func olmLoopback(r *runner, c *call) {
	plaintext, pickleKey := c.In.Bytes("plaintext_utf8"), c.In.Bytes("pickle_key_utf8")
	a, b := r.newAccount(c.In.Bytes("alice_account_random_hex")), r.newAccount(c.In.Bytes("bob_account_random_hex"))
	r.generateKeys(b, c.In.Bytes("bob_one_time_key_random_hex"))
	c.Out.Is("alice_identity_keys_utf8", identityText(a))
	c.Out.Is("bob_identity_keys_utf8", identityText(b))
	before := must(b.OneTimeKeys())
	c.Out.Is("bob_one_time_keys_utf8", keysText(before))
	key, _ := newest(before)

	sa := r.newSession(a, b, key, c.In.Bytes("alice_session_random_hex"))
	c.Out.Is("session_id_b64", must(sa.ID()))
	c.Out.Is("alice_session_created_raw_hex", state(sa))
	c.Out.Is("alice_session_created_pickle_b64", string(pickleOf(sa, pickleKey)))

	m := r.encrypt(sa, plaintext, nil)
	c.Out.Is("message_1_type", m.kind)
	c.Out.Is("message_1_b64", m.body)
	c.Out.Is("alice_session_1_raw_hex", state(sa))

	// The claimed sender is another one.
	account := state(b)
	_, _, err := b.NewInboundSession(identityKey(b), m.body)
	check(err != nil && bytes.Equal(account, state(b)), "taken from another sender, or it changed something: %v", err)
	sb := r.inbound(a, b, m, plaintext)
	c.Out.Is("session_id_b64", must(sb.ID()))
	c.Out.Is("bob_session_created_raw_hex", state(sb))
	matches(c.Out, sb, m, a, b)
	decryptsTo(sb, m, plaintext)
	removeKey(b, sb)
	c.Out.Is("removed_key_id", removed(before, must(b.OneTimeKeys())))
	c.Out.Is("bob_account_raw_hex", state(b))

	m = r.encrypt(sb, plaintext, c.In.Bytes("bob_message_random_hex"))
	c.Out.Is("message_2_type", m.kind)
	c.Out.Is("message_2_b64", m.body)
	c.Out.Is("bob_session_2_raw_hex", state(sb))
	c.Out.Is("bob_session_2_pickle_b64", string(pickleOf(sb, pickleKey)))

	decryptsTo(sa, m, plaintext)
	c.Out.Is("alice_session_2_raw_hex", state(sa))
	r.unchanged(sa, c.Out.Object("replay").Text("error"), func() error {
		_, err := decrypt(sa, m)
		return err
	})
	c.Out.Is("alice_session_2_raw_hex", state(sa))
	c.Out.Is("alice_describe_utf8", describe(sa))
	c.Out.Is("bob_describe_utf8", describe(sb))
}

// removed returns the number of the one key that is there before and not after.
func removed(before, after map[string]string) (number uint32) {
	found := 0
	for id := range before {
		if _, there := after[id]; !there {
			number = idNumber(id)
			found++
		}
	}
	check(found == 1, "%d keys were removed", found)
	return number
}

func describe(s Session) string {
	return must(need[Describer](s, "description of sessions").Describe())
}

func olmConversation(r *runner, c *call) {
	plaintext := c.In.Bytes("plaintext_utf8")
	a, b := r.newAccount(c.In.Bytes("alice_account_random_hex")), r.newAccount(c.In.Bytes("bob_account_random_hex"))
	r.generateKeys(b, c.In.Bytes("bob_one_time_key_random_hex"))
	c.Out.Is("alice_identity_keys_utf8", identityText(a))
	key, _ := newest(must(b.OneTimeKeys()))
	sa := r.newSession(a, b, key, c.In.Bytes("alice_session_random_hex"))
	var sb Session
	todo, want := c.In.Objects("messages"), c.Out.Objects("messages")
	check(len(todo) == len(want), "%d messages in inputs, %d expected", len(todo), len(want))
	for i, o := range todo {
		from, to := sa, sb
		if !o.Boolean("from_alice") {
			from, to = sb, sa
		}
		check(from != nil, "Bob has no session yet")
		m := r.encrypt(from, plaintext, o.Bytes("random_hex"))
		want[i].Is("type", m.kind)
		want[i].Is("message_b64", m.body)
		if to == nil {
			sb = r.inbound(a, b, m, plaintext)
			removeKey(b, sb)
			to = sb
		}
		decryptsTo(to, m, plaintext)
	}
	check(sb != nil, "no message")
	c.Out.Is("bob_account_raw_hex", state(b))
	c.Out.Is("alice_session_raw_hex", state(sa))
	c.Out.Is("bob_session_raw_hex", state(sb))
	c.Out.Is("alice_describe_utf8", describe(sa))
	c.Out.Is("bob_describe_utf8", describe(sb))
}

func olmFallbackKey(r *runner, c *call) {
	plaintext, randoms := c.In.Bytes("plaintext_utf8"), c.In.List("session_randoms_hex")
	check(len(randoms) == 3, "%d sessions", len(randoms))
	a, b := r.newAccount(c.In.Bytes("alice_account_random_hex")), r.newAccount(c.In.Bytes("bob_account_random_hex"))
	c.Out.Is("alice_identity_keys_utf8", identityText(a))
	generate := func(name string) map[string]string {
		r.random(c.In.Bytes(name), func() { ok(b.GenerateFallbackKey()) })
		return must(b.FallbackKey())
	}
	fallback := generate("fallback_random_1_hex")
	first, firstID := newest(fallback)
	c.Out.Is("fallback_key_1_utf8", keysText(fallback))
	c.Out.Is("bob_account_1_raw_hex", state(b))

	send := func(o *members, i int) message {
		m := r.encrypt(r.newSession(a, b, first, randoms[i]), plaintext, nil)
		o.Is("message_b64", m.body)
		return m
	}
	accepted := func(o *members, i int) {
		m := send(o, i)
		before := state(b)
		s := r.inbound(a, b, m, plaintext)
		matches(o, s, m, a, b)
		decryptsTo(s, m, plaintext)
		removeKey(b, s)
		// No other key was left to use: its id is that of the first one.
		o.Is("used_key_id", firstID)
		check(bytes.Equal(before, state(b)), "the account changed")
	}
	accepted(c.Out.Object("session_1"), 0)
	c.Out.Is("fallback_key_2_utf8", keysText(generate("fallback_random_2_hex")))
	c.Out.Is("bob_account_2_raw_hex", state(b))
	accepted(c.Out.Object("session_2"), 1)
	ok(b.ForgetFallbackKey())
	c.Out.Is("bob_account_forgotten_raw_hex", state(b))
	o := c.Out.Object("session_3")
	r.inboundRefused(b, identityKey(a), o.Text("error"), send(o, 2))
}

// inboundRefused demands that no session can be made of a pre-key message, in
// one step or, where that exists, in two.
func (r *runner) inboundRefused(a Account, sender, class string, m message) {
	r.unchanged(a, class, func() error {
		_, _, err := a.NewInboundSession(sender, m.body)
		return err
	})
	if two, there := a.(TwoSteps); there {
		r.unchanged(a, class, func() error {
			_, err := two.CreateInboundSession(sender, m.body)
			return err
		})
	}
}

// senderOf returns the identity key that a pre-key message carries: after the
// version, three fields of 32 bytes in any order, the one numbered 3.
func senderOf(body string) string {
	b := must(decode64(body))
	for i := 1; i+34 <= len(b) && b[i+1] == 32; i += 34 {
		if b[i] == 3<<3|2 {
			return encode64(b[i+2 : i+34])
		}
	}
	fail("not a pre-key message")
	return ""
}

func inboundUnknownOneTimeKey(r *runner, c *call) {
	a := r.importAccount(c.In.Bytes("account_raw_hex"))
	m := message{PreKey, c.In.Text("message_b64")}
	sender := senderOf(m.body)
	_, plaintext, err := a.NewInboundSession(sender, m.body)
	ok(err)
	c.Out.Is("plaintext_utf8", plaintext)
	ok(a.ForgetFallbackKey())
	c.Out.Is("account_forgotten_raw_hex", state(a))
	r.inboundRefused(a, sender, c.ErrorClass(), m)
	r.inboundRefused(r.importAccount(c.Out.Bytes("account_forgotten_raw_hex")), sender, c.ErrorClass(), m)
}

func sessionReplay(r *runner, c *call) {
	s := r.importSession(c.In.Bytes("session_raw_hex"))
	m := message{int(c.In.Number("message_type")), c.In.Text("message_b64")}
	c.Out.Is("plaintext_utf8", must(decrypt(s, m)))
	c.Out.Is("session_after_raw_hex", state(s))
	for _, s := range []Session{s, r.importSession(c.Out.Bytes("session_after_raw_hex"))} {
		r.number(r.unchanged(s, c.ErrorClass(), func() error {
			_, err := decrypt(s, m)
			return err
		}), "index", chainIndex(m))
	}
}

func accountSign(r *runner, c *call) {
	a := r.newAccount(c.In.Bytes("account_random_hex"))
	c.Out.Is("identity_keys_utf8", identityText(a))
	text := c.In.Bytes("message_utf8")
	signature := must(a.Sign(text))
	c.Out.Is("signature_b64", signature)
	_, ed, _ := a.IdentityKeys()
	ok(r.signatures().Verify(ed, text, signature))
}
