package conversation

import (
	"fmt"
	"slices"
	"strings"
)

// The bounds that all implementations have in common.
const (
	maxChains  = 5
	maxSkipped = 40
)

// A place is a message's place in a session: the number of its chain, and its
// index there.
type place struct{ chain, index int }

// A ratchet is what one end of an Olm session must be like, by libolm's rules:
// 40 skipped message keys in all, those of dropped chains included. Who keeps
// more can decrypt more, and nothing less.
type ratchet struct {
	received bool
	sender   *place  // chain and next index
	chains   []place // chain and next index, newest first
	skipped  []place // newest first
	overflow bool    // a skipped key was dropped
	orphans  bool    // a chain with skipped keys was dropped
}

type verdict int

const (
	refuse verdict = iota
	accept
	either // libolm's bound dropped the key, another may have kept it
)

// send returns the place of the next message. A new chain gets the number n.
func (r *ratchet) send(n int) place {
	if r.sender == nil {
		r.sender = &place{chain: n}
	}
	at := *r.sender
	r.sender.index++
	return at
}

// expect says what must become of the message at a place.
func (r *ratchet) expect(at place, seen bool) verdict {
	for _, c := range r.chains {
		if c.chain != at.chain {
			continue
		}
		switch {
		case at.index >= c.index, slices.Contains(r.skipped, at):
			return accept
		case r.overflow:
			return either
		}
		return refuse
	}
	if seen || r.sender == nil {
		return refuse // of a dropped chain
	}
	return accept
}

// receive notes that the message at a place was decrypted.
func (r *ratchet) receive(at place) {
	r.received = true
	i := slices.IndexFunc(r.chains, func(c place) bool { return c.chain == at.chain })
	if i < 0 {
		r.sender = nil
		r.chains = slices.Insert(r.chains, 0, place{chain: at.chain})
		r.drop()
		i = 0
	}
	c := &r.chains[i]
	if at.index < c.index {
		r.skipped = slices.DeleteFunc(r.skipped, func(p place) bool { return p == at })
		return
	}
	for ; c.index < at.index; c.index++ {
		r.skipped = slices.Insert(r.skipped, 0, *c)
	}
	c.index++
	if len(r.skipped) > maxSkipped {
		r.skipped, r.overflow = r.skipped[:maxSkipped], true
	}
}

func (r *ratchet) drop() {
	for len(r.chains) > maxChains {
		last := r.chains[len(r.chains)-1].chain
		r.orphans = r.orphans || slices.ContainsFunc(r.skipped, func(p place) bool { return p.chain == last })
		r.chains = r.chains[:len(r.chains)-1]
	}
}

// plain says that all implementations keep the same.
func (r *ratchet) plain() bool { return !r.overflow && !r.orphans }

// compare checks a description against the model. ordered says that the
// skipped keys stand newest first.
func (r *ratchet) compare(description string, ordered bool) error {
	if description == "" {
		return nil // has none
	}
	var b strings.Builder
	sender := 0
	if r.sender != nil {
		sender = r.sender.index
	}
	fmt.Fprintf(&b, "sender chain index: %d receiver chain indices:", sender)
	for _, c := range r.chains {
		fmt.Fprintf(&b, " %d", c.index)
	}
	b.WriteString(" skipped message keys:")
	chains := b.String()
	if !strings.HasPrefix(description, chains) {
		return fmt.Errorf("description %q, not %q", description, chains)
	}
	if !r.plain() {
		return nil
	}
	want := make([]string, len(r.skipped))
	for i, p := range r.skipped {
		want[i] = fmt.Sprint(p.index)
	}
	got := strings.Fields(strings.TrimPrefix(description, chains))
	if !ordered {
		slices.Sort(want)
		slices.Sort(got)
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("skipped message keys %v, not %v", got, want)
	}
	return nil
}
