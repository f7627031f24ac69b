package verification

import (
	"fmt"
	"slices"
	"time"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
)

// maxSeen is of how many events of a room a flow remembers that they came.
const maxSeen = 64

// Flow is one verification. It is safe for concurrent use.
type Flow struct {
	v *Verifier // whose lock holds for all below

	ref      reference
	began    time.Time
	askUntil time.Time // in Asked and AskedByStart
	state    State
	ours     bool // we began it
	bare     bool // without a request

	user    string   // the other
	device  string   // the other's, once known
	asked   []string // the devices that our to-device request went to
	methods []string // that both sides know

	keys     Keys
	start    incoming // of AskedByStart
	method   string   // that was started
	exchange Exchange
	proven   ProvenKeys
	seen     []string // event ids
	why      Ended
}

// State returns where the flow stands.
func (f *Flow) State() State {
	f.v.mu.Lock()
	defer f.v.mu.Unlock()
	return f.state
}

// Format writes the state, under every verb. Without it, fmt would read what
// others write.
func (f *Flow) Format(s fmt.State, _ rune) { fmt.Fprintf(s, "[verification, %s]", f.State()) }

// UserID returns the other user, or ourselves.
func (f *Flow) UserID() string { return f.user }

// DeviceID returns the other device, nothing as long as it is not known.
func (f *Flow) DeviceID() string {
	f.v.mu.Lock()
	defer f.v.mu.Unlock()
	return f.device
}

// RoomID returns the room of the flow, nothing when it is in none.
func (f *Flow) RoomID() string {
	f.v.mu.Lock()
	defer f.v.mu.Unlock()
	return f.ref.room
}

// TransactionID returns the transaction id, or the event id of the request in a
// room, nothing as long as that is not known.
func (f *Flow) TransactionID() string {
	f.v.mu.Lock()
	defer f.v.mu.Unlock()
	return f.ref.id
}

// Cancellation returns why the flow was cancelled, and whether it was.
func (f *Flow) Cancellation() (Ended, bool) {
	f.v.mu.Lock()
	defer f.v.mu.Unlock()
	return f.why, f.state == Cancelled
}

// Verified returns what was verified, in the state [Done]. In any other it
// returns [ErrState].
func (f *Flow) Verified() (Verified, error) {
	f.v.mu.Lock()
	defer f.v.mu.Unlock()
	if f.state != Done {
		return Verified{}, ErrState
	}
	r := Verified{User: f.keys.Theirs}
	if f.proven.Device {
		r.Device = f.keys.Theirs.Device(f.device)
	}
	if f.proven.Master {
		r.Identity = f.keys.Theirs.Identity()
	}
	return r, nil
}

// until returns when the time of the flow is up.
func (f *Flow) until() time.Time {
	end := f.began.Add(FlowTime)
	if (f.state == Asked || f.state == AskedByStart) && f.askUntil.Before(end) {
		return f.askUntil
	}
	return end
}

func (f *Flow) late(now time.Time) bool { return !now.Before(f.until()) }

// add puts a new flow among the others.
func (v *Verifier) add(f *Flow) {
	f.v = v
	v.open = append(v.open, f)
	if f.state != Unsent {
		v.flows[f.ref] = f
	}
}

// end is the one way into [Done] and [Cancelled].
func (f *Flow) end(now time.Time, state State, why Ended) Out {
	if f.exchange != nil {
		f.exchange.Close()
		f.exchange = nil
	}
	f.v.open = slices.DeleteFunc(f.v.open, func(other *Flow) bool { return other == f })
	if f.state != Unsent {
		delete(f.v.flows, f.ref)
		f.v.past.add(f.ref, now)
	}
	f.state, f.why = state, why
	f.start, f.seen, f.asked = incoming{}, nil, nil
	if state == Done {
		return f.notice(Finished{})
	}
	f.keys, f.proven = Keys{}, ProvenKeys{}
	return f.notice(why)
}

func (f *Flow) notice(about About) Out {
	return Out{Notices: []Notice{{Flow: f, About: about}}}
}

// cancel ends the flow and tells the other side.
func (f *Flow) cancel(now time.Time, code Code, err error) Out {
	var out Out
	if f.state != Unsent {
		out.Send = f.cancels(code)
	}
	out.add(f.end(now, Cancelled, Ended{Code: code, Reason: code.Reason(), ByUs: true, Err: err}))
	return out
}

// cancels returns what tells the other side that the flow is cancelled.
func (f *Flow) cancels(code Code, but ...string) []Message {
	devices := []string{f.device}
	if f.device == "" {
		devices = f.asked
	}
	devices = slices.DeleteFunc(slices.Clone(devices), func(id string) bool { return slices.Contains(but, id) })
	if !f.ref.inRoom() && len(devices) == 0 {
		return nil
	}
	return []Message{cancelMessage(f.ref, f.user, devices, code)}
}

// expire ends a flow whose time is up. A question that nobody answered goes away
// in silence: another device of the person may have the answer.
func (f *Flow) expire(now time.Time) Out {
	if f.state == Asked || f.state == AskedByStart {
		return f.end(now, Cancelled, Ended{Code: CodeTimeout, Reason: CodeTimeout.Reason(), ByUs: true})
	}
	return f.cancel(now, CodeTimeout, nil)
}

// ownDevice says whether a device is this one.
func (v *Verifier) ownDevice(userID, deviceID string) bool {
	return userID == v.device.UserID() && deviceID == v.device.DeviceID()
}

// deviceIDs returns the ids of all devices of a user but this one.
func (v *Verifier) deviceIDs(u *crosssigning.User) (ids []string) {
	for _, d := range u.Devices() {
		if !v.ownDevice(d.UserID(), d.DeviceID()) {
			ids = append(ids, d.DeviceID())
		}
	}
	return ids
}
