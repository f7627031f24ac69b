package verification

import (
	"slices"
	"time"
)

// Receive takes an event. The program passes all m.key.verification.* events, of
// rooms and to-device, and all m.room.message events, its own as well.
//
// An error says that the event was dropped and changed nothing: [ErrIgnored],
// [ErrTooMany] or a [*MalformedError]. A program may log it, and goes on.
func (v *Verifier) Receive(now time.Time, e Event) (Out, error) {
	in, err := parse(e)
	if err != nil {
		return Out{}, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	f := v.flows[in.ref]
	switch {
	case f != nil && f.late(now):
		return f.expire(now), nil
	case f != nil:
		return f.receive(now, in)
	case v.past.has(in.ref, now):
		return Out{}, ignored("the flow has ended")
	case in.kind == onRequest && in.ref.inRoom() && in.sender == v.device.UserID():
		return Out{}, v.echo(now, in)
	case in.kind != onRequest && in.ref.inRoom():
		return Out{}, ignored("of a flow that is not ours") // anyone may verify in this room
	case in.kind == onRequest, in.kind == onStart:
		return v.beginTheirs(now, in)
	case in.kind == onCancel, v.ownDevice(in.sender, in.device):
		return Out{}, ignored("of an unknown flow")
	}
	to := in.device
	if to == "" {
		to = AllDevices
	}
	v.past.add(in.ref, now) // one answer is enough
	return Out{Send: []Message{cancelMessage(in.ref, in.sender, []string{to}, CodeUnknownTransaction)}}, nil
}

// receive takes an event of the flow.
func (f *Flow) receive(now time.Time, in *incoming) (Out, error) {
	on, out, err := f.classify(in)
	if err != nil || len(out.Send) > 0 {
		return out, err
	}
	if f.ref.inRoom() && slices.Contains(f.seen, in.eventID) {
		return Out{}, ignored("it came before")
	}
	if in.fault != nil {
		return f.cancel(now, CodeInvalidMessage, in.fault), nil
	}
	out, err = f.apply(now, on, in)
	if err == nil && f.ref.inRoom() && !f.state.Ended() && len(f.seen) < maxSeen {
		f.seen = append(f.seen, in.eventID)
	}
	return out, err
}

// classify says what an event is to the flow. It returns an error when it does not
// come from the other side.
func (f *Flow) classify(in *incoming) (kind, Out, error) {
	if f.ref.inRoom() && in.sender == f.v.device.UserID() {
		return f.classifyOwn(in)
	}
	switch {
	case in.sender != f.user:
		return 0, Out{}, ignored("from someone else")
	case in.device == "" || in.device == f.device:
		return in.kind, Out{}, nil
	case f.device == "":
		// Our request went to several devices.
		if !f.ref.inRoom() && !slices.Contains(f.asked, in.device) {
			return 0, Out{}, ignored("from a device that was not asked")
		}
		return in.kind, Out{}, nil
	case in.kind == onReady && slices.Contains(f.asked, in.device):
		// It accepted before it learnt that another one did.
		return 0, Out{Send: []Message{cancelMessage(f.ref, f.user, []string{in.device}, CodeAccepted)}}, nil
	}
	return 0, Out{}, ignored("from another device of the other side")
}

// classifyOwn is classify for an event of our own user in a room: one of ours that
// comes back, or one of our other devices. A cancel that comes back finds no flow.
func (f *Flow) classifyOwn(in *incoming) (kind, Out, error) {
	switch in.kind {
	case onReady, onStart, onCancel:
		if in.fault == nil && !f.v.ownDevice(in.sender, in.device) {
			return onElsewhere, Out{}, nil
		}
	}
	return 0, Out{}, ignored("sent by ourselves")
}
