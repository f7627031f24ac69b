package testvectors_test

import (
	"fmt"
	"sort"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/olm"
)

// limits runs its three scenarios with keys of its own. What they give depends
// on the inputs alone, so it is kept: flipping expected values need not make
// thousands of keys anew.
func limits(c *call) {
	in, out := c.in.object("one_time_keys"), c.out.object("one_time_keys")
	kept := keptKeys(in.number("generate"))
	out.is("kept", kept.count)
	out.is("oldest_kept", kept.oldest)
	out.is("newest_kept", kept.newest)

	in, out = c.in.object("skipped"), c.out.object("skipped")
	outcomes, describe := skipped(in.numbers("deliver"))
	compareOutcomes(out.objects("outcomes"), outcomes)
	out.is("describe_utf8", describe)

	in, out = c.in.object("chains"), c.out.object("chains")
	held, chains := heldBack(in.number("count"))
	compareOutcomes(out.objects("held"), held)
	out.is("receiver_chains", chains)
}

// outcome is how a message fared: its plaintext or error, and where it stands.
type outcome struct {
	plaintext []byte
	err       error
	index     uint32 // as its header has it
	gap       uint32 // to the next index of the chain
}

func compareOutcomes(want []*members, got []outcome) {
	check(len(want) == len(got), "%d outcomes, should be %d", len(got), len(want))
	for i, o := range want {
		if !o.has("error") {
			ok(got[i].err)
			o.is("plaintext_utf8", got[i].plaintext)
			continue
		}
		class := o.text("error")
		refused(class, got[i].err)
		switch class {
		case "message-key-gone":
			e, _ := as[*olm.MessageKeyGoneError](got[i].err)
			o.is("index", e.Index)
			o.is("index", got[i].index)
		case "message-gap":
			e, _ := as[*olm.MessageGapError](got[i].err)
			o.is("gap", e.Got-e.Next)
			o.is("gap", got[i].gap)
		}
	}
}

type keyRange struct{ count, oldest, newest int }

var rangeOf = make(map[uint32]keyRange)

// keptKeys makes n one-time keys and finds out to which of them messages are
// accepted, by sending some.
func keptKeys(n uint32) keyRange {
	if r, known := rangeOf[n]; known {
		return r
	}
	check(n > 0 && n <= 6000, "%d keys are not for a test", n)
	a, b := must(olm.GenerateAccount()), must(olm.GenerateAccount())
	var made []keys.Curve25519
	for len(made) < int(n) {
		must(b.GenerateOneTimeKeys(min(50, int(n)-len(made))))
		for _, k := range b.UnpublishedOneTimeKeys() {
			made = append(made, k.Key)
			check(int(k.ID.Number()) == len(made), "key %d has the id %d", len(made), k.ID.Number())
		}
		ok(b.MarkAllPublished())
	}
	check(len(made) == int(n) && len(b.UnpublishedOneTimeKeys()) == 0, "%d keys were made", len(made))

	message := func(number int) olm.Message {
		return must(must(a.NewOutboundSession(curve25519Of(b), made[number-1])).Encrypt(nil))
	}
	accepted := func(number int) bool {
		_, err := b.UnsafeNewInboundSession(curve25519Of(a), message(number))
		if err != nil {
			refused("unknown-one-time-key", err)
		}
		return err == nil
	}
	r := keyRange{count: b.OneTimeKeyCount(), newest: len(made)}
	check(accepted(r.newest), "the newest key is gone")
	r.oldest = 1 + sort.Search(len(made)-1, func(i int) bool { return accepted(i + 1) })
	for _, number := range []int{r.oldest, (r.oldest + r.newest) / 2, r.newest} {
		must(b.NewInboundSession(curve25519Of(a), message(number)))
		inboundRefused(b, "unknown-one-time-key", message(number))
	}
	if r.oldest > 1 {
		inboundRefused(b, "unknown-one-time-key", message(r.oldest-1))
	}
	rangeOf[n] = r
	return r
}

// newConversation returns a new session of Alice, and both accounts.
func newConversation() (a, b *olm.Account, s *olm.Session) {
	a, b = must(olm.GenerateAccount()), must(olm.GenerateAccount())
	must(b.GenerateOneTimeKeys(1))
	return a, b, must(a.NewOutboundSession(curve25519Of(b), b.UnpublishedOneTimeKeys()[0].Key))
}

type delivered struct {
	outcomes []outcome
	describe string
}

var deliveredOf = make(map[string]delivered)

// skipped sends the messages m0, m1, … and delivers some, in this order.
func skipped(deliver []uint32) ([]outcome, string) {
	key := fmt.Sprint(deliver)
	if d, known := deliveredOf[key]; known {
		return d.outcomes, d.describe
	}
	a, b, sa := newConversation()
	var sent []olm.Message
	var sb *olm.Session
	var d delivered
	next := uint32(0)
	for _, number := range deliver {
		check(number < 10000, "%d messages are not for a test", number)
		for uint32(len(sent)) <= number {
			sent = append(sent, must(sa.Encrypt(fmt.Appendf(nil, "m%d", len(sent)))))
		}
		m := sent[number]
		o := outcome{index: m.ChainIndex(), gap: m.ChainIndex() - next}
		if sb == nil {
			in := must(b.NewInboundSession(curve25519Of(a), m))
			sb, o.plaintext = in.Session, in.Plaintext
		} else {
			o.plaintext, o.err = decryptOrKeep(sb, m)
		}
		if o.err == nil {
			next = max(next, m.ChainIndex()+1)
		}
		d.outcomes = append(d.outcomes, o)
	}
	check(sb != nil, "no message")
	d.describe = sb.Describe()
	deliveredOf[key] = d
	return d.outcomes, d.describe
}

// decryptOrKeep decrypts m, and demands that s is as before when that fails.
func decryptOrKeep(s *olm.Session, m olm.Message) ([]byte, error) {
	before, revision := state(s), s.Revision()
	plaintext, err := s.Decrypt(m)
	if err != nil {
		check(string(before) == string(state(s)) && revision == s.Revision(), "the refused message changed something")
	}
	return plaintext, err
}

// heldBack makes chains, of each of which one message is held back to the end.
// It returns how these fare, and the number of receiver chains in the pickle.
func heldBack(count uint32) ([]outcome, int) {
	check(count > 0 && count <= 100, "%d chains are not for a test", count)
	a, b, sa := newConversation()
	var sb *olm.Session
	var held []olm.Message
	for i := range count {
		held = append(held, must(sa.Encrypt(fmt.Appendf(nil, "held%d", i))))
		m := must(sa.Encrypt([]byte("sent")))
		if sb == nil {
			sb = must(b.NewInboundSession(curve25519Of(a), m)).Session
		} else {
			decryptsTo(sb, m, []byte("sent"))
		}
		decryptsTo(sa, must(sb.Encrypt([]byte("answer"))), []byte("answer"))
	}
	var outcomes []outcome
	for _, m := range held {
		o := outcome{index: m.ChainIndex()}
		o.plaintext, o.err = decryptOrKeep(sb, m)
		outcomes = append(outcomes, o)
	}
	raw := state(sb)
	// Behind version, flag, keys, root key, and the one sender chain.
	const offset = 4 + 1 + 3*32 + 32 + 4 + (32 + 32 + 32 + 4)
	return outcomes, int(raw[offset])<<24 | int(raw[offset+1])<<16 | int(raw[offset+2])<<8 | int(raw[offset+3])
}
