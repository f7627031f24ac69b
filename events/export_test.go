package events

import (
	"github.com/chappe-e2ee/chappe/internal/layout"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/olm"
)

// Payload returns what SealOlm encrypts.
var Payload = newPayload

// AppendMember is appendMember.
var AppendMember = appendMember

// EventOf lets an outgoing event out for Payload.
func EventOf(o Outgoing) *outgoing { return o.p }

// RawPayload returns the bytes that a plaintext keeps, not a copy.
func RawPayload(p Plaintext) []byte { return p.p.payload.bytes() }

// RawContent returns the bytes that an outgoing event keeps, not a copy.
func RawContent(o Outgoing) []byte { return o.p.content.bytes() }

// Check makes the checks of an Olm payload without the decryption.
func (r *Receiver) Check(sender string, content *OlmEncrypted, payload []byte) (Plaintext, error) {
	return r.check(sender, content.senderKey, payload)
}

var (
	Quote   = quote
	Unquote = unquote
)

// Fill makes a guard remember so many indexes more, the highest there are.
func (g *ReplayGuard) Fill(n int) {
	for i := range n {
		g.seen[^uint32(i)] = eventDigest{}
	}
}

// RawSecrets returns the bytes that a value keeps, not copies.
func (k RoomKey) RawSecrets() []byte          { return k.p.raw.bytes() }
func (k ForwardedRoomKey) RawSecrets() []byte { return k.p.raw.bytes() }
func (s SecretSend) RawSecrets() (raw, secret []byte) {
	return s.p.raw.bytes(), s.p.secret.bytes()
}

// Finish is what Open does after the decryption by a new session.
func (r *Receiver) Finish(s *olm.Session, sender string, content *OlmEncrypted, payload []byte) (Opened, error) {
	return r.finish(Opened{Session: s, New: true}, sender, content.senderKey, payload)
}

// State returns the guard's whole state in plain.
func (g *ReplayGuard) State() ([]byte, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.session.IsZero() {
		return nil, keys.ErrAbsent
	}
	w := layout.NewWriter(make([]byte, 0, g.stateLen()))
	g.writeState(w)
	return w.Result(), nil
}

// ReadReplayGuard returns the guard of a state in plain.
var ReadReplayGuard = readGuard
