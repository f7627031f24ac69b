package conformance

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
)

// CryptoRand is the [Randomness] of libraries in Go that take all of theirs by
// [crypto/rand.Read]: between BeginRandom and EndRandom it puts itself in the
// place of [crypto/rand.Reader]. That holds for the whole process, so it is for
// tests, and for programs that do nothing else. The zero value is ready.
type CryptoRand struct {
	before io.Reader // nil outside
	rest   []byte
	over   int
}

// BeginRandom implements [Randomness].
func (r *CryptoRand) BeginRandom(random []byte) error {
	if r.before != nil {
		return errors.New("conformance: random bytes were given before and not ended")
	}
	r.before, r.rest, r.over = rand.Reader, random, 0
	rand.Reader = r
	return nil
}

// EndRandom implements [Randomness].
func (r *CryptoRand) EndRandom() error {
	if r.before == nil {
		return errors.New("conformance: no random bytes were given")
	}
	rand.Reader, r.before = r.before, nil
	if len(r.rest) > 0 || r.over > 0 {
		return fmt.Errorf("conformance: %d random bytes were left, and %d more taken", len(r.rest), r.over)
	}
	return nil
}

// Read hands out the given bytes. At their end it goes on, with bytes that
// nobody expects: crypto/rand ends the process when its source fails.
func (r *CryptoRand) Read(p []byte) (int, error) {
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	for i := n; i < len(p); i++ {
		r.over++
		p[i] = byte(0xa5 + r.over)
	}
	return len(p), nil
}
