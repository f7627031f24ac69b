package megolm_test

import (
	"bytes"
	"crypto/rand"
	"io"
	"testing"
)

// fixRandom makes crypto/rand return b, for the rest of the test, and returns
// a function that says how many bytes were taken.
func fixRandom(t *testing.T, b []byte) func() int {
	before := rand.Reader
	t.Cleanup(func() { rand.Reader = before })
	left := bytes.NewReader(b)
	rand.Reader = io.MultiReader(left)
	return func() int { return len(b) - left.Len() }
}
