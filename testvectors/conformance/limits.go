package conformance

import (
	"errors"
	"fmt"
	"slices"
	"sort"

	"github.com/chappe-e2ee/chappe/internal/layout"
)

// limits runs its three scenarios with keys of its own. What they give depends
// on the inputs alone, so a runner that runs the vector many times remembers it.
func limits(r *runner, c *call) {
	in, out := c.In.Object("one_time_keys"), c.Out.Object("one_time_keys")
	r.keyLimit(in.Number("generate"), out)

	in, out = c.In.Object("skipped"), c.Out.Object("skipped")
	deliver := in.Numbers("deliver")
	d := remember(r, fmt.Sprint("skipped ", deliver), func() delivered { return r.skipped(deliver) })
	r.compareOutcomes(out.Objects("outcomes"), d.outcomes)
	out.Is("describe_utf8", d.describe)

	in, out = c.In.Object("chains"), c.Out.Object("chains")
	count := in.Number("count")
	h := remember(r, fmt.Sprint("chains ", count), func() heldBack { return r.heldBack(count) })
	r.compareOutcomes(out.Objects("held"), h.outcomes)
	out.Is("receiver_chains", h.chains)
}

func remember[V any](r *runner, key string, f func() V) V {
	if v, known := r.memo[key]; known {
		return v.(V)
	}
	v := f()
	r.memo[key] = v
	return v
}

// keyLimit compares how many one-time keys are kept. An implementation that
// says another limit than the vector is asked for one key more than that.
func (r *runner) keyLimit(generate uint32, out *members) {
	own, err := 0, errors.ErrUnsupported
	if k, there := r.i.(KeyLimit); there {
		own, err = k.OneTimeKeyLimit()
	}
	if err == nil && own > 0 && uint32(own) != out.Number("kept") {
		check(generate == out.Number("kept")+1 && out.Number("oldest_kept") == 2 && out.Number("newest_kept") == generate,
			"not one key more than are kept")
		kept := r.keptKeys(uint32(own) + 1)
		check(kept == keyRange{2, own + 1}, "of %d keys those from %d to %d are kept", own+1, kept.oldest, kept.newest)
		return
	}
	if !errors.Is(err, errors.ErrUnsupported) {
		ok(err)
	}
	kept := remember(r, fmt.Sprint("keys ", generate), func() keyRange { return r.keptKeys(generate) })
	out.Is("kept", kept.newest-kept.oldest+1)
	out.Is("oldest_kept", kept.oldest)
	out.Is("newest_kept", kept.newest)
}

type keyRange struct{ oldest, newest int }

// keptKeys makes n one-time keys and finds out to which of them messages are
// accepted, by sending some.
func (r *runner) keptKeys(n uint32) keyRange {
	check(n > 0 && n <= 6000, "%d keys are not for a test", n)
	a, b := must(r.i.NewAccount()), must(r.i.NewAccount())
	alice, bob := identityKey(a), identityKey(b)
	var made []string
	for len(made) < int(n) {
		ok(b.GenerateOneTimeKeys(min(50, int(n)-len(made))))
		byID := must(b.OneTimeKeys())
		check(len(byID) > 0, "no key was made")
		for _, id := range slices.Backward(keyList(byID)) {
			made = append(made, byID[id])
		}
		ok(b.MarkPublished())
		check(len(must(b.OneTimeKeys())) == 0, "published keys are not published")
	}
	check(len(made) == int(n), "%d keys were made", len(made))

	message := func(number int) message {
		return encrypt(must(a.NewOutboundSession(bob, made[number-1])), []byte("a message"))
	}
	probed := make(map[int]bool)
	accepted := func(number int) bool {
		if _, before := probed[number]; !before {
			_, _, err := b.NewInboundSession(alice, message(number).body)
			if err != nil {
				r.refused("unknown-one-time-key", err)
			}
			probed[number] = err == nil
		}
		return probed[number]
	}
	k := keyRange{newest: len(made)}
	check(accepted(k.newest), "the newest key is gone")
	k.oldest = 1 + sort.Search(len(made)-1, func(i int) bool { return accepted(i + 1) })
	for _, number := range []int{k.oldest, (k.oldest + k.newest) / 2, k.newest} {
		check(accepted(number), "key %d is gone", number)
		r.inboundRefused(b, alice, "unknown-one-time-key", message(number)) // it was used
	}
	if k.oldest > 1 {
		r.inboundRefused(b, alice, "unknown-one-time-key", message(k.oldest-1))
	}
	return k
}

// fate is how a message fared: its plaintext or error, and where it stands.
type fate struct {
	plaintext []byte
	err       error
	index     uint32 // as its header has it
	gap       uint32 // to the next index of the chain
}

func (r *runner) compareOutcomes(want []*members, got []fate) {
	check(len(want) == len(got), "%d outcomes, should be %d", len(got), len(want))
	for i, o := range want {
		if !o.Has("error") {
			ok(got[i].err)
			o.Is("plaintext_utf8", got[i].plaintext)
			continue
		}
		class := o.Text("error")
		r.refused(class, got[i].err)
		switch class {
		case "message-key-gone":
			o.Is("index", got[i].index)
			r.number(got[i].err, "index", got[i].index)
		case "message-gap":
			o.Is("gap", got[i].gap)
			r.number(got[i].err, "gap", got[i].gap)
		}
	}
}

// conversation returns both accounts, and a new session of Alice.
func (r *runner) conversation() (a, b Account, s Session) {
	a, b = must(r.objects.NewAccount()), must(r.objects.NewAccount())
	return a, b, newTo(a, b)
}

// newTo returns a's session with a fresh one-time key of b.
func newTo(a, b Account) Session {
	ok(b.GenerateOneTimeKeys(1))
	key, _ := newest(must(b.OneTimeKeys()))
	ok(b.MarkPublished())
	return must(a.NewOutboundSession(identityKey(b), key))
}

// accept makes b's session of a's pre-key message and decrypts it.
func accept(a, b Account, m message) (Session, []byte) {
	check(m.kind == PreKey, "a message of type %d makes no session", m.kind)
	s, plaintext, err := b.NewInboundSession(identityKey(a), m.body)
	ok(err)
	return s, plaintext
}

type delivered struct {
	outcomes []fate
	describe string
}

// skipped sends the messages m0, m1, … and delivers some, in this order.
func (r *runner) skipped(deliver []uint32) (d delivered) {
	a, b, sa := r.conversation()
	var sent []message
	var sb Session
	next := uint32(0)
	for _, number := range deliver {
		check(number < 10000, "%d messages are not for a test", number)
		for uint32(len(sent)) <= number {
			sent = append(sent, encrypt(sa, fmt.Appendf(nil, "m%d", len(sent))))
		}
		m := sent[number]
		index := chainIndex(m)
		f := fate{index: index, gap: index - next}
		if sb == nil {
			sb, f.plaintext = accept(a, b, m)
		} else {
			f.plaintext, f.err = decryptOrKeep(sb, m)
		}
		if f.err == nil {
			next = max(next, index+1)
		}
		d.outcomes = append(d.outcomes, f)
	}
	check(sb != nil, "no message")
	d.describe = describe(sb)
	return d
}

// decryptOrKeep decrypts m, and demands that s is as before when that fails.
func decryptOrKeep(s Session, m message) ([]byte, error) {
	before := saved(s)
	plaintext, err := decrypt(s, m)
	if err != nil {
		check(string(before) == string(saved(s)), "the refused message changed something")
	}
	return plaintext, err
}

type heldBack struct {
	outcomes []fate
	chains   uint32
}

// heldBack makes chains, of each of which one message is held back to the end.
// It returns how these fare, and the number of receiver chains in the pickle.
func (r *runner) heldBack(count uint32) (h heldBack) {
	check(count > 0 && count <= 100, "%d chains are not for a test", count)
	a, b, sa := r.conversation()
	var sb Session
	var held []message
	for i := range count {
		held = append(held, encrypt(sa, fmt.Appendf(nil, "held%d", i)))
		m := encrypt(sa, []byte("sent"))
		if sb == nil {
			sb, _ = accept(a, b, m)
		} else {
			decryptsTo(sb, m, []byte("sent"))
		}
		decryptsTo(sa, encrypt(sb, []byte("answer")), []byte("answer"))
	}
	for _, m := range held {
		f := fate{index: chainIndex(m)}
		f.plaintext, f.err = decryptOrKeep(sb, m)
		h.outcomes = append(h.outcomes, f)
	}
	// Behind version, flag, keys, root key, and the one sender chain.
	in := layout.NewReader("pickle", state(sb))
	in.Bytes(make([]byte, 4+1+3*32+32+4+(32+32+32+4)))
	h.chains = in.Uint32()
	return h
}
