package backup

import (
	"slices"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/pk"
)

// Trust says why a backup is known to be the user's own. The zero value says that
// it is not.
type Trust byte

const (
	// Untrusted: nothing shows that the backup is the user's. No key may go there.
	Untrusted Trust = iota
	// SignedByDevice: a verified device of the user signed the auth_data.
	SignedByDevice
	// SignedByMaster: the user's master key, which is verified, signed it.
	SignedByMaster
	// FromPrivateKey: its public key is that of a private key from a trusted
	// source.
	FromPrivateKey
)

// String returns the reason in words.
func (t Trust) String() string {
	switch t {
	case SignedByDevice:
		return "signed by a verified device"
	case SignedByMaster:
		return "signed by the master key"
	case FromPrivateKey:
		return "the private key is known"
	default:
		return "untrusted"
	}
}

// Evidence is what a program knows of its own user. The zero value knows nothing.
type Evidence struct {
	// Own is the user, as a query shows it, and Self what is thought of it. They
	// may be nil. Both should be of the same answer: what Self says counts for the
	// keys only of which it says it.
	Own  *crosssigning.User
	Self *crosssigning.Self
	// Marks returns what a person said of a device of the user. It may be nil.
	Marks func(deviceID string) crosssigning.Mark
	// Device is this device with its keys as the program's own account has them,
	// not as the server shows them. It may be nil.
	Device *crosssigning.DeviceKeys
	// PrivateKey is a backup decryption key from a trusted source: the user typed
	// it, it was opened from secret storage, or a verified device of the user
	// sent it. One that anybody else sent is no evidence. It may be nil.
	PrivateKey *pk.DecryptionKey
}

// Verdict says whether a backup is the user's own. The zero value says no.
type Verdict struct {
	trust   Trust
	devices []string
	public  keys.Curve25519
	byKey   bool
	master  bool
}

// Judge says whether the backup may be trusted with keys (specification,
// "Server-side key backups"): its auth_data is signed by the user's master key or
// by a device of the user, and that key or device is verified; or its public key
// is the private key's. Signatures of anything else count for nothing, and do no
// harm.
func (a AuthData) Judge(e Evidence) Verdict {
	v := Verdict{public: a.public}
	if a.IsZero() {
		return v
	}
	if e.Own != nil && e.Self != nil && e.Own.Err() == nil {
		v.judgeSignatures(a, e)
	}
	if d := e.Device; d != nil && d.VerifyBackup(a.object) == nil && !slices.Contains(v.devices, d.DeviceID()) {
		v.devices = append(v.devices, d.DeviceID())
	}
	v.byKey = e.PrivateKey != nil && a.CheckKey(e.PrivateKey) == nil
	switch {
	case v.byKey:
		v.trust = FromPrivateKey
	case v.master:
		v.trust = SignedByMaster
	case v.devices != nil:
		v.trust = SignedByDevice
	}
	return v
}

func (v *Verdict) judgeSignatures(a AuthData, e Evidence) {
	own := e.Self.Own()
	i := e.Own.Identity()
	// Self may be of an earlier answer, with other keys.
	verified := own.Trust() == crosssigning.UserVerified && i != nil && own.Pin().Master == i.MasterKey()
	v.master = verified && i.VerifyBackup(a.object) == nil
	for _, d := range e.Own.Devices() {
		var mark crosssigning.Mark
		if e.Marks != nil {
			mark = e.Marks(d.DeviceID())
		}
		same := mark.Compared == d.Ed25519() || verified && e.Own.CrossSigned(d.DeviceID())
		trusted := own.DeviceTrust(d.DeviceID(), mark) == crosssigning.DeviceVerified
		if same && trusted && d.VerifyBackup(a.object) == nil {
			v.devices = append(v.devices, d.DeviceID())
		}
	}
}

// Trust returns the best reason for which the backup is trusted.
func (v Verdict) Trust() Trust { return v.trust }

// SignedByMaster says whether the user's verified master key signed it.
func (v Verdict) SignedByMaster() bool { return v.master }

// SignedBy returns the ids of the verified devices that signed it.
func (v Verdict) SignedBy() []string { return slices.Clone(v.devices) }

// MatchesPrivateKey says whether its public key is the private key's.
func (v Verdict) MatchesPrivateKey() bool { return v.byKey }

// Recipient returns what keys are encrypted to, if the backup is trusted, else
// [ErrUntrusted].
func (v Verdict) Recipient() (Recipient, error) {
	if v.trust == Untrusted {
		return Recipient{}, ErrUntrusted
	}
	return Recipient{v.public}, nil
}

// Recipient is the public key of a backup that is trusted with keys. Only
// [Verdict.Recipient] makes one. The zero value is absent.
type Recipient struct{ public keys.Curve25519 }

// PublicKey returns the public key.
func (r Recipient) PublicKey() keys.Curve25519 { return r.public }
