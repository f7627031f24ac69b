package events

import (
	"fmt"

	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
)

const forwardedName = "events: m.forwarded_room_key"

// Forwarding is what an m.forwarded_room_key event says of a session besides
// the key. All of it is the forwarder's word.
type Forwarding struct {
	RoomID         string
	SenderKey      keys.Curve25519   // of the device that made the session
	ClaimedEd25519 keys.Ed25519      // of that device
	Chain          []keys.Curve25519 // of the devices that forwarded it before
	SharedHistory  bool
	Withheld       *WithheldReason // when earlier messages of the session were withheld from the forwarder
}

// WithheldReason says why a part of a session was withheld.
type WithheldReason struct {
	Code   Code
	Reason string
}

// ForwardedRoomKey is an m.forwarded_room_key event: another device of our user
// passes a session on. A value comes from [Plaintext.ForwardedRoomKey] only. The
// zero value is absent.
//
// It does not print and does not marshal; [ForwardedRoomKey.SecretJSON] lets the
// content out. Copies share their bytes: Close wipes them all, with the export,
// and must not run beside other calls.
type ForwardedRoomKey struct {
	secret.Redacted
	p *forwardedRoomKey
}

type forwardedRoomKey struct {
	raw        hidden
	forwarding Forwarding
	export     megolm.ExportedSession
	sender     Sender
	closed     bool
}

// ForwardedRoomKey returns the forwarded key that the plaintext carries. It must
// come from a known device of our own user. Before it is used, check that this
// device is verified and was asked for the key.
//
// It returns [ErrNotOurUser], [ErrUnknownDevice], [ErrType], [ErrAlgorithm],
// [ErrSessionID], a [*MalformedError], [ErrClosed], or what
// [megolm.ParseExportedSession] returns.
func (p Plaintext) ForwardedRoomKey() (ForwardedRoomKey, error) {
	return secret.Call(func() (ForwardedRoomKey, error) { return p.doForwardedRoomKey() })
}

func (p Plaintext) doForwardedRoomKey() (ForwardedRoomKey, error) {
	o, err := p.of(TypeForwardedRoomKey, forwardedName)
	if err != nil {
		return ForwardedRoomKey{}, err
	}
	k := &forwardedRoomKey{raw: hide(o.raw), sender: p.p.sender}
	if err := p.fromOurselves(); err != nil {
		secret.Wipe(o.raw)
		return ForwardedRoomKey{}, err
	}
	if err := k.read(o); err != nil {
		secret.Wipe(o.raw)
		return ForwardedRoomKey{}, err
	}
	return ForwardedRoomKey{p: k}, nil
}

func (k *forwardedRoomKey) read(o object) error {
	f := &k.forwarding
	sessionID, err := readKeyHead(o, &f.RoomID, &f.SharedHistory)
	if err != nil {
		return err
	}
	if err := f.read(o); err != nil {
		return err
	}
	text, err := o.secretText("session_key")
	if err != nil {
		return err
	}
	defer secret.Wipe(text)
	export, err := megolm.ParseExportedSession(text)
	if err != nil {
		return fmt.Errorf("%s: %w", forwardedName, err)
	}
	if export.SessionID() != sessionID {
		export.Close()
		return ErrSessionID
	}
	k.export = export
	return nil
}

func (f *Forwarding) read(o object) error {
	text, err := o.text("sender_key")
	if err != nil {
		return err
	}
	if f.SenderKey, err = keys.ParseCurve25519(text); err != nil {
		return malformed(o.what, "sender_key: "+err.Error())
	}
	if text, err = o.text("sender_claimed_ed25519_key"); err != nil {
		return err
	}
	if f.ClaimedEd25519, err = keys.ParseEd25519(text); err != nil {
		return malformed(o.what, "sender_claimed_ed25519_key: "+err.Error())
	}
	chain, err := o.value("forwarding_curve25519_key_chain")
	if err != nil {
		return err
	}
	if !chain.IsArray() {
		return malformed(o.what, "forwarding_curve25519_key_chain is not a list")
	}
	for item := range chain.Items() {
		text, _ := item.Text()
		k, err := keys.ParseCurve25519(text)
		if err != nil {
			return malformed(o.what, "forwarding_curve25519_key_chain: "+err.Error())
		}
		f.Chain = append(f.Chain, k)
	}
	return f.readWithheld(o)
}

func (f *Forwarding) readWithheld(o object) error {
	if raw := o.get("withheld"); raw == nil || string(raw) == "null" {
		return nil
	}
	inner, err := o.object("withheld")
	if err != nil {
		return err
	}
	code, err := inner.text("code")
	if err != nil {
		return err
	}
	reason, err := inner.optional("reason")
	if err != nil {
		return err
	}
	f.Withheld = &WithheldReason{Code(code), reason}
	return nil
}

// NewForwardedRoomKey returns the m.forwarded_room_key event that passes a session
// on to another device of our user. It does not close export. It returns
// [keys.ErrAbsent] when export or a key is absent, or a [*MalformedError].
//
// Answer requests of verified devices of our own user only: a request comes in the
// clear, and the server can make one.
func NewForwardedRoomKey(export megolm.ExportedSession, f Forwarding) (Outgoing, error) {
	return secret.Call(func() (Outgoing, error) { return doNewForwardedRoomKey(export, f) })
}

func doNewForwardedRoomKey(export megolm.ExportedSession, f Forwarding) (Outgoing, error) {
	if f.SenderKey.IsZero() || f.ClaimedEd25519.IsZero() {
		return Outgoing{}, fmt.Errorf("%s: %w", forwardedName, keys.ErrAbsent)
	}
	chain := make([]canonicaljson.Value, len(f.Chain))
	for i, k := range f.Chain {
		if k.IsZero() {
			return Outgoing{}, fmt.Errorf("%s: %w", forwardedName, keys.ErrAbsent)
		}
		chain[i] = canonicaljson.Text(k.String())
	}
	members := []canonicaljson.Member{
		textMember("algorithm", megolmAlgorithm),
		textMember("room_id", f.RoomID),
		textMember("sender_key", f.SenderKey.String()),
		textMember("session_id", export.SessionID()),
		textMember("sender_claimed_ed25519_key", f.ClaimedEd25519.String()),
		{Name: "forwarding_curve25519_key_chain", Value: canonicaljson.Array(chain...)},
	}
	if w := f.Withheld; w != nil {
		members = append(members, canonicaljson.Member{Name: "withheld", Value: canonicaljson.Object(
			textMember("code", string(w.Code)), textMember("reason", w.Reason))})
	}
	return newKeyEvent(TypeForwardedRoomKey, forwardedName, f.RoomID, f.SharedHistory, members, export.SecretText())
}

// IsZero says whether k is absent or closed.
func (k ForwardedRoomKey) IsZero() bool { return k.p == nil || k.p.closed }

// Forwarding returns what the forwarder says of the session.
func (k ForwardedRoomKey) Forwarding() Forwarding {
	if k.p == nil {
		return Forwarding{}
	}
	f := k.p.forwarding
	f.Chain = append([]keys.Curve25519(nil), f.Chain...)
	if f.Withheld != nil {
		w := *f.Withheld
		f.Withheld = &w
	}
	return f
}

// SessionID returns the id of the session, which is that of the key.
func (k ForwardedRoomKey) SessionID() string { return k.Export().SessionID() }

// Export returns the key, for [megolm.ImportInboundSession]. Closing either
// closes both.
func (k ForwardedRoomKey) Export() megolm.ExportedSession {
	if k.IsZero() {
		return megolm.ExportedSession{}
	}
	return k.p.export
}

// Sender returns which of our devices forwarded the key.
func (k ForwardedRoomKey) Sender() Sender {
	if k.p == nil {
		return Sender{}
	}
	return k.p.sender
}

// SecretJSON returns a copy of the content as it came, nil when k is absent or
// closed. Wiping it is the caller's.
func (k ForwardedRoomKey) SecretJSON() []byte {
	if k.IsZero() {
		return nil
	}
	return k.p.raw.clone()
}

// Close wipes the key, in all copies of the value.
func (k ForwardedRoomKey) Close() {
	if k.p != nil {
		k.p.raw.wipe()
		k.p.export.Close()
		k.p.closed = true
	}
}
