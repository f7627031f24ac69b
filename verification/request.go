package verification

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
)

// transactionIDSize is how many random bytes a transaction id has.
const transactionIDSize = 16

// Request begins a flow with some devices of a user, by a to-device event: with
// all that are known when none is named. The first that accepts is the one. The
// specification wants this for devices of one's own; for another user, see
// [Verifier.RequestInRoom]. It takes 16 bytes from crypto/rand.
//
// It returns [ErrUnknownDevice], also when there is none, [ErrTooMany],
// [ErrOtherUser], a [*MalformedError] when the name of a method is not valid
// UTF-8 or now is out of the range of JSON, or a crosssigning.ClashError.
func (v *Verifier) Request(now time.Time, k Keys, devices ...string) (*Flow, Out, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.mayBegin(now, k); err != nil {
		return nil, Out{}, err
	}
	known := v.deviceIDs(k.Theirs)
	if len(devices) == 0 {
		devices = known
	}
	for _, id := range devices {
		if !slices.Contains(known, id) {
			return nil, Out{}, fmt.Errorf("%w: %.255q", ErrUnknownDevice, id)
		}
	}
	if len(devices) == 0 {
		return nil, Out{}, ErrUnknownDevice
	}
	var id [transactionIDSize]byte
	rand.Read(id[:])
	ref := reference{user: k.Theirs.ID(), id: hex.EncodeToString(id[:])}
	if v.flows[ref] != nil {
		return nil, Out{}, fmt.Errorf("%w: the transaction id is in use", ErrTooMany)
	}
	content, err := v.requestContent(now, ref, "")
	if err != nil {
		return nil, Out{}, err
	}
	asked := slices.Compact(slices.Sorted(slices.Values(devices)))
	f := &Flow{ref: ref, began: now, state: Requested, ours: true, user: k.Theirs.ID(), asked: asked, keys: k}
	out := v.expire(now)
	v.add(f)
	out.Send = append(out.Send, newMessage(ref, f.user, slices.Clone(asked), TypeRequest, content))
	return f, out, nil
}

// RequestInRoom begins a flow with another user in a room. The program passes the
// event id of what it sent to [Flow.Sent]; if the event itself comes back first,
// that is enough. One flow at a time may wait for its event id in a room.
//
// It returns [ErrTooMany], [ErrOtherUser] also for oneself, a [*MalformedError] or
// a crosssigning.ClashError.
func (v *Verifier) RequestInRoom(now time.Time, k Keys, roomID string) (*Flow, Out, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.mayBegin(now, k); err != nil {
		return nil, Out{}, err
	}
	switch {
	case k.Theirs.ID() == v.device.UserID():
		return nil, Out{}, ErrOtherUser
	case !validID(roomID):
		return nil, Out{}, malformed(composeName, "no room id")
	case v.unsent(now, roomID, k.Theirs.ID()) != nil:
		return nil, Out{}, ErrTooMany
	}
	ref := reference{room: roomID}
	content, err := v.requestContent(now, ref, k.Theirs.ID())
	if err != nil {
		return nil, Out{}, err
	}
	f := &Flow{ref: ref, began: now, state: Unsent, ours: true, user: k.Theirs.ID(), keys: k}
	out := v.expire(now)
	v.add(f)
	out.Send = append(out.Send, newMessage(ref, f.user, nil, TypeRoomMessage, content))
	return f, out, nil
}

// mayBegin returns nil when we may begin a flow.
func (v *Verifier) mayBegin(now time.Time, k Keys) error {
	if k.Theirs == nil {
		return ErrOtherUser
	}
	if err := v.check(k, k.Theirs.ID()); err != nil {
		return err
	}
	if v.count(now, func(f *Flow) bool { return f.ours }) >= MaxFlows {
		return ErrTooMany
	}
	return nil
}

// Sent says which event id the request in a room got. A second call with the same
// id does nothing. When the request could not be sent, the program calls
// [Flow.Cancel]. It returns [ErrState], or a [*MalformedError] when the id is
// empty, too long or in use.
func (f *Flow) Sent(eventID string) error {
	f.v.mu.Lock()
	defer f.v.mu.Unlock()
	if f.ref.inRoom() && f.ours && eventID != "" && f.ref.id == eventID {
		return nil
	}
	return f.sent(eventID)
}

func (f *Flow) sent(eventID string) error {
	if table[f.state][callSent].do != takeID {
		return ErrState
	}
	ref := reference{room: f.ref.room, id: eventID}
	if !validID(eventID) || f.v.flows[ref] != nil {
		return malformed(composeName, "no event id")
	}
	f.ref, f.state = ref, Requested
	f.v.flows[ref] = f
	return nil
}

// echo takes a request of ours that comes back to us.
func (v *Verifier) echo(now time.Time, in *incoming) error {
	if in.fault == nil && v.ownDevice(in.sender, in.device) {
		if f := v.unsent(now, in.ref.room, in.to); f != nil {
			return f.sent(in.ref.id)
		}
	}
	return ignored("sent by ourselves")
}

// unsent returns the flow that waits for its event id in a room, or nil.
func (v *Verifier) unsent(now time.Time, roomID, userID string) *Flow {
	for _, f := range v.open {
		if f.state == Unsent && f.ref.room == roomID && f.user == userID && !f.late(now) {
			return f
		}
	}
	return nil
}

func validID(id string) bool {
	return id != "" && len(id) <= maxID && utf8.ValidString(id)
}

// beginTheirs answers a request, or a start without one.
func (v *Verifier) beginTheirs(now time.Time, in *incoming) (Out, error) {
	if err := v.mayAsk(now, in); err != nil {
		return Out{}, err
	}
	f := &Flow{
		ref: in.ref, began: now, askUntil: now.Add(AnswerTime), user: in.sender, device: in.device,
		state: Asked, methods: v.common(in.methods), v: v,
	}
	if in.kind == onStart {
		f.state, f.bare, f.methods, f.start = AskedByStart, true, v.common([]string{in.method}), *in
	} else if left := in.timestamp.Add(RequestAge).Sub(now); left < AnswerTime {
		f.askUntil = now.Add(left)
	}
	if in.ref.inRoom() {
		f.seen = []string{in.eventID}
	}
	if out, several := v.several(now, f); several {
		return out, nil
	}
	if f.bare && len(f.methods) == 0 {
		v.past.add(f.ref, now)
		return Out{Send: []Message{cancelMessage(f.ref, f.user, []string{f.device}, CodeUnknownMethod)}}, nil
	}
	if v.count(now, func(f *Flow) bool { return !f.ours }) >= MaxFlows ||
		v.count(now, func(other *Flow) bool { return !other.ours && other.user == f.user }) >= MaxUserFlows {
		return Out{}, ErrTooMany
	}
	out := v.expire(now)
	v.add(f)
	out.add(f.notice(Incoming{Methods: slices.Clone(f.methods), Until: f.until()}))
	return out, nil
}

// mayAsk returns nil when a person may be asked about a request.
func (v *Verifier) mayAsk(now time.Time, in *incoming) error {
	switch {
	case in.fault != nil:
		return in.fault
	case v.ownDevice(in.sender, in.device):
		return ignored("sent by ourselves")
	case in.ref.inRoom() && in.to != v.device.UserID():
		return ignored("for another user")
	case in.kind == onStart:
		return nil
	case in.timestamp.After(now.Add(RequestAhead)):
		return ignored("the request is from the future")
	case !now.Before(in.timestamp.Add(RequestAge)):
		return ignored("the request is too old")
	}
	return nil
}

// several cancels all flows with a device that asks for another one
// (specification, "Error and exception handling").
func (v *Verifier) several(now time.Time, f *Flow) (out Out, several bool) {
	var open []*Flow
	for _, other := range v.open {
		if other.user == f.user && other.device == f.device && !other.late(now) {
			open = append(open, other)
			several = several || !other.ours
		}
	}
	if !several {
		return Out{}, false
	}
	for _, other := range open {
		out.add(other.cancel(now, CodeUnexpectedMessage, errSeveral))
	}
	v.past.add(f.ref, now)
	out.Send = append(out.Send, cancelMessage(f.ref, f.user, []string{f.device}, CodeUnexpectedMessage))
	return out, true
}

// doneContent is the content of m.key.verification.done.
func (f *Flow) doneContent() canonicaljson.Value { return canonicaljson.Object(f.ref.member()) }
