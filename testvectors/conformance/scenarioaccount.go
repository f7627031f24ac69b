package conformance

import (
	"bytes"
	"maps"
	"slices"
)

var accountScenarios = []scenario{
	{"account-one-time-keys", "A one-time key is listed until it is published, and serves one session.", func(r *runner) {
		a, b := must(r.objects.NewAccount()), must(r.objects.NewAccount())
		alice, bob := identityKey(a), identityKey(b)
		ok(b.GenerateOneTimeKeys(3))
		listed := must(b.OneTimeKeys())
		check(len(listed) == 3, "%d keys, should be 3", len(listed))
		ok(b.MarkPublished())
		check(len(must(b.OneTimeKeys())) == 0, "published keys are listed")
		ok(b.GenerateOneTimeKeys(2))
		more := must(b.OneTimeKeys())
		check(len(more) == 2, "%d new keys, should be 2", len(more))
		maps.Copy(listed, more)
		check(len(listed) == 5, "an id of a published key was given again")
		for _, id := range keyList(listed) {
			m := encrypt(must(a.NewOutboundSession(bob, listed[id])), say("alice", 0))
			_, got := accept(a, b, m)
			check(bytes.Equal(got, say("alice", 0)), "decrypts to %q", got)
			r.inboundRefused(b, alice, "unknown-one-time-key", m)
			again := encrypt(must(a.NewOutboundSession(bob, listed[id])), say("alice", 1))
			r.inboundRefused(b, alice, "unknown-one-time-key", again)
		}
	}},
	{"account-forged-first", "A forged first message uses up no key, and the true one is then accepted.", func(r *runner) {
		a, b, s := r.conversation()
		alice, m := identityKey(a), encrypt(s, say("alice", 0))
		r.unchanged(b, "mac", func() error {
			_, _, err := b.NewInboundSession(alice, flip(m.body, -1))
			return err
		})
		before := saved(b)
		_, _, err := b.NewInboundSession(identityKey(b), m.body)
		check(err != nil, "accepted from another sender")
		check(bytes.Equal(before, saved(b)), "the message of another sender changed something")
		accept(a, b, m)
	}},
	{"account-forged-version", "A first message of another version is refused for it.", func(r *runner) {
		a, b, s := r.conversation()
		m := encrypt(s, say("alice", 0))
		r.unchanged(b, "version", func() error {
			_, _, err := b.NewInboundSession(identityKey(a), flip(m.body, 0))
			return err
		})
		accept(a, b, m)
	}},
	{"account-foreign-message", "A message for another account is refused for its one-time key.", func(r *runner) {
		a, b, s := r.conversation()
		m := encrypt(s, say("alice", 0))
		other := must(r.objects.NewAccount())
		ok(other.GenerateOneTimeKeys(1))
		r.inboundRefused(other, identityKey(a), "unknown-one-time-key", m)
		accept(a, b, m)
	}},
	{"account-fallback-key", "A fallback key serves many sessions, the previous one until it is forgotten.", func(r *runner) {
		a, b := must(r.objects.NewAccount()), must(r.objects.NewAccount())
		alice, bob := identityKey(a), identityKey(b)
		send := func(key string) message {
			return encrypt(must(a.NewOutboundSession(bob, key)), say("alice", 0))
		}
		generate := func() string {
			ok(b.GenerateFallbackKey())
			listed := must(b.FallbackKey())
			check(len(listed) == 1, "%d fallback keys are listed", len(listed))
			key, _ := newest(listed)
			ok(b.MarkPublished())
			check(len(must(b.FallbackKey())) == 0, "a published fallback key is listed")
			return key
		}
		one := generate()
		for range 3 {
			accept(a, b, send(one))
		}
		two := generate()
		check(one != two, "the same fallback key again")
		accept(a, b, send(one))
		accept(a, b, send(two))
		ok(b.ForgetFallbackKey())
		r.inboundRefused(b, alice, "unknown-one-time-key", send(one))
		accept(a, b, send(two))
		three, four := generate(), generate()
		r.inboundRefused(b, alice, "unknown-one-time-key", send(two))
		accept(a, b, send(three))
		accept(a, b, send(four))
	}},
	{"account-fallback-beside-one-time", "Fallback and one-time keys do not get in each other's way.", func(r *runner) {
		a, b := must(r.objects.NewAccount()), must(r.objects.NewAccount())
		ok(b.GenerateFallbackKey())
		fallback := must(b.FallbackKey())
		ok(b.GenerateOneTimeKeys(2))
		oneTime := must(b.OneTimeKeys())
		check(len(oneTime) == 2, "%d one-time keys", len(oneTime))
		ok(b.ForgetFallbackKey())
		again, _ := newest(fallback)
		for _, key := range append(slices.Collect(maps.Values(oneTime)), again, again) {
			accept(a, b, encrypt(must(a.NewOutboundSession(identityKey(b), key)), say("alice", 0)))
		}
	}},
	{"account-signature", "A signature is by the account over the message, and by no other over no other.", func(r *runner) {
		a, b := must(r.objects.NewAccount()), must(r.objects.NewAccount())
		_, alice, err := a.IdentityKeys()
		ok(err)
		_, bob, err := b.IdentityKeys()
		ok(err)
		text := []byte(`{"a":1}`)
		signature := must(a.Sign(text))
		v := r.signatures()
		ok(v.Verify(alice, text, signature))
		r.refused("signature", v.Verify(alice, []byte(`{"a":2}`), signature))
		r.refused("signature", v.Verify(bob, text, signature))
		r.refused("signature", v.Verify(alice, text, flip(signature, 0)))
	}},
	{"account-low-order-keys", "No session is made with a key that is absent (all zero) or of low order.", func(r *runner) {
		one := append([]byte{1}, make([]byte, 31)...)
		r.keysRefused(map[string]string{encode64(make([]byte, 32)): "key", encode64(one): "key"})
	}},
	{"account-bad-keys", "No session is made with a text that is too short for a key.", func(r *runner) {
		b := must(r.objects.NewAccount())
		r.keysRefused(map[string]string{cut(identityKey(b), 1): "key"})
	}},
	{"account-bad-base64", "No session is made with a text that is no base64.", func(r *runner) {
		b := must(r.objects.NewAccount())
		r.keysRefused(map[string]string{spoil(identityKey(b), 0): "base64"})
	}},
}

// keysRefused demands that an account makes no session with these texts, as
// identity key or as one-time key.
func (r *runner) keysRefused(classOf map[string]string) {
	a, b := must(r.objects.NewAccount()), must(r.objects.NewAccount())
	good := identityKey(b)
	for bad, class := range classOf {
		r.unchanged(a, class, func() error {
			_, err := a.NewOutboundSession(bad, good)
			return err
		})
		r.unchanged(a, class, func() error {
			_, err := a.NewOutboundSession(good, bad)
			return err
		})
	}
}
