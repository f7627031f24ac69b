package sas_test

import (
	"bytes"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/sas"
	"github.com/chappe-e2ee/chappe/verification"
)

const (
	aliceID = "@alice:example.org"
	bobID   = "@bob:example.org"
	roomID  = "!room:example.org"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// object is a JSON object that a test takes apart and changes.
type object = map[string]any

func decode(t testing.TB, v any) object {
	t.Helper()
	b, ok := v.([]byte)
	if !ok {
		b = marshal(t, v)
	}
	var o object
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	require.NoError(t, d.Decode(&o))
	return o
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return b
}

func seed(number, what byte) []byte {
	return bytes.Repeat([]byte{what + 1, number}, crosssigning.SeedSize/2)
}

type signer struct{ key *curve.SigningKey }

func (s signer) Sign(message []byte) (keys.Signature, error) {
	var b [keys.SignatureSize]byte
	s.key.Sign(&b, message)
	return keys.NewSignature(b[:])
}

// localDevice returns a device whose keys number makes.
func localDevice(t testing.TB, userID, deviceID string, number byte) crosssigning.LocalDevice {
	t.Helper()
	key := curve.SigningKeyFromSeed((*[crosssigning.SeedSize]byte)(seed(number, 100)))
	public := key.PublicKey()
	ed, err := keys.NewEd25519(public[:])
	require.NoError(t, err)
	identity := curve.PublicFromPrivate((*[crosssigning.SeedSize]byte)(seed(number, 101)))
	c, err := keys.NewCurve25519(identity[:])
	require.NoError(t, err)
	return crosssigning.LocalDevice{UserID: userID, DeviceID: deviceID, Ed25519: ed, Curve25519: c, Signer: signer{key}}
}

func deviceKeys(t testing.TB, d crosssigning.LocalDevice) *crosssigning.DeviceKeys {
	t.Helper()
	k, err := d.Keys()
	require.NoError(t, err)
	return k
}

// privateKeys returns the three keys of a user. number makes them.
func privateKeys(t testing.TB, userID string, number byte) *crosssigning.PrivateKeys {
	t.Helper()
	p, err := crosssigning.NewPrivateKeys(userID, crosssigning.Seeds{}.
		With(crosssigning.Master, seed(number, 1)).
		With(crosssigning.SelfSigning, seed(number, 2)).
		With(crosssigning.UserSigning, seed(number, 3)))
	require.NoError(t, err)
	return p
}

func newUser(t testing.TB, userID string, p *crosssigning.PrivateKeys, devices ...*crosssigning.DeviceKeys) *crosssigning.User {
	t.Helper()
	var identity *crosssigning.Identity
	if p != nil {
		var err error
		identity, err = p.Identity()
		require.NoError(t, err)
	}
	u, err := crosssigning.NewUser(userID, identity, devices...)
	require.NoError(t, err)
	return u
}

// person is a person with a device.
type person struct {
	t        testing.TB
	v        *verification.Verifier
	device   *crosssigning.DeviceKeys
	user     *crosssigning.User
	self     *crosssigning.Self
	flow     *verification.Flow
	shown    *sas.Comparison
	ended    *verification.Ended
	finished bool
	method   verification.Method
}

// made holds persons that were made before: signatures take time.
var made sync.Map

// newPerson returns a person whose identity is verified on the device, with the
// same keys each time.
func newPerson(t testing.TB, method sas.Method, userID, deviceID string, number byte) *person {
	t.Helper()
	keys, ok := made.Load(userID + deviceID)
	if !ok {
		p := person{device: deviceKeys(t, localDevice(t, userID, deviceID, number))}
		private := privateKeys(t, userID, number)
		p.user = newUser(t, userID, private, p.device)
		p.self = crosssigning.NewSelf(p.user, crosssigning.Pin{}, crosssigning.Proof{Private: private})
		keys, _ = made.LoadOrStore(userID+deviceID, p)
	}
	p := keys.(person)
	p.t, p.method = t, method
	p.reset()
	return &p
}

func (p *person) reset() {
	v, err := verification.New(p.device, p.method)
	require.NoError(p.t, err)
	p.v, p.flow, p.shown, p.ended, p.finished = v, nil, nil, nil, false
}

// note keeps what is said to the person.
func (p *person) note(out verification.Out) []verification.Message {
	for _, n := range out.Notices {
		p.flow = n.Flow
		switch about := n.About.(type) {
		case sas.Comparison:
			p.shown = &about
		case verification.Ended:
			p.ended = &about
		case verification.Finished:
			p.finished = true
		}
	}
	return out.Send
}

// do is for what a call returns that must succeed.
func (p *person) do(out verification.Out, err error) []verification.Message {
	p.t.Helper()
	require.NoError(p.t, err)
	return p.note(out)
}

// pair is two persons and what is on its way between them.
type pair2 struct {
	t          testing.TB
	alice, bob *person
	room       bool
	events     int
	// change is called with each event before it is delivered, if it is not nil.
	// It returns false to drop the event.
	change func(from *person, e *verification.Event) bool
	log    []verification.Event
	// made are the exchanges of both sides.
	made    []verification.Exchange
	secrets [][]byte
}

func newPair(t testing.TB, room bool, a, b sas.Method) *pair2 {
	t.Helper()
	w := &pair2{t: t, room: room, alice: newPerson(t, a, aliceID, "ADEVICE", 1), bob: newPerson(t, b, bobID, "BDEVICE", 2)}
	w.alice.method, w.bob.method = watched{a, &w.made}, watched{b, &w.made}
	w.alice.reset()
	w.bob.reset()
	return w
}

func (w *pair2) other(p *person) *person {
	if p == w.alice {
		return w.bob
	}
	return w.alice
}

// event returns a message as the other side receives it.
func (w *pair2) event(from *person, m verification.Message) verification.Event {
	e := verification.Event{Type: m.Type, Sender: from.user.ID(), Content: m.Content}
	if m.RoomID != "" {
		w.events++
		e.RoomID, e.EventID, e.SentAt = m.RoomID, "$event"+string(rune('a'+w.events)), noon
	}
	return e
}

// deliver brings messages to the other side, and its answers back, until there are
// none.
func (w *pair2) deliver(from *person, messages []verification.Message) {
	w.t.Helper()
	for _, m := range messages {
		e := w.event(from, m)
		if w.change != nil && !w.change(from, &e) {
			continue
		}
		w.log = append(w.log, e)
		if m.Type == verification.TypeRoomMessage {
			require.NoError(w.t, from.flow.Sent(e.EventID))
		}
		to := w.other(from)
		out, err := w.receive(to, e)
		if err != nil {
			require.ErrorIs(w.t, err, verification.ErrIgnored)
		}
		w.deliver(to, to.note(out))
	}
}

func (w *pair2) keysFor(p *person) verification.Keys {
	return verification.Keys{Self: p.self, Theirs: w.other(p).user}
}

// ready brings both sides to the point where either can start.
func (w *pair2) ready() {
	w.t.Helper()
	var out verification.Out
	var err error
	if w.room {
		w.alice.flow, out, err = w.alice.v.RequestInRoom(noon, w.keysFor(w.alice), roomID)
	} else {
		w.alice.flow, out, err = w.alice.v.Request(noon, w.keysFor(w.alice))
	}
	w.deliver(w.alice, w.alice.do(out, err))
	require.Equal(w.t, verification.Asked, w.bob.flow.State())
	w.deliver(w.bob, w.bob.do(w.bob.flow.Accept(noon, w.keysFor(w.bob))))
	require.Equal(w.t, verification.Ready, w.alice.flow.State())
	require.Equal(w.t, verification.Ready, w.bob.flow.State())
}

// compare brings both sides to the comparison of codes.
func (w *pair2) compare(starter *person) {
	w.t.Helper()
	w.ready()
	w.deliver(starter, starter.do(starter.flow.Start(noon, starter.method)))
}

func (w *pair2) confirm(p *person) {
	w.t.Helper()
	w.deliver(p, p.do(p.flow.Confirm(noon)))
}

// verified returns what a side has verified.
func (w *pair2) verified(p *person) verification.Verified {
	w.t.Helper()
	v, err := p.flow.Verified()
	require.NoError(w.t, err)
	return v
}

// requireTrust checks that both sides verified all of the other, or nobody
// anything.
func (w *pair2) requireTrust(is bool) {
	w.t.Helper()
	for _, p := range []*person{w.alice, w.bob} {
		if !is {
			refusedWith(w.t, verification.ErrState, p.flow.Verified)
			continue
		}
		v, o := w.verified(p), w.other(p)
		require.Same(w.t, o.user, v.User)
		require.Same(w.t, o.device, v.Device)
		require.Same(w.t, o.user.Identity(), v.Identity)
	}
}
