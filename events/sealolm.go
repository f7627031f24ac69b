package events

import (
	"fmt"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/olm"
)

// SealOlm encrypts an event to one device: the content of a to-device event of
// type [TypeEncrypted]. from are our own device's keys, with the signature of
// our self-signing key when there is one; they go with the message, without
// unsigned. to are the keys of the device that the session is with: a session
// does not remember that, so it is the caller's to keep sessions by the other
// device's Curve25519 key.
//
// Store the session before the content leaves the program. It returns
// [ErrForeignSession] when the session was made by neither device, [ErrClosed],
// [keys.ErrAbsent], a [*MalformedError] when a user id is not valid, or what
// [olm.Session.Encrypt] returns; the session is then as before.
func SealOlm(session *olm.Session, from, to *crosssigning.DeviceKeys, event Outgoing) (*OlmEncrypted, error) {
	return secret.Call(func() (*OlmEncrypted, error) { return doSealOlm(session, from, to, event) })
}

func doSealOlm(session *olm.Session, from, to *crosssigning.DeviceKeys, event Outgoing) (*OlmEncrypted, error) {
	if session == nil || from == nil || to == nil || to.Curve25519().IsZero() {
		return nil, fmt.Errorf("%s: %w", payloadName, keys.ErrAbsent)
	}
	if event.IsZero() {
		return nil, ErrClosed
	}
	if maker := session.SessionKeys().IdentityKey; maker != from.Curve25519() && maker != to.Curve25519() {
		return nil, ErrForeignSession
	}
	payload, err := newPayload(from, to, event.p)
	if err != nil {
		return nil, err
	}
	defer secret.Wipe(payload)
	m, err := session.Encrypt(payload)
	if err != nil {
		return nil, err
	}
	return newOlm(session.Suite().Algorithm(), from.Curve25519(), to.Curve25519(), m)
}

// newPayload returns what is encrypted (specification, "OlmPlaintext").
func newPayload(from, to *crosssigning.DeviceKeys, event *outgoing) ([]byte, error) {
	text, err := from.MarshalJSON()
	if err != nil {
		return nil, err
	}
	own, err := canonicaljson.Parse(text)
	if err != nil {
		return nil, malformed(payloadName, err.Error())
	}
	ed25519 := func(k keys.Ed25519) canonicaljson.Value {
		return canonicaljson.Object(textMember("ed25519", k.String()))
	}
	built := canonicaljson.Object(
		textMember("type", event.eventType),
		textMember("sender", from.UserID()),
		textMember("recipient", to.UserID()),
		canonicaljson.Member{Name: "recipient_keys", Value: ed25519(to.Ed25519())},
		canonicaljson.Member{Name: "keys", Value: ed25519(from.Ed25519())},
		canonicaljson.Member{Name: "sender_device_keys", Value: own.With("unsigned", canonicaljson.Value{})},
	)
	if built.IsZero() {
		return nil, malformed(payloadName, "a text is not valid UTF-8")
	}
	return appendMember(built, "content", event.content.bytes()), nil
}
