package crosssigning

import (
	"fmt"

	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
	"github.com/chappe-e2ee/chappe/keys"
)

// Usage is the role of a cross-signing key. The zero value is none.
type Usage byte

// The three roles (specification, "Cross-signing").
const (
	Master      Usage = iota + 1 // is the user's identity, and signs the other two
	SelfSigning                  // signs the user's own devices
	UserSigning                  // signs the master keys of other users
)

var usageNames = [...]string{Master: "master", SelfSigning: "self_signing", UserSigning: "user_signing"}

func (u Usage) valid() bool { return Master <= u && u <= UserSigning }

// String returns the role as it stands in JSON, or nothing for no role.
func (u Usage) String() string {
	if !u.valid() {
		return ""
	}
	return usageNames[u]
}

// SecretName returns the name under which the private key stands in secret
// storage and is shared, as "m.cross_signing.master".
func (u Usage) SecretName() string {
	if !u.valid() {
		return ""
	}
	return "m.cross_signing." + usageNames[u]
}

func (u Usage) what() string {
	return "crosssigning: " + [...]string{"cross-signing key", "master key", "self-signing key", "user-signing key"}[u]
}

// PublicKey is the public part of a user's cross-signing key, as it is
// published. Of itself it proves nothing: an [Identity] does. It is immutable.
type PublicKey struct {
	object Object
	userID string
	usage  Usage
	key    keys.Ed25519
}

// ParsePublicKey returns the cross-signing key of a JSON text, which must be a
// given user's and have a given usage, and no other. It returns a
// [*MalformedError] or an [*IDError].
func ParsePublicKey(text []byte, userID string, usage Usage) (*PublicKey, error) {
	what := Usage(0).what()
	if !usage.valid() {
		return nil, malformed(what, "no such usage")
	}
	what = usage.what()
	object, err := parseObject(what, text)
	if err != nil {
		return nil, err
	}
	k := &PublicKey{object: object, usage: usage}
	if k.userID, err = object.text(what, "user_id"); err != nil {
		return nil, err
	}
	if err := expectID("user_id", userID, k.userID); err != nil {
		return nil, err
	}
	if object.value.Get("usage") != canonicaljson.Array(canonicaljson.Text(usage.String())) {
		return nil, malformed(what, "usage is not this one alone")
	}
	count := 0
	for id, value := range object.value.Get("keys").Members() {
		if count++; count > 1 {
			break
		}
		text, _ := value.Text()
		if k.key, err = keys.ParseEd25519(text); err != nil {
			return nil, malformed(what, err.Error())
		}
		if id != PublicKeyID(k.key).String() {
			return nil, malformed(what, "the key's id is not the key")
		}
	}
	if count != 1 {
		return nil, malformed(what, "not exactly one key")
	}
	return k, nil
}

// plainObject returns the object of a key with what makes it one and nothing else,
// or an absent one when the user id is not valid UTF-8.
func plainObject(userID string, usage Usage, key keys.Ed25519) Object {
	return Object{canonicaljson.Object(
		canonicaljson.Member{Name: "user_id", Value: canonicaljson.Text(userID)},
		canonicaljson.Member{Name: "usage", Value: canonicaljson.Array(canonicaljson.Text(usage.String()))},
		canonicaljson.Member{Name: "keys", Value: canonicaljson.Object(
			canonicaljson.Member{Name: PublicKeyID(key).String(), Value: canonicaljson.Text(key.String())},
		)},
	)}
}

// plain returns the plainObject of the key, as it is signed. The object that was
// published comes from the server, which can have put members into it that make
// it something else as well. It returns a *MalformedError when it did: whoever
// made the key signed another object.
func (k *PublicKey) plain() (Object, error) {
	plain := plainObject(k.userID, k.usage, k.key)
	if plain != k.object.bare() {
		return Object{}, malformed(k.usage.what(), "has more than such a key needs, and is not signed")
	}
	return plain, nil
}

// orNone returns a key that is absent for nil.
func (k *PublicKey) orNone() *PublicKey {
	if k == nil {
		return &PublicKey{}
	}
	return k
}

// UserID returns the user whose key it says to be.
func (k *PublicKey) UserID() string { return k.orNone().userID }

// Usage returns the role of the key.
func (k *PublicKey) Usage() Usage { return k.orNone().usage }

// Key returns the key itself.
func (k *PublicKey) Key() keys.Ed25519 { return k.orNone().key }

// Object returns the JSON object, with all its members and signatures.
func (k *PublicKey) Object() Object { return k.orNone().object }

// MarshalJSON returns the object in canonical form, which [ParsePublicKey]
// reads.
func (k *PublicKey) MarshalJSON() ([]byte, error) { return k.Object().MarshalJSON() }

// Identity is a user's cross-signing identity: the master key, and the other two
// keys, which it signed. A value is always one whose signatures were checked.
// Whether it is really the user's, [Self.Judge] says. It is immutable. The zero
// value is nobody's, and has no keys; so has nil.
//
// An identity that came from a [User] keeps the user's [*ClashError].
type Identity struct {
	master, selfSigning, userSigning *PublicKey

	clash *ClashError
}

// orNone returns an identity without keys for nil.
func (i *Identity) orNone() *Identity {
	if i == nil {
		return &Identity{}
	}
	return i
}

// published returns the master key, or an empty one where there is none.
func (i *Identity) published() *PublicKey { return i.orNone().master.orNone() }

// NewIdentity returns the identity of a master key and the keys that it signed.
// Of these, either may be nil. It returns an [*IDError], a [*MalformedError]
// when a key stands in the wrong place or in two, [ErrUnsigned], or
// [ErrSignature].
func NewIdentity(master, selfSigning, userSigning *PublicKey) (*Identity, error) {
	if master == nil || master.usage != Master {
		return nil, malformed(Master.what(), "missing")
	}
	i := &Identity{master: master}
	for _, k := range []*PublicKey{selfSigning, userSigning} {
		if k == nil {
			continue
		}
		if err := i.vouches(k); err != nil {
			return nil, fmt.Errorf("%s: %w", k.usage.what(), err)
		}
	}
	switch {
	case selfSigning != nil && selfSigning.usage != SelfSigning:
		return nil, malformed(SelfSigning.what(), "a key of another usage")
	case userSigning != nil && userSigning.usage != UserSigning:
		return nil, malformed(UserSigning.what(), "a key of another usage")
	case selfSigning != nil && userSigning != nil && selfSigning.key == userSigning.key:
		return nil, malformed(UserSigning.what(), "the same as the self-signing key")
	}
	i.selfSigning, i.userSigning = selfSigning, userSigning
	return i, nil
}

// vouches returns nil when the master key signed another key of its user.
func (i *Identity) vouches(k *PublicKey) error {
	if err := expectID("user_id", i.master.userID, k.userID); err != nil {
		return err
	}
	if k.key == i.master.key {
		return malformed(k.usage.what(), "the same as the master key")
	}
	return i.VerifyObject(k.object)
}

// UserID returns the user whose identity it is.
func (i *Identity) UserID() string { return i.published().userID }

// Key returns the public key with a usage, or nil.
func (i *Identity) Key(usage Usage) *PublicKey {
	i = i.orNone()
	switch usage {
	case Master:
		return i.master
	case SelfSigning:
		return i.selfSigning
	case UserSigning:
		return i.userSigning
	}
	return nil
}

// MasterKey returns the master key: what two people compare.
func (i *Identity) MasterKey() keys.Ed25519 { return i.published().key }

// VerifyObject returns nil when the user's master key signed an object. It does
// not say of which kind the object is: the master key signs keys as well, and who
// takes one kind for another is deceived. For the auth_data of a backup there is
// [Identity.VerifyBackup]. It returns [ErrUnsigned], [ErrSignature] or
// [keys.ErrAbsent].
func (i *Identity) VerifyObject(o Object) error {
	master := i.published()
	return o.Verify(master.userID, PublicKeyID(master.key), master.key)
}

// VerifyBackup returns nil when the user's master key signed an object that is
// the auth_data of a backup, and can be nothing else that is signed. Whether the
// identity is trusted is another question. It returns a [*MalformedError],
// [ErrUnsigned] or [ErrSignature].
func (i *Identity) VerifyBackup(authData Object) error {
	if _, err := backupKey(authData); err != nil {
		return err
	}
	return i.VerifyObject(authData)
}

// VerifyDevice returns nil when the user's self-signing key signed a device of
// the user. It returns an [*IDError], [ErrUnsigned] or [ErrSignature].
func (i *Identity) VerifyDevice(d *DeviceKeys) error {
	i, d = i.orNone(), d.orNone()
	if err := expectID("user_id", i.UserID(), d.userID); err != nil {
		return err
	}
	if i.selfSigning == nil {
		return ErrUnsigned
	}
	return d.object.Verify(d.userID, PublicKeyID(i.selfSigning.key), i.selfSigning.key)
}

// VerifyUser returns nil when the user-signing key of this identity, which is
// one's own, signed the master key of another user. Only one's own user-signing
// key is ever visible. It returns a [*MalformedError] for oneself,
// [ErrUnsigned] or [ErrSignature].
func (i *Identity) VerifyUser(other *Identity) error {
	i = i.orNone()
	if other.UserID() == i.UserID() {
		return malformed(UserSigning.what(), "signs other users, not its own")
	}
	if i.userSigning == nil {
		return ErrUnsigned
	}
	return other.published().object.Verify(i.UserID(), PublicKeyID(i.userSigning.key), i.userSigning.key)
}

// has says whether an id is the text of one of the identity's public keys.
func (i *Identity) has(deviceID string) bool {
	key, err := keys.ParseEd25519(deviceID)
	if err != nil {
		return false
	}
	for _, k := range []*PublicKey{i.master, i.selfSigning, i.userSigning} {
		if k != nil && k.key == key {
			return true
		}
	}
	return false
}

// DeviceSigningUpload returns the body of POST
// /_matrix/client/v3/keys/device_signing/upload. auth is the object that
// answers the server's request for authentication, or nil. It returns a
// [*MalformedError] when auth is no canonical JSON object, or the identity is the
// zero value.
func (i *Identity) DeviceSigningUpload(auth []byte) ([]byte, error) {
	if i.published().key.IsZero() {
		return nil, malformed(Master.what(), "missing")
	}
	members := []canonicaljson.Member{{Name: "master_key", Value: i.master.object.value}}
	if i.selfSigning != nil {
		members = append(members, canonicaljson.Member{Name: "self_signing_key", Value: i.selfSigning.object.value})
	}
	if i.userSigning != nil {
		members = append(members, canonicaljson.Member{Name: "user_signing_key", Value: i.userSigning.object.value})
	}
	if auth != nil {
		object, err := parseObject("crosssigning: authentication", auth)
		if err != nil {
			return nil, err
		}
		members = append(members, canonicaljson.Member{Name: "auth", Value: object.value})
	}
	return canonicaljson.Object(members...).AppendTo(nil), nil
}
