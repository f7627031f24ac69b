package crosssigning

import (
	"github.com/chappe-e2ee/chappe/internal/curve"
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
		k, err := newPublicKey(p.userID, usage, p.PublicKey(usage))
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
// own account has it; a device that was exchanged since is not signed. It
// returns [ErrKeyMismatch], an [*IDError] for a device of another user, a
// [*ClashError], [ErrNoPrivateKey] or [ErrClosed].
func (p *PrivateKeys) SignDevice(d *DeviceKeys, verified keys.Ed25519) (KeySignature, error) {
	if err := expectID("user_id", p.userID, d.userID); err != nil {
		return KeySignature{}, err
	}
	if verified.IsZero() || d.ed25519 != verified {
		return KeySignature{}, ErrKeyMismatch
	}
	if p.clashes(d.deviceID) {
		return KeySignature{}, &ClashError{UserID: d.userID, DeviceID: d.deviceID}
	}
	object, err := p.sign(SelfSigning, d.object.bare())
	if err != nil {
		return KeySignature{}, err
	}
	return KeySignature{userID: d.userID, name: d.deviceID, object: object}, nil
}

// clashes says whether the id of a device is one of the user's cross-signing
// keys.
func (p *PrivateKeys) clashes(deviceID string) bool {
	if p.own != nil && p.own.has(deviceID) {
		return true
	}
	key, err := keys.ParseEd25519(deviceID)
	if err != nil {
		return false
	}
	return key == p.PublicKey(Master) || key == p.PublicKey(SelfSigning) || key == p.PublicKey(UserSigning)
}

// SignUser signs the master key of another user with the user-signing key.
// verified is the master key as it was fixed when the verification began and
// compared by a person; an identity that was exchanged since is not signed. It
// returns [ErrKeyMismatch], a [*ClashError], a [*MalformedError] for oneself,
// [ErrNoPrivateKey] or [ErrClosed].
func (p *PrivateKeys) SignUser(u *User, verified keys.Ed25519) (KeySignature, error) {
	if u.id == p.userID {
		return KeySignature{}, malformed(UserSigning.what(), "signs other users, not its own")
	}
	if u.clash != nil {
		return KeySignature{}, u.clash
	}
	if verified.IsZero() || u.identity == nil || u.identity.master.key != verified {
		return KeySignature{}, ErrKeyMismatch
	}
	master := u.identity.master
	object, err := p.sign(UserSigning, master.object.bare())
	if err != nil {
		return KeySignature{}, err
	}
	return KeySignature{userID: u.id, name: master.key.String(), object: object}, nil
}

// SignBackup adds the master key's signature to the auth_data of a backup. An
// object without public_key, or one that could also be read as a key of a user
// or a device, is not signed. It returns a [*MalformedError],
// [ErrNoPrivateKey] or [ErrClosed].
func (p *PrivateKeys) SignBackup(authData Object) (Object, error) {
	const what = "crosssigning: auth_data of a backup"
	if _, err := authData.text(what, "public_key"); err != nil {
		return Object{}, err
	}
	for _, name := range []string{"user_id", "device_id", "usage", "keys", "key"} {
		if !authData.value.Get(name).IsZero() {
			return Object{}, malformed(what, "has a member of a signed key")
		}
	}
	return p.sign(Master, authData)
}
