package verification

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
)

// apply does what the table says of an event.
func (f *Flow) apply(now time.Time, on kind, in *incoming) (Out, error) {
	switch table[f.state][on].do {
	case refuse:
		return f.cancel(now, CodeUnexpectedMessage, fmt.Errorf("verification: %q in state %s", in.eventType, f.state)), nil
	case takeReady:
		return f.takeReady(now, in), nil
	case takeStart:
		return f.takeStart(now, in), nil
	case pickStart:
		return f.pickStart(now, in), nil
	case give:
		return f.give(now, in), nil
	case finish:
		return f.end(now, Done, Ended{}), nil
	case takeCancel:
		return f.takeCancel(now, in), nil
	case stepBack:
		return f.stepBack(now, in), nil
	}
	return Out{}, ignored("nothing to do in state " + f.state.String())
}

// takeReady takes the answer to our request.
func (f *Flow) takeReady(now time.Time, in *incoming) Out {
	methods := f.v.common(in.methods)
	others := f.cancels(CodeAccepted, in.device)
	if f.ref.inRoom() {
		others = nil // they see the ready
	}
	f.device = in.device
	var out Out
	switch {
	case f.keys.Theirs.Device(in.device) == nil:
		out = f.cancel(now, CodeKeyMismatch, ErrUnknownDevice)
	case len(methods) == 0:
		out = f.cancel(now, CodeUnknownMethod, ErrMethod)
	default:
		f.state, f.methods = Ready, methods
		out = f.notice(Prepared{Methods: slices.Clone(methods)})
	}
	return Out{Send: append(others, out.Send...), Notices: out.Notices}
}

// takeStart begins the method that the other side starts.
func (f *Flow) takeStart(now time.Time, in *incoming) Out {
	if !slices.Contains(f.methods, in.method) {
		return f.cancel(now, CodeUnknownMethod, ErrMethod)
	}
	exchange, step, err := f.begin(f.v.method(in.method), Start{Content: in.content.AppendTo(nil)})
	if err != nil {
		return f.fail(now, err)
	}
	if f.exchange != nil {
		f.exchange.Close()
	}
	f.exchange, f.method = exchange, in.method
	return f.follow(now, step)
}

// begin returns the exchange that a start begins.
func (f *Flow) begin(m Method, s Start) (Exchange, Step, error) {
	parties, err := f.parties(f.device)
	if err != nil {
		return nil, Step{}, err
	}
	return m.New(parties, s)
}

// pickStart decides which start counts when both sides sent one: that of the user
// with the smaller id, or of the device with the smaller id if both are one user's
// (specification, "Key verification framework").
func (f *Flow) pickStart(now time.Time, in *incoming) Out {
	if in.method != f.method {
		return f.cancel(now, CodeUnexpectedMessage, ErrMethod)
	}
	ourUser, ourDevice := f.v.device.UserID(), f.v.device.DeviceID()
	if cmp.Or(cmp.Compare(ourUser, f.user), cmp.Compare(ourDevice, f.device)) < 0 {
		f.state = StartedBoth
		return Out{}
	}
	return f.takeStart(now, in)
}

// give lets the method look at an event.
func (f *Flow) give(now time.Time, in *incoming) Out {
	step, err := f.exchange.Receive(in.eventType, in.content.AppendTo(nil))
	if err != nil {
		return f.fail(now, err)
	}
	return f.follow(now, step)
}

// fail cancels the flow for what an exchange said.
func (f *Flow) fail(now time.Time, err error) Out {
	if e, ok := errors.AsType[*CancelError](err); ok {
		return f.cancel(now, e.Code, e.Err)
	}
	return f.cancel(now, CodeUnknownMethod, err)
}

// follow does what an exchange says is to be done next.
func (f *Flow) follow(now time.Time, step Step) Out {
	var out Out
	for _, e := range step.Send {
		content, err := compose(e.Content, f.ref.member())
		if err != nil {
			return f.fail(now, err)
		}
		out.Send = append(out.Send, f.message(e.Type, content))
	}
	f.state = Running
	if step.About != nil {
		out.add(f.notice(step.About))
	}
	if step.Proven.any() {
		f.proven = step.Proven
		f.exchange.Close()
		f.exchange = nil
		out.Send = append(out.Send, f.message(TypeDone, f.doneContent()))
		f.state = Proven
		// Who begins without a request may be so old as to send no done.
		if f.bare {
			out.add(f.end(now, Done, Ended{}))
		}
	}
	return out
}

// takeCancel ends the flow as the other side wants. When it went to several
// devices, the others are told.
func (f *Flow) takeCancel(now time.Time, in *incoming) Out {
	var out Out
	if f.state == Requested && !f.ref.inRoom() {
		out.Send = f.cancels(CodeUser, in.device)
	}
	out.add(f.end(now, Cancelled, Ended{Code: in.code, Reason: in.reason}))
	return out
}

// stepBack ends the flow because another device of ours answered.
func (f *Flow) stepBack(now time.Time, in *incoming) Out {
	code := CodeAccepted
	if in.kind == onCancel {
		code = CodeUser
	}
	return f.end(now, Cancelled, Ended{Code: code, Reason: code.Reason()})
}
