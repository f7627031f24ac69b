package conformance_test

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/testvectors/conformance"
	"github.com/chappe-e2ee/chappe/testvectors/conformance/chappe"
)

// log stands in for *testing.T, and notes what fails.
type log struct {
	errors, lines []string
	names         []string
}

func (l *log) Helper()           {}
func (l *log) Log(args ...any)   { l.lines = append(l.lines, fmt.Sprint(args...)) }
func (l *log) Error(args ...any) { l.errors = append(l.errors, fmt.Sprint(args...)) }

func (l *log) Run(name string, f func(*log)) bool {
	l.names = append(l.names, name)
	before := len(l.errors)
	f(l)
	return len(l.errors) == before
}

// oneClass takes an error of several classes for one of none.
type oneClass struct{ chappe.Replaying }

func (o *oneClass) Classes(err error) []string {
	if c := o.Replaying.Classes(err); len(c) == 1 {
		return c
	}
	return nil
}

// all is how many cases there are: no less may run.
var all = conformance.Counts{Passed: 209, NotRun: 9}

// TestChappe holds that this module passes, and that each of its refusals has
// one class and no other.
func TestChappe(t *testing.T) {
	require.Equal(t, all, conformance.Run(t, new(oneClass)))
}

// TestIDs holds that cases have different names, and say what they are about.
func TestIDs(t *testing.T) {
	seen := make(map[string]bool)
	for _, c := range conformance.Cases() {
		require.False(t, seen[c.ID], c.ID)
		require.NotEmpty(t, c.Description, c.ID)
		seen[c.ID] = true
	}
	require.Len(t, seen, 218)
}

// bare has none of the capabilities.
type bare struct{ conformance.Implementation }

// TestBare holds that what an implementation lacks is counted as not run, with
// the reason, and never as passed.
func TestBare(t *testing.T) {
	l := new(log)
	n := conformance.Run(l, bare{new(chappe.Replaying)})
	require.Empty(t, l.errors)
	require.Zero(t, n.Failed)
	require.Equal(t, len(l.names), n.Passed+n.NotRun)
	reasons := make(map[string]int)
	for _, line := range l.lines[1:] {
		_, reason, _ := strings.Cut(strings.TrimPrefix(line, "not run: "), ": ")
		if strings.HasPrefix(reason, "no ") {
			reasons[reason]++
		}
	}
	require.Equal(t, map[string]int{
		"no base64 by itself": 8, "no calculations of SAS": 7, "no codec of messages": 4, "no given randomness": 8,
		"no pickles": 21, "no pickles, and nothing to store objects with": 35, "no primitives by themselves": 7, "no public-key box": 7, "no verdicts on public keys": 39,
		"no verification of signatures": 20,
	}, reasons)
}

// halfway supports a call in name only.
type halfway struct{ chappe.Replaying }

func (halfway) PKDecrypt([]byte, string, string, string) ([]byte, error) {
	return nil, fmt.Errorf("halfway: %w", errors.ErrUnsupported)
}

// TestUnsupported holds that a call that is not supported is neither a pass nor
// a refusal.
func TestUnsupported(t *testing.T) {
	for _, c := range conformance.Cases() {
		if slices.Contains([]string{"pk-encrypt", "pk-decrypt-kat", "pk-decrypt-bad-mac"}, path.Base(c.ID)) {
			var missing *conformance.NotRunError
			require.ErrorAs(t, c.Run(new(halfway)), &missing, c.ID)
			require.Contains(t, missing.Reason, "halfway")
		}
	}
}

// stub can make no sender, and verifies everything.
type stub struct{ bare }

var errUnsupported = fmt.Errorf("stub: %w", errors.ErrUnsupported)

func (stub) Name() string                                                { return "stub" }
func (stub) Classes(error) []string                                      { return nil }
func (stub) NewAccount() (conformance.Account, error)                    { return nil, errUnsupported }
func (stub) NewOutboundGroup() (conformance.OutboundGroup, error)        { return nil, errors.New("broken") }
func (stub) NewInboundGroup(string) (conformance.InboundGroup, error)    { return nil, errUnsupported }
func (stub) ImportInboundGroup(string) (conformance.InboundGroup, error) { return nil, errUnsupported }
func (stub) Verify(string, []byte, string) error                         { return nil }

// TestExceptions holds that an exception excuses what it names and no more.
func TestExceptions(t *testing.T) {
	failed := func(exceptions ...conformance.Exception) int {
		l := new(log)
		n := conformance.Run(l, stub{}, exceptions...)
		require.GreaterOrEqual(t, n.Passed+n.Failed+n.NotRun+n.Excepted, len(l.names))
		require.Equal(t, len(l.errors) > 0, n.Failed > 0)
		return len(l.errors)
	}
	whole := []conformance.Exception{
		{Cases: "keys/verify-all-zero", Says: "strict: is true", Reason: "it verifies everything"},
		{Cases: "keys/verify-[^ahm]*", Says: "strict: is true", Reason: "it verifies everything"},
		{Cases: "keys/verify-mixed-key", Says: "strict: is true", Reason: "it verifies everything"},
		{Cases: "libolm/*/*-signing-tampered", Says: "accepted, and should", Reason: "it verifies everything"},
		{Cases: "scenario/megolm-*", Says: "broken", Reason: "it has no senders"},
	}
	require.Zero(t, failed(whole...))
	with := func(change func(e *conformance.Exception)) int {
		changed := slices.Clone(whole)
		change(&changed[0])
		return failed(changed...)
	}
	require.Equal(t, 1, failed(whole[1:]...), "no exception")
	require.Equal(t, 1, with(func(e *conformance.Exception) { e.Says = "something else" }))
	require.Equal(t, 1, with(func(e *conformance.Exception) { e.Says = "" }))
	require.Equal(t, 1, with(func(e *conformance.Exception) { e.Reason = "" }))
	require.Equal(t, 2, with(func(e *conformance.Exception) { e.Cases = "no/such/case" }))
	require.Equal(t, 1, with(func(e *conformance.Exception) { e.Cases = "keys/verify-[ah]*" }), "one of them passes")
}
