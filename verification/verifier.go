package verification

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
)

// Bounds. The times are those of the specification.
const (
	// FlowTime is how long a flow may take, from its first event.
	FlowTime = 10 * time.Minute

	// AnswerTime is how long the person is asked whether to accept, from when
	// the event came, but no longer than RequestAge from when it was sent.
	AnswerTime = 2 * time.Minute

	// RequestAge is how old a request may be, and RequestAhead how far in the
	// future. Others are ignored.
	RequestAge   = 10 * time.Minute
	RequestAhead = 5 * time.Minute

	// MaxFlows is how many flows that others began may be open at a time, and
	// as many that we began.
	MaxFlows = 100

	// MaxUserFlows is how many flows that one user began may be open at a time.
	// A device has one: a second one cancels both.
	MaxUserFlows = 5

	// maxEnded is of how many flows it is remembered that they ended.
	maxEnded = 1000
)

// Verifier holds the flows of one device. It is safe for concurrent use.
type Verifier struct {
	device  *crosssigning.DeviceKeys
	methods []Method

	mu    sync.Mutex
	open  []*Flow             // the oldest first
	flows map[reference]*Flow // the open ones, but for those that are Unsent
	past  past
}

// New returns a Verifier without flows. device is this device with its keys as
// the program's own account has them: what LocalDevice.Keys returns. methods are
// announced in their order. It returns a [*MalformedError] when the device or a
// method is missing, or two methods have one name.
func New(device *crosssigning.DeviceKeys, methods ...Method) (*Verifier, error) {
	const what = "verification: verifier"
	if device == nil {
		return nil, malformed(what, "no device")
	}
	v := &Verifier{device: device, methods: slices.Clone(methods), flows: map[reference]*Flow{}}
	var names []string
	for _, m := range methods {
		if m == nil || m.Name() == "" {
			return nil, malformed(what, "a method is missing")
		}
		if slices.Contains(names, m.Name()) {
			return nil, malformed(what, "a method stands twice")
		}
		names = append(names, m.Name())
	}
	if len(names) == 0 {
		return nil, malformed(what, "no method")
	}
	return v, nil
}

// Format writes a placeholder, under every verb. Without it, fmt would read what
// others write.
func (*Verifier) Format(s fmt.State, _ rune) { io.WriteString(s, "[verifier]") }

// method returns the method with a name, or nil.
func (v *Verifier) method(name string) Method {
	for _, m := range v.methods {
		if m.Name() == name {
			return m
		}
	}
	return nil
}

// names returns the names of all methods.
func (v *Verifier) names() (list []string) {
	for _, m := range v.methods {
		list = append(list, m.Name())
	}
	return list
}

// common returns the names of the methods that both sides know, in our order.
func (v *Verifier) common(theirs []string) (list []string) {
	for _, m := range v.methods {
		if slices.Contains(theirs, m.Name()) {
			list = append(list, m.Name())
		}
	}
	return list
}

// Next returns when to call [Verifier.Expire] at the latest, and false when no
// flow is open.
func (v *Verifier) Next() (next time.Time, open bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, f := range v.open {
		if !open || f.until().Before(next) {
			next, open = f.until(), true
		}
	}
	return next, open
}

// Expire ends the flows whose time is up.
func (v *Verifier) Expire(now time.Time) Out {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.expire(now)
}

func (v *Verifier) expire(now time.Time) Out {
	var out Out
	for _, f := range slices.Clone(v.open) {
		if f.late(now) {
			out.add(f.expire(now))
		}
	}
	return out
}

// Close ends all flows without a word, and wipes their secrets.
func (v *Verifier) Close() {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, f := range slices.Clone(v.open) {
		f.end(f.began, Cancelled, Ended{Code: CodeUser, Reason: CodeUser.Reason(), ByUs: true})
	}
}

// count returns for how many flows a condition holds whose time is not up.
func (v *Verifier) count(now time.Time, is func(*Flow) bool) (n int) {
	for _, f := range v.open {
		if !f.late(now) && is(f) {
			n++
		}
	}
	return n
}

// past remembers for a while which flows ended, and which were unknown, so that
// what still comes of them is neither taken for a new one nor answered.
type past struct {
	until map[reference]time.Time
	order []reference // the oldest first
}

func (p *past) add(ref reference, now time.Time) {
	if p.until == nil {
		p.until = map[reference]time.Time{}
	}
	if _, ok := p.until[ref]; !ok {
		p.order = append(p.order, ref)
	}
	p.until[ref] = now.Add(FlowTime)
	if len(p.order) > maxEnded {
		delete(p.until, p.order[0])
		p.order = slices.Delete(p.order, 0, 1)
	}
}

func (p *past) has(ref reference, now time.Time) bool {
	until, ok := p.until[ref]
	return ok && now.Before(until)
}
