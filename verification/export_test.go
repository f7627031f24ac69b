package verification

import (
	"fmt"
	"strings"
)

// Snapshot returns the whole state in plain, for comparison.
func (v *Verifier) Snapshot() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	var b strings.Builder
	for _, f := range v.open {
		fmt.Fprintln(&b, f.snapshot(), v.flows[f.ref] == f)
	}
	fmt.Fprintln(&b, len(v.flows), v.past.order, v.past.until)
	return b.String()
}

// Snapshot returns the whole state of the flow in plain, for comparison.
func (f *Flow) Snapshot() string {
	f.v.mu.Lock()
	defer f.v.mu.Unlock()
	return f.snapshot()
}

func (f *Flow) snapshot() string {
	exchange := "none"
	if f.exchange != nil {
		exchange = fmt.Sprintf("%T %+v", f.exchange, f.exchange)
	}
	return fmt.Sprintf("%+v %v %v %s %t %t %q %q %q %q %p %p %s %q %s %v %q %+v",
		f.ref, f.began, f.askUntil, f.state, f.ours, f.bare, f.user, f.device, f.asked, f.methods,
		f.keys.Self, f.keys.Theirs, f.start.content, f.method, exchange, f.proven, f.seen, f.why)
}

// Sizes returns how much a Verifier holds: open flows, and ended ones.
func (v *Verifier) Sizes() (open, index, past, order int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.open), len(v.flows), len(v.past.until), len(v.past.order)
}

// Released says whether the flow holds nothing any more that only an open one
// needs.
func (f *Flow) Released() bool {
	f.v.mu.Lock()
	defer f.v.mu.Unlock()
	return f.exchange == nil && f.start.content.IsZero() && f.seen == nil && f.asked == nil
}

// SetKeys gives the flow other keys than it began with.
func (f *Flow) SetKeys(k Keys) { f.keys = k }

// Forgot says whether the flow holds no keys and no proof any more.
func (f *Flow) Forgot() bool {
	f.v.mu.Lock()
	defer f.v.mu.Unlock()
	return f.keys == (Keys{}) && f.proven == (ProvenKeys{})
}

// MaxEnded is maxEnded.
const MaxEnded = maxEnded

// Rules yields each state and kind with whether the table has a rule, and the
// states that can follow.
func Rules(yield func(state State, kind int, do int, to []State)) {
	for s := range numberOfStates {
		for k := range numberOfKinds {
			r := table[s][k]
			yield(State(s), k, int(r.do), r.to)
		}
	}
}
