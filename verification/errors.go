package verification

import (
	"errors"
	"fmt"

	"github.com/chappe-e2ee/chappe/internal/errs"
)

// Errors of this package, for errors.Is.
var (
	// ErrIgnored says that an event was dropped and changed nothing: it is not
	// for this device, not from the other side, too old, or of a flow that
	// ended.
	ErrIgnored = errors.New("verification: event ignored")

	// ErrTooMany says that so many flows are open that no other can begin.
	ErrTooMany = errors.New("verification: too many flows are open")

	// ErrState says that the flow is not in a state in which a call has a
	// meaning.
	ErrState = errors.New("verification: not possible in this state")

	// ErrUnknownDevice says that the other device is not among those that the
	// flow was given.
	ErrUnknownDevice = errors.New("verification: the other device is not known")

	// ErrMethod says that the method is not one that both sides know.
	ErrMethod = errors.New("verification: not a method of both sides")

	// ErrOtherUser says that keys were given of another user than the flow's.
	ErrOtherUser = errors.New("verification: keys of another user")
)

// errSeveral is why several flows with one device are cancelled.
var errSeveral = errors.New("verification: the device asks for several verifications")

// MalformedError says that an event is not of the form that it must have.
type MalformedError = errs.MalformedError

func malformed(what, why string) error { return &MalformedError{What: what, Why: why} }

func ignored(why string) error { return fmt.Errorf("%w: %s", ErrIgnored, why) }

// Code says why a flow was cancelled: member "code" of m.key.verification.cancel.
type Code string

// The codes of the specification, "m.key.verification.cancel", and of SAS.
const (
	CodeUser               Code = "m.user"
	CodeTimeout            Code = "m.timeout"
	CodeUnknownTransaction Code = "m.unknown_transaction"
	CodeUnknownMethod      Code = "m.unknown_method"
	CodeUnexpectedMessage  Code = "m.unexpected_message"
	CodeKeyMismatch        Code = "m.key_mismatch"
	CodeUserMismatch       Code = "m.user_mismatch"
	CodeInvalidMessage     Code = "m.invalid_message"
	CodeAccepted           Code = "m.accepted"
	CodeMismatchedCommit   Code = "m.mismatched_commitment"
	CodeMismatchedSAS      Code = "m.mismatched_sas"
)

var reasons = map[Code]string{
	CodeUser:               "The verification was cancelled by the user",
	CodeTimeout:            "The verification timed out",
	CodeUnknownTransaction: "There is no such verification",
	CodeUnknownMethod:      "There is no method that both devices know",
	CodeUnexpectedMessage:  "A message came that was not expected",
	CodeKeyMismatch:        "The keys do not match",
	CodeUserMismatch:       "The verification is of another user",
	CodeInvalidMessage:     "A message is not of the form that it must have",
	CodeAccepted:           "The verification was accepted on another device",
	CodeMismatchedCommit:   "The key is not the one that was committed to",
	CodeMismatchedSAS:      "The codes are not the same",
}

// Reason returns the sentence that is sent with a code.
func (c Code) Reason() string {
	if reason, ok := reasons[c]; ok {
		return reason
	}
	return "The verification was cancelled"
}

// CancelError is how an [Exchange] ends its flow: with a code for the other side,
// and a cause for this one. The cause is not sent.
type CancelError struct {
	Code Code
	Err  error // may be nil
}

func (e *CancelError) Error() string {
	text := "verification: " + string(e.Code)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

func (e *CancelError) Unwrap() error { return e.Err }
