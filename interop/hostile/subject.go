// Package hostile offers altered messages, session keys, exports and pickles to
// every implementation, and compares what becomes of them. Where two verdicts
// differ, the difference must stand in the reviewed list in differences.go.
package hostile

import (
	"fmt"
	"slices"

	"github.com/chappe-e2ee/chappe/interop/peer"
)

// A subject is something valid that a program reads.
type subject struct {
	name   string
	raw    []byte
	layout []region
	// offer gives a form of it to an implementation, and returns what came out.
	offer func(by peer.Implementation, raw []byte) (string, error)
	// crafted are further forms, made with the right keys.
	crafted []mutation
	// refused says that chappe does not take the subject as it is.
	refused bool
	// skip leaves a form out for an implementation.
	skip func(by peer.Implementation, m mutation) bool
}

// A region is a part of a subject that reviewers call by a name.
type region struct {
	name string
	size int
}

// A mutation is an altered form. Its class is what a reviewed difference names.
type mutation struct {
	class string
	raw   []byte
	at    int // bit or length; for the message of a failing test
}

func (s *subject) regionOf(offset int) string {
	for _, r := range s.layout {
		if offset -= r.size; offset < 0 {
			return r.name
		}
	}
	panic("hostile: the layout of " + s.name + " is too short")
}

// mutations returns every truncation, every flip of one bit, and the crafted
// forms.
func (s *subject) mutations() []mutation {
	total := 0
	for _, r := range s.layout {
		total += r.size
	}
	if total != len(s.raw) {
		panic(fmt.Sprintf("hostile: the layout of %s has %d bytes, not %d", s.name, total, len(s.raw)))
	}
	var all []mutation
	if s.raw != nil {
		all = append(all, mutation{"unaltered", s.raw, 0})
	}
	for n := range s.raw {
		all = append(all, mutation{"truncated in " + s.regionOf(n), s.raw[:n], n})
	}
	for bit := range 8 * len(s.raw) {
		b := append([]byte{}, s.raw...)
		b[bit/8] ^= 1 << (bit % 8)
		all = append(all, mutation{"bit of " + s.regionOf(bit/8), b, bit})
	}
	for _, more := range []int{1, 16} {
		if s.raw == nil {
			break
		}
		all = append(all, mutation{"trailing bytes", append(append([]byte{}, s.raw...), make([]byte, more)...), more})
	}
	return append(all, s.crafted...)
}

// outcome is what an implementation makes of a form.
type outcome struct {
	accepted bool
	output   string
	panicked bool
	err      error
}

func (o outcome) String() string {
	if !o.accepted {
		return refuses
	}
	return accepts
}

func (s *subject) outcome(by peer.Implementation, m mutation) (o outcome) {
	defer func() {
		if r := recover(); r != nil {
			o = outcome{panicked: true, err: fmt.Errorf("panic: %v", r)}
		}
	}()
	output, err := s.offer(by, append([]byte{}, m.raw...))
	return outcome{accepted: err == nil, output: output, err: err}
}

// A finding is a difference that occurred.
type finding struct{ subject, class, peer, ours, theirs string }

func (f finding) compare(g finding) int {
	return slices.Compare([]string{f.subject, f.class, f.peer, f.ours, f.theirs}, []string{g.subject, g.class, g.peer, g.ours, g.theirs})
}
