package events

import (
	"bytes"
	"unicode/utf8"

	"github.com/chappe-e2ee/chappe/internal/secret"
)

const outgoingName = "events: outgoing content"

// Outgoing is an event that will be encrypted with Olm. The zero value is
// absent.
//
// It does not print and does not marshal; [Outgoing.SecretContent] lets the
// content out. Copies share their bytes: Close wipes them all, and must not run
// beside other calls.
type Outgoing struct {
	secret.Redacted
	p *outgoing
}

type outgoing struct {
	eventType string
	content   hidden
	closed    bool
}

// NewOutgoing returns an event of any type. content is a JSON object, of which
// it keeps a copy. It returns a [*MalformedError].
func NewOutgoing(eventType string, content []byte) (Outgoing, error) {
	return secret.Call(func() (Outgoing, error) { return doNewOutgoing(eventType, content) })
}

func doNewOutgoing(eventType string, content []byte) (Outgoing, error) {
	if eventType == "" || !utf8.ValidString(eventType) {
		return Outgoing{}, malformed(outgoingName, "the type is empty or not valid UTF-8")
	}
	if _, err := readObject(outgoingName, content); err != nil {
		return Outgoing{}, err
	}
	return Outgoing{p: &outgoing{eventType: eventType, content: hide(bytes.Clone(content))}}, nil
}

// NewDummy returns an m.dummy event, which shows the other device a new session,
// after a message from it that did not decrypt. Begin at most one such session an
// hour with a device: whoever sends it rubbish decides how often it happens.
func NewDummy() Outgoing {
	return Outgoing{p: &outgoing{eventType: TypeDummy, content: hide([]byte("{}"))}}
}

// IsZero says whether o is absent or closed.
func (o Outgoing) IsZero() bool { return o.p == nil || o.p.closed }

// Type returns the type of the event.
func (o Outgoing) Type() string {
	if o.p == nil {
		return ""
	}
	return o.p.eventType
}

// SecretContent returns a copy of the content, a JSON object, nil when o is
// absent or closed. It may hold a secret; wiping it is the caller's.
func (o Outgoing) SecretContent() []byte {
	if o.IsZero() {
		return nil
	}
	return o.p.content.clone()
}

// Close wipes the content, in all copies of the value.
func (o Outgoing) Close() {
	if o.p != nil {
		o.p.content.wipe()
		o.p.closed = true
	}
}
