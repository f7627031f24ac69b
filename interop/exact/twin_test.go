package exact

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	"github.com/chappe-e2ee/chappe/interop/conversation"
	"github.com/chappe-e2ee/chappe/interop/peer"
	"github.com/chappe-e2ee/chappe/interop/tally"
)

func TestMain(m *testing.M) { os.Exit(tally.Run(m, "exact")) }

// The same script, with the same random bytes, is played by chappe alone, by
// libolm alone, and by both: everything that leaves a party is the same, byte
// for byte.
func TestTwins(t *testing.T) {
	first := tally.Number(t, "INTEROP_SEED", 1000)
	for _, c := range []struct {
		kind  string
		play  func(conversation.Script) (conversation.Counts, error)
		steps int
	}{
		{"Olm", conversation.Olm, 6000}, {"Megolm", conversation.Megolm, 6000},
		{"SAS", conversation.SAS, 2000}, {"PK", conversation.PK, 2000},
	} {
		kind, play, steps := c.kind, c.play, tally.Number(t, "INTEROP_STEPS", c.steps)
		t.Run(kind, func(t *testing.T) {
			for n := 0; n < steps; n += length {
				seed := uint64(first + n/length)
				want := transcript(t, play, seed, peer.Chappe{}, peer.Chappe{})
				for _, pair := range [][2]peer.Implementation{
					{peer.Libolm{}, peer.Libolm{}}, {peer.Chappe{}, peer.Libolm{}}, {peer.Libolm{}, peer.Chappe{}},
				} {
					got := transcript(t, play, seed, pair[0], pair[1])
					compare(t, kind, seed, want, got)
				}
			}
		})
	}
}

const length = 1000 // steps of one conversation

type line struct {
	what string
	text []byte
}

func transcript(t *testing.T, play func(conversation.Script) (conversation.Counts, error),
	seed uint64, a, b peer.Implementation) (lines []line) {
	t.Helper()
	_, err := play(conversation.Script{
		Pair: [2]peer.Implementation{a, b}, Seed: seed, Steps: length,
		Trace: func(step int, what string, text []byte) {
			lines = append(lines, line{fmt.Sprintf("step %d: %s", step, what), bytes.Clone(text)})
			if a == peer.Implementation(peer.Libolm{}) {
				tally.Add("chappe = libolm, "+what, "equal", 1)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func compare(t *testing.T, kind string, seed uint64, want, got []line) {
	t.Helper()
	for i := range min(len(want), len(got)) {
		if want[i].what != got[i].what || !bytes.Equal(want[i].text, got[i].text) {
			t.Fatalf("%s, seed %d, %s\n%s\n%s: %s", kind, seed, want[i].what, want[i].text, got[i].what, got[i].text)
		}
	}
	if len(want) != len(got) {
		t.Fatalf("%s, seed %d: %d lines and %d", kind, seed, len(want), len(got))
	}
}
