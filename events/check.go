package events

import (
	"errors"
	"fmt"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
)

const payloadName = "events: Olm payload"

// check makes all checks of a decrypted payload (specification, "Validation of
// incoming decrypted events"; the numbers are the specification's). The payload
// becomes part of what it returns.
func (r *Receiver) check(sender string, senderKey keys.Curve25519, payload []byte) (Plaintext, error) {
	var o object
	s := Sender{userID: sender, curve25519: senderKey}
	var err error
	secret.Do(func() { o, err = r.checkOwn(&s, payload) })
	if err != nil {
		return Plaintext{}, err
	}
	// 2
	if r.lookup != nil {
		if known := r.lookup(sender, senderKey); known != nil {
			if s, err = s.Resolve(known); err != nil {
				return Plaintext{}, err
			}
		}
	}
	return secret.Call(func() (Plaintext, error) { return r.plaintext(o, s) })
}

// checkOwn makes the checks that need nothing but the payload, and sets what it
// says about the sender.
func (r *Receiver) checkOwn(s *Sender, payload []byte) (object, error) {
	o, err := readObject(payloadName, payload)
	if err != nil {
		return object{}, err
	}
	// 1
	if err := expectText(o, "sender", s.userID, ErrSender); err != nil {
		return object{}, err
	}
	// 3
	if err := expectText(o, "recipient", r.device.UserID(), ErrRecipient); err != nil {
		return object{}, err
	}
	// 4
	recipient, err := signingKey(o, "recipient_keys")
	if err != nil {
		return object{}, err
	}
	if recipient != r.device.Ed25519() {
		return object{}, ErrRecipientKey
	}
	if s.ed25519, err = signingKey(o, "keys"); err != nil {
		return object{}, err
	}
	// 5
	if raw := o.get("sender_device_keys"); raw != nil {
		if s.device, err = checkDeviceKeys(raw, *s); err != nil {
			return object{}, err
		}
		s.origin = Claimed
	}
	return o, nil
}

// plaintext returns what a payload says that passed the checks.
func (r *Receiver) plaintext(o object, s Sender) (Plaintext, error) {
	p := &plaintext{payload: hide(o.raw), sender: s, ourUser: r.device.UserID()}
	var err error
	if p.eventType, err = o.text("type"); err != nil {
		return Plaintext{}, err
	}
	content, err := o.object("content")
	if err != nil {
		return Plaintext{}, err
	}
	p.content = hide(content.raw)
	return Plaintext{p: p}, nil
}

// checkDeviceKeys makes check 5, with its parts 4, 1, 2 and 3.
func checkDeviceKeys(raw []byte, s Sender) (*crosssigning.DeviceKeys, error) {
	d, err := crosssigning.ParseDeviceKeys(raw)
	switch {
	case errors.Is(err, crosssigning.ErrSignature) || errors.Is(err, crosssigning.ErrUnsigned):
		return nil, fmt.Errorf("%w: %w", ErrDeviceSignature, err)
	case err != nil:
		return nil, fmt.Errorf("%s: sender_device_keys: %w", payloadName, err)
	case d.UserID() != s.userID:
		return nil, ErrDeviceUser
	case d.Curve25519() != s.curve25519:
		return nil, ErrDeviceCurve25519
	case d.Ed25519() != s.ed25519:
		return nil, ErrDeviceEd25519
	case d.Dehydrated():
		return nil, ErrDehydrated
	}
	return d, nil
}

// expectText returns nil when a member is the string that is wanted.
func expectText(o object, name, want string, otherwise error) error {
	got, err := o.text(name)
	if err != nil {
		return err
	}
	if got != want {
		return otherwise
	}
	return nil
}

// signingKey returns the Ed25519 key of keys or recipient_keys.
func signingKey(o object, name string) (keys.Ed25519, error) {
	list, err := o.object(name)
	if err != nil {
		return keys.Ed25519{}, err
	}
	text, err := list.text("ed25519")
	if err != nil {
		return keys.Ed25519{}, err
	}
	k, err := keys.ParseEd25519(text)
	if err != nil {
		return keys.Ed25519{}, malformed(o.what, name+": "+err.Error())
	}
	return k, nil
}
