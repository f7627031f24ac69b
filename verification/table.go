package verification

// State is where a flow stands.
type State byte

// The states.
const (
	Unsent         State = iota // our request in a room, whose event id is not known yet
	Requested                   // we sent a request
	Asked                       // they sent a request: the person is asked
	AskedByStart                // they sent a start without a request: the person is asked
	Ready                       // both sides are ready to start
	Started                     // we sent a start
	StartedBoth                 // as Started, and they sent one that does not count
	Running                     // the method runs
	Proven                      // the method is at its end, and their done is missing
	Done                        // both sides are done: there is something verified
	Cancelled                   // the flow was cancelled, by either side or by the time
	numberOfStates = iota
)

var stateNames = [numberOfStates]string{
	"unsent", "requested", "asked", "asked by start", "ready", "started", "started on both sides",
	"running", "proven", "done", "cancelled",
}

// String returns the state in words.
func (s State) String() string {
	if int(s) >= len(stateNames) {
		return "no state"
	}
	return stateNames[s]
}

// Ended says whether the flow is at its end.
func (s State) Ended() bool { return s >= Done }

// kind is a kind of input.
type kind byte

const (
	// Events of the other side.
	onRequest kind = iota
	onReady
	onStart
	onMethod // any other of the namespace
	onDone
	onCancel

	// A ready, start or cancel of our own user's other device, in a room.
	onElsewhere

	// Calls of the program.
	callSent
	callAccept
	callStart
	callAnswer
	callCancel
	callTimeout
	numberOfKinds = iota
)

// action is what an input leads to.
type action byte

const (
	refuse     action = iota // an event: cancel with m.unexpected_message; a call: ErrState
	drop                     // the event is ignored
	takeID                   // the request was sent: its event id is the flow's
	takeReady                // the other side is ready
	takeStart                // the other side starts: begin its method
	pickStart                // both sides started: one of them counts
	give                     // the method has to look at it
	finish                   // the other side is done too
	takeCancel               // the other side cancelled
	stepBack                 // another device of ours has taken over
	sendReady                // the person agrees to a request
	sendAccept               // the person agrees to a start
	sendStart                // the person chose a method
	sendCancel               // the person cancels
	runOut                   // the time is up
)

// rule is what is done, and the states that can follow. Cancelled can always
// follow.
type rule struct {
	do action
	to []State
}

func to(states ...State) []State { return states }

// table is all that can happen. What is not in it is refused: an event from the
// other side cancels the flow, and a call returns [ErrState]. Before it is looked
// at, events that are not from the other side of the flow were dropped.
var table = [numberOfStates][numberOfKinds]rule{
	Unsent: {
		onElsewhere: {drop, nil},
		callSent:    {takeID, to(Requested)},
		callCancel:  {sendCancel, nil},
		callTimeout: {runOut, nil},
	},
	Requested: {
		onReady:     {takeReady, to(Ready)},
		onCancel:    {takeCancel, nil},
		onElsewhere: {drop, nil},
		callCancel:  {sendCancel, nil},
		callTimeout: {runOut, nil},
	},
	Asked: {
		onCancel:    {takeCancel, nil},
		onElsewhere: {stepBack, nil},
		callAccept:  {sendReady, to(Ready)},
		callCancel:  {sendCancel, nil},
		callTimeout: {runOut, nil},
	},
	AskedByStart: {
		onCancel:    {takeCancel, nil},
		onElsewhere: {drop, nil},
		callAccept:  {sendAccept, to(Running)},
		callCancel:  {sendCancel, nil},
		callTimeout: {runOut, nil},
	},
	Ready: {
		onStart:     {takeStart, to(Running)},
		onCancel:    {takeCancel, nil},
		onElsewhere: {drop, nil},
		callStart:   {sendStart, to(Started)},
		callCancel:  {sendCancel, nil},
		callTimeout: {runOut, nil},
	},
	Started: {
		onStart:     {pickStart, to(StartedBoth, Running)},
		onMethod:    {give, to(Running)},
		onCancel:    {takeCancel, nil},
		onElsewhere: {drop, nil},
		callCancel:  {sendCancel, nil},
		callTimeout: {runOut, nil},
	},
	StartedBoth: {
		onMethod:    {give, to(Running)},
		onCancel:    {takeCancel, nil},
		onElsewhere: {drop, nil},
		callCancel:  {sendCancel, nil},
		callTimeout: {runOut, nil},
	},
	Running: {
		onMethod:    {give, to(Running, Proven, Done)}, // Done, if no request was sent
		onCancel:    {takeCancel, nil},
		onElsewhere: {drop, nil},
		callAnswer:  {give, to(Running, Proven, Done)},
		callCancel:  {sendCancel, nil},
		callTimeout: {runOut, nil},
	},
	Proven: {
		onDone:      {finish, to(Done)},
		onCancel:    {takeCancel, nil},
		onElsewhere: {drop, nil},
		callCancel:  {sendCancel, nil},
		callTimeout: {runOut, nil},
	},
	Done:      ended,
	Cancelled: ended,
}

// ended is what can happen after the end: nothing.
var ended = [numberOfKinds]rule{
	onRequest: {drop, nil}, onReady: {drop, nil}, onStart: {drop, nil}, onMethod: {drop, nil},
	onDone: {drop, nil}, onCancel: {drop, nil}, onElsewhere: {drop, nil},
}
