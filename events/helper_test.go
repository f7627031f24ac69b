package events_test

import (
	"encoding/json"
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/events"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
)

const (
	alice = "@alice:example.org"
	bob   = "@bob:example.org"
	room  = "!room:example.org"

	olmV1    = "m.olm.v1.curve25519-aes-sha2"
	megolmV1 = "m.megolm.v1.aes-sha2"
)

type object = map[string]any

// device is a device with its private keys.
type device struct {
	account *olm.Account
	local   crosssigning.LocalDevice
	keys    *crosssigning.DeviceKeys
}

func newDevice(t testing.TB, userID, deviceID string) *device {
	t.Helper()
	account, err := olm.GenerateAccount()
	require.NoError(t, err)
	identity := account.IdentityKeys()
	d := &device{account: account, local: crosssigning.LocalDevice{
		UserID: userID, DeviceID: deviceID, Algorithms: []string{olmV1, megolmV1},
		Ed25519: identity.Ed25519, Curve25519: identity.Curve25519, Signer: account,
	}}
	d.keys = d.with(t, func(*crosssigning.LocalDevice) {})
	return d
}

// with returns the device's keys, signed by the device, after a change.
func (d *device) with(t testing.TB, change func(l *crosssigning.LocalDevice)) *crosssigning.DeviceKeys {
	t.Helper()
	l := d.local
	change(&l)
	k, err := l.Keys()
	require.NoError(t, err)
	return k
}

// session returns a new session from d to another device.
func (d *device) session(t testing.TB, to *device) *olm.Session {
	t.Helper()
	_, err := to.account.GenerateOneTimeKeys(1)
	require.NoError(t, err)
	key := to.account.UnpublishedOneTimeKeys()[0]
	require.NoError(t, to.account.MarkAllPublished())
	s, err := d.account.NewOutboundSession(to.keys.Curve25519(), key.Key)
	require.NoError(t, err)
	return s
}

// knows returns a look-up that knows some devices.
func knows(devices ...*crosssigning.DeviceKeys) events.Lookup {
	return func(userID string, key keys.Curve25519) *crosssigning.DeviceKeys {
		for _, d := range devices {
			if d.UserID() == userID && d.Curve25519() == key {
				return d
			}
		}
		return nil
	}
}

func (d *device) receiver(t testing.TB, lookup events.Lookup) *events.Receiver {
	t.Helper()
	r, err := events.NewReceiver(d.account, d.keys, lookup)
	require.NoError(t, err)
	return r
}

func outgoing(t testing.TB, eventType string, content any) events.Outgoing {
	t.Helper()
	o, err := events.NewOutgoing(eventType, marshal(t, content))
	require.NoError(t, err)
	return o
}

// payload returns the payload of an event as an object that can be changed.
func payload(t testing.TB, from, to *device, event events.Outgoing) object {
	t.Helper()
	b, err := events.Payload(from.keys, to.keys, events.EventOf(event))
	require.NoError(t, err)
	return decode(t, json.RawMessage(b))
}

// encrypt encrypts bytes that need not be a payload.
func encrypt(t testing.TB, s *olm.Session, from, to *device, plaintext []byte) *events.OlmEncrypted {
	t.Helper()
	m, err := s.Encrypt(plaintext)
	require.NoError(t, err)
	return parseOlm(t, olmContent(from, to, m))
}

func olmContent(from, to *device, m any) object {
	return object{"algorithm": olmV1, "sender_key": from.keys.Curve25519().String(),
		"ciphertext": object{to.keys.Curve25519().String(): m}}
}

func parseOlm(t testing.TB, content any) *events.OlmEncrypted {
	t.Helper()
	c, err := events.ParseOlm(marshal(t, content))
	require.NoError(t, err)
	return c
}

// open sends an event from one device to another, as far as a plaintext.
func open(t testing.TB, from, to *device, lookup events.Lookup, event events.Outgoing) events.Plaintext {
	t.Helper()
	content, err := events.SealOlm(from.session(t, to), from.keys, to.keys, event)
	require.NoError(t, err)
	opened, err := to.receiver(t, lookup).Open(from.keys.UserID(), content)
	require.NoError(t, err)
	return opened.Plaintext
}

// group returns the two ends of a Megolm session.
func group(t testing.TB) (*megolm.OutboundSession, *megolm.InboundSession) {
	t.Helper()
	out := megolm.NewOutboundSession()
	key, err := out.SessionKey()
	require.NoError(t, err)
	in, err := megolm.NewInboundSession(key)
	require.NoError(t, err)
	return out, in
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	if b, ok := v.([]byte); ok {
		return b
	}
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return b
}

// decode returns v as an object that can be changed.
func decode(t testing.TB, v any) object {
	t.Helper()
	var o object
	require.NoError(t, json.Unmarshal(marshal(t, v), &o))
	return o
}

// but returns a copy of an object with a change.
func but(o object, change func(o object)) object {
	o = maps.Clone(o)
	change(o)
	return o
}
