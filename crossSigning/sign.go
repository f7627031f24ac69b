package crosssigning

import (
	"fmt"

	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
)

// What signs what: the master key the other two and backups, the self-signing
// key devices of the user, the user-signing key master keys of others. There is
// one function for each, and none that signs anything with any key.

// roleSigner signs with the private key of one role.
type roleSigner struct {
	p     *PrivateKeys
	usage Usage
}

func (s roleSigner) Sign(message []byte) (keys.Signature, error) {
	return secret.Call(func() (keys.Signature, error) { return s.doSign(message) })
}

func (s roleSigner) doSign(message []byte) (keys.Signature, error) {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	k, err := s.p.get(s.usage)
	if err != nil {
		return keys.Signature{}, err
	}
	var b [curve.SignatureSize]byte
	k.Sign(&b, message)
	return keys.NewSignature(b[:])
}

// sign signs an object with the private key of one role.
func (p *PrivateKeys) sign(usage Usage, o Object) (Object, error) {
	return o.Sign(p.userID, PublicKeyID(p.PublicKey(usage)), roleSigner{p, usage})
}

// Identity returns the public identity of three fresh keys, signed by the master
// key, for [Identity.DeviceSigningUpload]. It returns [ErrNoPrivateKey] when one
// of the three is not held, or [ErrClosed].
func (p *PrivateKeys) Identity() (*Identity, error) {
	var public [UserSigning + 1]*PublicKey
	for usage := Master; usage <= UserSigning; usage++ {
		if err := p.holds(usage); err != nil {
			return nil, err
		}
		plain := plainObject(p.userID, usage, p.PublicKey(usage))
		k, err := ParsePublicKey(plain.value.AppendTo(nil), p.userID, usage)
		if err != nil {
			return nil, err
		}
		if usage != Master {
			if k.object, err = p.sign(Master, k.object); err != nil {
				return nil, err
			}
		}
		public[usage] = k
	}
	return NewIdentity(public[Master], public[SelfSigning], public[UserSigning])
}

// SignDevice signs a device of the user with the self-signing key. verified is
// the device's Ed25519 key as it was compared by a person, or as the program's
// own account has it; a device that was exchanged since is not signed. What is
// signed is what the device signed itself, with members that this package does
// not know; one with members of another kind of signed object is refused.
//
// A clash of the user is known when the identity came from [User.Identity] to
// [ImportPrivateKeys]. Without an identity, a device is refused whose id could be
// one of the user's keys that are not held. (The id of a dehydrated device is its
// own Curve25519 key, and is none.)
//
// It returns [keys.ErrAbsent] when d is nil, as a device is that a verification
// did not prove, [ErrKeyMismatch], an [*IDError] for a device of another user, a
// [*MalformedError], a [*ClashError], [ErrNoPrivateKey] or [ErrClosed].
func (p *PrivateKeys) SignDevice(d *DeviceKeys, verified keys.Ed25519) (KeySignature, error) {
	if d == nil {
		return KeySignature{}, fmt.Errorf("%s: %w", deviceName, keys.ErrAbsent)
	}
	if err := expectID("user_id", p.userID, d.userID); err != nil {
		return KeySignature{}, err
	}
	if verified.IsZero() || d.ed25519 != verified {
		return KeySignature{}, ErrKeyMismatch
	}
	if err := d.object.without(deviceName, "usage", "key", "public_key"); err != nil {
		return KeySignature{}, err
	}
	if p.own != nil && p.own.clash != nil {
		return KeySignature{}, p.own.clash
	}
	if p.clashes(d) {
		return KeySignature{}, &ClashError{UserID: d.userID, DeviceID: d.deviceID}
	}
	object, err := p.sign(SelfSigning, d.object.bare())
	if err != nil {
		return KeySignature{}, err
	}
	return KeySignature{userID: d.userID, name: d.deviceID, object: object}, nil
}

// clashes says whether the id of a device is one of the user's cross-signing
// keys, or could be.
func (p *PrivateKeys) clashes(d *DeviceKeys) bool {
	if p.own != nil && p.own.has(d.deviceID) {
		return true
	}
	key, err := keys.ParseEd25519(d.deviceID)
	if err != nil {
		return false
	}
	unknown := false
	for usage := Master; usage <= UserSigning; usage++ {
		held := p.PublicKey(usage)
		if key == held {
			return true
		}
		unknown = unknown || p.own == nil && held.IsZero()
	}
	return unknown && d.deviceID != d.curve25519.String()
}

// SignUser signs the master key of another user with the user-signing key.
// verified is the master key as it was fixed when the verification began and
// compared by a person; an identity that was exchanged since is not signed, nor a
// master key with members that none has. When the identity had changed before,
// the program also stores [Verdict.Acknowledged]: a signature does not move a
// [Pin].
//
// It returns [keys.ErrAbsent] when u is nil, [ErrKeyMismatch], a [*ClashError], a
// [*MalformedError], also for oneself, [ErrNoPrivateKey] or [ErrClosed].
func (p *PrivateKeys) SignUser(u *User, verified keys.Ed25519) (KeySignature, error) {
	if u == nil {
		return KeySignature{}, fmt.Errorf("%s: %w", UserSigning.what(), keys.ErrAbsent)
	}
	if u.id == p.userID {
		return KeySignature{}, malformed(UserSigning.what(), "signs other users, not its own")
	}
	if clash := u.clash(); clash != nil {
		return KeySignature{}, clash
	}
	if verified.IsZero() || u.identity == nil || u.identity.master.key != verified {
		return KeySignature{}, ErrKeyMismatch
	}
	master := u.identity.master
	plain, err := master.plain()
	if err != nil {
		return KeySignature{}, err
	}
	object, err := p.sign(UserSigning, plain)
	if err != nil {
		return KeySignature{}, err
	}
	return KeySignature{userID: u.id, name: master.key.String(), object: object}, nil
}

// SignBackup adds the master key's signature to the auth_data of a backup. public
// is the backup's public key as the program has it from the private key, not as
// the server shows it. An object with another public_key, or one that could also
// be read as a key of a user or a device, is not signed. It returns a
// [*MalformedError], [ErrKeyMismatch], [ErrNoPrivateKey] or [ErrClosed].
func (p *PrivateKeys) SignBackup(authData Object, public keys.Curve25519) (Object, error) {
	if err := authData.without(backupName, backupHasNot[:]...); err != nil {
		return Object{}, err
	}
	if shown, err := backupKey(authData); err != nil || shown != public {
		return Object{}, ErrKeyMismatch
	}
	return p.sign(Master, authData)
}

const backupName = "crosssigning: auth_data of a backup"

// backupHasNot are the members of the other kinds of signed objects.
var backupHasNot = [...]string{"user_id", "device_id", "usage", "keys", "key"}

// backupKey returns the public key of an object that can only be the auth_data of
// a backup, else a *MalformedError.
func backupKey(o Object) (keys.Curve25519, error) {
	if err := o.without(backupName, backupHasNot[:]...); err != nil {
		return keys.Curve25519{}, err
	}
	text, err := o.text(backupName, "public_key")
	if err != nil {
		return keys.Curve25519{}, err
	}
	key, err := keys.ParseCurve25519(text)
	if err != nil {
		return keys.Curve25519{}, malformed(backupName, err.Error())
	}
	return key, nil
}
