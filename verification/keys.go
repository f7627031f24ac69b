package verification

import (
	"fmt"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/keys"
)

// Keys are the keys that a flow begins with, and keeps to its end.
type Keys struct {
	// Self is what is known of our own identity. Our master key is shown to the
	// other side only if it is crosssigning.UserVerified. It may be nil.
	Self *crosssigning.Self

	// Theirs is the user to verify, as published: with all devices and the
	// identity. To verify a device of one's own, it is our own user.
	Theirs *crosssigning.User
}

// OurSide is what a method tells the other side of us.
type OurSide struct {
	UserID, DeviceID string
	Device           keys.Ed25519
	Master           keys.Ed25519 // zero when we have none that is verified
}

// TheirSide is what a method compares with what the other side says.
type TheirSide struct {
	UserID, DeviceID string
	Device           keys.Ed25519
	Master           keys.Ed25519 // zero when they have none
}

// Parties are both sides of a flow, from the view of this one.
type Parties struct {
	TransactionID string // or the event id of the request
	Ours          OurSide
	Theirs        TheirSide
}

// Verified is what a flow has verified. The objects are those that the flow was
// given when it began.
type Verified struct {
	// User is the other user, or ourselves.
	User *crosssigning.User

	// Identity is the user's, if the master key was verified, else nil. Sign it
	// with PrivateKeys.SignUser; one's own with LocalDevice.SignMaster. If it is
	// another than the one that was pinned, store Verdict.Acknowledged as well.
	Identity *crosssigning.Identity

	// Device is the other device, if its key was verified, else nil. Sign it
	// with PrivateKeys.SignDevice if it is one's own.
	Device *crosssigning.DeviceKeys
}

// check returns an error when keys cannot be used with a user.
func (v *Verifier) check(k Keys, userID string) error {
	if k.Theirs == nil || k.Theirs.ID() != userID {
		return ErrOtherUser
	}
	if err := k.Theirs.Err(); err != nil {
		return fmt.Errorf("verification: %w", err)
	}
	_, err := v.ownMaster(k.Self)
	return err
}

// ownMaster returns our master key if it is verified, else the zero value.
func (v *Verifier) ownMaster(self *crosssigning.Self) (keys.Ed25519, error) {
	if self == nil || self.Own().Trust() != crosssigning.UserVerified {
		return keys.Ed25519{}, nil
	}
	us, err := crosssigning.NewUser(v.device.UserID(), nil)
	if err != nil {
		return keys.Ed25519{}, fmt.Errorf("verification: %w", err)
	}
	// Of our own user, Judge returns the verdict that it already has.
	if self.Judge(us, crosssigning.Pin{}) != self.Own() {
		return keys.Ed25519{}, ErrOtherUser
	}
	master := self.Own().Pin().Master
	if master.String() == v.device.DeviceID() {
		return keys.Ed25519{}, fmt.Errorf("verification: %w",
			&crosssigning.ClashError{UserID: v.device.UserID(), DeviceID: v.device.DeviceID()})
	}
	return master, nil
}

// parties returns both sides as they are with a device of theirs.
func (f *Flow) parties(deviceID string) (Parties, error) {
	d := f.keys.Theirs.Device(deviceID)
	if d == nil {
		return Parties{}, ErrUnknownDevice
	}
	master, err := f.v.ownMaster(f.keys.Self)
	if err != nil {
		return Parties{}, err
	}
	p := Parties{
		TransactionID: f.ref.id,
		Ours: OurSide{
			UserID: f.v.device.UserID(), DeviceID: f.v.device.DeviceID(),
			Device: f.v.device.Ed25519(), Master: master,
		},
		Theirs: TheirSide{UserID: d.UserID(), DeviceID: d.DeviceID(), Device: d.Ed25519()},
	}
	if i := f.keys.Theirs.Identity(); i != nil {
		p.Theirs.Master = i.MasterKey()
	}
	return p, nil
}
