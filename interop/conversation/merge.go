package conversation

import (
	"bytes"
	"encoding/base64"
	"fmt"

	"github.com/chappe-e2ee/chappe/interop/peer"
)

// A copyOf gives a copy of a session to an implementation that merges.
type copyOf func(m peer.Merger) (peer.InboundGroup, error)

// mergers are the implementations of the pair that merge; where there is none,
// chappe does it with their pickles.
func (s *stage) mergers() (all []peer.Merger) {
	for i, p := range s.Pair {
		if m, ok := p.(peer.Merger); ok && (i == 0 || p.Name() != s.Pair[0].Name()) {
			all = append(all, m)
		}
	}
	if len(all) == 0 {
		all = append(all, peer.Chappe{})
	}
	return all
}

// merge compares a listener's copy of the session with another, and gives it the
// best of both. The other copy may be of another session, or forged.
func (g *group) merge() error {
	l, ok := oneOf(g.stage, g.listeners)
	if !ok {
		return errIdle
	}
	switch g.decide.IntN(4) {
	case 0:
		return g.mergeForged(l)
	case 1:
		if g.stranger == nil {
			return errIdle
		}
		_, err := g.related(l, copied(g.stranger), "unconnected")
		return err
	}
	other := g.listeners[g.decide.IntN(len(g.listeners))]
	merged, err := g.related(l, copied(other), order(l.first, other.first))
	if err != nil {
		return err
	}
	i := g.decide.IntN(len(merged))
	for n, m := range g.mergers() {
		c := merged[n]
		if got, want := c.Verified(), mergedVerified(m, l, other); got != want {
			return fmt.Errorf("%s: verified after a merge: %v", m.Name(), got)
		}
	}
	l.verified = merged[i].Verified()
	l.first = min(l.first, other.first)
	pickle, err := merged[i].Pickle(probe)
	if err != nil {
		return err
	}
	l.by = g.other()
	if l.g, err = l.by.UnpickleInboundGroup(pickle, probe); err != nil {
		return fmt.Errorf("%s: unpickle of a merged session: %w", l.by.Name(), err)
	}
	g.counts["merged"]++
	return g.check(l)
}

func order(a, b uint32) string {
	switch {
	case a < b:
		return "better"
	case a > b:
		return "worse"
	}
	return "equal"
}

// mergedVerified says whether the merged copy's signing key is verified: as one
// of both is, but where chappe takes over the proof of the later copy, that copy
// shows all parts of the ratchet.
func mergedVerified(m peer.Merger, a, b *listener) bool {
	early, late := a, b
	if b.first < a.first {
		early, late = b, a
	}
	if m.Traits().MergesVerified {
		return a.verified || b.verified
	}
	return early.verified || late.verified && early.first>>8 == late.first>>8
}

// copied copies a listener's session, through its pickle.
func copied(l *listener) copyOf {
	return func(m peer.Merger) (peer.InboundGroup, error) {
		pickle, err := l.g.Pickle(probe)
		if err != nil {
			return nil, err
		}
		return m.UnpickleInboundGroup(pickle, probe)
	}
}

// related lets all that merge compare two copies, in both orders, and returns
// what each of them makes of both.
func (g *group) related(l *listener, other copyOf, want string) (all []peer.InboundGroup, err error) {
	reversed := map[string]string{"better": "worse", "worse": "better"}[want]
	if reversed == "" {
		reversed = want
	}
	var pickles [][]byte
	for _, m := range g.mergers() {
		for i, c := range []struct {
			a, b copyOf
			want string
		}{{copied(l), other, want}, {other, copied(l), reversed}} {
			a, err := c.a(m)
			if err != nil {
				return nil, fmt.Errorf("%s: copy: %w", m.Name(), err)
			}
			b, err := c.b(m)
			if err != nil {
				return nil, fmt.Errorf("%s: copy: %w", m.Name(), err)
			}
			got, merged, err := m.Merge(a, b)
			if err != nil || got != c.want || (merged == nil) != (c.want == "unconnected") {
				return nil, fmt.Errorf("%s: a copy is %q, and not %q: %v", m.Name(), got, c.want, err)
			}
			if merged == nil {
				continue
			}
			if first := min(a.FirstKnownIndex(), b.FirstKnownIndex()); merged.FirstKnownIndex() != first {
				return nil, fmt.Errorf("%s: a merged copy begins at %d, not %d", m.Name(), merged.FirstKnownIndex(), first)
			}
			if i == 0 {
				all = append(all, merged)
			}
		}
	}
	g.counts["compared as "+want]++
	for _, merged := range all {
		if merged.Verified() != all[0].Verified() {
			return all, nil // and so their pickles differ
		}
		pickle, err := merged.Pickle(probe)
		if err != nil {
			return nil, err
		}
		pickles = append(pickles, pickle)
		if !bytes.Equal(pickle, pickles[0]) {
			return nil, fmt.Errorf("%s and %s: different pickles of a merged session", g.Pair[0].Name(), g.Pair[1].Name())
		}
	}
	return all, nil
}

// mergeForged compares a listener's copy with one in which a bit of the ratchet
// is another. Where the copies begin at indexes between which that part is made
// anew from those before it, nothing shows.
func (g *group) mergeForged(l *listener) error {
	from := g.listeners[g.decide.IntN(len(g.listeners))]
	text, err := from.g.Export(from.first)
	if err != nil {
		return err
	}
	raw, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return err
	}
	part := g.decide.IntN(4)
	const ratchet = 1 + 4
	raw[ratchet+32*part+g.decide.IntN(32)] ^= 1 << g.decide.IntN(8)
	forged := base64.RawStdEncoding.EncodeToString(raw)
	want := "unconnected"
	if epoch := 8 * (4 - part); from.first>>epoch < l.first>>epoch {
		want = "worse"
	}
	_, err = g.related(l, func(m peer.Merger) (peer.InboundGroup, error) { return m.ImportInboundGroup(forged) }, want)
	if err == nil && want == "worse" {
		g.counts["forgeries that do not show"]++
	}
	return err
}
