package tally

import (
	"os"
	"strconv"
	"testing"
)

// Number reads a number from the environment: INTEROP_STEPS is the steps of
// each pair, INTEROP_SEED the seed of its first conversation.
func Number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		t.Fatalf("%s=%q is not a number", name, text)
	}
	return n
}
