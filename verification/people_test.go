package verification_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/verification"
)

const (
	alice = "@alice:example.org"
	bob   = "@bob:example.org"
	carol = "@carol:example.org"
	room  = "!room:example.org"

	phone  = "PHONE" // the device under test
	laptop = "LAPTOP"
	tablet = "TABLET" // a second device of the other side, or of ours
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// object is a JSON object.
type object = map[string]any

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return b
}

func decode(t testing.TB, b []byte) (o object) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	require.NoError(t, d.Decode(&o))
	return o
}

// seed returns 32 bytes that text makes.
func seed(text string) *[32]byte {
	return (*[32]byte)(bytes.Repeat([]byte(fmt.Sprintf("%8.8s", text)), 4))
}

type signer struct{ key *curve.SigningKey }

func (s signer) Sign(message []byte) (keys.Signature, error) {
	var b [keys.SignatureSize]byte
	s.key.Sign(&b, message)
	return keys.NewSignature(b[:])
}

// made holds what was made before: signatures take time.
var made sync.Map

func once[T any](key string, make func() T) T {
	if value, ok := made.Load(key); ok {
		return value.(T)
	}
	value, _ := made.LoadOrStore(key, make())
	return value.(T)
}

// device returns a device, the same each time.
func device(t testing.TB, userID, deviceID string) *crosssigning.DeviceKeys {
	t.Helper()
	return once("device"+userID+deviceID, func() *crosssigning.DeviceKeys { return newDevice(t, userID, deviceID) })
}

func newDevice(t testing.TB, userID, deviceID string) *crosssigning.DeviceKeys {
	t.Helper()
	signing := curve.SigningKeyFromSeed(seed("e" + userID[1:4] + deviceID))
	public := signing.PublicKey()
	ed, err := keys.NewEd25519(public[:])
	require.NoError(t, err)
	identity := curve.PublicFromPrivate(seed("c" + userID[1:4] + deviceID))
	c, err := keys.NewCurve25519(identity[:])
	require.NoError(t, err)
	k, err := crosssigning.LocalDevice{
		UserID: userID, DeviceID: deviceID, Ed25519: ed, Curve25519: c, Signer: signer{signing},
	}.Keys()
	require.NoError(t, err)
	return k
}

func private(t testing.TB, userID string) *crosssigning.PrivateKeys {
	t.Helper()
	p, err := crosssigning.NewPrivateKeys(userID, crosssigning.Seeds{}.
		With(crosssigning.Master, seed("m" + userID)[:]).
		With(crosssigning.SelfSigning, seed("s" + userID)[:]).
		With(crosssigning.UserSigning, seed("u" + userID)[:]))
	require.NoError(t, err)
	return p
}

// user returns a user, the same each time.
func user(t testing.TB, userID string, deviceIDs ...string) *crosssigning.User {
	t.Helper()
	return once(fmt.Sprint("user", userID, deviceIDs), func() *crosssigning.User { return newUser(t, userID, deviceIDs...) })
}

func newUser(t testing.TB, userID string, deviceIDs ...string) *crosssigning.User {
	t.Helper()
	identity, err := private(t, userID).Identity()
	require.NoError(t, err)
	var devices []*crosssigning.DeviceKeys
	for _, id := range deviceIDs {
		devices = append(devices, device(t, userID, id))
	}
	u, err := crosssigning.NewUser(userID, identity, devices...)
	require.NoError(t, err)
	return u
}

func self(t testing.TB, userID string) *crosssigning.Self {
	t.Helper()
	return once("self"+userID, func() *crosssigning.Self {
		return crosssigning.NewSelf(user(t, userID, phone), crosssigning.Pin{}, crosssigning.Proof{Private: private(t, userID)})
	})
}

// bench is a flow under test, and what the other side sends to it.
type bench struct {
	t      testing.TB
	room   bool
	us     string
	them   string
	m      fake
	v      *verification.Verifier
	flow   *verification.Flow
	id     string
	events int
	now    time.Time
	last   verification.Out
}

func newBench(t testing.TB, inRoom bool, us, them string) *bench {
	t.Helper()
	b := &bench{t: t, room: inRoom, us: us, them: them, m: newFake(), now: noon, id: "transaction"}
	if inRoom {
		b.id = "$request"
	}
	var err error
	b.v, err = verification.New(device(t, us, phone), b.m)
	require.NoError(t, err)
	return b
}

func (b *bench) keys() verification.Keys {
	return verification.Keys{Self: self(b.t, b.us), Theirs: user(b.t, b.them, laptop, tablet)}
}

// event returns an event of the other side.
func (b *bench) event(eventType string, content object) verification.Event {
	e := verification.Event{Type: eventType, Sender: b.them}
	if b.room {
		b.events++
		e.RoomID, e.EventID, e.SentAt = room, fmt.Sprintf("$%d", b.events), b.now
		if eventType == verification.TypeRequest {
			e.Type, e.EventID = verification.TypeRoomMessage, b.id
		} else {
			content["m.relates_to"] = object{"rel_type": "m.reference", "event_id": b.id}
		}
	} else {
		content["transaction_id"] = b.id
	}
	e.Content = marshal(b.t, content)
	return e
}

var eventTypes = []string{
	verification.TypeRequest, verification.TypeReady, verification.TypeStart,
	fakeType, verification.TypeDone, verification.TypeCancel,
}

// typical returns a good event of a type.
func (b *bench) typical(eventType string) verification.Event {
	content := object{}
	switch eventType {
	case verification.TypeRequest:
		content = object{"from_device": laptop, "methods": []string{fakeName}}
		if b.room {
			content["msgtype"], content["to"], content["body"] = verification.TypeRequest, b.us, "verify"
		} else {
			content["timestamp"] = b.now.UnixMilli()
		}
	case verification.TypeReady:
		content = object{"from_device": laptop, "methods": []string{fakeName}}
	case verification.TypeStart:
		content = object{"from_device": laptop, "method": fakeName}
	case fakeType:
		content = object{"do": "go"}
	case verification.TypeCancel:
		content = object{"code": "m.user", "reason": "no"}
	}
	return b.event(eventType, content)
}

// edit changes the content of an event.
func (b *bench) edit(e verification.Event, change func(object)) verification.Event {
	o := decode(b.t, e.Content)
	change(o)
	e.Content = marshal(b.t, o)
	return e
}

func (b *bench) receive(e verification.Event) error {
	out, err := b.v.Receive(b.now, e)
	b.note(out)
	return err
}

func (b *bench) note(out verification.Out) {
	b.last = out
	for _, n := range out.Notices {
		if b.flow == nil {
			b.flow = n.Flow
		}
	}
}

// must takes an event that has to be taken.
func (b *bench) must(eventType string) {
	b.t.Helper()
	require.NoError(b.t, b.receive(b.typical(eventType)))
}

func (b *bench) do(out verification.Out, err error) {
	b.t.Helper()
	require.NoError(b.t, err)
	b.note(out)
}

// request brings our request on its way.
func (b *bench) request(devices ...string) {
	b.t.Helper()
	var out verification.Out
	var err error
	if b.room {
		b.flow, out, err = b.v.RequestInRoom(b.now, b.keys(), room)
	} else {
		b.flow, out, err = b.v.Request(b.now, b.keys(), devices...)
		require.NoError(b.t, err)
		b.id = b.flow.TransactionID()
	}
	b.do(out, err)
}

// reach brings the flow into a state. ours says whether we send the request.
func (b *bench) reach(state verification.State, ours bool) *bench {
	b.t.Helper()
	steps := []verification.State{verification.Asked, verification.Ready}
	if ours {
		steps[0] = verification.Requested
		if b.room {
			steps = append([]verification.State{verification.Unsent}, steps...)
		}
	}
	switch state {
	case verification.AskedByStart:
		steps = []verification.State{verification.AskedByStart}
	case verification.StartedBoth:
		steps = append(steps, verification.Started, verification.StartedBoth)
	case verification.Started:
		steps = append(steps, verification.Started)
	case verification.Running, verification.Proven, verification.Done:
		steps = append(steps, verification.Running, verification.Proven, verification.Done)
	case verification.Cancelled:
		steps = append(steps, verification.Cancelled)
	}
	for _, step := range steps {
		switch step {
		case verification.Unsent:
			b.request()
		case verification.Requested:
			if b.room {
				require.NoError(b.t, b.flow.Sent(b.id))
			} else {
				b.request()
			}
		case verification.Asked:
			b.must(verification.TypeRequest)
		case verification.AskedByStart, verification.StartedBoth, verification.Running:
			b.must(verification.TypeStart)
		case verification.Ready:
			if ours {
				b.must(verification.TypeReady)
			} else {
				b.do(b.flow.Accept(b.now, b.keys()))
			}
		case verification.Started:
			b.do(b.flow.Start(b.now, b.m))
		case verification.Proven:
			require.NoError(b.t, b.receive(b.event(fakeType, object{"do": "prove"})))
		case verification.Done:
			b.must(verification.TypeDone)
		case verification.Cancelled:
			b.must(verification.TypeCancel)
		}
		require.Equal(b.t, step, b.flow.State())
		if step == state {
			return b
		}
	}
	b.t.Fatalf("%s is not reached", state)
	return nil
}

// codes returns the codes of the cancels that were sent last, and to which
// devices.
func (b *bench) codes() (list []string) {
	for _, m := range b.last.Send {
		if m.Type == verification.TypeCancel {
			content := decode(b.t, m.Content)
			require.NotEmpty(b.t, content["reason"])
			list = append(list, fmt.Sprint(content["code"], m.Devices))
		}
	}
	return list
}
