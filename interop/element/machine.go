package element

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"
)

// The kinds of requests, RequestType of the peer.
const (
	keysUpload = iota
	keysQuery
	keysClaim
	toDevice
	signatureUpload
	roomMessage
	keysBackup
)

// request is an outgoing request of a machine.
type request struct {
	ID        string `json:"id"`
	Type      int    `json:"type"`
	Body      string `json:"body"`
	Version   string `json:"version"`
	EventType string `json:"event_type"`
	TxnID     string `json:"txn_id"`
	RoomID    string `json:"room_id"`
}

// processed is a to-device event after the machine took it.
type processed struct {
	Kind      string `json:"kind"`
	Event     string `json:"event"`
	Verified  bool   `json:"verified"`
	SenderKey string `json:"sender_key"`
}

// machine is an OlmMachine of the peer.
type machine struct {
	*client
	t    testing.TB
	p    *peer
	s    *server
	name string
	// encrypted says that its room events are encrypted.
	encrypted bool
	keys      struct{ Curve25519, Ed25519 string }
}

var machines int

// newMachine makes a machine and publishes its keys.
func newMachine(s *server, user, device string) *machine {
	machines++
	m := &machine{client: s.join(user, device), t: s.t, p: theirs, s: s, name: fmt.Sprint("machine", machines)}
	m.call("new", object{"user": user, "device": device}, &m.keys)
	m.pump()
	return m
}

// later moves the clock of all machines, until the test ends.
func later(t testing.TB, by time.Duration) {
	t.Helper()
	check(t, theirs.call("", "later", object{"ms": by.Milliseconds()}, nil))
	t.Cleanup(func() { check(t, theirs.call("", "later", object{"ms": 0}, nil)) })
}

// call makes a call that must succeed.
func (m *machine) call(name string, args object, result any) {
	m.t.Helper()
	if err := m.p.call(m.name, name, args, result); err != nil {
		m.t.Fatalf("%s %s: %v", m.user, m.device, err)
	}
}

// send sends a request, and tells the machine the answer. A nil request is none.
func (m *machine) send(r *request) {
	m.t.Helper()
	if r == nil {
		return
	}
	body := []byte(r.Body)
	var answer []byte
	switch r.Type {
	case keysUpload:
		answer = m.s.keysUpload(m.client, body)
	case keysQuery:
		answer = m.s.keysQuery(m.user, body)
	case keysClaim:
		answer = m.s.keysClaim(body)
	case toDevice:
		answer = m.s.sendToDevice(m.user, r.EventType, body)
	case signatureUpload:
		answer = m.s.signaturesUpload(body)
	case roomMessage:
		answer = encode(m.t, object{"event_id": m.tell(r.RoomID, r.EventType, json.RawMessage(body))})
	case keysBackup:
		answer = m.s.backupPut(body)
	default:
		m.t.Fatalf("request of type %d", r.Type)
	}
	if r.ID != "" {
		m.call("sent", object{"id": r.ID, "type": r.Type, "response": string(answer)}, nil)
	}
}

// flush sends all requests that wait.
func (m *machine) flush() {
	m.t.Helper()
	for range 20 {
		var list []*request
		m.call("outgoing", nil, &list)
		if len(list) == 0 {
			return
		}
		for _, r := range list {
			m.send(r)
		}
	}
	m.t.Fatalf("%s %s never stops", m.user, m.device)
}

// pump syncs to-device events and lists of devices, and sends what follows.
func (m *machine) pump() (all []processed) {
	m.t.Helper()
	for {
		toDevice, changed := m.toDevice, slices.Sorted(maps.Keys(m.changed))
		m.toDevice, m.changed = nil, map[string]bool{}
		var list []processed
		if toDevice == nil {
			toDevice = []json.RawMessage{}
		}
		m.call("receive", object{
			"events": string(encode(m.t, toDevice)), "changed": append([]string{}, changed...), "counts": m.s.counts(m.client),
			"fallback": append([]string{}, slices.Collect(maps.Keys(m.s.user(m.user).fallback[m.device]))...),
		}, &list)
		all = append(all, list...)
		m.flush()
		if len(m.toDevice) == 0 && len(m.changed) == 0 {
			return all
		}
	}
}

// track makes the machine ask for the devices of users.
func (m *machine) track(users ...string) {
	m.t.Helper()
	m.call("track", object{"users": users}, nil)
	m.pump()
}

// bootstrap makes cross-signing keys and publishes them.
func (m *machine) bootstrap() {
	m.t.Helper()
	var list [3]*request
	m.call("bootstrap", nil, &list)
	m.send(list[0])
	m.s.deviceSigningUpload(m.user, []byte(list[1].Body))
	m.send(list[2])
	m.pump()
}

// device is what a machine thinks of a device.
type device struct {
	Verified    bool   `json:"verified"`
	CrossSigned bool   `json:"cross_signed"` // by its owner
	Trusted     bool   `json:"trusted"`      // by cross-signing
	Ed25519     string `json:"ed25519"`
	Curve25519  string `json:"curve25519"`
}

func (m *machine) see(user, id string) *device {
	m.t.Helper()
	var d *device
	m.call("device", object{"user": user, "device": id}, &d)
	return d
}

// identity is what a machine thinks of a user.
type identity struct {
	Master      string `json:"master"`
	SelfSigning string `json:"self_signing"`
	Verified    bool   `json:"verified"`
	Violation   bool   `json:"violation"`
}

func (m *machine) seeUser(user string) *identity {
	m.t.Helper()
	var i *identity
	m.call("identity", object{"user": user}, &i)
	return i
}

// claim makes Olm sessions with all devices of users.
func (m *machine) claim(users ...string) {
	m.t.Helper()
	var r *request
	m.call("missing", object{"users": users}, &r)
	m.send(r)
}

// whisper encrypts a to-device event with Olm and sends it.
func (m *machine) whisper(user, device, eventType string, content any) {
	m.t.Helper()
	var sealed string
	m.call("encryptToDevice", object{"user": user, "device": device, "type": eventType, "content": content}, &sealed)
	m.s.sendToDevice(m.user, "m.room.encrypted", encode(m.t, object{"messages": object{user: object{device: json.RawMessage(sealed)}}}))
}

// share sends the key of a room, made anew if there is none, to users, as a
// strategy of the peer says.
func (m *machine) share(room, visibility, strategy string, users ...string) {
	m.t.Helper()
	m.claim(users...)
	var list []*request
	m.call("share", object{"room": room, "users": users, "visibility": visibility, "strategy": strategy}, &list)
	for _, r := range list {
		m.send(r)
	}
}

// say encrypts an event and sends it into a room.
func (m *machine) say(room, eventType string, content any) string {
	m.t.Helper()
	var sealed string
	m.call("encryptRoom", object{"room": room, "type": eventType, "content": string(encode(m.t, content))}, &sealed)
	return m.s.roomSend(m.user, room, "m.room.encrypted", []byte(sealed))
}

// tell sends an event into a room, encrypted if the machine's events are.
func (m *machine) tell(room, eventType string, content json.RawMessage) string {
	m.t.Helper()
	if m.encrypted {
		return m.say(room, eventType, content)
	}
	return m.s.roomSend(m.user, room, eventType, content)
}

// heard is a room event that a machine decrypted.
type heard struct {
	Event          string `json:"event"`
	Sender         string `json:"sender"`
	Device         string `json:"device"`
	SenderKey      string `json:"sender_key"`
	ClaimedEd25519 string `json:"claimed_ed25519"`
	Shield         string `json:"shield"`
	Why            string `json:"why"`
}

func (m *machine) hear(e roomEvent) (heard, error) {
	var h heard
	err := m.p.call(m.name, "decryptRoom", object{"room": e.RoomID, "event": string(encode(m.t, e))}, &h)
	return h, err
}

// events takes the events of the timeline.
func (c *client) events() []roomEvent {
	list := c.timeline
	c.timeline = nil
	return list
}
