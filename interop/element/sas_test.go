package element

import (
	"fmt"
	"testing"
	"time"

	"github.com/chappe-e2ee/chappe/sas"
	"github.com/chappe-e2ee/chappe/verification"
)

// All transports and roles, to the end.
func TestSAS(t *testing.T) {
	for n, transport := range transports {
		for _, weAsk := range []bool{true, false} {
			for _, weStart := range []bool{true, false} {
				weConfirm := (n%2 == 0) == (weAsk == weStart) // first
				name := fmt.Sprintf("%s asks, %s starts, %s confirms", who(weAsk), who(weStart), who(weConfirm))
				t.Run(transport+", "+name, func(t *testing.T) {
					m := newMeeting(t, transport, name)
					m.ask(weAsk)
					m.start(weStart)
					m.compare()
					shown := m.theirs()
					m.confirm(weConfirm)
					holds(t, "nobody is done", m.flow.State() != verification.Done && !m.theirs().Done)
					m.confirm(!weConfirm)
					equal(t, "our state", m.flow.State(), verification.Done)
					holds(t, "they are done", m.theirs().Done)
					m.finish(shown)
					m.sign(t)
					counted("verifications", 1)
				})
			}
		}
	}
}

func who(we bool) string {
	if we {
		return "chappe"
	}
	return "element"
}

// sign publishes what our side verified, and checks what both think afterwards.
func (m *meeting) sign(t *testing.T) {
	t.Helper()
	v := must(m.flow.Verified())
	if v.Device == nil || v.Device.DeviceID() != m.them.device {
		t.Fatal("their device is not verified")
	}
	switch m.transport {
	case ownNew:
		m.us.publish(must(m.us.local.SignMaster(v.Identity, v.Identity.MasterKey())))
	case ownOld:
		m.us.publish(must(m.us.private.SignDevice(v.Device, v.Device.Ed25519())))
	default:
		m.us.publish(must(m.us.private.SignUser(v.User, v.Identity.MasterKey())))
	}
	m.them.pump()
	m.us.ask(m.us.user, m.them.user)
	user, device := m.us.trust(m.them.user, m.them.device)
	equal(t, "their user", user.String(), "verified")
	equal(t, "their device", device.String(), "verified")
	holds(t, "our device is verified for them", m.them.see(m.us.user, m.us.device).Verified)
	holds(t, "our user is verified for them", m.them.seeUser(m.us.user).Verified)
	if m.transport == ownNew {
		holds(t, "they signed our device", m.us.users[hers].CrossSigned(m.us.device))
	}
	if m.transport == ownOld {
		holds(t, "their own device is cross-signed", m.them.see(ours, herID).CrossSigned)
	}
	counted("signatures", 2)
}

// Both sides start at once. The smaller of the two devices, or users, prevails.
func TestSASBothStart(t *testing.T) {
	for _, transport := range []string{ownNew, otherUser, clearRoom} {
		for _, device := range []string{ourID, "Z" + ourID} {
			m := newMeetingOf(t, transport, "both start, we are "+device, device)
			m.ask(true)
			var theirs *request
			m.call("startSas", nil, &theirs)
			m.act(step{Call: "start"}, func(now time.Time) (verification.Out, error) { return m.flow.Start(now, sas.Method{}) })
			m.them.send(theirs)
			m.settle()
			if transport != ownNew || device < m.them.device {
				m.they("acceptSas", nil) // ours prevails
			}
			m.complete(t)
		}
	}
}

// complete goes from the comparison to the end, and to what both think afterwards.
func (m *meeting) complete(t *testing.T) {
	t.Helper()
	m.compare()
	shown := m.theirs()
	m.confirm(true)
	m.confirm(false)
	equal(t, "our state", m.flow.State(), verification.Done)
	holds(t, "they are done", m.theirs().Done)
	m.finish(shown)
	m.sign(t)
	counted("verifications", 1)
}

// We ask two devices, and the one that does not accept learns of it.
func TestSASTwoDevices(t *testing.T) {
	m := newMeeting(t, ownOld, "we ask two devices")
	other := newMachine(m.w.server, ours, herID2)
	other.track(ours)
	m.recorder = newRecorder(m.us, ours, m.log.Name)
	m.devices = []string{herID, herID2}
	m.asked(true)
	other.pump()
	var v view
	check(t, theirs.call(other.name, "verification", object{"user": ours, "flow": m.flowID}, &v))
	equal(t, "phase of the other device", v.Phase, "Requested")
	m.they("accept", nil)
	other.pump()
	check(t, theirs.call(other.name, "verification", object{"user": ours, "flow": m.flowID}, &v))
	equal(t, "phase of the other device", v.Phase, "Cancelled")
	equal(t, "its code", v.Cancel.Code, string(verification.CodeAccepted))
	m.start(true)
	m.complete(t)
}
