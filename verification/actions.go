package verification

import (
	"errors"
	"slices"
	"time"

	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
)

// call returns nil when a call is possible in the flow's state. A flow whose time
// is up is not ended here: that is [Verifier.Expire]'s.
func (f *Flow) call(now time.Time, on kind) error {
	if table[f.state][on].do == refuse || f.late(now) {
		return ErrState
	}
	return nil
}

// Accept says that the person agrees to verify with the device that asks. With it
// the flow begins, with these keys. It returns [ErrState], [ErrOtherUser],
// [ErrUnknownDevice] when the device is not among the keys, which a program then
// asks for again, [ErrMethod] when there is none in common, or a
// crosssigning.ClashError. When the flow cannot go on after that, the program
// calls [Flow.Cancel].
func (f *Flow) Accept(now time.Time, k Keys) (Out, error) {
	f.v.mu.Lock()
	defer f.v.mu.Unlock()
	if err := f.call(now, callAccept); err != nil {
		return Out{}, err
	}
	if err := f.v.check(k, f.user); err != nil {
		return Out{}, err
	}
	switch {
	case k.Theirs.Device(f.device) == nil:
		return Out{}, ErrUnknownDevice
	case len(f.methods) == 0:
		return Out{}, ErrMethod
	}
	if table[f.state][callAccept].do == sendAccept {
		f.keys = k
		start := f.start
		return f.takeStart(now, &start), nil
	}
	content := canonicaljson.Object(f.ref.member(), member("from_device", f.v.device.DeviceID()), listMember("methods", f.methods))
	f.keys, f.state = k, Ready
	out := f.notice(Prepared{Methods: slices.Clone(f.methods)})
	out.Send = []Message{f.message(TypeReady, content)}
	return out, nil
}

// Start begins a method, which must be one that [Prepared] named. It returns
// [ErrState], also when the other side was faster, or [ErrMethod].
func (f *Flow) Start(now time.Time, m Method) (Out, error) {
	f.v.mu.Lock()
	defer f.v.mu.Unlock()
	if err := f.call(now, callStart); err != nil {
		return Out{}, err
	}
	if m == nil || len(f.v.common([]string{m.Name()})) == 0 || !slices.Contains(f.methods, m.Name()) {
		return Out{}, ErrMethod
	}
	content, err := compose(m.Start(), f.ref.member(), member("from_device", f.v.device.DeviceID()), member("method", m.Name()))
	if err != nil {
		return Out{}, err
	}
	exchange, _, err := f.begin(m, Start{Ours: true, Content: content.AppendTo(nil)})
	if err != nil {
		return Out{}, err
	}
	f.exchange, f.method, f.state = exchange, m.Name(), Started
	return Out{Send: []Message{f.message(TypeStart, content)}}, nil
}

// Confirm says that the person answers the method's question with yes. It returns
// [ErrState] when no question is open.
func (f *Flow) Confirm(now time.Time) (Out, error) { return f.answer(now, true) }

// Deny says that the person answers the method's question with no: the flow is
// cancelled. It returns [ErrState] when no question is open.
func (f *Flow) Deny(now time.Time) (Out, error) { return f.answer(now, false) }

func (f *Flow) answer(now time.Time, yes bool) (Out, error) {
	f.v.mu.Lock()
	defer f.v.mu.Unlock()
	if err := f.call(now, callAnswer); err != nil {
		return Out{}, err
	}
	step, err := f.exchange.Answer(yes)
	if err == nil {
		return f.follow(now, step), nil
	}
	if _, ok := errors.AsType[*CancelError](err); ok {
		return f.fail(now, err), nil
	}
	return Out{}, err
}

// Cancel ends the flow with a code, mostly [CodeUser]. It returns [ErrState] when
// the flow ended before, or a [*MalformedError] for an empty code.
func (f *Flow) Cancel(now time.Time, code Code) (Out, error) {
	f.v.mu.Lock()
	defer f.v.mu.Unlock()
	if table[f.state][callCancel].do != sendCancel {
		return Out{}, ErrState
	}
	if !validID(string(code)) {
		return Out{}, malformed(composeName, "no code")
	}
	return f.cancel(now, code, nil), nil
}
