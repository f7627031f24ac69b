package ratchetmodel_test

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"strings"
	"testing"

	"github.com/chappe-e2ee/chappe/internal/ratchetmodel"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
)

// A program is what a fuzzer makes: instructions of a fixed length, each an
// opcode and its operands. Operands that are missing are zeros.
type program struct {
	code, rest, operands []byte
}

const (
	instruction = 10   // bytes
	maxProgram  = 200  // instructions
	maxWork     = 1000 // messages and keys, so that no program is slow
)

func newProgram(code []byte) *program {
	code = code[:min(len(code), maxProgram*instruction)]
	return &program{code: code, rest: code}
}

// fetch begins the next instruction. There is none at the end.
func (p *program) fetch() bool {
	n := min(instruction, len(p.rest))
	p.operands, p.rest = p.rest[:n], p.rest[n:]
	return n > 0
}

// next is the next byte of the instruction.
func (p *program) next() int {
	if len(p.operands) == 0 {
		return 0
	}
	b := p.operands[0]
	p.operands = p.operands[1:]
	return int(b)
}

// pick chooses one of a list. There may be none.
func pick[T any](p *program, list []T) (t T, ok bool) {
	n := p.next()
	if len(list) == 0 {
		return t, false
	}
	return list[n%len(list)], true
}

// An operation is a step of a program. It takes its operands from there.
type operation[W any] struct {
	name   string
	weight int // how many of 256 opcodes, roughly, in comparison with others
	do     func(W)
}

// chosen is the operation of the next byte.
func chosen[W any](p *program, operations []operation[W]) operation[W] {
	n := p.next() % weights(operations)
	for _, o := range operations {
		if n -= o.weight; n < 0 {
			return o
		}
	}
	panic("unreachable: n was below the sum of the weights")
}

func weights[W any](operations []operation[W]) (sum int) {
	for _, o := range operations {
		sum += o.weight
	}
	return sum
}

// A stage is what both worlds share: the log of a program's steps, and the
// randomness, which the room takes first and the model is given again.
type stage struct {
	testing.TB
	*program
	stream *mathrand.ChaCha8
	taken  []byte
	steps  []string
	work   int
	counts map[string]int
}

// play runs a program on a stage of its own.
func play(t testing.TB, code []byte, counts map[string]int, run func(*stage)) {
	t.Helper()
	s := &stage{TB: t, program: newProgram(code), stream: mathrand.NewChaCha8([32]byte{1}), counts: counts}
	before := rand.Reader
	rand.Reader = s
	defer func() { rand.Reader = before }()
	run(s)
}

// Read is crypto/rand for the rooms.
func (s *stage) Read(b []byte) (int, error) {
	_, _ = s.stream.Read(b)
	s.taken = append(s.taken, b...)
	return len(b), nil
}

// replay runs the model on the bytes that the room took since the last call of
// fresh, and demands that it takes all of them.
func (s *stage) replay(run func(ratchetmodel.Random)) {
	s.Helper()
	left := s.taken
	run(func(n int) []byte {
		s.demand(n <= len(left), "the model takes %d bytes of randomness, the room took no more", n)
		out := left[:n:n]
		left = left[n:]
		return out
	})
	s.demand(len(left) == 0, "the room took %d bytes of randomness that the model does not", len(left))
	s.taken = nil
}

// afford says whether a program may have so many more messages made. A fuzzer
// kills what takes it ten seconds, and the machine may be busy.
func (s *stage) afford(n int) bool {
	if s.work+n > maxWork {
		return false
	}
	s.work += n
	return true
}

func (s *stage) fresh() { s.taken = nil }

// step notes what the program does.
func (s *stage) step(format string, a ...any) {
	s.steps = append(s.steps, fmt.Sprintf(format, a...))
	name, _, _ := strings.Cut(format, " ")
	s.count("step " + name)
}

func (s *stage) count(what string) {
	if s.counts != nil {
		s.counts[what]++
	}
}

// demand fails the test with the program and its steps.
func (s *stage) demand(ok bool, format string, a ...any) {
	s.Helper()
	if !ok {
		s.Fatalf("%s\nprogram %s\nsteps:\n\t%s", fmt.Sprintf(format, a...), hex.EncodeToString(s.code), strings.Join(s.steps, "\n\t"))
	}
}

// agree demands that the room's error is the model's refusal, and says whether
// both accepted.
func (s *stage) agree(what string, err error, want *ratchetmodel.Refusal) bool {
	s.Helper()
	got := refusal(err)
	same := got == want || got != nil && want != nil && *got == *want
	s.demand(same, "%s: the room says %s (%v), the model %s", what, show(got), err, show(want))
	if want != nil {
		s.count(what + " refused: " + want.Why)
	} else {
		s.count(what + " accepted")
	}
	return want == nil
}

func show(r *ratchetmodel.Refusal) string {
	if r == nil {
		return "yes"
	}
	return fmt.Sprintf("no: %s %d", r.Why, r.Numbers)
}

// named are the errors that carry no numbers.
var named = map[error]string{
	olm.ErrMessageType:  ratchetmodel.WrongType,
	olm.ErrIdentityKey:  ratchetmodel.WrongKey,
	olm.ErrWrongSession: ratchetmodel.WrongSession,
	olm.ErrUnknownChain: ratchetmodel.NoChain,

	olm.ErrIndexExhausted:    ratchetmodel.Exhausted,
	megolm.ErrIndexExhausted: ratchetmodel.Exhausted,
	olm.ErrDecrypt:           ratchetmodel.BadMessage,
	megolm.ErrDecrypt:        ratchetmodel.BadMessage,
	megolm.ErrSignature:      ratchetmodel.BadSignature,
}

// refusal says in the model's words what an error of a room means.
func refusal(err error) *ratchetmodel.Refusal {
	if err == nil {
		return nil
	}
	var (
		malformed *olm.MalformedError
		version   *olm.VersionError
		oneTime   *olm.UnknownOneTimeKeyError
		gap       *olm.MessageGapError
		gone      *olm.MessageKeyGoneError
		index     *megolm.UnknownIndexError
	)
	switch {
	case errors.As(err, &malformed):
		return &ratchetmodel.Refusal{Why: ratchetmodel.Malformed}
	case errors.As(err, &version):
		return &ratchetmodel.Refusal{Why: ratchetmodel.Version}
	case errors.As(err, &oneTime):
		return &ratchetmodel.Refusal{Why: ratchetmodel.NoOneTimeKey}
	case errors.As(err, &gap):
		return &ratchetmodel.Refusal{Why: ratchetmodel.Gap, Numbers: [2]uint32{gap.Next, gap.Got}}
	case errors.As(err, &gone):
		return &ratchetmodel.Refusal{Why: ratchetmodel.Gone, Numbers: [2]uint32{gone.Index}}
	case errors.As(err, &index):
		return &ratchetmodel.Refusal{Why: ratchetmodel.NoIndex, Numbers: [2]uint32{index.FirstKnown, index.Got}}
	}
	for is, why := range named {
		if errors.Is(err, is) {
			return &ratchetmodel.Refusal{Why: why}
		}
	}
	return &ratchetmodel.Refusal{Why: "an error that the model does not know: " + err.Error()}
}

// The keys that everything is stored under. Their values do not matter.
var (
	pickleKey = []byte("thirty-two bytes of a pickle key")
	sealKey   = func() keys.SealKey { k, _ := keys.NewSealKey(pickleKey); return k }()
	context   = []byte("context")
)

// samePickle demands that a pickle of the room has the content that the model
// predicts.
func (s *stage) samePickle(what string, pickle, content []byte) {
	s.Helper()
	s.demand(string(pickle) == string(ratchetmodel.Pickle(pickleKey, content)),
		"%s: the states differ:\nroom  %x\nmodel %x", what, ratchetmodel.Unpickle(pickleKey, pickle), content)
}

// text fills n bytes.
func text(n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(n + i)
	}
	return out
}
