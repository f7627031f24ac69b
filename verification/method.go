package verification

// Method is a way to verify, such as sas.Method. It is immutable and safe for
// concurrent use.
type Method interface {
	// Name returns the method's name, as "m.sas.v1".
	Name() string

	// Start returns the content of an m.key.verification.start that we send, a
	// JSON object without what the framework adds: from_device, method,
	// transaction_id and m.relates_to.
	Start() []byte

	// New returns the exchange that a start begins. It returns a [*CancelError]
	// to cancel the flow instead.
	New(p Parties, s Start) (Exchange, Step, error)
}

// Start is the m.key.verification.start that counts.
type Start struct {
	Ours bool // we sent it

	// Content is all of it, in canonical form: with members that nobody knows,
	// and with the transaction_id or m.relates_to.
	Content []byte
}

// Exchange is one run of a method. It is used by one call at a time, and must not
// call the flow or its Verifier. An error other than a [*CancelError], which ends
// the flow, says that nothing has changed.
type Exchange interface {
	// Receive takes an event of the method from the other device. content is a
	// JSON object in canonical form.
	Receive(eventType string, content []byte) (Step, error)

	// Answer takes the person's answer to the method's question. It returns
	// [ErrState] when none is open.
	Answer(yes bool) (Step, error)

	// Close wipes all secrets. It is called when the flow ends, in whatever way.
	Close()
}

// Step is what follows from a call of an [Exchange].
type Step struct {
	// Send are the events to send.
	Send []MethodEvent

	// About is what to tell or ask the person, or nil.
	About About

	// Proven says which keys of the other side are proven now. A step that
	// proves something is the last.
	Proven ProvenKeys
}

// MethodEvent is an event of a method to send. Content is a JSON object without
// what the framework adds.
type MethodEvent struct {
	Type    string
	Content []byte
}

// ProvenKeys says which of the other side's keys, as they are in [TheirSide], a
// method has proven. The zero value says that the method is not at its end.
type ProvenKeys struct{ Device, Master bool }

func (p ProvenKeys) any() bool { return p.Device || p.Master }
