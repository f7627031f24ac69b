package verification

import "time"

// Out is what follows from a call.
type Out struct {
	// Send are the events to send, in this order.
	Send []Message

	// Notices are for the person.
	Notices []Notice
}

func (o *Out) add(other Out) {
	o.Send = append(o.Send, other.Send...)
	o.Notices = append(o.Notices, other.Notices...)
}

// Notice tells or asks the person something about a flow.
type Notice struct {
	Flow  *Flow
	About About
}

// About is what a notice says: one of [Incoming], [Prepared], [Finished] or
// [Ended], or a type of a method, such as sas.Comparison.
type About interface{ AboutVerification() }

// Incoming asks whether to verify with the device that asks for it. The answer is
// [Flow.Accept] or [Flow.Cancel] with [CodeUser]. When Methods is empty, only the
// latter is possible: the person learns that this device knows none of the other's
// methods, and another one of theirs may.
type Incoming struct {
	Methods []string  // which both sides know
	Until   time.Time // when the question goes away
}

// Prepared says that both sides are ready to begin with any of some methods, by
// [Flow.Start]. The other side may do the same.
type Prepared struct{ Methods []string }

// Finished says that the flow is done: [Flow.Verified] has the keys.
type Finished struct{}

// Ended says that the flow was cancelled.
type Ended struct {
	Code Code
	// Reason is a sentence. If it comes from the other side, it is whatever they
	// wrote.
	Reason string
	ByUs   bool
	Err    error // why we cancelled, if there is more to say
}

// AboutVerification marks the type as something that a [Notice] says.
func (Incoming) AboutVerification() {}

// AboutVerification marks the type as something that a [Notice] says.
func (Prepared) AboutVerification() {}

// AboutVerification marks the type as something that a [Notice] says.
func (Finished) AboutVerification() {}

// AboutVerification marks the type as something that a [Notice] says.
func (Ended) AboutVerification() {}
