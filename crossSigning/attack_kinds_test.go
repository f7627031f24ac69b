package crosssigning_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
)

// published returns a user as a server shows it that adds members to the master
// key.
func published(t testing.TB, i *crosssigning.Identity, added object, devices ...*crosssigning.DeviceKeys) *crosssigning.User {
	t.Helper()
	r := newResponse().add(i.UserID(), i, devices...)
	r.master[i.UserID()] = merge(decode(t, i.Key(crosssigning.Master)), added)
	result := queryCheck(t, r)
	require.Empty(t, result.Refused)
	return result.Users[0]
}

// V02 and V20: nobody signed the master key, so the server can add members to
// it. With them, a signature of ours would be one of a backup or of a one-time
// key as well.
func TestAttack_V20_MasterKeyWithMembersOfAnotherKind(t *testing.T) {
	t.Parallel()
	a, b := privateKeys(t, alice, 1), privateKeys(t, bob, 2)
	ia, ib := identity(t, a), identity(t, b)
	local := localDevice(t, alice, "DEV", 3)
	evil := curveKey(t, seed(66, 6)).String()
	for _, added := range map[string]object{
		"public_key": {"public_key": evil}, "key": {"key": evil}, "fallback": {"key": evil, "fallback": true}, "device_id": {"device_id": "DEV"},
		"unknown": {"org.example.x": nil}, "algorithms": {"algorithms": []any{}},
	} {
		own, theirs := published(t, ia, added).Identity(), published(t, ib, added)
		for _, sign := range []func() error{
			func() error { return errorOf(local.SignMaster(own, ia.MasterKey())) },
			func() error { return errorOf(a.SignUser(theirs, ib.MasterKey())) },
		} {
			refusedSaying(t, "has more than such a key needs", sign, local, a, own, theirs)
		}
	}

	// What is not signed does no harm, and is not in what we sign.
	added := object{"unsigned": object{"public_key": evil}, "signatures": object{bob: object{"ed25519:X": "AAAA"}}}
	mine, err := local.SignMaster(published(t, ia, added).Identity(), ia.MasterKey())
	require.NoError(t, err)
	theirs, err := a.SignUser(published(t, ib, added), ib.MasterKey())
	require.NoError(t, err)
	for _, pair := range []struct {
		key  *crosssigning.PublicKey
		made crosssigning.KeySignature
	}{{ia.Key(crosssigning.Master), mine}, {ib.Key(crosssigning.Master), theirs}} {
		require.Equal(t, string(pair.key.Object().AppendSigned(nil)), string(pair.made.Object().AppendSigned(nil)))
		require.NotContains(t, decode(t, pair.made.Object()), "unsigned")
		require.Len(t, decode(t, pair.made.Object())["signatures"], 1)
	}
}

// The same for a device: even one that signed such members itself gets no
// signature of the self-signing key.
func TestAttack_V20_DeviceWithMembersOfAnotherKind(t *testing.T) {
	t.Parallel()
	p := privateKeys(t, alice, 1)
	local := localDevice(t, alice, "DEV", 3)
	for _, name := range []string{"public_key", "key", "usage"} {
		d := signedAs(t, local, merge(decode(t, deviceKeys(t, local)), object{name: curveKey(t, seed(66, 6)).String()}))
		k, err := crosssigning.ParseDeviceKeys(marshal(t, d))
		require.NoError(t, err)
		refusedAs[*crosssigning.MalformedError](t, func() error { return errorOf(p.SignDevice(k, local.Ed25519)) }, p, k)
	}
}

// signedAs returns an object, signed by a device as it is.
func signedAs(t testing.TB, d crosssigning.LocalDevice, o object) crosssigning.Object {
	t.Helper()
	parsed, err := crosssigning.ParseObject(marshal(t, o))
	require.NoError(t, err)
	signed, err := parsed.Sign(d.UserID, crosssigning.DeviceKeyID(d.DeviceID), d.Signer)
	require.NoError(t, err)
	return signed
}

// The reading side: an object of another kind, with a right signature, is neither
// a one-time key nor the auth_data of a backup.
func TestAttack_V20_SignedObjectOfAnotherKindIsRead(t *testing.T) {
	t.Parallel()
	p := privateKeys(t, alice, 1)
	i := identity(t, p)
	local := localDevice(t, alice, "DEV", 3)
	device := deviceKeys(t, local)
	key := curveKey(t, seed(66, 6)).String()
	c := crosssigning.NewClaim(crosssigning.SignedCurve25519, device)
	response := func(o crosssigning.Object) []byte {
		return claimResponse(t, object{alice: object{"DEV": object{"signed_curve25519:AAAAAQ": o}}})
	}
	refused := func(verify func(crosssigning.Object) error, o crosssigning.Object) {
		t.Helper()
		refusedAs[*crosssigning.MalformedError](t, func() error { return verify(o) }, o, i, device)
	}
	for _, name := range []string{"user_id", "device_id", "usage", "keys", "public_key"} {
		o := signedAs(t, local, object{"key": key, name: key})
		require.NoError(t, device.VerifyObject(o))
		var malformed *crosssigning.MalformedError
		require.ErrorAs(t, refusedEntry(t, response(o), readClaim(t, c), alice, "DEV", "key"), &malformed, name)
	}
	result, err := c.Check(response(signedAs(t, local, object{"key": key, "org.example.x": 1})), 1)
	require.NoError(t, err)
	require.Len(t, result.Keys, 1, "unknown members are allowed")

	for _, name := range []string{"user_id", "device_id", "usage", "keys", "key"} {
		o := signedAs(t, local, object{"public_key": key, name: nil})
		require.NoError(t, device.VerifyObject(o))
		refused(device.VerifyBackup, o)
	}
	for _, o := range []object{{}, {"public_key": nil}, {"public_key": "AAAA"}, {"public_key": "x"}} {
		refused(device.VerifyBackup, signedAs(t, local, o))
	}
	require.NoError(t, device.VerifyBackup(signedAs(t, local, object{"public_key": key, "org.example.x": 1})))

	// What the master key signs: the self-signing key, of whatever members.
	ssk := i.Key(crosssigning.SelfSigning).Object()
	require.NoError(t, i.VerifyObject(ssk))
	refused(i.VerifyBackup, ssk)
	refused(device.VerifyBackup, device.Object())
}

// V02: a clash of our own user stops our signatures, also of what does not clash
// itself, and does not get lost when the user is put together anew.
func TestAttack_V02_ClashOfOurOwnUser(t *testing.T) {
	t.Parallel()
	p := privateKeys(t, alice, 1)
	i := identity(t, p)
	local := localDevice(t, alice, "DEV", 3)
	device := deviceKeys(t, local)
	bad := deviceKeys(t, localDevice(t, alice, i.MasterKey().String(), 5))
	r := newResponse().add(alice, i, device, bad)
	r.devices[alice].(object)[bad.DeviceID()] = "refused anyway"
	read := queryCheck(t, r).Users[0]
	want := &crosssigning.ClashError{UserID: alice, DeviceID: bad.DeviceID()}
	for name, u := range map[string]*crosssigning.User{
		"read": read, "stored": newUser(t, alice, i, device, bad), "put together": newUser(t, alice, read.Identity(), read.Devices()...),
		"without devices": newUser(t, alice, read.Identity()),
	} {
		require.Equal(t, want, u.Err(), name)
		refusedAs[*crosssigning.ClashError](t, func() error { return errorOf(local.SignMaster(u.Identity(), i.MasterKey())) }, local, u)
		private, err := crosssigning.ImportPrivateKeys(u.Identity(), crosssigning.Seeds{}.With(crosssigning.SelfSigning, seed(1, 2)))
		require.NoError(t, err)
		require.Equal(t, want, refusedAs[*crosssigning.ClashError](t, func() error {
			return errorOf(private.SignDevice(device, local.Ed25519))
		}, private, device), name)
		require.Equal(t, crosssigning.UserUntrusted,
			crosssigning.NewSelf(u, crosssigning.Pin{}, crosssigning.Proof{Private: p}).Own().Trust(), name)
	}
	require.NoError(t, newUser(t, alice, i, device).Err(), "the identity that was passed in has changed")

	// A device whose own id is a key of ours signs no master key.
	clash := localDevice(t, alice, i.Key(crosssigning.SelfSigning).Key().String(), 5)
	refusedAs[*crosssigning.ClashError](t, func() error { return errorOf(clash.SignMaster(i, i.MasterKey())) }, clash, i)
}

// V02: the self-signing key alone does not know the master key, and so signs no
// device whose id could be it.
func TestAttack_V02_SelfSigningKeyAlone(t *testing.T) {
	t.Parallel()
	p := privateKeys(t, alice, 1)
	alone, err := crosssigning.NewPrivateKeys(alice, crosssigning.Seeds{}.With(crosssigning.SelfSigning, seed(1, 2)))
	require.NoError(t, err)
	for _, usage := range usages {
		for _, form := range []string{"", "="} {
			bad := deviceKeys(t, localDevice(t, alice, p.PublicKey(usage).String()+form, 5))
			refusedAs[*crosssigning.ClashError](t, func() error { return errorOf(alone.SignDevice(bad, bad.Ed25519())) }, alone, bad)
		}
	}
	// Not so a plain id, a dehydrated device, or any id where all keys are known.
	dehydrated := localDevice(t, alice, "", 6)
	for number := byte(7); ; number++ { // a key of which the text is an Ed25519 key too
		if _, err := keys.ParseEd25519(dehydrated.Curve25519.String()); err == nil {
			break
		}
		dehydrated = localDevice(t, alice, "", number)
	}
	dehydrated.DeviceID, dehydrated.Dehydrated = dehydrated.Curve25519.String(), true
	other := localDevice(t, alice, newSigner(seed(8, 8)).public().String(), 7)
	imported, err := crosssigning.ImportPrivateKeys(identity(t, p), crosssigning.Seeds{}.With(crosssigning.SelfSigning, seed(1, 2)))
	require.NoError(t, err)
	for _, test := range []struct {
		private *crosssigning.PrivateKeys
		device  crosssigning.LocalDevice
	}{{alone, localDevice(t, alice, "DEV", 3)}, {alone, dehydrated}, {p, other}, {imported, other}} {
		_, err = test.private.SignDevice(deviceKeys(t, test.device), test.device.Ed25519)
		require.NoError(t, err)
	}
}

// V06 and V29, replayed: Bob replaced his master key, and we signed both. The
// server shows the old one with our signature, which is still right.
func TestAttack_V06_OldSignedIdentityComesBack(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	renewed := identity(t, privateKeys(t, bob, 3))
	signature, err := s.alices.SignUser(newUser(t, bob, renewed), renewed.MasterKey())
	require.NoError(t, err)
	current, old := newUser(t, bob, withSignature(t, renewed, signature)), newUser(t, bob, s.signed)

	verdict := s.self[true].Judge(current, crosssigning.Pin{})
	require.Equal(t, crosssigning.UserVerified, verdict.Trust())
	for verified, want := range map[bool]crosssigning.UserTrust{false: crosssigning.UserIdentityChanged, true: crosssigning.UserVerificationViolation} {
		pin := crosssigning.Pin{Master: renewed.MasterKey(), Verified: verified}
		for range 3 {
			verdict = s.self[true].Judge(old, pin)
			require.Equal(t, want, verdict.Trust())
			require.Equal(t, pin, verdict.Pin(), "the pin moved by itself")
		}
		// Once a person agreed, our signature counts.
		verdict = s.self[true].Judge(old, verdict.Acknowledged())
		require.Equal(t, crosssigning.UserVerified, verdict.Trust())
		require.Equal(t, crosssigning.Pin{Master: s.signed.MasterKey(), Verified: true}, verdict.Pin())
	}
}

// V06: a device that a person compared does not count when the identity changed.
func TestAttack_V06_ComparedDeviceOfChangedIdentity(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	device := deviceKeys(t, localDevice(t, bob, "DEV", 9))
	mark := crosssigning.Mark{Compared: device.Ed25519()}
	for _, i := range []*crosssigning.Identity{s.other, nil} {
		for _, verified := range []bool{false, true} {
			verdict := s.self[true].Judge(newUser(t, bob, i, device), crosssigning.Pin{Master: s.otherKey, Verified: verified})
			require.Equal(t, crosssigning.DeviceUntrusted, verdict.DeviceTrust("DEV", mark))
		}
	}
	require.Equal(t, crosssigning.DeviceVerified, s.self[true].Judge(newUser(t, bob, s.other, device), crosssigning.Pin{}).DeviceTrust("DEV", mark))
}

// V06: the identity vanishes, a person agrees, another one appears. It is not
// taken for the first.
func TestAttack_V06_VanishedIdentityIsRemembered(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	pin := crosssigning.Pin{Master: s.other.MasterKey(), Verified: true}
	pin = s.self[true].Judge(newUser(t, bob, nil), pin).Acknowledged()
	require.Equal(t, crosssigning.Pin{Master: s.other.MasterKey()}, pin)
	require.Equal(t, crosssigning.UserIdentityChanged, s.self[true].Judge(newUser(t, bob, identity(t, privateKeys(t, bob, 66))), pin).Trust())
	require.Equal(t, crosssigning.UserPinned, s.self[true].Judge(newUser(t, bob, s.other), pin).Trust())
}

// C09: who shares a key with a device that is stored is refused, also when the
// server leaves that device out or breaks it.
func TestAttack_C09_SharedKeyOfAnOmittedDevice(t *testing.T) {
	t.Parallel()
	one, evil, two := localDevice(t, bob, "ONE", 1), localDevice(t, bob, "EVIL", 2), localDevice(t, bob, "TWO", 3)
	sameEd := evil
	sameEd.Ed25519, sameEd.Signer = one.Ed25519, one.Signer
	evil.Curve25519 = one.Curve25519
	changed := localDevice(t, bob, "ONE", 9)
	stored := []*crosssigning.DeviceKeys{nil, deviceKeys(t, localDevice(t, alice, "TWO", 3)), deviceKeys(t, one)}
	known := func(string) []*crosssigning.DeviceKeys { return stored }
	for _, evil := range []crosssigning.LocalDevice{evil, sameEd} {
		for name, first := range map[string]any{"there": deviceKeys(t, one), "left out": nil, "broken": "x", "changed": deviceKeys(t, changed)} {
			r := newResponse().add(bob, nil, deviceKeys(t, evil), deviceKeys(t, two))
			if first != nil {
				r.devices[bob].(object)["ONE"] = first
			}
			text := r.text(t)
			wrong := refusedAs[*crosssigning.SharedKeyError](t, func() error {
				refused, err := readQuery(known)(text)
				require.NoError(t, err)
				require.NotEmpty(t, refused, name)
				return refused[len(refused)-1]
			}, text)
			result := check(t, r, known)
			require.Equal(t, &crosssigning.SharedKeyError{UserID: bob, DeviceID: "EVIL", OtherDeviceID: "ONE"}, wrong, name)
			require.Nil(t, result.Users[0].Device("EVIL"), name)
			require.NotNil(t, result.Users[0].Device("TWO"), name)
		}
		devices := []*crosssigning.DeviceKeys{deviceKeys(t, one), deviceKeys(t, two), deviceKeys(t, evil)}
		refusedAs[*crosssigning.SharedKeyError](t, func() error {
			_, err := crosssigning.NewUser(bob, nil, devices...)
			return err
		}, devices[0], devices[1], devices[2])
	}
	// Of two that are stored, neither is refused.
	stored = append(stored, deviceKeys(t, evil))
	result := check(t, newResponse().add(bob, nil, deviceKeys(t, one), deviceKeys(t, evil)), known)
	require.Empty(t, result.Refused)
}

// A zero value says nothing, and does not panic.
func TestZeroValues(t *testing.T) {
	t.Parallel()
	b := newUser(t, bob, identity(t, privateKeys(t, bob, 2)))
	for _, self := range []*crosssigning.Self{{}, crosssigning.NewSelf(nil, crosssigning.Pin{}, crosssigning.Proof{}),
		crosssigning.NewSelf(&crosssigning.User{}, crosssigning.Pin{}, crosssigning.Proof{Private: &crosssigning.PrivateKeys{}, Device: &crosssigning.DeviceKeys{}})} {
		require.Equal(t, crosssigning.UserPinned, self.Judge(b, crosssigning.Pin{}).Trust())
		for _, verdict := range []crosssigning.Verdict{self.Own(), self.Judge(nil, crosssigning.Pin{}), self.Judge(&crosssigning.User{}, crosssigning.Pin{}), {}} {
			require.Equal(t, crosssigning.UserUntrusted, verdict.Trust())
			require.Zero(t, verdict.Pin())
			require.Zero(t, verdict.Acknowledged())
			require.Equal(t, crosssigning.DeviceUntrusted, verdict.DeviceTrust("", crosssigning.Mark{}))
		}
	}

	i, d, p := &crosssigning.Identity{}, &crosssigning.DeviceKeys{}, &crosssigning.PrivateKeys{}
	require.Empty(t, i.UserID())
	require.True(t, i.MasterKey().IsZero())
	for _, usage := range append(usages, 0) {
		require.Nil(t, i.Key(usage))
	}
	auth := signedAs(t, localDevice(t, alice, "DEV", 1), object{"public_key": curveKey(t, seed(1, 1)).String()})
	for _, o := range []crosssigning.Object{{}, auth, d.Object()} {
		for _, verify := range []func(crosssigning.Object) error{i.VerifyObject, i.VerifyBackup, d.VerifyObject, d.VerifyBackup} {
			refused(t, func() error { return verify(o) }, o, i, d)
		}
	}
	refused(t, func() error { return i.VerifyDevice(d) }, i, d)
	for _, pair := range [][2]*crosssigning.Identity{{i, i}, {i, b.Identity()}, {b.Identity(), i}} {
		refused(t, func() error { return pair[0].VerifyUser(pair[1]) }, pair[0], pair[1])
	}
	for _, auth := range [][]byte{nil, []byte("{}")} {
		refused(t, func() error { return errorOf(i.DeviceSigningUpload(auth)) }, i, auth)
	}
	for _, local := range []crosssigning.LocalDevice{{}, localDevice(t, bob, "DEV", 1)} {
		for _, key := range []keys.Ed25519{{}, local.Ed25519} {
			refused(t, func() error { return errorOf(local.SignMaster(i, key)) }, i)
			refused(t, func() error { return errorOf(local.SignMaster(nil, key)) })
			refused(t, func() error { return errorOf(p.SignDevice(d, key)) }, p, d)
			refused(t, func() error { return errorOf(p.SignUser(&crosssigning.User{}, key)) }, p)
		}
	}
	refusedWith(t, crosssigning.ErrClosed, func() error { return errorOf(p.SignBackup(auth, backupKey(t, auth))) }, p, auth)
	refused(t, func() error { return errorOf(crosssigning.ImportPrivateKeys(i, crosssigning.Seeds{})) }, i)
	for _, id := range []string{"", alice} {
		refused(t, func() error { return errorOf(crosssigning.NewUser(id, i)) }, i)
		refused(t, func() error { return errorOf(crosssigning.NewUser(id, nil, nil)) })
	}
	refused(t, func() error { return errorOf(crosssigning.NewIdentity(&crosssigning.PublicKey{}, nil, nil)) })
	refused(t, func() error {
		return errorOf(crosssigning.NewIdentity(b.Identity().Key(crosssigning.Master), &crosssigning.PublicKey{}, nil))
	}, b)

	for _, marshal := range []func() ([]byte, error){
		crosssigning.KeysUpload{Device: d}.MarshalJSON, d.MarshalJSON, new(crosssigning.PublicKey).MarshalJSON,
	} {
		refusedWith(t, keys.ErrAbsent, func() error { return errorOf(marshal()) }, d)
	}
	refused(t, func() error { return errorOf(crosssigning.SignaturesUpload(crosssigning.KeySignature{})) })
	result, err := new(crosssigning.Claim).Check([]byte(`{"one_time_keys":{"@a:b":{"c":{"signed":1}}}}`), 0)
	require.NoError(t, err)
	require.Empty(t, result.Keys)
	result, err = crosssigning.NewClaim("x", nil, d).Check([]byte(`{"one_time_keys":{"":{"":{"x:1":{"key":""}}}}}`), 0)
	require.NoError(t, err)
	require.Empty(t, result.Keys)
	answer, err := new(crosssigning.Query).Check(newResponse().add(bob, b.Identity()).text(t), nil, 0)
	require.NoError(t, err)
	require.Empty(t, answer.Users)
	refused(t, func() error {
		return errorOf(crosssigning.NewPrivateKeys(alice, crosssigning.Seeds{}.With(9, seed(1, 1))))
	}, failtest.Secret(seed(1, 1)))
}
