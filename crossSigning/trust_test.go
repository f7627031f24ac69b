package crosssigning_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/keys"
)

var yesNo = map[bool]string{false: "no", true: "yes"}

var pins = []string{"none", "same", "other"}

// combine calls f with all combinations of n booleans.
func combine(n int, f func(b []bool)) {
	for i := range 1 << n {
		b := make([]bool, n)
		for j := range b {
			b[j] = i>>j&1 == 1
		}
		f(b)
	}
}

// Rows V04 and V05: the pure functions, in all combinations.
func TestAttack_V04_UserTruthTable(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		table string
		trust func(refused, hasIdentity bool, pin byte, wasVerified, e, f bool) crosssigning.UserTrust
	}{"others": {userTable, crosssigning.TrustInUser}, "ourselves": {ownTable, crosssigning.TrustInOurselves}} {
		tab := parseTable(t, test.table)
		count := 0
		for pin, pinName := range pins {
			combine(5, func(b []bool) {
				want := tab.look(t, yesNo[b[0]], yesNo[b[1]], pinName, yesNo[b[2]], yesNo[b[3]], yesNo[b[4]])
				got := test.trust(b[0], b[1], byte(pin), b[2], b[3], b[4])
				require.Equal(t, want, got.String(), "%s, pin %s, %v", name, pinName, b)
				count++
			})
		}
		require.Equal(t, 96, count)
	}
}

var userLevels = []crosssigning.UserTrust{
	crosssigning.UserUntrusted, crosssigning.UserVerificationViolation, crosssigning.UserIdentityChanged,
	crosssigning.UserUnsigned, crosssigning.UserPinned, crosssigning.UserVerified,
}

func TestAttack_V04_DeviceTruthTable(t *testing.T) {
	t.Parallel()
	tab := parseTable(t, deviceTable)
	for _, user := range append([]crosssigning.UserTrust{200}, userLevels...) {
		combine(3, func(b []bool) {
			want := tab.look(t, strings.ReplaceAll(user.String(), " ", "_"), yesNo[b[0]], yesNo[b[1]], yesNo[b[2]])
			require.Equal(t, want, crosssigning.TrustInDevice(user, b[0], b[1], b[2]).String(), "%v %v", user, b)
		})
	}
}

// Row C07: the zero value is the lowest, no text and no number is above it by
// accident.
func TestAttack_C07_OrderOfTrust(t *testing.T) {
	t.Parallel()
	var user crosssigning.UserTrust
	var device crosssigning.DeviceTrust
	require.Equal(t, crosssigning.UserUntrusted, user)
	require.Equal(t, crosssigning.DeviceUntrusted, device)
	for i, level := range userLevels {
		require.Equal(t, i > 0, level > user)
		require.False(t, i > 0 && user.AtLeast(level), "%v", level)
		require.Equal(t, level, crosssigning.ParseUserTrust(level.String()))
		for j, other := range userLevels {
			require.Equal(t, i >= j, level.AtLeast(other))
		}
	}
	deviceLevels := []crosssigning.DeviceTrust{
		crosssigning.DeviceUntrusted, crosssigning.DeviceUnsigned, crosssigning.DeviceCrossSigned, crosssigning.DeviceVerified,
	}
	for i, level := range deviceLevels {
		require.Equal(t, level, crosssigning.ParseDeviceTrust(level.String()))
		for j, other := range deviceLevels {
			require.Equal(t, i >= j, level.AtLeast(other))
		}
	}
	for n := len(userLevels); n < 256; n++ {
		require.False(t, crosssigning.UserTrust(n).AtLeast(crosssigning.UserVerificationViolation))
		require.False(t, crosssigning.UserVerified.AtLeast(crosssigning.UserTrust(n)))
		require.Equal(t, "untrusted", crosssigning.UserTrust(n).String())
	}
	for n := len(deviceLevels); n < 256; n++ {
		require.False(t, crosssigning.DeviceTrust(n).AtLeast(crosssigning.DeviceUnsigned))
		require.False(t, crosssigning.DeviceVerified.AtLeast(crosssigning.DeviceTrust(n)))
		require.Equal(t, "untrusted", crosssigning.DeviceTrust(n).String())
	}
	for _, unknown := range []string{"", "Verified", "verified ", "5", "trusted", "\xff"} {
		require.Equal(t, crosssigning.UserUntrusted, crosssigning.ParseUserTrust(unknown))
		require.Equal(t, crosssigning.DeviceUntrusted, crosssigning.ParseDeviceTrust(unknown))
	}
	var verdict crosssigning.Verdict
	require.Equal(t, crosssigning.UserUntrusted, verdict.Trust())
	require.Equal(t, crosssigning.DeviceUntrusted, verdict.DeviceTrust("D", crosssigning.Mark{}))
	require.Zero(t, verdict.Pin())
	require.Zero(t, verdict.Acknowledged())
}

// scene is a pair of users, of which every fact can be chosen.
type scene struct {
	alices, bobs *crosssigning.PrivateKeys
	own, other   *crosssigning.Identity
	signed       *crosssigning.Identity // other, signed by Alice
	clash        crosssigning.LocalDevice
	self         map[bool]*crosssigning.Self // verified or not
	otherKey     keys.Ed25519
}

func newScene(t testing.TB) *scene {
	s := &scene{alices: privateKeys(t, alice, 1), bobs: privateKeys(t, bob, 2), otherKey: newSigner(seed(77, 7)).public()}
	s.own, s.other = identity(t, s.alices), identity(t, s.bobs)
	signature, err := s.alices.SignUser(newUser(t, bob, s.other), s.other.MasterKey())
	require.NoError(t, err)
	s.signed = withSignature(t, s.other, signature)
	s.clash = localDevice(t, bob, s.other.MasterKey().String(), 6)
	s.self = map[bool]*crosssigning.Self{
		true:  crosssigning.NewSelf(newUser(t, alice, s.own), crosssigning.Pin{}, crosssigning.Proof{Private: s.alices}),
		false: crosssigning.NewSelf(newUser(t, alice, s.own), crosssigning.Pin{}, crosssigning.Proof{}),
	}
	return s
}

func (s *scene) pin(name string, verified bool, i *crosssigning.Identity) crosssigning.Pin {
	pin := crosssigning.Pin{Verified: verified}
	switch name {
	case "same":
		pin.Master = i.MasterKey()
	case "other":
		pin.Master = s.otherKey
	}
	return pin
}

// Rows V04 and V05 once more, from real keys and signatures: the facts that the
// pure functions get are the right ones.
func TestAttack_V04_FactsFromRealKeys(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	tab := parseTable(t, userTable)
	for _, pinName := range pins {
		combine(5, func(b []bool) {
			refused, hasIdentity, was, own, signed := b[0], b[1], b[2], b[3], b[4]
			if refused && !hasIdentity || pinName == "same" && !hasIdentity {
				return // cannot be
			}
			var devices []*crosssigning.DeviceKeys
			if refused {
				devices = append(devices, deviceKeys(t, s.clash))
			}
			var i *crosssigning.Identity
			if hasIdentity {
				i = map[bool]*crosssigning.Identity{true: s.signed, false: s.other}[signed]
			}
			u := newUser(t, bob, i, devices...)
			verdict := s.self[own].Judge(u, s.pin(pinName, was, s.other))
			want := tab.look(t, yesNo[refused], yesNo[hasIdentity], pinName, yesNo[was], yesNo[own], yesNo[signed])
			require.Equal(t, want, verdict.Trust().String(), "pin %s, %v", pinName, b)
		})
	}

	tab = parseTable(t, ownTable)
	local := localDevice(t, alice, "DEV", 9)
	signature, err := local.SignMaster(s.own, s.own.MasterKey())
	require.NoError(t, err)
	signedOwn := withSignature(t, s.own, signature)
	clash := deviceKeys(t, localDevice(t, alice, s.own.MasterKey().String(), 6))
	for _, pinName := range pins {
		combine(5, func(b []bool) {
			refused, hasIdentity, was, held, signed := b[0], b[1], b[2], b[3], b[4]
			if refused && !hasIdentity || pinName == "same" && !hasIdentity {
				return
			}
			var devices []*crosssigning.DeviceKeys
			if refused {
				devices = append(devices, clash)
			}
			var i *crosssigning.Identity
			if hasIdentity {
				i = map[bool]*crosssigning.Identity{true: signedOwn, false: s.own}[signed]
			}
			proof := crosssigning.Proof{Device: deviceKeys(t, local)}
			if held {
				proof.Private = s.alices
			}
			self := crosssigning.NewSelf(newUser(t, alice, i, devices...), s.pin(pinName, was, s.own), proof)
			want := tab.look(t, yesNo[refused], yesNo[hasIdentity], pinName, yesNo[was], yesNo[held], yesNo[signed])
			require.Equal(t, want, self.Own().Trust().String(), "pin %s, %v", pinName, b)
		})
	}

	tab = parseTable(t, deviceTable)
	dev := localDevice(t, bob, "DEV", 10)
	plain := deviceKeys(t, dev)
	signedDevice := signDevice(t, s.bobs, plain)
	for _, level := range userLevels {
		combine(3, func(b []bool) {
			device := map[bool]*crosssigning.DeviceKeys{true: signedDevice, false: plain}[b[2]]
			var verdict crosssigning.Verdict
			switch level {
			case crosssigning.UserUntrusted:
				verdict = s.self[true].Judge(newUser(t, bob, s.signed, device, deviceKeys(t, s.clash)), crosssigning.Pin{})
			case crosssigning.UserVerificationViolation:
				verdict = s.self[true].Judge(newUser(t, bob, s.other, device), crosssigning.Pin{Verified: true})
			case crosssigning.UserIdentityChanged:
				verdict = s.self[true].Judge(newUser(t, bob, s.other, device), crosssigning.Pin{Master: s.otherKey})
			case crosssigning.UserUnsigned:
				verdict = s.self[true].Judge(newUser(t, bob, nil, device), crosssigning.Pin{})
			case crosssigning.UserPinned:
				verdict = s.self[true].Judge(newUser(t, bob, s.other, device), crosssigning.Pin{})
			case crosssigning.UserVerified:
				verdict = s.self[true].Judge(newUser(t, bob, s.signed, device), crosssigning.Pin{})
			}
			require.Equal(t, level, verdict.Trust())
			mark := crosssigning.Mark{Blocked: b[0]}
			if b[1] {
				mark.Compared = dev.Ed25519
			}
			want := tab.look(t, strings.ReplaceAll(level.String(), " ", "_"), yesNo[b[0]], yesNo[b[1]], yesNo[b[2]])
			require.Equal(t, want, verdict.DeviceTrust("DEV", mark).String(), "%v %v", level, b)
			require.Equal(t, crosssigning.DeviceUntrusted, verdict.DeviceTrust("UNKNOWN", crosssigning.Mark{Compared: dev.Ed25519}))
			mark.Compared = s.otherKey
			require.Equal(t, tab.look(t, strings.ReplaceAll(level.String(), " ", "_"), yesNo[b[0]], "no", yesNo[b[2]]),
				verdict.DeviceTrust("DEV", mark).String(), "a comparison of another key counted")
		})
	}
}

// Of ourselves there is one verdict, whatever is shown of us and remembered since.
func TestJudgeOurselves(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	shown := []*crosssigning.User{newUser(t, alice, s.own), newUser(t, alice, nil), newUser(t, alice, identity(t, privateKeys(t, alice, 66)))}
	for verified, want := range map[bool]crosssigning.UserTrust{true: crosssigning.UserVerified, false: crosssigning.UserPinned} {
		for _, u := range shown {
			verdict := s.self[verified].Judge(u, crosssigning.Pin{Master: s.otherKey, Verified: true})
			require.Equal(t, s.self[verified].Own(), verdict)
			require.Equal(t, want, verdict.Trust())
		}
	}
}

func TestPin(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	master := s.other.MasterKey()
	same, other := crosssigning.Pin{Master: master}, crosssigning.Pin{Master: s.otherKey}
	verified := crosssigning.Pin{Master: master, Verified: true}
	for name, test := range map[string]struct {
		user         *crosssigning.User
		pin          crosssigning.Pin
		keep, agreed crosssigning.Pin
	}{
		"first seen":         {newUser(t, bob, s.other), crosssigning.Pin{}, same, same},
		"seen again":         {newUser(t, bob, s.other), same, same, same},
		"verified":           {newUser(t, bob, s.signed), same, verified, same},
		"verified and other": {newUser(t, bob, s.signed), other, other, same},
		"changed":            {newUser(t, bob, s.other), other, other, same},
		"violation":          {newUser(t, bob, s.other), verified, verified, same},
		"gone":               {newUser(t, bob, nil), same, same, same},
		"verified and gone":  {newUser(t, bob, nil), verified, verified, same},
		"never there":        {newUser(t, bob, nil), crosssigning.Pin{}, crosssigning.Pin{}, crosssigning.Pin{}},
		"refused":            {newUser(t, bob, s.signed, deviceKeys(t, s.clash)), other, other, other},
	} {
		verdict := s.self[true].Judge(test.user, test.pin)
		require.Equal(t, test.keep, verdict.Pin(), name)
		require.Equal(t, test.agreed, verdict.Acknowledged(), name)
		after := s.self[true].Judge(test.user, verdict.Acknowledged()).Trust()
		switch name {
		case "refused":
		case "gone", "verified and gone":
			require.Equal(t, crosssigning.UserIdentityChanged, after, name)
		default:
			require.True(t, after.AtLeast(crosssigning.UserUnsigned), "%s: a person agreed, and it is %v", name, after)
		}
	}
	for _, pin := range []crosssigning.Pin{{}, same, verified, {Verified: true}} {
		b := marshal(t, pin)
		var again crosssigning.Pin
		unmarshal(t, b, &again)
		require.Equal(t, pin, again)
	}
	b := marshal(t, crosssigning.Mark{})
	require.Equal(t, "{}", string(b))
	require.Contains(t, fmt.Sprint(string(marshal(t, crosssigning.Mark{Compared: master, Blocked: true}))), master.String())
}
