// Package conformance puts an implementation of Olm and Megolm through the
// vectors of package testvectors and through named scenarios: conversations
// with loss, replays, forged messages, limits and restarts, which every
// implementation must get through alike.
//
// An author in Go writes the adapter, an [Implementation], and a test:
//
//	func TestConformance(t *testing.T) {
//		conformance.Run(t, adapter{})
//	}
//
// An author in another language writes a program that answers calls as lines of
// JSON, and runs it behind [NewLines]; README.md describes the lines. A program
// that lists and runs the cases itself walks over [Cases].
//
// What an implementation cannot do is reported and counted as not run. It is
// never taken for a pass.
package conformance

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Case is one vector, or one scenario.
type Case struct {
	ID          string // "libolm/session/loopback", or "scenario/olm-out-of-order"
	Description string
	run         func(r *runner)
}

// Run puts an implementation through the case. It returns nil when the
// implementation passed, a [*NotRunError] when it lacks something without which
// the case cannot run, and otherwise what is wrong.
func (c Case) Run(i Implementation) error {
	if r, there := i.(Resetter); there {
		if err := r.Reset(); err != nil {
			return err
		}
	}
	return newRunner(i).do(c.run)
}

// NotRunError says why a case was not run.
type NotRunError struct{ Reason string }

func (e *NotRunError) Error() string { return "conformance: not run: " + e.Reason }

// T is what [Run] needs of *testing.T.
type T[Self any] interface {
	Helper()
	Run(name string, f func(Self)) bool
	Log(args ...any)
	Error(args ...any)
}

// Exception says that an implementation fails cases, and why that is right or
// has to be lived with.
type Exception struct {
	Cases  string // their IDs, a pattern of path.Match
	Says   string // part of what is wrong, so that nothing else hides behind it
	Reason string
}

func (e Exception) covers(c Case) bool {
	covers, err := path.Match(e.Cases, c.ID)
	return covers && err == nil
}

// Counts are how many cases ended in which way.
type Counts struct{ Passed, Failed, NotRun, Excepted int }

// Run puts an implementation through all cases, each in a subtest. Cases with an
// exception must fail as the exception says: one that passes, or that fails in
// another way, is an error, and so is an exception for no case. What was not run
// is logged.
func Run[Self T[Self]](t Self, i Implementation, exceptions ...Exception) Counts {
	t.Helper()
	var n Counts
	var notRun []string
	used := make([]bool, len(exceptions))
	for _, c := range Cases() {
		at := slices.IndexFunc(exceptions, func(e Exception) bool { return e.covers(c) })
		if at >= 0 {
			used[at] = true
		}
		t.Run(c.ID, func(t Self) {
			t.Helper()
			err := c.Run(i)
			missing, lacks := errors.AsType[*NotRunError](err)
			var wrong string
			switch {
			case lacks:
				n.NotRun++
				notRun = append(notRun, c.ID+": "+missing.Reason)
				return
			case at < 0 && err == nil:
				n.Passed++
				return
			case at < 0:
				wrong = err.Error()
			case err == nil:
				wrong = "passes, against the exception: " + exceptions[at].Reason
			case exceptions[at].Says == "" || !strings.Contains(err.Error(), exceptions[at].Says):
				wrong = "fails in another way than the exception says: " + err.Error()
			default:
				n.Excepted++
				return
			}
			n.Failed++
			t.Error(wrong)
		})
	}
	for at, e := range exceptions {
		if !used[at] || e.Reason == "" {
			n.Failed++
			t.Error(fmt.Sprintf("exception for %q: there is no such case, or no reason", e.Cases))
		}
	}
	t.Log(fmt.Sprintf("%s: %d cases passed, %d failed, %d excepted, %d not run", i.Name(), n.Passed, n.Failed, n.Excepted, n.NotRun))
	for _, line := range notRun {
		t.Log("not run: " + line)
	}
	return n
}
