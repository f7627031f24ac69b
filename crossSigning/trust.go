package crosssigning

// UserTrust says how far a user's identity is known to be the user's. The levels
// are in order; a program compares them with AtLeast. The zero value is the
// lowest, and anything that is no level counts as the lowest.
type UserTrust byte

// The levels of trust in a user.
const (
	// UserUntrusted: nothing is known of the user, or the user is refused,
	// see [User.Err].
	UserUntrusted UserTrust = iota
	// UserVerificationViolation: the user was verified, and is no longer.
	// Nothing may be sent until a person agrees; see [Verdict.Acknowledged].
	UserVerificationViolation
	// UserIdentityChanged: the identity is another one than before, or is gone.
	// Nothing may be sent until a person agrees. One that is gone must come
	// back first. That we signed the other one makes no difference.
	UserIdentityChanged
	// UserUnsigned: the user never had an identity.
	UserUnsigned
	// UserPinned: the identity is the one that was seen first, or that a person
	// agreed to. Nobody verified it.
	UserPinned
	// UserVerified: a person verified the identity, and a chain of signatures
	// from our own verified identity says so. It is the one that was
	// remembered, or none was.
	UserVerified
)

var userTrustNames = [...]string{
	"untrusted", "verification violation", "identity changed", "unsigned", "pinned", "verified",
}

// AtLeast says whether t is a level, and not below another.
func (t UserTrust) AtLeast(level UserTrust) bool {
	return t.level() >= level && level <= UserVerified
}

func (t UserTrust) level() UserTrust {
	if t > UserVerified {
		return UserUntrusted
	}
	return t
}

// String returns the level in words.
func (t UserTrust) String() string { return userTrustNames[t.level()] }

// ParseUserTrust returns the level of a text that String returned, and the
// lowest for any other text.
func ParseUserTrust(text string) UserTrust {
	for level, name := range userTrustNames {
		if name == text {
			return UserTrust(level)
		}
	}
	return UserUntrusted
}

// DeviceTrust says how far a device is known to be its user's. The levels are in
// order; a program compares them with AtLeast. The zero value is the lowest, and
// anything that is no level counts as the lowest.
//
// A program sends to and shows messages from devices of the level DeviceCrossSigned
// and above, or has a reason not to: devices that no identity signed are as a
// server can make them. A device that has uploaded no keys does not exist
// here, and is no reason to warn (specification, "Recommended client behaviour").
type DeviceTrust byte

// The levels of trust in a device.
const (
	// DeviceUntrusted: the device is unknown, blocked, or its user's identity
	// changed or is refused. Nothing may be sent to it.
	DeviceUntrusted DeviceTrust = iota
	// DeviceUnsigned: the user's identity did not sign the device, or the user
	// has none. Anyone with the server's help can add such a device.
	DeviceUnsigned
	// DeviceCrossSigned: an identity signed the device that is pinned, and that
	// nobody verified.
	DeviceCrossSigned
	// DeviceVerified: a verified identity signed the device, or a person
	// compared its key and the user's identity did not change.
	DeviceVerified
)

var deviceTrustNames = [...]string{"untrusted", "unsigned", "cross-signed", "verified"}

// AtLeast says whether t is a level, and not below another.
func (t DeviceTrust) AtLeast(level DeviceTrust) bool {
	return t.level() >= level && level <= DeviceVerified
}

func (t DeviceTrust) level() DeviceTrust {
	if t > DeviceVerified {
		return DeviceUntrusted
	}
	return t
}

// String returns the level in words.
func (t DeviceTrust) String() string { return deviceTrustNames[t.level()] }

// ParseDeviceTrust returns the level of a text that String returned, and the
// lowest for any other text.
func ParseDeviceTrust(text string) DeviceTrust {
	for level, name := range deviceTrustNames {
		if name == text {
			return DeviceTrust(level)
		}
	}
	return DeviceUntrusted
}

// pinState compares an identity with what was remembered.
type pinState byte

const (
	pinNone  pinState = iota // nothing was remembered
	pinSame                  // this master key was
	pinOther                 // another one was, or the identity is gone
)

// userFacts are all that the trust in another user depends on.
type userFacts struct {
	refused      bool // the user has a ClashError
	hasIdentity  bool
	pin          pinState
	wasVerified  bool // remembered with the pin
	ownVerified  bool // our own identity is UserVerified
	signedByOurs bool // our user-signing key signed the master key
}

func (f userFacts) trust() UserTrust {
	// Our signature does not expire. It must not bring back a master key that
	// was replaced since.
	verified := f.ownVerified && f.signedByOurs && f.pin != pinOther
	return judge(f.refused, f.hasIdentity, verified, f.wasVerified, f.pin)
}

// ownFacts are all that the trust in our own identity depends on.
type ownFacts struct {
	refused        bool
	hasIdentity    bool
	pin            pinState
	wasVerified    bool
	holdsMaster    bool // the program has the master key's private part
	signedByDevice bool // our device signed the master key
}

func (f ownFacts) trust() UserTrust {
	// Neither a device's signature nor a private key expires. They must not
	// bring back a master key that was replaced since.
	verified := (f.holdsMaster || f.signedByDevice) && f.pin != pinOther
	return judge(f.refused, f.hasIdentity, verified, f.wasVerified, f.pin)
}

// judge is the one place where trust in a user is decided.
func judge(refused, hasIdentity, verified, wasVerified bool, pin pinState) UserTrust {
	switch {
	case refused:
		return UserUntrusted
	case hasIdentity && verified:
		return UserVerified
	case wasVerified:
		return UserVerificationViolation
	case pin == pinOther, pin == pinSame && !hasIdentity:
		return UserIdentityChanged
	case !hasIdentity:
		return UserUnsigned
	default:
		return UserPinned
	}
}

// deviceFacts are all that the trust in a device depends on.
type deviceFacts struct {
	user        UserTrust
	blocked     bool // by a person
	compared    bool // a person compared the device's key
	crossSigned bool // the user's self-signing key signed the device
}

// trust is the one place where trust in a device is decided.
func (f deviceFacts) trust() DeviceTrust {
	switch user := f.user.level(); {
	case f.blocked, user == UserUntrusted:
		return DeviceUntrusted
	case user == UserVerificationViolation, user == UserIdentityChanged:
		return DeviceUntrusted
	case f.compared:
		return DeviceVerified
	case !f.crossSigned, user == UserUnsigned:
		return DeviceUnsigned
	case user == UserVerified:
		return DeviceVerified
	default:
		return DeviceCrossSigned
	}
}
