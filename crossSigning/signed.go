package crosssigning

import (
	"errors"
	"fmt"

	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
	"github.com/chappe-e2ee/chappe/keys"
)

const objectName = "crosssigning: signed object"

// The members that a signature does not cover, at the top level only.
const (
	signaturesMember = "signatures"
	unsignedMember   = "unsigned"
)

// Signer makes Ed25519 signatures. *olm.Account is one, for its device.
type Signer interface {
	Sign(message []byte) (keys.Signature, error)
}

// KeyID is the id under which a signature stands: "ed25519:" and the id of a
// device, or a cross-signing public key. It is comparable. The zero value is
// absent.
//
// Ids of devices and public keys share one namespace, which is the server's.
// An id therefore only says where to look; which key must have signed is always
// an argument of its own.
type KeyID struct{ text string }

const ed25519Prefix = "ed25519:"

// DeviceKeyID returns the id of a device's Ed25519 key.
func DeviceKeyID(deviceID string) KeyID { return KeyID{ed25519Prefix + deviceID} }

// PublicKeyID returns the id of a cross-signing key.
func PublicKeyID(key keys.Ed25519) KeyID { return KeyID{ed25519Prefix + key.String()} }

// String returns the id as it stands in JSON.
func (id KeyID) String() string { return id.text }

// Object is a JSON object that is signed or will be (specification, appendices,
// "Signing JSON"). It is immutable and comparable. The zero value is absent.
type Object struct{ value canonicaljson.Value }

// ParseObject returns the object of a JSON text. It returns a
// [*MalformedError], also where encoding/json would not: see the package
// comment.
func ParseObject(text []byte) (Object, error) { return parseObject(objectName, text) }

func parseObject(what string, text []byte) (Object, error) {
	value, err := canonicaljson.Parse(text)
	if err != nil {
		return Object{}, malformed(what, err.Error())
	}
	if !value.IsObject() {
		return Object{}, malformed(what, "not an object")
	}
	return Object{value}, nil
}

// IsZero says whether o is absent.
func (o Object) IsZero() bool { return o.value.IsZero() }

// MarshalJSON returns the object in canonical form, with all its signatures. It
// returns [keys.ErrAbsent] for the zero value. (json.Marshal calls it, and then
// escapes some characters more; that changes no value and no signature.)
func (o Object) MarshalJSON() ([]byte, error) {
	if o.IsZero() {
		return nil, fmt.Errorf("%s: %w", objectName, keys.ErrAbsent)
	}
	return o.value.AppendTo(nil), nil
}

// UnmarshalJSON sets o as [ParseObject] does. When it fails, o is as before.
func (o *Object) UnmarshalJSON(text []byte) error {
	parsed, err := ParseObject(text)
	if err != nil {
		return err
	}
	*o = parsed
	return nil
}

// AppendSigned appends the bytes that a signature of the object covers: its
// canonical form without signatures and unsigned.
func (o Object) AppendSigned(dst []byte) []byte {
	return o.value.AppendWithout(dst, signaturesMember, unsignedMember)
}

// signatures returns the signatures of an entity, by key id.
func (o Object) signatures(entity string) canonicaljson.Value {
	return o.value.Get(signaturesMember).Get(entity)
}

// HasSignature says whether something stands in the place of a signature. It
// proves nothing.
func (o Object) HasSignature(entity string, id KeyID) bool {
	return !o.signatures(entity).Get(id.text).IsZero()
}

// Verify returns nil when entity, a user or a server, signed the object with a
// key. The signature is looked up by its id; others are not looked at. It
// returns [ErrUnsigned], [ErrSignature] or [keys.ErrAbsent].
func (o Object) Verify(entity string, id KeyID, key keys.Ed25519) error {
	signature := o.signatures(entity).Get(id.text)
	if signature.IsZero() {
		return ErrUnsigned
	}
	text, ok := signature.Text()
	if !ok {
		return fmt.Errorf("crosssigning: signature is not a string: %w", ErrSignature)
	}
	parsed, err := keys.ParseSignature(text)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSignature, err)
	}
	return key.Verify(o.AppendSigned(make([]byte, 0, len(o.value.String()))), parsed)
}

// Sign returns the object with one signature more. Other signatures, unsigned
// and members that mean nothing here are kept. A signature that stood under the
// same id is replaced. It returns a [*MalformedError] or what signer returns.
func (o Object) Sign(entity string, id KeyID, signer Signer) (Object, error) {
	if o.IsZero() {
		return Object{}, fmt.Errorf("%s: %w", objectName, keys.ErrAbsent)
	}
	signature, err := signer.Sign(o.AppendSigned(nil))
	if err != nil {
		return Object{}, err
	}
	return o.withSignature(entity, id, canonicaljson.Text(signature.String()))
}

var errSignatures = errors.New("signatures are not a map of users to maps of keys")

func (o Object) withSignature(entity string, id KeyID, signature canonicaljson.Value) (Object, error) {
	all := o.value.Get(signaturesMember)
	if all.IsZero() {
		all = canonicaljson.Object()
	}
	own := all.Get(entity)
	if own.IsZero() {
		own = canonicaljson.Object()
	}
	value := o.value.With(signaturesMember, all.With(entity, own.With(id.text, signature)))
	if value.Get(signaturesMember).Get(entity).Get(id.text) != signature {
		return Object{}, malformed(objectName, errSignatures.Error())
	}
	return Object{value}, nil
}

// bare returns the object without signatures and unsigned.
func (o Object) bare() Object {
	return Object{o.value.With(signaturesMember, canonicaljson.Value{}).With(unsignedMember, canonicaljson.Value{})}
}

// without returns a *MalformedError when the object has one of some members, which
// belong to other kinds of signed objects.
func (o Object) without(what string, names ...string) error {
	for _, name := range names {
		if !o.value.Get(name).IsZero() {
			return malformed(what, "has a member of another kind of signed object: "+name)
		}
	}
	return nil
}

// text returns a member that must be a string, and not empty.
func (o Object) text(what, name string) (string, error) {
	s, ok := o.value.Get(name).Text()
	if !ok || s == "" {
		return "", malformed(what, name+" is not a string, or empty")
	}
	return s, nil
}

// expectID returns an *IDError unless two ids are the same.
func expectID(what, want, got string) error {
	if want != got {
		return &IDError{What: what, Want: want, Got: got}
	}
	return nil
}
