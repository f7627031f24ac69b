package events

import (
	"github.com/chappe-e2ee/chappe/internal/secret"
)

// Plaintext is what an Olm event says, after all checks. [Receiver.Open] alone
// makes one: not an event in clear, nor one that was encrypted with Megolm. The
// zero value is absent.
//
// It does not print and does not marshal; [Plaintext.SecretContent] lets the
// content out. Copies share their bytes: Close wipes them all, and must not run
// beside other calls.
type Plaintext struct {
	secret.Redacted
	p *plaintext
}

type plaintext struct {
	payload   hidden
	content   hidden // a part of payload
	eventType string
	sender    Sender
	ourUser   string
	closed    bool
}

// IsZero says whether p is absent or closed.
func (p Plaintext) IsZero() bool { return p.p == nil || p.p.closed }

// Type returns the type of the event, as [TypeRoomKey].
func (p Plaintext) Type() string {
	if p.p == nil {
		return ""
	}
	return p.p.eventType
}

// Sender returns who wrote it.
func (p Plaintext) Sender() Sender {
	if p.p == nil {
		return Sender{}
	}
	return p.p.sender
}

// SecretContent returns a copy of the content, a JSON object, nil when p is
// absent or closed. It may hold a secret; wiping it is the caller's.
func (p Plaintext) SecretContent() []byte {
	if p.IsZero() {
		return nil
	}
	return p.p.content.clone()
}

// Close wipes the plaintext, in all copies of the value.
func (p Plaintext) Close() {
	if p.p != nil {
		p.p.payload.wipe()
		p.p.closed = true
	}
}

// of returns the content, taken apart, when the plaintext is of a type. What
// it returns has its own copy, to be wiped by whoever keeps it.
func (p Plaintext) of(eventType, what string) (object, error) {
	if p.IsZero() {
		return object{}, ErrClosed
	}
	if p.p.eventType != eventType {
		return object{}, ErrType
	}
	return copyObject(what, p.p.content.bytes())
}

// fromOurselves returns nil when it comes from a known device of our own user.
func (p Plaintext) fromOurselves() error {
	switch {
	case p.IsZero():
		return ErrClosed
	case p.p.sender.userID != p.p.ourUser:
		return ErrNotOurUser
	case p.p.sender.origin != Known:
		return ErrUnknownDevice
	}
	return nil
}
