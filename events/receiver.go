package events

import (
	"errors"
	"fmt"
	"slices"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/olm"
)

// Receiver opens the Olm events that come to our device. It is safe for
// concurrent use when its look-up is.
type Receiver struct {
	account *olm.Account
	device  *crosssigning.DeviceKeys
	lookup  Lookup
}

// NewReceiver returns the receiver of our device. device are its own keys, with
// the user and device id that the program is logged in as. A look-up that is nil
// knows no device. It returns [ErrOwnDevice] when the keys are not the account's.
func NewReceiver(account *olm.Account, device *crosssigning.DeviceKeys, lookup Lookup) (*Receiver, error) {
	if account == nil || device == nil {
		return nil, fmt.Errorf("events: receiver: %w", keys.ErrAbsent)
	}
	if own := account.IdentityKeys(); own.Curve25519 != device.Curve25519() || own.Ed25519 != device.Ed25519() {
		return nil, ErrOwnDevice
	}
	return &Receiver{account, device, lookup}, nil
}

// Opened is an Olm event that was opened.
type Opened struct {
	Plaintext Plaintext
	Session   *olm.Session // that decrypted it
	New       bool         // whether the session was made from this event
	Used      olm.UsedKey  // for a new session, the one-time or fallback key it was made with
}

// Open decrypts the event and makes all checks of the specification. sender is
// the event's sender. sessions are all that are held with the device that has
// the event's sender_key, the one that was used last first. Keep them by that
// key: a session that our device made does not remember with whom, and whoever
// is at its other end could speak for the device it is passed off as. Keep at
// least the four that were used last: both sides may begin one at the same time.
//
// A pre-key message is decrypted by the session that it belongs to, or by a new
// one that the account makes. A normal message is tried with each session.
//
// It returns what [olm.Session.Decrypt] and [olm.Account.NewInboundSession]
// return (joined, when several sessions failed), [ErrNotForUs], [ErrNoSession],
// [ErrForeignSession], or [keys.ErrAbsent] when content or a session is nil;
// account and sessions are then as before. Or the message decrypts, and a check
// fails: [ErrSender], [ErrRecipient], [ErrRecipientKey], [ErrSigningKey],
// [ErrDeviceUser], [ErrDeviceCurve25519], [ErrDeviceEd25519],
// [ErrDeviceSignature], [ErrDeviceID], [ErrDehydrated], [ErrLookup] or a
// [*MalformedError]. Then the message's key was used, a session that was new is
// closed and its one-time key consumed, and the event is to be discarded.
func (r *Receiver) Open(sender string, content *OlmEncrypted, sessions ...*olm.Session) (Opened, error) {
	if content == nil || slices.Contains(sessions, nil) {
		return Opened{}, fmt.Errorf("events: receiver: %w", keys.ErrAbsent)
	}
	m, err := content.Message(r.device.Curve25519())
	if err != nil {
		return Opened{}, err
	}
	opened, payload, err := r.decrypt(content.senderKey, m, sessions)
	if err != nil {
		return Opened{}, err
	}
	return r.finish(opened, sender, content.senderKey, payload)
}

// finish makes the checks, and lets nothing of an event go on that fails one.
func (r *Receiver) finish(opened Opened, sender string, senderKey keys.Curve25519, payload []byte) (Opened, error) {
	var err error
	opened.Plaintext, err = r.check(sender, senderKey, payload)
	if err != nil {
		secret.Wipe(payload)
		if opened.New {
			opened.Session.Close()
		}
		return Opened{}, err
	}
	return opened, nil
}

func (r *Receiver) decrypt(senderKey keys.Curve25519, m olm.Message, sessions []*olm.Session) (Opened, []byte, error) {
	for _, s := range sessions {
		if maker := s.SessionKeys().IdentityKey; maker != senderKey && maker != r.device.Curve25519() {
			return Opened{}, nil, ErrForeignSession
		}
	}
	if m.Type() == olm.PreKey {
		return r.decryptPreKey(senderKey, m, sessions)
	}
	if len(sessions) == 0 {
		return Opened{}, nil, ErrNoSession
	}
	var failed []error
	for _, s := range sessions {
		payload, err := s.Decrypt(m)
		if err == nil {
			return Opened{Session: s}, payload, nil
		}
		failed = append(failed, err)
	}
	return Opened{}, nil, errors.Join(failed...)
}

func (r *Receiver) decryptPreKey(senderKey keys.Curve25519, m olm.Message, sessions []*olm.Session) (Opened, []byte, error) {
	for _, s := range sessions {
		if s.Matches(m) && s.SessionKeys().IdentityKey == senderKey {
			payload, err := s.Decrypt(m)
			return Opened{Session: s}, payload, err
		}
	}
	in, err := r.account.NewInboundSession(senderKey, m)
	if err != nil {
		return Opened{}, nil, err
	}
	return Opened{Session: in.Session, New: true, Used: in.Used}, in.Plaintext, nil
}
