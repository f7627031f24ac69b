// Package conversation plays seeded conversations between two implementations
// and compares, after every step, what they say with each other and with a
// model of the ratchet. Messages are reordered, lost, doubled and forged;
// parties restart from pickles, also in the other implementation.
//
// Everything follows from the seed: the decisions, and the random bytes that
// the implementations draw from crypto/rand.Reader.
package conversation

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"strings"

	"github.com/chappe-e2ee/chappe/interop/peer"
)

// Script is a conversation to play.
type Script struct {
	Pair  [2]peer.Implementation
	Seed  uint64
	Steps int // that took effect: those that have nothing to work on come on top
	// Without leaves out kinds of steps, by name. The decisions stay the same
	// up to the first step that is left out.
	Without map[string]bool
	// NoEmpty keeps plaintexts and pickle keys from being empty. It is implied
	// where an implementation needs it.
	NoEmpty bool
	// Trace, when set, gets everything that leaves a party.
	Trace func(step int, what string, text []byte)
}

// Counts says how much of each was done.
type Counts map[string]int

// Failure is a disagreement, with what is needed to see it again.
type Failure struct {
	Kind string
	Pair [2]string
	Seed uint64
	Step int
	Op   string
	Err  error
}

func (f *Failure) Error() string {
	return fmt.Sprintf("%s of %s and %s, seed %d, step %d (%s): %v",
		f.Kind, f.Pair[0], f.Pair[1], f.Seed, f.Step, f.Op, f.Err)
}

func (f *Failure) Unwrap() error { return f.Err }

// errIdle says that a step had nothing to work on. It is not counted.
var errIdle = errors.New("nothing to do")

// maxIdle bounds the steps of a script, the idle ones included, in multiples of
// those that are to take effect.
const maxIdle = 10

// An op is a kind of step.
type op struct {
	name   string
	weight int
	do     func() error
}

// stage is what both kinds of conversation stand on.
type stage struct {
	Script
	decide *mathrand.Rand
	counts Counts
	step   int
	union  peer.Traits
}

func newStage(s Script) *stage {
	st := &stage{Script: s, decide: mathrand.New(chacha(s.Seed, "decisions")), counts: Counts{}}
	for _, p := range s.Pair {
		t := p.Traits()
		st.union.NoEmpty = st.union.NoEmpty || t.NoEmpty
		st.union.OldestFirst = st.union.OldestFirst || t.OldestFirst
		st.union.SharedKeyIDs = st.union.SharedKeyIDs || t.SharedKeyIDs
		st.union.ForgetsOrphans = st.union.ForgetsOrphans || t.ForgetsOrphans
		st.union.Reorders = st.union.Reorders || t.Reorders
		st.union.OwnPickles = st.union.OwnPickles || t.OwnPickles
		st.union.IndexByDefault = st.union.IndexByDefault || t.IndexByDefault
	}
	st.NoEmpty = st.NoEmpty || st.union.NoEmpty
	return st
}

func chacha(seed uint64, use string) *mathrand.ChaCha8 {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	copy(key[8:], use)
	return mathrand.NewChaCha8(key)
}

// WithEntropy calls f while crypto/rand.Reader is replaced by a stream that
// follows from the seed.
func WithEntropy(seed uint64, f func() error) error {
	before := rand.Reader
	rand.Reader = chacha(seed, "entropy")
	defer func() { rand.Reader = before }()
	return f()
}

func (s *stage) play(kind string, ops []op) (counts Counts, err error) {
	total := 0
	for _, o := range ops {
		total += o.weight
	}
	err = WithEntropy(s.Seed, func() error {
		for ; s.counts["steps"] < s.Steps; s.step++ {
			if len(s.Without) > 0 && s.step == s.Steps {
				return nil
			}
			if s.step == maxIdle*s.Steps {
				return fmt.Errorf("%s: of %d steps, only %d took effect", kind, s.step, s.counts["steps"])
			}
			o := pick(ops, s.decide.IntN(total))
			if s.Without[o.name] {
				continue
			}
			err := guard(o.do)
			if err == errIdle {
				continue
			}
			if err != nil {
				return &Failure{kind, [2]string{s.Pair[0].Name(), s.Pair[1].Name()}, s.Seed, s.step, o.name, err}
			}
			s.counts["steps"]++
		}
		return nil
	})
	return s.counts, err
}

func pick(ops []op, n int) op {
	for _, o := range ops {
		if n -= o.weight; n < 0 {
			return o
		}
	}
	panic("unreachable")
}

// guard turns a panic of an implementation into an error.
func guard(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return f()
}

func (s *stage) trace(what string, text []byte) {
	if s.Trace != nil {
		s.Trace(s.step, what, text)
	}
}

// plaintext is of a length that is often near a block's.
func (s *stage) plaintext() []byte {
	n := 0
	switch s.decide.IntN(10) {
	case 0:
	case 1, 2, 3:
		n = 16*s.decide.IntN(5) + s.decide.IntN(3) - 1
	case 4:
		n = s.decide.IntN(3000)
	default:
		n = s.decide.IntN(100)
	}
	if s.NoEmpty {
		n = max(n, 1)
	}
	b := make([]byte, max(n, 0))
	for i := range b {
		b[i] = byte(s.decide.Uint32())
	}
	return b
}

func (s *stage) pickleKey() []byte {
	n := s.decide.IntN(40)
	if s.NoEmpty {
		n = max(n, 1)
	}
	if s.union.OwnPickles {
		n = len(probe)
	}
	return []byte(strings.Repeat("k", n))
}

// probe is the pickle key of states that are compared, of a length that all
// implementations take.
var probe = []byte(strings.Repeat("p", 32))

// other returns the implementation that continues what one was working with,
// often another one.
func (s *stage) other() peer.Implementation { return s.Pair[s.decide.IntN(2)] }

// move counts a restart or a migration.
func (s *stage) moved(from, to peer.Implementation) {
	s.counts["pickles"]++
	if from.Name() != to.Name() {
		s.counts["migrations"]++
	}
}
