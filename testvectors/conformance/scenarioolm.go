package conformance

import (
	"bytes"
	"slices"
)

var olmScenarios = []scenario{
	{"olm-first-messages", "Messages are pre-key messages until an answer came, and all of them belong to one session.", func(r *runner) {
		a, b, alice := r.conversation()
		sent := sends(alice, "alice", 3)
		check(!must(alice.HasReceived()), "has received before any answer")
		bob, got := accept(a, b, sent[0])
		check(string(got) == string(say("alice", 0)), "decrypts to %q", got)
		check(must(alice.ID()) == must(bob.ID()), "two ends, two session ids")
		check(must(bob.HasReceived()), "the receiver has not received")
		for i, m := range sent {
			check(m.kind == PreKey, "message %d is of type %d", i, m.kind)
			check(must(bob.Matches(identityKey(a), m.body)), "message %d is not of its session", i)
			check(!must(bob.Matches(identityKey(b), m.body)), "message %d is from anyone", i)
			if i > 0 {
				decryptsTo(bob, m, say("alice", i))
			}
		}
		answer := encrypt(bob, say("bob", 0))
		check(answer.kind == Normal, "an answer of type %d", answer.kind)
		decryptsTo(alice, answer, say("bob", 0))
		check(must(alice.HasReceived()), "has not received after the answer")
		m := encrypt(alice, say("alice", 3))
		check(m.kind == Normal, "a message of type %d after the answer", m.kind)
		decryptsTo(bob, m, say("alice", 3))
	}},
	{"olm-turns", "Forty turns of one to three messages each.", func(r *runner) {
		alice, bob := r.established()
		for turn := range 40 {
			from, to, name := alice, bob, "alice"
			if turn%2 == 1 {
				from, to, name = bob, alice, "bob"
			}
			for i, m := range sends(from, name, turn%3+1) {
				check(chainIndex(m) == uint32(i)+first(turn), "message %d of turn %d has index %d", i, turn, chainIndex(m))
				decryptsTo(to, m, say(name, i))
			}
		}
	}},
	{"olm-out-of-order", "The messages of one chain arrive in opposite order, each once.", func(r *runner) {
		alice, bob := r.established()
		sent := sends(alice, "alice", 12)
		for i, m := range slices.Backward(sent) {
			decryptsTo(bob, m, say("alice", i))
		}
		for _, m := range sent {
			r.number(r.refuses(bob, m, "message-key-gone"), "index", chainIndex(m))
		}
	}},
	{"olm-late-over-chains", "A message is held back over two turns and still decrypts, once.", func(r *runner) {
		alice, bob := r.established()
		sent := sends(alice, "alice", 3)
		decryptsTo(bob, sent[2], say("alice", 2))
		for turn := range 2 {
			decryptsTo(alice, encrypt(bob, say("bob", turn)), say("bob", turn))
			decryptsTo(bob, encrypt(alice, say("alice", turn)), say("alice", turn))
		}
		decryptsTo(bob, sent[0], say("alice", 0))
		decryptsTo(bob, sent[1], say("alice", 1))
		r.refuses(bob, sent[0], "message-key-gone")
	}},
	{"olm-loss", "Every second message is lost, also the first of a chain. Nobody waits for them.", func(r *runner) {
		alice, bob := r.established()
		for turn := range 6 {
			sent := sends(alice, "alice", 4)
			decryptsTo(bob, sent[1], say("alice", 1))
			decryptsTo(bob, sent[3], say("alice", 3))
			answers := sends(bob, "bob", 2)
			decryptsTo(alice, answers[1], say("bob", 1))
			if turn == 5 {
				decryptsTo(bob, sent[0], say("alice", 0))
			}
		}
	}},
	{"olm-replay", "A message that comes twice is refused, at once and after others.", func(r *runner) {
		a, b, alice := r.conversation()
		sent := sends(alice, "alice", 3)
		bob, _ := accept(a, b, sent[0])
		r.refuses(bob, sent[0], "message-key-gone")
		decryptsTo(bob, sent[2], say("alice", 2))
		r.refuses(bob, sent[2], "message-key-gone")
		decryptsTo(bob, sent[1], say("alice", 1))
		for _, m := range sent {
			r.refuses(bob, m, "message-key-gone")
		}
		answer := encrypt(bob, say("bob", 0))
		decryptsTo(alice, answer, say("bob", 0))
		r.refuses(alice, answer, "message-key-gone")
	}},
	{"olm-forged", "Changed messages are refused for what is wrong with them, in both kinds of chain, and the true one still decrypts.", func(r *runner) {
		alice, bob := r.established()
		for turn := range 2 {
			if turn == 1 { // Alice's next chain is one that Bob does not know yet.
				decryptsTo(alice, encrypt(bob, say("bob", 0)), say("bob", 0))
			}
			m := encrypt(alice, say("alice", turn))
			for class, body := range map[string]string{
				"version":   flip(m.body, 0),
				"malformed": cut(m.body, len(must(decode64(m.body)))-5),
			} {
				r.refuses(bob, message{m.kind, body}, class)
			}
			for _, at := range []int{-1, -8, -9, -20} { // the MAC and the ciphertext
				r.refuses(bob, message{m.kind, flip(m.body, at)}, "mac")
			}
			// Read as a pre-key message, it is wrong in more than one way.
			before := saved(bob)
			_, err := decrypt(bob, message{PreKey, m.body})
			check(err != nil && bytes.Equal(before, saved(bob)), "accepted as a pre-key message, or it changed something")
			decryptsTo(bob, m, say("alice", turn))
		}
	}},
	{"olm-bad-base64", "A body that is no base64 is refused as such, and not read as something else.", func(r *runner) {
		alice, bob := r.established()
		m := encrypt(alice, say("alice", 0))
		half := len(m.body) / 2
		for _, body := range []string{spoil(m.body, half), m.body[:half] + "\n" + m.body[half:], m.body + "*"} {
			r.refuses(bob, message{m.kind, body}, "base64")
		}
		decryptsTo(bob, m, say("alice", 0))
	}},
	{"olm-forged-far", "A forged message far ahead skips nothing: the messages before it still decrypt.", func(r *runner) {
		alice, bob := r.established()
		sent := sends(alice, "alice", 60)
		r.refuses(bob, message{Normal, flip(sent[59].body, -1)}, "mac")
		for i, m := range sent {
			decryptsTo(bob, m, say("alice", i))
		}
	}},
	{"olm-gap", "2000 messages may be missing in a chain, and 2001 may not; the chain goes on from where it was.", func(r *runner) {
		alice, bob := r.established()
		decryptsTo(bob, encrypt(alice, say("alice", 0)), say("alice", 0))
		sent := sends(alice, "alice", 2002)
		r.number(r.refuses(bob, sent[2001], "message-gap"), "gap", 2001)
		decryptsTo(bob, sent[2000], say("alice", 2000))
		decryptsTo(bob, sent[2001], say("alice", 2001))
		decryptsTo(bob, sent[1961], say("alice", 1961))
	}},
	{"olm-skipped-keys", "Of 45 skipped messages of one chain the newest 40 decrypt, and the others are gone.", func(r *runner) {
		alice, bob := r.established()
		sent := sends(alice, "alice", 46)
		decryptsTo(bob, sent[45], say("alice", 45))
		for i := range 5 {
			r.refuses(bob, sent[i], "message-key-gone")
		}
		for i := 5; i < 45; i++ {
			decryptsTo(bob, sent[i], say("alice", i))
		}
	}},
	{"olm-other-session", "The messages of two sessions between the same devices do not mix.", func(r *runner) {
		a, b, one := r.conversation()
		two := newTo(a, b)
		check(must(one.ID()) != must(two.ID()), "two sessions with one id")
		m1, m2 := encrypt(one, say("alice", 1)), encrypt(two, say("alice", 2))
		bob1, _ := accept(a, b, m1)
		check(!must(bob1.Matches(identityKey(a), m2.body)), "matches the message of another session")
		bob2, _ := accept(a, b, m2)
		decryptsTo(one, encrypt(bob1, say("bob", 1)), say("bob", 1))
		decryptsTo(two, encrypt(bob2, say("bob", 2)), say("bob", 2))
		m1 = encrypt(one, say("alice", 3))
		r.refuses(bob2, m1, "mac")
		decryptsTo(bob1, m1, say("alice", 3))
	}},
	{"olm-simultaneous", "Both begin a session at the same moment. Both sessions work both ways.", func(r *runner) {
		a, b, alice := r.conversation()
		bob := newTo(b, a)
		fromAlice, fromBob := encrypt(alice, say("alice", 0)), encrypt(bob, say("bob", 0))
		bob2, _ := accept(a, b, fromAlice)
		alice2, _ := accept(b, a, fromBob)
		decryptsTo(alice, encrypt(bob2, say("bob", 1)), say("bob", 1))
		decryptsTo(bob, encrypt(alice2, say("alice", 1)), say("alice", 1))
		decryptsTo(bob2, encrypt(alice, say("alice", 2)), say("alice", 2))
		decryptsTo(alice2, encrypt(bob, say("bob", 2)), say("bob", 2))
	}},
	{"olm-long-plaintext", "Plaintexts around the length of a cipher block, and a long one.", func(r *runner) {
		alice, bob := r.established()
		for _, n := range []int{1, 15, 16, 17, 31, 32, 33, 65536} {
			plaintext := make([]byte, n)
			for i := range plaintext {
				plaintext[i] = byte(i)
			}
			decryptsTo(bob, encrypt(alice, plaintext), plaintext)
		}
	}},
	{"olm-empty-plaintext", "An empty plaintext is a plaintext.", func(r *runner) {
		alice, bob := r.established()
		got := must(decrypt(bob, encrypt(alice, nil)))
		check(len(got) == 0, "decrypts to %q", got)
	}},
}

// first is the index of the first message of a turn of olm-turns: Alice's chain
// of the first turn has carried one before.
func first(turn int) uint32 {
	if turn == 0 {
		return 1
	}
	return 0
}
