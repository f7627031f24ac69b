package conformance

import (
	"bytes"
	"slices"
)

// room returns a sender and a receiver from the same index on.
func (r *runner) room() (OutboundGroup, InboundGroup) {
	out := must(r.objects.NewOutboundGroup())
	return out, must(r.objects.NewInboundGroup(must(out.SessionKey())))
}

// speaks returns the next n messages of a sender.
func speaks(out OutboundGroup, n int) []string {
	var list []string
	for range n {
		index := must(out.Index())
		list = append(list, must(out.Encrypt(say("room", int(index)))))
		check(must(out.Index()) == index+1, "the index goes from %d to %d", index, must(out.Index()))
	}
	return list
}

// hears demands that a receiver decrypts a message of speaks.
func hears(in InboundGroup, text string, index int) {
	got, at, err := in.Decrypt(text)
	ok(err)
	check(bytes.Equal(got, say("room", index)), "message %d decrypts to %q", index, got)
	check(at == uint32(index), "message %d has index %d", index, at)
}

// unheard demands that a receiver refuses a message of speaks for its index.
func (r *runner) unheard(in InboundGroup, text string, index uint32) {
	r.unknownIndex(r.messageRefused("unknown-index", in, text), must(in.FirstKnownIndex()), index)
}

var megolmScenarios = []scenario{
	{"megolm-in-order", "Messages in order. Sender and receiver have one session id, and the index counts.", func(r *runner) {
		out, in := r.room()
		check(must(out.ID()) == must(in.ID()), "two ends, two session ids")
		check(must(in.FirstKnownIndex()) == 0, "begins at %d", must(in.FirstKnownIndex()))
		check(must(in.Verified()), "a session key does not verify its session")
		for i, m := range speaks(out, 20) {
			hears(in, m, i)
		}
		check(must(in.FirstKnownIndex()) == 0, "forgot where it begins")
	}},
	{"megolm-any-order", "Messages in opposite order, and again: a receiver decrypts each as often as asked, at the same index.", func(r *runner) {
		out, in := r.room()
		sent := speaks(out, 10)
		for range 2 {
			for i, m := range slices.Backward(sent) {
				hears(in, m, i)
			}
		}
	}},
	{"megolm-far", "Jumps over the borders of the ratchet's parts, and back.", func(r *runner) {
		out, in := r.room()
		sent := speaks(out, 515)
		for _, i := range []int{255, 256, 0, 514, 257, 511, 512, 1, 513} {
			hears(in, sent[i], i)
		}
	}},
	{"megolm-late-joiner", "A session key of a later index opens what comes from there on.", func(r *runner) {
		out, early := r.room()
		before := speaks(out, 3)
		late := must(r.objects.NewInboundGroup(must(out.SessionKey())))
		check(must(late.FirstKnownIndex()) == 3 && must(late.ID()) == must(early.ID()), "another session, or another index")
		for i, m := range before {
			r.unheard(late, m, uint32(i))
			hears(early, m, i)
		}
		for i, m := range speaks(out, 3) {
			hears(late, m, i+3)
			hears(early, m, i+3)
		}
		r.unheard(late, before[2], 2)
	}},
	{"megolm-export", "An export at an index opens what comes from there on. It is not verified before a message was.", func(r *runner) {
		out, in := r.room()
		sent := speaks(out, 6)
		for i, m := range sent {
			hears(in, m, i)
		}
		export := must(in.Export(4))
		check(must(in.Export(4)) == export, "two exports at one index")
		imported := must(r.objects.ImportInboundGroup(export))
		check(must(imported.FirstKnownIndex()) == 4 && must(imported.ID()) == must(in.ID()), "another session, or another index")
		check(must(imported.Export(4)) == export, "the import exports otherwise")
		check(!must(imported.Verified()), "an import that counts as verified")
		r.unheard(imported, sent[3], 3)
		check(!must(imported.Verified()), "verified by a refused message")
		r.unknownIndex(r.unchanged(imported, "unknown-index", func() error {
			_, err := imported.Export(3)
			return err
		}), 4, 3)
		hears(imported, sent[5], 5)
		check(must(imported.Verified()), "not verified by a message")
		hears(imported, sent[4], 4)
		check(must(imported.Export(5)) == must(in.Export(5)), "original and import export otherwise")
		hears(in, sent[0], 0)
	}},
	{"megolm-forged", "Changed messages are refused for what is wrong with them, and the true one still decrypts.", func(r *runner) {
		out, in := r.room()
		m := speaks(out, 1)[0]
		for _, at := range []int{-1, -32, -64} {
			r.messageRefused("signature", in, flip(m, at))
		}
		// The MAC and the ciphertext are signed, too. Of a message that is cut, the
		// version may be what is missed first.
		for _, forged := range []struct {
			text    string
			classes []string
		}{
			{flip(m, -65), []string{"signature", "mac"}},
			{flip(m, -72), []string{"signature", "mac"}},
			{flip(m, -73), []string{"signature", "mac"}},
			{cut(m, len(must(decode64(m)))-60), []string{"malformed", "version"}},
		} {
			before := saved(in)
			_, _, err := in.Decrypt(forged.text)
			check(!r.verdict(err, forged.classes...) && bytes.Equal(before, saved(in)), "accepted, or it changed something")
		}
		r.messageRefused("version", in, flip(m, 0))
		hears(in, m, 0)
	}},
	{"megolm-bad-base64", "A message, session key or export that is no base64 is refused as such.", func(r *runner) {
		out, in := r.room()
		m, key, export := speaks(out, 1)[0], must(out.SessionKey()), must(in.Export(0))
		for _, text := range []string{spoil(m, 9), m[:9] + "\n" + m[9:], m + "*"} {
			r.messageRefused("base64", in, text)
		}
		_, err := r.objects.NewInboundGroup(spoil(key, 0))
		r.refused("base64", err)
		_, err = r.objects.ImportInboundGroup(spoil(export, 0))
		r.refused("base64", err)
		hears(in, m, 0)
	}},
	{"megolm-other-session", "A message of another session is refused for its signature.", func(r *runner) {
		out, in := r.room()
		other, _ := r.room()
		check(must(out.ID()) != must(other.ID()), "two sessions with one id")
		r.messageRefused("signature", in, speaks(other, 1)[0])
		hears(in, speaks(out, 1)[0], 0)
	}},
	{"megolm-bad-session-key", "Session keys and exports that are cut, of another version, or signed wrongly make no session.", func(r *runner) {
		out, in := r.room()
		key, export := must(out.SessionKey()), must(in.Export(0))
		for _, bad := range []struct{ class, key string }{
			{"signature", flip(key, -1)},
			{"signature", flip(key, 4)}, // the index
			{"signature", flip(key, 5)}, // the ratchet
			{"session-key", flip(key, 0)},
			{"session-key", cut(key, 1)},
			{"session-key", export},
		} {
			_, err := r.objects.NewInboundGroup(bad.key)
			r.refused(bad.class, err)
		}
		for _, bad := range []struct{ class, key string }{
			{"session-key", flip(export, 0)},
			{"session-key", cut(export, 1)},
			{"session-key", key},
		} {
			_, err := r.objects.ImportInboundGroup(bad.key)
			r.refused(bad.class, err)
		}
	}},
	{"megolm-empty-plaintext", "An empty plaintext is a plaintext.", func(r *runner) {
		out, in := r.room()
		got, index, err := in.Decrypt(must(out.Encrypt(nil)))
		ok(err)
		check(len(got) == 0 && index == 0, "decrypts to %q at %d", got, index)
	}},
}
