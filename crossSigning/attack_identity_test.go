package crosssigning_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
)

// V02: the server gives a device the id of a cross-signing key, so that key ids
// of the one mean the other. The user is refused, and nothing is signed.
func TestAttack_V02_DeviceIDIsCrossSigningKey(t *testing.T) {
	t.Parallel()
	a, b := privateKeys(t, alice, 1), privateKeys(t, bob, 2)
	i := identity(t, b)
	self := crosssigning.NewSelf(newUser(t, alice, identity(t, a)), crosssigning.Pin{}, crosssigning.Proof{Private: a})
	good := localDevice(t, bob, "GOOD", 3)
	for _, usage := range usages {
		for _, form := range []string{"", "="} {
			id := i.Key(usage).Key().String() + form
			clash := deviceKeys(t, localDevice(t, bob, id, 4))
			check := func(u *crosssigning.User) {
				t.Helper()
				var wrong *crosssigning.ClashError
				require.ErrorAs(t, u.Err(), &wrong)
				require.Equal(t, &crosssigning.ClashError{UserID: bob, DeviceID: id}, wrong)
				refusedAs[*crosssigning.ClashError](t, func() error { return errorOf(a.SignUser(u, i.MasterKey())) }, a, u)
				verdict := self.Judge(u, crosssigning.Pin{Master: i.MasterKey(), Verified: true})
				require.Equal(t, crosssigning.UserUntrusted, verdict.Trust())
				for _, d := range u.Devices() {
					require.Equal(t, crosssigning.DeviceUntrusted, verdict.DeviceTrust(d.DeviceID(), crosssigning.Mark{Compared: d.Ed25519()}))
				}
			}
			check(newUser(t, bob, i, deviceKeys(t, good), clash))

			r := newResponse().add(alice, identity(t, a)).add(bob, i, signDevice(t, b, deviceKeys(t, good)), clash)
			var wrong *crosssigning.ClashError
			require.ErrorAs(t, refusedEntry(t, r.text(t), readQuery(nil), bob, id, "user"), &wrong)
			result := queryCheck(t, r)
			require.NoError(t, result.Users[0].Err(), "the neighbour suffers")
			check(result.Users[1])

			// Also when the device itself is not even well formed.
			r.devices[bob].(object)[id] = "x"
			result = queryCheck(t, r)
			require.Len(t, result.Refused, 2)
			check(result.Users[1])

			// And one's own: a device of ours with such an id is not signed.
			own := localDevice(t, bob, id, 4)
			ownKeys := deviceKeys(t, own)
			refusedAs[*crosssigning.ClashError](t, func() error { return errorOf(b.SignDevice(ownKeys, own.Ed25519)) }, b, ownKeys)
			imported, err := crosssigning.ImportPrivateKeys(i, crosssigning.Seeds{}.With(crosssigning.SelfSigning, seed(2, 2)))
			require.NoError(t, err)
			refusedAs[*crosssigning.ClashError](t, func() error { return errorOf(imported.SignDevice(ownKeys, own.Ed25519)) }, imported, ownKeys)
		}
	}
}

func queryCheck(t testing.TB, r *response) *crosssigning.QueryResult {
	t.Helper()
	result, err := crosssigning.NewQuery(alice, bob).Check(r.text(t), nil, 2)
	require.NoError(t, err)
	return result
}

// V02, the key fixed at the start: while two people compare, the server replaces
// the master key or the device. What was compared is signed, or nothing.
func TestAttack_V02_KeyExchangedDuringVerification(t *testing.T) {
	t.Parallel()
	a, b, evil := privateKeys(t, alice, 1), privateKeys(t, bob, 2), privateKeys(t, bob, 66)
	compared := identity(t, b).MasterKey()
	evils := newUser(t, bob, identity(t, evil))
	refusedWith(t, crosssigning.ErrKeyMismatch, func() error { return errorOf(a.SignUser(evils, compared)) }, a, evils)
	device, other := localDevice(t, alice, "DEV", 1), deviceKeys(t, localDevice(t, alice, "DEV", 66))
	refusedWith(t, crosssigning.ErrKeyMismatch, func() error { return errorOf(a.SignDevice(other, device.Ed25519)) }, a, other)
	foreign, own := identity(t, privateKeys(t, alice, 66)), identity(t, a).MasterKey()
	refusedWith(t, crosssigning.ErrKeyMismatch, func() error { return errorOf(device.SignMaster(foreign, own)) }, device, foreign)
}

// V04: an inverted condition made devices of users whom nobody verified count as
// verified.
func TestAttack_V04_UnverifiedUserHasNoVerifiedDevices(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	device := signDevice(t, s.bobs, deviceKeys(t, localDevice(t, bob, "DEV", 3)))
	for signed, want := range map[bool]crosssigning.DeviceTrust{false: crosssigning.DeviceCrossSigned, true: crosssigning.DeviceVerified} {
		i := map[bool]*crosssigning.Identity{false: s.other, true: s.signed}[signed]
		require.Equal(t, want, s.self[true].Judge(newUser(t, bob, i, device), crosssigning.Pin{}).DeviceTrust("DEV", crosssigning.Mark{}))
	}
}

// V05: the server replaces our own identity by one of its own, in which all
// signatures are right. Nobody is verified any longer, and it shows.
func TestAttack_V05_OwnIdentityReplaced(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	local := localDevice(t, alice, "DEV", 3)
	proof := crosssigning.Proof{Private: s.alices, Device: deviceKeys(t, local)}
	before := crosssigning.NewSelf(newUser(t, alice, s.own), crosssigning.Pin{}, proof)
	bobsPin := before.Judge(newUser(t, bob, s.signed), crosssigning.Pin{}).Pin()
	require.True(t, bobsPin.Verified)
	ownPin := before.Own().Pin()

	evil := privateKeys(t, alice, 66)
	signature, err := evil.SignUser(newUser(t, bob, s.other), s.other.MasterKey())
	require.NoError(t, err)
	evilsBob := withSignature(t, s.signed, signature)
	for _, devices := range [][]*crosssigning.DeviceKeys{nil, {signDevice(t, evil, deviceKeys(t, local))}} {
		after := crosssigning.NewSelf(newUser(t, alice, identity(t, evil), devices...), ownPin, proof)
		require.Equal(t, crosssigning.UserVerificationViolation, after.Own().Trust())
		require.Equal(t, ownPin, after.Own().Pin(), "the foreign identity was pinned")
		require.Equal(t, crosssigning.DeviceUntrusted, after.Own().DeviceTrust("DEV", crosssigning.Mark{}))
		verdict := after.Judge(newUser(t, bob, evilsBob), bobsPin)
		require.Equal(t, crosssigning.UserVerificationViolation, verdict.Trust())
		require.Equal(t, crosssigning.UserPinned, after.Judge(newUser(t, bob, evilsBob), crosssigning.Pin{}).Trust())
	}

	// Private keys of someone else prove nothing, nor does a device of another
	// user, nor keys that were wiped.
	mallory := privateKeys(t, bob, 1) // the same seeds as Alice's
	for _, bad := range []crosssigning.Proof{
		{}, {Private: evil}, {Private: mallory}, {Private: &crosssigning.PrivateKeys{}}, {Device: deviceKeys(t, local)},
		{Device: deviceKeys(t, localDevice(t, bob, "DEV", 3))},
	} {
		require.Equal(t, crosssigning.UserPinned, crosssigning.NewSelf(newUser(t, alice, s.own), crosssigning.Pin{}, bad).Own().Trust())
	}
	// Not even when that device signed our master key, as anyone may.
	bobs := localDevice(t, bob, "DEV", 3)
	o, err := s.own.Key(crosssigning.Master).Object().Sign(bob, crosssigning.DeviceKeyID("DEV"), bobs.Signer)
	require.NoError(t, err)
	master, err := crosssigning.ParsePublicKey(marshal(t, o), alice, crosssigning.Master)
	require.NoError(t, err)
	signedByBob, err := crosssigning.NewIdentity(master, nil, nil)
	require.NoError(t, err)
	require.NoError(t, deviceKeys(t, bobs).VerifyObject(o))
	require.Equal(t, crosssigning.UserPinned, crosssigning.NewSelf(newUser(t, alice, signedByBob), crosssigning.Pin{},
		crosssigning.Proof{Device: deviceKeys(t, bobs)}).Own().Trust())

	s.alices.Forget(crosssigning.Master)
	require.Equal(t, crosssigning.UserPinned, crosssigning.NewSelf(newUser(t, alice, s.own), crosssigning.Pin{}, proof).Own().Trust())
}

// V05, replayed: an own master key that our device signed once, and that was
// replaced since, does not come back.
func TestAttack_V05_OldOwnIdentityComesBack(t *testing.T) {
	t.Parallel()
	old, current := privateKeys(t, alice, 1), privateKeys(t, alice, 2)
	local := localDevice(t, alice, "DEV", 3)
	signature, err := local.SignMaster(identity(t, old), identity(t, old).MasterKey())
	require.NoError(t, err)
	own := newUser(t, alice, withSignature(t, identity(t, old), signature))
	bobs := identity(t, privateKeys(t, bob, 4))
	by, err := old.SignUser(newUser(t, bob, bobs), bobs.MasterKey())
	require.NoError(t, err)
	for _, proof := range []crosssigning.Proof{{Device: deviceKeys(t, local)}, {Private: old}, {Device: deviceKeys(t, local), Private: old}} {
		for verified, want := range map[bool]crosssigning.UserTrust{false: crosssigning.UserIdentityChanged, true: crosssigning.UserVerificationViolation} {
			pin := crosssigning.Pin{Master: identity(t, current).MasterKey(), Verified: verified}
			self := crosssigning.NewSelf(own, pin, proof)
			require.Equal(t, want, self.Own().Trust())
			require.Equal(t, pin, self.Own().Pin())
			require.Equal(t, crosssigning.UserPinned, self.Judge(newUser(t, bob, withSignature(t, bobs, by)), crosssigning.Pin{}).Trust())
			// A person who replaced the identity says so.
			again := crosssigning.NewSelf(own, self.Own().Acknowledged(), proof)
			require.Equal(t, crosssigning.UserVerified, again.Own().Trust())
		}
	}
}

// V06: another user's identity changes or vanishes. Nothing says so but the pin,
// and the program hears of it until a person agreed.
func TestAttack_V06_IdentityChanges(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	device := signDevice(t, s.bobs, deviceKeys(t, localDevice(t, bob, "DEV", 3)))
	first := s.self[true].Judge(newUser(t, bob, s.other, device), crosssigning.Pin{})
	require.Equal(t, crosssigning.UserPinned, first.Trust())
	evil := privateKeys(t, bob, 66)
	evilsDevice := signDevice(t, evil, deviceKeys(t, localDevice(t, bob, "EVIL", 66)))
	for verified, want := range map[bool]crosssigning.UserTrust{false: crosssigning.UserIdentityChanged, true: crosssigning.UserVerificationViolation} {
		pin := first.Pin()
		pin.Verified = verified
		for _, u := range []*crosssigning.User{newUser(t, bob, identity(t, evil), device, evilsDevice), newUser(t, bob, nil, device, evilsDevice)} {
			for range 3 { // asking again does not accept it
				verdict := s.self[true].Judge(u, pin)
				require.Equal(t, want, verdict.Trust())
				require.Equal(t, crosssigning.DeviceUntrusted, verdict.DeviceTrust("EVIL", crosssigning.Mark{}))
				pin = verdict.Pin()
			}
		}
		verdict := s.self[true].Judge(newUser(t, bob, identity(t, evil), evilsDevice), pin)
		after := s.self[true].Judge(newUser(t, bob, identity(t, evil), evilsDevice), verdict.Acknowledged())
		require.Equal(t, crosssigning.UserPinned, after.Trust())
		require.Equal(t, crosssigning.DeviceCrossSigned, after.DeviceTrust("EVIL", crosssigning.Mark{}))
	}
}

// V20, as far as signatures go: whose signature of a backup's auth_data counts.
func TestAttack_V20_BackupSignatures(t *testing.T) {
	t.Parallel()
	p := privateKeys(t, alice, 1)
	i := identity(t, p)
	local := localDevice(t, alice, "DEV", 1)
	device := deviceKeys(t, local)
	auth, err := crosssigning.ParseObject([]byte(`{"public_key":"hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo"}`))
	require.NoError(t, err)
	refused := func(is error, verify func(o crosssigning.Object) error, o crosssigning.Object) {
		t.Helper()
		refusedWith(t, is, func() error { return verify(o) }, o, i, device)
	}
	refused(crosssigning.ErrUnsigned, i.VerifyObject, auth)
	refused(crosssigning.ErrUnsigned, device.VerifyObject, auth)

	byMaster, err := p.SignBackup(auth, backupKey(t, auth))
	require.NoError(t, err)
	require.NoError(t, i.VerifyObject(byMaster))
	require.NoError(t, i.VerifyBackup(byMaster))
	refused(crosssigning.ErrUnsigned, device.VerifyBackup, byMaster)
	refused(crosssigning.ErrUnsigned, device.VerifyObject, byMaster)
	byDevice, err := auth.Sign(alice, crosssigning.DeviceKeyID("DEV"), local.Signer)
	require.NoError(t, err)
	require.NoError(t, device.VerifyObject(byDevice))
	require.NoError(t, device.VerifyBackup(byDevice))
	refused(crosssigning.ErrUnsigned, i.VerifyBackup, byDevice)
	refused(crosssigning.ErrUnsigned, i.VerifyObject, byDevice)

	// A device whose id is the master key signs under the master key's id.
	clash := localDevice(t, alice, i.MasterKey().String(), 9)
	byClash, err := auth.Sign(alice, crosssigning.DeviceKeyID(clash.DeviceID), clash.Signer)
	require.NoError(t, err)
	require.True(t, byClash.HasSignature(alice, crosssigning.PublicKeyID(i.MasterKey())))
	refused(crosssigning.ErrSignature, i.VerifyObject, byClash)
	refused(crosssigning.ErrSignature, i.VerifyBackup, byClash)

	// A device with the same id and other keys, and other data.
	refused(crosssigning.ErrSignature, deviceKeys(t, localDevice(t, alice, "DEV", 5)).VerifyObject, byDevice)
	o := decode(t, byMaster)
	o["public_key"] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	changed, err := crosssigning.ParseObject(marshal(t, o))
	require.NoError(t, err)
	refused(crosssigning.ErrSignature, i.VerifyObject, changed)
}

// V28: private keys have no stored form, and are in none of the others.
func TestAttack_V28_NothingStoresPrivateKeys(t *testing.T) {
	t.Parallel()
	p := privateKeys(t, alice, 1)
	i := identity(t, p)
	local := localDevice(t, alice, "DEV", 1)
	device := deviceKeys(t, local)
	signature, err := p.SignDevice(device, local.Ed25519)
	require.NoError(t, err)
	upload, err := crosssigning.SignaturesUpload(signature)
	require.NoError(t, err)
	publish, err := i.DeviceSigningUpload(nil)
	require.NoError(t, err)
	self := crosssigning.NewSelf(newUser(t, alice, i, device), crosssigning.Pin{}, crosssigning.Proof{Private: p})
	all := bytes.Join([][]byte{
		upload, publish, marshal(t, i.Key(crosssigning.Master)), marshal(t, signature.Object()), marshal(t, self.Own().Pin()), marshal(t, device),
		fmt.Appendf(nil, "%v %+v %#v", self, self, self),
	}, nil)
	for number := range byte(3) {
		for _, form := range secretForms(seed(1, number+1)) {
			require.NotContains(t, string(all), form)
		}
	}
	text, err := p.SecretText(crosssigning.Master)
	require.NoError(t, err)
	require.Contains(t, secretForms(seed(1, 1)), string(text), "the search is blind")
	p.Close()
	for _, usage := range usages {
		refusedWith(t, crosssigning.ErrClosed, func() error {
			text, err := p.SecretText(usage)
			require.Nil(t, text)
			return err
		}, p)
	}
}

// V29: signatures by keys that were replaced count for nothing.
func TestAttack_V29_SignaturesOfReplacedKeys(t *testing.T) {
	t.Parallel()
	old := privateKeys(t, bob, 2)
	device := signDevice(t, old, deviceKeys(t, localDevice(t, bob, "DEV", 3)))

	// The self-signing key is replaced, the master key stays.
	renewed, err := crosssigning.NewPrivateKeys(bob, crosssigning.Seeds{}.With(crosssigning.Master, seed(2, 1)).With(crosssigning.SelfSigning, seed(9, 2)).With(crosssigning.UserSigning, seed(2, 3)))
	require.NoError(t, err)
	i := identity(t, renewed)
	result := queryCheck(t, newResponse().add(bob, i, device))
	require.Empty(t, result.Refused)
	require.True(t, device.Object().HasSignature(bob, crosssigning.PublicKeyID(old.PublicKey(crosssigning.SelfSigning))))
	require.False(t, result.Users[0].CrossSigned("DEV"))
	require.True(t, newUser(t, bob, identity(t, old), device).CrossSigned("DEV"))

	// The old self-signing key moves the device's signature under the new id.
	o := decode(t, device)
	signatures := o["signatures"].(object)[bob].(object)
	signatures[crosssigning.PublicKeyID(i.Key(crosssigning.SelfSigning).Key()).String()] =
		signatures[crosssigning.PublicKeyID(old.PublicKey(crosssigning.SelfSigning)).String()]
	moved, err := crosssigning.ParseDeviceKeys(marshal(t, o))
	require.NoError(t, err)
	require.False(t, newUser(t, bob, i, moved).CrossSigned("DEV"))

	// Our user-signing key is replaced: whom the old one signed is no longer
	// verified.
	s := newScene(t)
	ours, err := crosssigning.NewPrivateKeys(alice, crosssigning.Seeds{}.With(crosssigning.Master, seed(1, 1)).With(crosssigning.SelfSigning, seed(1, 2)).With(crosssigning.UserSigning, seed(9, 3)))
	require.NoError(t, err)
	self := crosssigning.NewSelf(newUser(t, alice, identity(t, ours)), crosssigning.Pin{}, crosssigning.Proof{Private: ours})
	require.Equal(t, crosssigning.UserVerified, self.Own().Trust())
	require.Equal(t, crosssigning.UserPinned, self.Judge(newUser(t, bob, s.signed), crosssigning.Pin{}).Trust())
}

// V31: the server adds a device to a user. It is shown, and is not verified: not
// by the user's trust, nor by a signature that another key made, nor by one that
// it made itself.
func TestAttack_V31_AddedDevice(t *testing.T) {
	t.Parallel()
	a, b, evil := privateKeys(t, alice, 1), privateKeys(t, bob, 2), privateKeys(t, bob, 66)
	self := crosssigning.NewSelf(newUser(t, alice, identity(t, a)), crosssigning.Pin{}, crosssigning.Proof{Private: a})
	signed, err := a.SignUser(newUser(t, bob, identity(t, b)), identity(t, b).MasterKey())
	require.NoError(t, err)
	master, err := crosssigning.ParsePublicKey(marshal(t, signed.Object()), bob, crosssigning.Master)
	require.NoError(t, err)
	verified, err := crosssigning.NewIdentity(master, identity(t, b).Key(crosssigning.SelfSigning), nil)
	require.NoError(t, err)

	own := signDevice(t, b, deviceKeys(t, localDevice(t, bob, "OWN", 3)))
	added := deviceKeys(t, localDevice(t, bob, "ADDED", 4))
	foreign := signDevice(t, evil, deviceKeys(t, localDevice(t, bob, "FOREIGN", 5)))
	result := queryCheck(t, newResponse().add(bob, verified, own, added, foreign))
	require.Empty(t, result.Refused)
	require.Equal(t, []string{"ADDED", "FOREIGN", "OWN"}, deviceIDs(result.Users[0]))
	verdict := self.Judge(result.Users[0], crosssigning.Pin{})
	require.Equal(t, crosssigning.UserVerified, verdict.Trust())
	require.Equal(t, crosssigning.DeviceVerified, verdict.DeviceTrust("OWN", crosssigning.Mark{}))
	for _, id := range []string{"ADDED", "FOREIGN"} {
		require.Equal(t, crosssigning.DeviceUnsigned, verdict.DeviceTrust(id, crosssigning.Mark{}), id)
	}
}
