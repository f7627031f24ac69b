package crosssigning

import "github.com/chappe-e2ee/chappe/keys"

// Pin is what a program remembers of a user's identity. It is stored with the
// user. The zero value remembers nothing: no identity was seen yet.
type Pin struct {
	// Master is the master key that was seen first, or that a person agreed to
	// last.
	Master keys.Ed25519 `json:"master,omitzero"`
	// Verified says that the user was verified at some time.
	Verified bool `json:"verified,omitempty"`
}

func (p Pin) state(i *Identity) pinState {
	switch {
	case p.Master.IsZero():
		return pinNone
	case i != nil && i.MasterKey() == p.Master:
		return pinSame
	default:
		return pinOther
	}
}

// Proof is what shows that our own identity is ours. One of both is enough. The
// zero value shows nothing.
type Proof struct {
	// Private are our private keys, if the program has the master key among
	// them. They may be nil or closed.
	Private *PrivateKeys
	// Device is this device with its keys as the program's own account has
	// them, not as the server shows them. Its signature of the master key
	// says that the key was verified here: see [LocalDevice.SignMaster].
	Device *DeviceKeys
}

// Self is one's own side of all judgements. It is immutable. The zero value is
// of nobody, and for it only pins count.
type Self struct {
	user  *User
	trust UserTrust
	pin   Pin
}

// NewSelf judges our own identity. own is what a query says of ourselves, pin is
// what was remembered. No proof is good for another master key than that one: a
// program that replaced the identity itself stores [Verdict.Acknowledged].
func NewSelf(own *User, pin Pin, proof Proof) *Self {
	if own == nil {
		return &Self{pin: pin}
	}
	f := ownFacts{
		refused:     own.refused(),
		hasIdentity: own.identity != nil,
		pin:         pin.state(own.identity),
		wasVerified: pin.Verified,
	}
	if i := own.identity; i != nil {
		f.holdsMaster = proof.Private != nil && proof.Private.userID == own.id &&
			proof.Private.PublicKey(Master) == i.MasterKey()
		f.signedByDevice = proof.Device != nil && proof.Device.userID == own.id &&
			proof.Device.VerifyObject(i.published().object) == nil
	}
	return &Self{user: own, trust: f.trust(), pin: pin}
}

// Judge returns the verdict on a user. pin is what was remembered of the user.
// For ourselves, it is the verdict of [NewSelf], and pin is not looked at.
func (s *Self) Judge(u *User, pin Pin) Verdict {
	switch {
	case u == nil:
		return Verdict{pin: pin}
	case s.user != nil && u.id == s.user.id:
		return Verdict{user: s.user, trust: s.trust, pin: s.pin}
	}
	f := userFacts{
		refused:     u.refused(),
		hasIdentity: u.identity != nil,
		pin:         pin.state(u.identity),
		wasVerified: pin.Verified,
		ownVerified: s.trust == UserVerified,
	}
	// Without a verified identity of our own, a signature of it says nothing.
	if f.ownVerified && u.identity != nil {
		f.signedByOurs = s.user.identity.VerifyUser(u.identity) == nil
	}
	return Verdict{user: u, trust: f.trust(), pin: pin}
}

// Own returns the verdict on ourselves.
func (s *Self) Own() Verdict { return Verdict{user: s.user, trust: s.trust, pin: s.pin} }

// Verdict says how far a user and the user's devices are trusted, as they were
// published when the user was read. The zero value trusts nothing.
type Verdict struct {
	user  *User
	trust UserTrust
	pin   Pin
}

// Trust returns the trust in the user.
func (v Verdict) Trust() UserTrust { return v.trust }

// Mark is what a person said of one device. It is stored with the device. The
// zero value says nothing.
type Mark struct {
	// Compared is the Ed25519 key that a person compared.
	Compared keys.Ed25519 `json:"compared,omitzero"`
	// Blocked says that nothing is to be sent to the device.
	Blocked bool `json:"blocked,omitempty"`
}

// DeviceTrust returns the trust in one of the user's devices.
func (v Verdict) DeviceTrust(deviceID string, mark Mark) DeviceTrust {
	if v.user == nil {
		return DeviceUntrusted
	}
	i, ok := v.user.find(deviceID)
	if !ok {
		return DeviceUntrusted
	}
	return deviceFacts{
		user:        v.trust,
		blocked:     mark.Blocked,
		compared:    !mark.Compared.IsZero() && mark.Compared == v.user.devices[i].ed25519,
		crossSigned: v.user.crossSigned[i],
	}.trust()
}

// Pin returns what is to be remembered of the user from now on. An identity that
// is seen for the first time is pinned; that a user is verified is remembered; a
// change is never taken over.
func (v Verdict) Pin() Pin {
	switch v.trust {
	case UserVerified:
		return Pin{Master: v.user.identity.MasterKey(), Verified: true}
	case UserPinned:
		return Pin{Master: v.user.identity.MasterKey()}
	default:
		return v.pin
	}
}

// Acknowledged returns what is to be remembered once a person agreed to the
// user's identity as it is now, or compared it. It withdraws an earlier
// verification; of an identity that we signed, the next judgement remembers the
// new one. Nobody else may decide this: a program that always agrees notices no
// attack.
//
// When the identity is gone, its master key stays remembered, so that another
// one that appears later is not taken for the first. Until one appears, the user
// stays [UserIdentityChanged].
func (v Verdict) Acknowledged() Pin {
	if v.user == nil || v.user.refused() {
		return v.pin
	}
	if v.user.identity == nil {
		return Pin{Master: v.pin.Master}
	}
	return Pin{Master: v.user.identity.MasterKey()}
}
