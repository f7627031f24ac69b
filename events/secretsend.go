package events

import (
	"fmt"
	"unicode/utf8"

	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
)

const secretSendName = "events: m.secret.send"

// SecretSend is an m.secret.send event: another device of our user answers an
// [SecretRequest]. A value comes from [Plaintext.SecretSend] only. The zero
// value is absent.
//
// It does not print and does not marshal; [SecretSend.Secret] lets the secret
// out. Copies share their bytes: Close wipes them all, and must not run beside
// other calls.
type SecretSend struct {
	secret.Redacted
	p *secretSend
}

type secretSend struct {
	raw, secret hidden
	requestID   string
	sender      Sender
	closed      bool
}

// SecretSend returns the secret that the plaintext carries. It must come from a
// known device of our own user. Before it is used, check that this device is
// verified, that it was asked under this request id, and that the secret fits
// its public key.
//
// It returns [ErrNotOurUser], [ErrUnknownDevice], [ErrType], a
// [*MalformedError] or [ErrClosed].
func (p Plaintext) SecretSend() (SecretSend, error) {
	return secret.Call(func() (SecretSend, error) { return p.doSecretSend() })
}

func (p Plaintext) doSecretSend() (SecretSend, error) {
	o, err := p.of(TypeSecretSend, secretSendName)
	if err != nil {
		return SecretSend{}, err
	}
	s := &secretSend{raw: hide(o.raw), sender: p.p.sender}
	if err = p.fromOurselves(); err == nil {
		s.requestID, err = o.text("request_id")
	}
	if err == nil {
		var value []byte
		value, err = o.secretText("secret")
		s.secret = hide(value)
	}
	if err != nil {
		secret.Wipe(o.raw)
		return SecretSend{}, err
	}
	return SecretSend{p: s}, nil
}

// NewSecretSend returns the m.secret.send event that answers a request. value is
// the secret's text, of which it keeps a copy. Answer only to a verified device
// of our own user. It returns [keys.ErrAbsent] when value is empty, or a
// [*MalformedError].
func NewSecretSend(requestID string, value []byte) (Outgoing, error) {
	return secret.Call(func() (Outgoing, error) { return doNewSecretSend(requestID, value) })
}

func doNewSecretSend(requestID string, value []byte) (Outgoing, error) {
	if len(value) == 0 {
		return Outgoing{}, fmt.Errorf("%s: %w", secretSendName, keys.ErrAbsent)
	}
	built := canonicaljson.Object(textMember("request_id", requestID))
	if built.IsZero() || requestID == "" || !utf8.Valid(value) {
		return Outgoing{}, malformed(secretSendName, "a text is empty or not valid UTF-8")
	}
	quoted := quote(value)
	defer secret.Wipe(quoted)
	return Outgoing{p: &outgoing{eventType: TypeSecretSend, content: hide(appendMember(built, "secret", quoted))}}, nil
}

// IsZero says whether s is absent or closed.
func (s SecretSend) IsZero() bool { return s.p == nil || s.p.closed }

// RequestID returns the id of the request that is answered.
func (s SecretSend) RequestID() string {
	if s.p == nil {
		return ""
	}
	return s.p.requestID
}

// Sender returns which of our devices sent the secret.
func (s SecretSend) Sender() Sender {
	if s.p == nil {
		return Sender{}
	}
	return s.p.sender
}

// Secret returns a copy of the secret's text, nil when s is absent or closed.
// Wiping it is the caller's.
func (s SecretSend) Secret() []byte {
	if s.IsZero() {
		return nil
	}
	return s.p.secret.clone()
}

// SecretJSON returns a copy of the content as it came, nil when s is absent or
// closed. Wiping it is the caller's.
func (s SecretSend) SecretJSON() []byte {
	if s.IsZero() {
		return nil
	}
	return s.p.raw.clone()
}

// Close wipes the secret, in all copies of the value.
func (s SecretSend) Close() {
	if s.p != nil {
		s.p.raw.wipe()
		s.p.secret.wipe()
		s.p.closed = true
	}
}
