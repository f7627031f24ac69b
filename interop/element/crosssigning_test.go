package element

import (
	"testing"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/keys"
)

// identities makes and publishes the identities of both users. The machine signs
// its other device.
func (w *world) identities() {
	w.t.Helper()
	w.chappe.bootstrap()
	w.her.bootstrap()
	w.meet()
	var r *request
	w.her.call("verifyDevice", object{"user": hers, "device": herID2}, &r)
	w.her.send(r)
	w.meet()
}

// Identities, and signatures of devices and users, both ways.
func TestCrossSigning(t *testing.T) {
	w := newWorld(t)
	w.identities()

	// Hers, as we read it.
	u := w.chappe.users[hers]
	for _, id := range []string{herID, herID2} {
		holds(t, "her device is cross-signed", u.CrossSigned(id))
		counted("signatures", 1)
	}
	saw := w.her.seeUser(hers)
	equal(t, "her master key", u.Identity().MasterKey().String(), saw.Master)
	equal(t, "her self-signing key", u.Identity().Key(crosssigning.SelfSigning).Key().String(), saw.SelfSigning)
	user, device := w.chappe.trust(hers, herID)
	equal(t, "user", user, crosssigning.UserPinned)
	equal(t, "device", device, crosssigning.DeviceCrossSigned)

	// Ours, as a machine reads it.
	saw = w.her.seeUser(ours)
	equal(t, "our master key", saw.Master, w.chappe.private.PublicKey(crosssigning.Master).String())
	equal(t, "our self-signing key", saw.SelfSigning, w.chappe.private.PublicKey(crosssigning.SelfSigning).String())
	holds(t, "our device is cross-signed", w.her.see(ours, ourID).CrossSigned)
	holds(t, "we are not verified", !saw.Verified && !w.her.see(ours, ourID).Verified)
	counted("identities", 2)
	counted("signatures", 1)

	// Each verifies the other.
	w.chappe.publish(must(w.chappe.private.SignUser(u, u.Identity().MasterKey())))
	var r *request
	w.her.call("verifyUser", object{"user": ours}, &r)
	w.her.send(r)
	w.meet()
	user, device = w.chappe.trust(hers, herID)
	equal(t, "user", user, crosssigning.UserVerified)
	equal(t, "device", device, crosssigning.DeviceVerified)
	holds(t, "we are verified", w.her.seeUser(ours).Verified && w.her.see(ours, ourID).Verified)
	check(t, w.chappe.users[ours].Identity().VerifyUser(w.chappe.users[hers].Identity()))
	counted("signatures", 2)

	// She resets her identity: we notice.
	w.her.bootstrap()
	w.meet()
	user, _ = w.chappe.trust(hers, herID)
	equal(t, "user", user, crosssigning.UserVerificationViolation)
}

// The seeds of each side's keys are used by the other.
func TestSeeds(t *testing.T) {
	w := newWorld(t)
	w.identities()

	// We become a device of hers, and sign our other user.
	second := w.asHer()
	second.publish(must(second.private.SignUser(second.users[ours], second.users[ours].Identity().MasterKey())))
	w.meet()
	holds(t, "our second device is verified", w.her.see(hers, "CHAPPETWO").Verified)
	holds(t, "our user is verified", w.her.seeUser(ours).Verified)
	counted("signatures", 2)

	// A machine becomes a device of ours, and signs itself and her.
	third := newMachine(w.server, ours, "THIRD")
	third.track(ours, hers)
	var complete bool
	third.call("importCrossSigning", object{
		"master":       string(must(w.chappe.private.SecretText(crosssigning.Master))),
		"self_signing": string(must(w.chappe.private.SecretText(crosssigning.SelfSigning))),
		"user_signing": string(must(w.chappe.private.SecretText(crosssigning.UserSigning))),
	}, &complete)
	holds(t, "all three keys were taken", complete)
	for call, args := range map[string]object{
		"verifyDevice": {"user": ours, "device": "THIRD"},
		"verifyUser":   {"user": hers},
	} {
		var r *request
		third.call(call, args, &r)
		third.send(r)
	}
	w.meet()
	holds(t, "the third device is cross-signed", w.chappe.users[ours].CrossSigned("THIRD"))
	user, _ := w.chappe.trust(hers, herID)
	equal(t, "user", user, crosssigning.UserVerified)
	counted("signatures", 2)
	counted("cross-signing seeds", 6)
}

// What a machine signs, as text.
func TestSign(t *testing.T) {
	w := newWorld(t)
	w.identities()
	const text = "any text <é>"
	var signatures map[string]map[string]string
	w.her.call("sign", object{"message": text}, &signatures)
	signed := signatures[hers]
	equal(t, "signatures", len(signed), 2)
	for id, key := range map[string]keys.Ed25519{
		"ed25519:" + herID: w.herKeys().Ed25519(),
		"ed25519:" + w.chappe.users[hers].Identity().MasterKey().String(): w.chappe.users[hers].Identity().MasterKey(),
	} {
		check(t, key.Verify([]byte(text), must(keys.ParseSignature(signed[id]))))
		counted("signatures", 1)
	}
}
