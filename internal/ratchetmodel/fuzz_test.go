package ratchetmodel_test

import (
	mathrand "math/rand/v2"
	"testing"
)

// FuzzOlmAgainstModel plays programs on Olm and its model. Property: after each
// step both have taken, written and refused the same, and their states are the
// same to the byte.
func FuzzOlmAgainstModel(f *testing.F) {
	fuzz(f, olmSeeds(), runOlm, names(olmOps), []string{
		"parse refused: malformed", "parse refused: version", "decrypt refused: session", "decrypt refused: chain",
		"decrypt refused: gap", "decrypt refused: key gone", "decrypt refused: exhausted", "decrypt refused: mac, padding",
		"new inbound refused: message type", "new inbound refused: identity key", "new inbound refused: one-time key",
		"new inbound refused: gap", "new inbound refused: mac, padding", "encrypt refused: exhausted",
	})
}

// FuzzMegolmAgainstModel does the same with Megolm.
func FuzzMegolmAgainstModel(f *testing.F) {
	fuzz(f, megolmSeeds(), runMegolm, names(megolmOps), []string{
		"parse refused: malformed", "parse refused: version", "decrypt refused: index", "decrypt refused: mac, padding",
		"decrypt refused: signature", "encrypt refused: exhausted", "session key refused: malformed",
		"session key refused: version", "session key refused: signature", "export refused: malformed",
		"export refused: version", "export at refused: index", "advance refused: index",
		"merge: equal", "merge: better", "merge: worse", "merge: unconnected",
	})
}

// fuzz plays seeds and what is made of them. When all seeds were played, as they
// are when the target runs as a test, they must have reached every operation,
// and everything that is listed.
func fuzz(f *testing.F, seeds [][]byte, run func(*stage), operations, reached []string) {
	left, counts := map[string]bool{}, map[string]int{}
	for _, code := range seeds {
		left[string(code)] = true
		f.Add(code)
	}
	f.Cleanup(func() {
		for _, what := range append(operations, reached...) {
			if len(left) == 0 && counts[what] == 0 {
				f.Errorf("no seed reaches %q", what)
			}
		}
	})
	f.Fuzz(func(t *testing.T, code []byte) {
		play(t, code, counts, run)
		delete(left, string(code))
	})
}

func names[W any](operations []operation[W]) (names []string) {
	for _, o := range operations {
		names = append(names, "step "+o.name)
	}
	return names
}

// TestRandomPrograms plays long programs that nobody wrote.
func TestRandomPrograms(t *testing.T) {
	for i := range 2 {
		play(t, random(1000+i, maxProgram*instruction), nil, runOlm)
	}
	for i := range 6 {
		play(t, random(2000+i, maxProgram*instruction), nil, runMegolm)
	}
}

func random(seed, n int) []byte {
	key := [32]byte{byte(seed), byte(seed >> 8)}
	out := make([]byte, n)
	_, _ = mathrand.NewChaCha8(key).Read(out)
	return out
}
