package conversation

import (
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/chappe-e2ee/chappe/interop/peer"
	"github.com/chappe-e2ee/chappe/interop/tally"
)

func TestMain(m *testing.M) { os.Exit(tally.Run(m, "conversation")) }

const length = 1500 // steps of one conversation that take effect

func TestOlm(t *testing.T)    { pairs(t, "Olm", 15000, Olm, all) }
func TestMegolm(t *testing.T) { pairs(t, "Megolm", 18000, Megolm, all) }
func TestSAS(t *testing.T)    { pairs(t, "SAS", 3000, SAS, HasSAS) }
func TestPK(t *testing.T)     { pairs(t, "PK", 3000, PK, all) }

func all([2]peer.Implementation) bool { return true }

// pairs plays conversations of one kind until so many steps of each pair took
// effect.
func pairs(t *testing.T, kind string, steps int, play func(Script) (Counts, error), can func([2]peer.Implementation) bool) {
	steps, seed := tally.Number(t, "INTEROP_STEPS", steps), tally.Number(t, "INTEROP_SEED", 1)
	for _, pair := range peer.Pairs() {
		if !can(pair) {
			continue
		}
		name := pair[0].Name() + "-" + pair[1].Name()
		t.Run(name, func(t *testing.T) {
			for n := 0; n < steps; n += length {
				script := Script{Pair: pair, Seed: uint64(seed + n/length), Steps: length}
				counts, err := play(script)
				tally.AddAll(name+" "+kind, counts)
				if err == nil && counts["steps"] != length {
					t.Fatalf("%d steps took effect, not %d", counts["steps"], length)
				}
				if err != nil {
					t.Fatalf("%v\nit needs only: %v", err, shrink(script, play))
				}
			}
		})
	}
}

// shrink leaves out every kind of step without which the conversation still
// fails, and returns what is left of it.
func shrink(script Script, play func(Script) (Counts, error)) []string {
	all := []string{
		"upload", "fallback", "forget", "sign", "move account", "drop", "burst", "lose", "again", "replay",
		"astray", "forge", "move", "deliver", "move outbound", "move inbound", "join", "export", "unknown", "merge",
		"meet", "agree", "code", "bytes", "MAC", "low order", "key", "seal", "open", "garble", "sign by seed",
	}
	script.Without = map[string]bool{}
	var needed []string
	for _, name := range all {
		script.Without[name] = true
		_, err := play(script)
		if failure := new(Failure); errors.As(err, &failure) {
			continue
		}
		delete(script.Without, name)
		needed = append(needed, name)
	}
	slices.Sort(needed)
	return needed
}
