package element

import (
	"strings"
	"testing"
	"time"

	"github.com/chappe-e2ee/chappe/sas"
	"github.com/chappe-e2ee/chappe/verification"
)

// failure is a verification that ends with a code on both sides.
type failure struct {
	name  string
	play  func(m *meeting)
	code  verification.Code                                   // nothing when it is theirs to choose
	byUs  bool                                                // we noticed
	alone bool                                                // the request does not end with it on their side
	alter func(fromUs bool, eventType string, content object) // on the way
}

func (m *meeting) cancelOurs(call string, f func(now time.Time) (verification.Out, error)) {
	s := step{Call: call}
	if call == "cancel" {
		s.Code = string(verification.CodeUser)
	}
	m.act(s, f)
	m.settle()
}

func (m *meeting) weCancel() {
	m.cancelOurs("cancel", func(now time.Time) (verification.Out, error) { return m.flow.Cancel(now, verification.CodeUser) })
}

func (m *meeting) weDeny() {
	m.cancelOurs("deny", func(now time.Time) (verification.Out, error) { return m.flow.Deny(now) })
}

// weExpire lets our time go on.
func (m *meeting) weExpire(after time.Duration) {
	m.act(step{Call: "expire", At: time.Now().Add(after).UnixMilli()}, func(now time.Time) (verification.Out, error) {
		return m.v.Expire(now), nil
	})
	m.settle()
}

// theyExpire lets their time go on.
func (m *meeting) theyExpire() {
	later(m.w.t, 11*time.Minute)
	m.settle()
}

// toCode brings both to the comparison.
func (m *meeting) toCode(weStart bool) {
	m.ask(weStart)
	m.start(weStart)
	m.compare()
}

// toEnd goes on for as long as nobody cancels.
func (m *meeting) toEnd(weStart bool) {
	m.ask(!weStart)
	m.start(weStart)
	if m.flow.State().Ended() {
		return
	}
	m.confirm(true)
	if !m.flow.State().Ended() {
		m.confirm(false)
	}
}

// otherText changes the first character of base64.
func otherText(v any) string {
	text := v.(string)
	if text[0] == 'A' {
		return "B" + text[1:]
	}
	return "A" + text[1:]
}

// of alters events of one type that one side sends.
func of(us bool, eventType string, change func(content object)) func(bool, string, object) {
	return func(fromUs bool, t string, content object) {
		if fromUs == us && t == eventType {
			change(content)
		}
	}
}

var failures = []failure{
	{name: "we say no", play: func(m *meeting) { m.toCode(true); m.weDeny() }, code: verification.CodeMismatchedSAS, byUs: true},
	{name: "they say no", play: func(m *meeting) {
		m.toCode(false)
		m.they("cancelSas", object{"code": string(verification.CodeMismatchedSAS)})
	}, code: verification.CodeMismatchedSAS},
	{name: "they say no after we said yes", play: func(m *meeting) {
		m.toCode(true)
		m.confirm(true)
		m.they("cancelSas", object{"code": string(verification.CodeMismatchedSAS)})
	}, code: verification.CodeMismatchedSAS},
	{name: "we say no after they said yes", play: func(m *meeting) { m.toCode(false); m.confirm(false); m.weDeny() }, code: verification.CodeMismatchedSAS, byUs: true},

	{name: "we do not accept", play: func(m *meeting) { m.asked(false); m.weCancel() }, code: verification.CodeUser, byUs: true},
	{name: "they do not accept", play: func(m *meeting) { m.asked(true); m.they("cancel", nil) }, code: verification.CodeUser},
	{name: "we take the request back", play: func(m *meeting) { m.asked(true); m.weCancel() }, code: verification.CodeUser, byUs: true},
	{name: "they take the request back", play: func(m *meeting) { m.asked(false); m.they("cancel", nil) }, code: verification.CodeUser},
	{name: "we cancel when ready", play: func(m *meeting) { m.ask(false); m.weCancel() }, code: verification.CodeUser, byUs: true},
	{name: "they cancel when ready", play: func(m *meeting) { m.ask(true); m.they("cancel", nil) }, code: verification.CodeUser},
	{name: "we cancel before the answer", play: func(m *meeting) { m.toCode(false); m.weCancel() }, code: verification.CodeUser, byUs: true},
	{name: "they cancel before the answer", play: func(m *meeting) { m.toCode(true); m.they("cancelSas", nil) }, code: verification.CodeUser},

	{name: "nobody answers us", play: func(m *meeting) { m.asked(true); m.weExpire(11 * time.Minute) }, code: verification.CodeTimeout, byUs: true},
	{name: "we do not answer", play: func(m *meeting) { m.asked(false); m.weExpire(11 * time.Minute) }, code: verification.CodeTimeout, byUs: true, alone: true},
	{name: "nobody compares", play: func(m *meeting) { m.toCode(true); m.weExpire(11 * time.Minute) }, code: verification.CodeTimeout, byUs: true},

	{name: "we do not answer them in time", play: func(m *meeting) { m.asked(false); m.theyExpire() }, code: verification.CodeTimeout},
	{name: "they do not hear from us in time", play: func(m *meeting) { m.ask(false); m.theyExpire() }, code: verification.CodeTimeout},
	{name: "nobody compares in their time", play: func(m *meeting) { m.toCode(false); m.theyExpire() }, code: verification.CodeTimeout},

	{
		name: "their key is swapped", play: func(m *meeting) { m.toEnd(true) }, code: verification.CodeMismatchedCommit, byUs: true,
		alter: of(false, sas.TypeKey, func(c object) { c["key"] = otherText(c["key"]) }),
	},
	{
		name: "our key is swapped", play: func(m *meeting) { m.toEnd(false) },
		alter: of(true, sas.TypeKey, func(c object) { c["key"] = otherText(c["key"]) }),
	},
	{
		name: "our start is altered", play: func(m *meeting) { m.toEnd(true) }, code: verification.CodeMismatchedCommit, byUs: true,
		alter: of(true, verification.TypeStart, func(c object) { c["hashes"] = append(c["hashes"].([]any), "org.example.hash") }),
	},
	{
		name: "their start is altered", play: func(m *meeting) { m.toEnd(false) },
		alter: of(false, verification.TypeStart, func(c object) { c["hashes"] = append(c["hashes"].([]any), "org.example.hash") }),
	},
	{
		name: "their MAC of the list is wrong", play: func(m *meeting) { m.toEnd(true) }, code: verification.CodeKeyMismatch, byUs: true,
		alter: of(false, sas.TypeMAC, func(c object) { c["keys"] = otherText(c["keys"]) }),
	},
	{
		name: "our MAC of the list is wrong", play: func(m *meeting) { m.toEnd(true) },
		alter: of(true, sas.TypeMAC, func(c object) { c["keys"] = otherText(c["keys"]) }),
	},
	{
		name: "their MAC of the device is wrong", play: func(m *meeting) { m.toEnd(false) }, code: verification.CodeKeyMismatch, byUs: true,
		alter: of(false, sas.TypeMAC, swapMAC(herID)),
	},
	{
		name: "our MAC of the device is wrong", play: func(m *meeting) { m.toEnd(false) },
		alter: of(true, sas.TypeMAC, swapMAC(ourID)),
	},
	{
		name: "they offer no MAC that we know", play: func(m *meeting) { m.toEnd(false) }, code: verification.CodeUnknownMethod, byUs: true,
		alter: of(false, verification.TypeStart, func(c object) { c["message_authentication_codes"] = []string{"org.example.mac"} }),
	},
	{
		name: "we offer no MAC that they know", play: func(m *meeting) {
			m.ask(true)
			m.act(step{Call: "start"}, func(now time.Time) (verification.Out, error) { return m.flow.Start(now, sas.Method{}) })
			m.settle()
		}, code: verification.CodeUnknownMethod, alone: true,
		alter: of(true, verification.TypeStart, func(c object) { c["message_authentication_codes"] = []string{"org.example.mac"} }),
	},
	{
		name: "they choose a MAC that was not offered", play: func(m *meeting) { m.toEnd(true) }, code: verification.CodeUnknownMethod, byUs: true,
		alter: of(false, sas.TypeAccept, func(c object) { c["message_authentication_code"] = "hkdf-hmac-sha256" }),
	},
}

func swapMAC(device string) func(object) {
	return func(c object) {
		macs := c["mac"].(object)
		macs["ed25519:"+device] = otherText(macs["ed25519:"+device])
	}
}

// Refusals, cancels, timeouts and attacks, in one transport of each kind.
func TestSASFailures(t *testing.T) {
	for n, f := range failures {
		transport := transports[n%len(transports)]
		t.Run(transport+", "+f.name, func(t *testing.T) {
			m := newMeeting(t, transport, f.name)
			m.change = f.alter
			f.play(m)
			equal(t, "our state", m.flow.State(), verification.Cancelled)
			if m.ended == nil {
				t.Fatal("we were not told")
			}
			end, ended := m.theirs(), *m.ended
			equal(t, "who ended it", ended.ByUs, f.byUs)
			if f.code != "" {
				equal(t, "our code", ended.Code, f.code)
			}
			if !f.alone {
				equal(t, "their code", end.Code, string(ended.Code))
				equal(t, "who ended it for them", end.ByThem, !f.byUs)
			}
			holds(t, "they are not done", !end.Done)
			user, _ := m.us.trust(m.them.user, m.them.device)
			holds(t, "nobody is verified", m.transport == ownOld || user.String() != "verified")
			m.finish(theirEnd{})
			counted("failed verifications", 1)
		})
	}
}

// In an encrypted room, the relation may stand in the clear part alone.
func TestSASClearRelation(t *testing.T) {
	for _, weStart := range []bool{true, false} {
		m := newMeeting(t, cipher, "the relation in clear only, "+who(weStart)+" starts")
		m.change = func(fromUs bool, eventType string, content object) {
			if !fromUs && strings.HasPrefix(eventType, "m.key.") {
				delete(content, "m.relates_to")
			}
		}
		m.toCode(weStart)
		m.complete(t)
	}
}
