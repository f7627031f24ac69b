package element

import (
	"encoding/json"
	"testing"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/events"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
)

// party is a device that chappe plays, with what a small client keeps.
type party struct {
	*client
	t        testing.TB
	s        *server
	account  *olm.Account
	local    crosssigning.LocalDevice
	keys     *crosssigning.DeviceKeys
	private  *crosssigning.PrivateKeys // nil without an identity
	users    map[string]*crosssigning.User
	pins     map[string]crosssigning.Pin
	sessions map[keys.Curve25519][]*olm.Session
	groups   map[string]*events.RoomSession // by session id
	query    json.RawMessage                // the last answer
}

// newParty makes a device and publishes its keys.
func newParty(s *server, user, device string) *party {
	p := &party{
		client: s.join(user, device), t: s.t, s: s, account: must(olm.GenerateAccount()),
		users: map[string]*crosssigning.User{}, pins: map[string]crosssigning.Pin{},
		sessions: map[keys.Curve25519][]*olm.Session{}, groups: map[string]*events.RoomSession{},
	}
	identity := p.account.IdentityKeys()
	p.local = crosssigning.LocalDevice{
		UserID: user, DeviceID: device, Algorithms: []string{olm.V1.Algorithm(), megolm.V1.Algorithm()},
		Ed25519: identity.Ed25519, Curve25519: identity.Curve25519, Signer: p.account,
	}
	p.keys = must(p.local.Keys())
	must(p.account.GenerateOneTimeKeys(20))
	must(p.account.GenerateFallbackKey())
	signed := must(crosssigning.SignOneTimeKeys(p.local, crosssigning.SignedCurve25519, p.account.UnpublishedOneTimeKeys()))
	fallback, _ := p.account.UnpublishedFallbackKey()
	signed = append(signed, must(crosssigning.SignFallbackKey(p.local, crosssigning.SignedCurve25519, fallback)))
	s.keysUpload(p.client, must(crosssigning.KeysUpload{Device: p.keys, Keys: signed}.MarshalJSON()))
	check(s.t, p.account.MarkAllPublished())
	return p
}

// bootstrap makes an identity, publishes it, signs the device with it, and it
// with the device.
func (p *party) bootstrap() {
	p.t.Helper()
	p.private = must(crosssigning.GeneratePrivateKeys(p.user))
	identity := must(p.private.Identity())
	p.s.deviceSigningUpload(p.user, must(identity.DeviceSigningUpload(nil)))
	p.ask(p.user)
	p.publish(
		must(p.private.SignDevice(p.keys, p.account.IdentityKeys().Ed25519)),
		must(p.local.SignMaster(p.users[p.user].Identity(), identity.MasterKey())),
	)
	p.ask(p.user)
}

// publish uploads signatures.
func (p *party) publish(list ...crosssigning.KeySignature) {
	p.t.Helper()
	answer := p.s.signaturesUpload(must(crosssigning.SignaturesUpload(list...)))
	equal(p.t, "refused signatures", len(must(crosssigning.SignaturesFailures(answer))), 0)
}

// ask queries users. Nothing of the answer may be refused.
func (p *party) ask(users ...string) {
	p.t.Helper()
	q := crosssigning.NewQuery(users...)
	p.query = p.s.keysQuery(p.user, must(q.MarshalJSON()))
	result := must(q.Check(p.query, p.known, 1))
	for _, refused := range result.Refused {
		p.t.Fatal(refused)
	}
	for _, u := range result.Users {
		p.users[u.ID()] = u
		p.pins[u.ID()] = p.self().Judge(u, p.pins[u.ID()]).Pin()
	}
}

func (p *party) known(user string) []*crosssigning.DeviceKeys {
	if u := p.users[user]; u != nil {
		return u.Devices()
	}
	return nil
}

func (p *party) self() *crosssigning.Self {
	return crosssigning.NewSelf(p.users[p.user], p.pins[p.user], crosssigning.Proof{Private: p.private, Device: p.keys})
}

// trust returns what the party thinks of a user and one of the user's devices.
func (p *party) trust(user, device string) (crosssigning.UserTrust, crosssigning.DeviceTrust) {
	v := p.self().Judge(p.users[user], p.pins[user])
	return v.Trust(), v.DeviceTrust(device, crosssigning.Mark{})
}

// claim makes an Olm session with a device.
func (p *party) claim(to *crosssigning.DeviceKeys) crosssigning.ClaimedKey {
	p.t.Helper()
	c := crosssigning.NewClaim(crosssigning.SignedCurve25519, to)
	result := must(c.Check(p.s.keysClaim(must(c.MarshalJSON())), 1))
	equal(p.t, "refused keys", len(result.Refused), 0)
	equal(p.t, "claimed keys", len(result.Keys), 1)
	p.hold(to.Curve25519(), must(p.account.NewOutboundSession(to.Curve25519(), result.Keys[0].Key)))
	return result.Keys[0]
}

// hold puts a session before the others with a device.
func (p *party) hold(key keys.Curve25519, session *olm.Session) {
	p.sessions[key] = append([]*olm.Session{session}, p.sessions[key]...)
}

// whisper encrypts a to-device event with Olm and sends it.
func (p *party) whisper(to *crosssigning.DeviceKeys, event events.Outgoing) {
	p.t.Helper()
	if len(p.sessions[to.Curve25519()]) == 0 {
		p.claim(to)
	}
	own := p.keys
	if u := p.users[p.user]; u != nil {
		own = u.Device(p.device)
	}
	sealed := must(events.SealOlm(p.sessions[to.Curve25519()][0], own, to, event))
	p.s.sendToDevice(p.user, events.TypeEncrypted,
		encode(p.t, object{"messages": object{to.UserID(): object{to.DeviceID(): sealed}}}))
}

// arrived is a to-device event that came: the plaintext of an encrypted one, or the
// content of another.
type arrived struct {
	Type      string
	Sender    string
	Content   []byte
	Plaintext events.Plaintext
}

// receive takes all to-device events. Room keys are kept.
func (p *party) receive() (all []arrived) {
	p.t.Helper()
	receiver := must(events.NewReceiver(p.account, p.keys, p.lookup))
	queue := p.toDevice
	p.toDevice = nil
	for _, raw := range queue {
		e := decode[struct {
			Type, Sender string
			Content      json.RawMessage
		}](p.t, raw)
		if e.Type != events.TypeEncrypted {
			all = append(all, arrived{Type: e.Type, Sender: e.Sender, Content: e.Content})
			continue
		}
		content := must(events.ParseOlm(e.Content))
		opened, err := receiver.Open(e.Sender, content, p.sessions[content.SenderKey()]...)
		if err != nil {
			p.t.Fatalf("to-device event of %s: %v", e.Sender, err)
		}
		if opened.New {
			p.hold(content.SenderKey(), opened.Session)
		}
		a := arrived{Type: opened.Plaintext.Type(), Sender: e.Sender, Content: opened.Plaintext.SecretContent(), Plaintext: opened.Plaintext}
		if a.Type == events.TypeRoomKey {
			p.keep(must(a.Plaintext.RoomKey()))
		}
		all = append(all, a)
	}
	return all
}

func (p *party) lookup(user string, key keys.Curve25519) *crosssigning.DeviceKeys {
	for _, d := range p.known(user) {
		if d.Curve25519() == key {
			return d
		}
	}
	return nil
}

func (p *party) keep(key events.RoomKey) {
	session := must(megolm.NewInboundSession(key.SessionKey()))
	p.groups[session.ID()] = &events.RoomSession{
		Session: session, Guard: events.NewReplayGuard(session), RoomID: key.RoomID(), Owner: key.Sender().UserID(),
	}
}

// hear decrypts a room event.
func (p *party) hear(e roomEvent) (events.Decrypted, error) {
	content, err := events.ParseMegolm(e.Content)
	if err != nil {
		return events.Decrypted{}, err
	}
	group := p.groups[content.SessionID()]
	if group == nil {
		group = &events.RoomSession{}
	}
	return group.Open(events.RoomEvent{RoomID: e.RoomID, EventID: e.EventID, Sender: e.Sender, Timestamp: e.Timestamp}, content)
}
