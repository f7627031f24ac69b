package hostile

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/chappe-e2ee/chappe/interop/conversation"
	"github.com/chappe-e2ee/chappe/interop/peer"
	"github.com/chappe-e2ee/chappe/interop/tally"
)

func TestMain(m *testing.M) { os.Exit(tally.Run(m, "hostile")) }

func subjects() (all []*subject, err error) {
	err = conversation.WithEntropy(1, func() error {
		o, err := newOlmState()
		if err != nil {
			return err
		}
		g, err := newMegolmState()
		if err != nil {
			return err
		}
		all = slices.Concat(o.subjects(), g.subjects(), pickles(o, g), boxes(), vodozemacPickles())
		return nil
	})
	return all, err
}

func TestHostile(t *testing.T) {
	all, err := subjects()
	if err != nil {
		t.Fatal(err)
	}
	found, example := map[finding]int{}, map[finding]string{}
	for _, s := range all {
		for _, m := range s.mutations() {
			ours := s.outcome(peer.Chappe{}, m)
			if ours.panicked {
				t.Fatalf("%s, %s at %d: chappe: %v", s.name, m.class, m.at, ours.err)
			}
			if m.class == "unaltered" && ours.accepted == s.refused {
				t.Fatalf("%s: the original: %v", s.name, ours.err)
			}
			for _, by := range peer.All()[1:] {
				if s.skip != nil && s.skip(by, m) {
					continue
				}
				tally.Add("chappe-"+by.Name(), "forms", 1)
				theirs := s.outcome(by, m)
				f := finding{s.name, m.class, by.Name(), ours.String(), theirs.String()}
				if ours.accepted && theirs.accepted && theirs.output != noOutput && ours.output != theirs.output {
					f.theirs = otherOutput
				}
				if f.ours != f.theirs {
					found[f]++
					example[f] = fmt.Sprintf("at %d: chappe %v, %s %v", m.at, ours.err, by.Name(), theirs.err)
				}
			}
		}
	}
	review(t, found, example)
}

// review holds what was found against the list.
func review(t *testing.T, found map[finding]int, example map[finding]string) {
	type use struct {
		difference int
		peer       string
	}
	used := map[use]bool{}
	for _, f := range slices.SortedFunc(maps.Keys(found), finding.compare) {
		covered := false
		for i, d := range Differences {
			if d.covers(f) {
				used[use{i, f.peer}], covered = true, true
			}
		}
		if !covered {
			t.Errorf("%d times, and not in the reviewed list: %+v, %s", found[f], f, example[f])
			continue
		}
		tally.Add("chappe-"+f.peer, "reviewed differences", found[f])
	}
	for i, d := range Differences {
		for _, by := range d.peers() {
			if !used[use{i, by}] {
				t.Errorf("in the reviewed list, and does not occur with %s: %+v", by, d)
			}
		}
	}
}
