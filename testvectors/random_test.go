package testvectors_test

import "crypto/rand"

// replay takes the place of crypto/rand's source and hands out given bytes. At
// their end it goes on, with bytes that nobody expects, for crypto/rand ends
// the process when its source fails.
type replay struct {
	rest []byte
	over int
}

func (r *replay) Read(p []byte) (int, error) {
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	for i := n; i < len(p); i++ {
		r.over++
		p[i] = byte(0xa5 + r.over)
	}
	return len(p), nil
}

// random runs f with these random bytes and demands that it takes all of them
// and no more. Tests that use it cannot be parallel.
func random[T any](bytes []byte, f func() T) T {
	stop := keepRandom()
	defer stop()
	r := &replay{rest: bytes}
	rand.Reader = r
	v := f()
	check(len(r.rest) == 0 && r.over == 0, "of %d random bytes %d were left, and %d more taken", len(bytes), len(r.rest), r.over)
	return v
}

// keepRandom returns a function that puts the present source back.
func keepRandom() func() {
	reader := rand.Reader
	return func() { rand.Reader = reader }
}
