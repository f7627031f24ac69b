package events_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/events"
	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
)

// c01 sends a payload with one change from Alice to Bob, through Olm, and
// demands that it is refused with an error.
func c01(t *testing.T, change func(p object, from, to, mallory *device), lookup func(from, mallory *device) events.Lookup, is error) {
	t.Helper()
	t.Parallel()
	a, b, mallory := newDevice(t, alice, "ALICE"), newDevice(t, bob, "BOB"), newDevice(t, "@mallory:example.org", "MALLORY")
	p := payload(t, a, b, outgoing(t, "m.test", object{"a": marker}))
	for _, changed := range []bool{false, true} {
		// The same event without the change is taken.
		find := knows(a.keys)
		if changed {
			change(p, a, b, mallory)
			if lookup != nil {
				find = lookup(a, mallory)
			}
		}
		text := marshal(t, p)
		content := encrypt(t, a.session(t, b), a, b, text)
		if !changed {
			opened, err := b.receiver(t, find).Open(alice, content)
			require.NoError(t, err)
			require.Equal(t, events.Known, opened.Plaintext.Sender().Origin())
			continue
		}
		err := checkRefused[error](t, b.receiver(t, find), alice, content, text)
		for _, other := range checkErrors {
			require.Equal(t, other == is, errors.Is(err, other), "%v", err)
		}
		b.openRefused(t, is, find, alice, content)
	}
}

var checkErrors = []error{
	events.ErrSender, events.ErrRecipient, events.ErrRecipientKey, events.ErrSigningKey, events.ErrDeviceUser,
	events.ErrDeviceCurve25519, events.ErrDeviceEd25519, events.ErrDeviceSignature, events.ErrDeviceID, events.ErrLookup,
}

func TestAttack_C01_Sender(t *testing.T) {
	c01(t, func(p object, _, _, _ *device) { p["sender"] = "@mallory:example.org" }, nil, events.ErrSender)
}

// The server says that the event comes from someone else.
func TestAttack_C01_EventSender(t *testing.T) {
	t.Parallel()
	a, b := newDevice(t, alice, "ALICE"), newDevice(t, bob, "BOB")
	content, err := events.SealOlm(a.session(t, b), a.keys, b.keys, events.NewDummy())
	require.NoError(t, err)
	for _, sender := range []string{"", bob, "@ALICE:example.org", alice + " ", alice + "\x00"} {
		text := marshal(t, payload(t, a, b, outgoing(t, "m.test", object{"a": marker})))
		err := checkRefused[error](t, b.receiver(t, knows(a.keys)), sender, content, text)
		require.ErrorIs(t, err, events.ErrSender, sender)
	}
}

func TestAttack_C01_Recipient(t *testing.T) {
	c01(t, func(p object, _, _, _ *device) { p["recipient"] = "@mallory:example.org" }, nil, events.ErrRecipient)
}

func TestAttack_C01_RecipientKey(t *testing.T) {
	c01(t, func(p object, _, _, m *device) {
		p["recipient_keys"] = object{"ed25519": m.keys.Ed25519().String()}
	}, nil, events.ErrRecipientKey)
}

// Without sender_device_keys, the look-up's device decides.
func TestAttack_C01_SigningKey(t *testing.T) {
	c01(t, func(p object, _, _, m *device) {
		p["keys"] = object{"ed25519": m.keys.Ed25519().String()}
		delete(p, "sender_device_keys")
	}, nil, events.ErrSigningKey)
}

// CVE-2026-45056: the keys fit, and are of another user.
func TestAttack_C01_DeviceUser(t *testing.T) {
	c01(t, func(p object, a, _, _ *device) {
		p["sender_device_keys"] = a.with(t, func(l *crosssigning.LocalDevice) { l.UserID = "@mallory:example.org" })
	}, nil, events.ErrDeviceUser)
}

func TestAttack_C01_DeviceCurve25519(t *testing.T) {
	c01(t, func(p object, a, _, m *device) {
		p["sender_device_keys"] = a.with(t, func(l *crosssigning.LocalDevice) { l.Curve25519 = m.local.Curve25519 })
	}, nil, events.ErrDeviceCurve25519)
}

func TestAttack_C01_DeviceEd25519(t *testing.T) {
	c01(t, func(p object, a, _, m *device) {
		p["sender_device_keys"] = a.with(t, func(l *crosssigning.LocalDevice) { l.Ed25519, l.Signer = m.local.Ed25519, m.local.Signer })
	}, nil, events.ErrDeviceEd25519)
}

func TestAttack_C01_KeysNotOfSenderDeviceKeys(t *testing.T) {
	c01(t, func(p object, _, _, m *device) {
		p["keys"] = object{"ed25519": m.keys.Ed25519().String()}
	}, nil, events.ErrDeviceEd25519)
}

func TestAttack_C01_DeviceSignature(t *testing.T) {
	c01(t, func(p object, _, _, _ *device) {
		p["sender_device_keys"].(object)["extra"] = "not signed"
	}, nil, events.ErrDeviceSignature)
}

func TestAttack_C01_DeviceUnsigned(t *testing.T) {
	c01(t, func(p object, _, _, _ *device) {
		delete(p["sender_device_keys"].(object), "signatures")
	}, nil, events.ErrDeviceSignature)
}

func TestAttack_C01_DeviceID(t *testing.T) {
	c01(t, func(p object, a, _, _ *device) {
		p["sender_device_keys"] = a.with(t, func(l *crosssigning.LocalDevice) { l.DeviceID = "OTHER" })
	}, nil, events.ErrDeviceID)
}

// C33: a dehydrated device sends nothing, whether the message or the server says
// that it is one.
func TestAttack_C33_DehydratedSender(t *testing.T) {
	dehydrated := func(a *device) *crosssigning.DeviceKeys {
		return a.with(t, func(l *crosssigning.LocalDevice) { l.Dehydrated = true })
	}
	t.Run("the message", func(t *testing.T) {
		c01(t, func(p object, a, _, _ *device) { p["sender_device_keys"] = dehydrated(a) }, nil, events.ErrDehydrated)
	})
	t.Run("the server", func(t *testing.T) {
		c01(t, func(object, *device, *device, *device) {}, func(a, _ *device) events.Lookup {
			return knows(dehydrated(a))
		}, events.ErrDehydrated)
	})
}

// A look-up that does not do what it says.
func TestAttack_C01_Lookup(t *testing.T) {
	for name, answer := range map[string]func(a, m *device) *crosssigning.DeviceKeys{
		"other device": func(_, m *device) *crosssigning.DeviceKeys { return m.keys },
		"other user": func(a, _ *device) *crosssigning.DeviceKeys {
			return a.with(t, func(l *crosssigning.LocalDevice) { l.UserID = bob })
		},
		"other key": func(a, m *device) *crosssigning.DeviceKeys {
			return a.with(t, func(l *crosssigning.LocalDevice) { l.Curve25519 = m.local.Curve25519 })
		},
	} {
		t.Run(name, func(t *testing.T) {
			c01(t, func(object, *device, *device, *device) {}, func(a, m *device) events.Lookup {
				return func(string, keys.Curve25519) *crosssigning.DeviceKeys { return answer(a, m) }
			}, events.ErrLookup)
		})
	}
}

// Each member that is checked must be there, and be what it must be.
func TestAttack_C01_MissingAndMistyped(t *testing.T) {
	t.Parallel()
	a, b := newDevice(t, alice, "ALICE"), newDevice(t, bob, "BOB")
	content, err := events.SealOlm(a.session(t, b), a.keys, b.keys, events.NewDummy())
	require.NoError(t, err)
	r := b.receiver(t, knows(a.keys))
	good := payload(t, a, b, outgoing(t, "m.test", object{"a": marker}))
	malformed := func(words string, payload any) {
		t.Helper()
		err := checkRefused[error](t, r, alice, content, marshal(t, payload))
		require.ErrorAs(t, err, new(*events.MalformedError))
		require.ErrorContains(t, err, "events: Olm payload: "+words)
	}
	malformed("not valid JSON", []byte(marker))
	malformed("not an object", []any{good})
	for _, name := range []string{"type", "content", "sender", "recipient", "recipient_keys", "keys", "sender_device_keys"} {
		for _, bad := range []any{nil, 1, 1.5, "", true, []any{}, []any{good[name]}, "\ufffd"} {
			if _, isText := good[name].(string); isText && bad == "\ufffd" {
				continue
			}
			malformed(name, but(good, func(o object) { o[name] = bad }))
		}
		without := but(good, func(o object) { delete(o, name) })
		if name == "sender_device_keys" {
			_, err := r.Check(alice, content, marshal(t, without))
			require.NoError(t, err)
			continue
		}
		malformed(name, without)
	}
	for _, name := range []string{"keys", "recipient_keys"} {
		for _, bad := range []object{{}, {"ed25519": 1}, {"ed25519": nil}, {"Ed25519": a.keys.Ed25519()}} {
			malformed(name+": ed25519 is not ", but(good, func(o object) { o[name] = bad }))
		}
		malformed(name+": keys: Ed25519", but(good, func(o object) { o[name] = object{"ed25519": "AAAA"} }))
		malformed(name+" is not an object", but(good, func(o object) { o[name] = 1 }))
	}
}

// P26: Eve publishes Alice's Curve25519 key as her own, and passes Alice's
// messages on as hers; or passes Bob's key off as hers, and Alice's messages to
// her on to Bob.
func TestAttack_P26_UnknownKeyShare(t *testing.T) {
	t.Parallel()
	const eve = "@eve:example.org"
	a, b, e := newDevice(t, alice, "ALICE"), newDevice(t, bob, "BOB"), newDevice(t, eve, "EVE")
	posed := e.with(t, func(l *crosssigning.LocalDevice) { l.Curve25519 = a.local.Curve25519 })
	content, err := events.SealOlm(a.session(t, b), a.keys, b.keys, outgoing(t, "m.test", object{"a": marker}))
	require.NoError(t, err)
	b.openRefused(t, events.ErrSender, knows(posed), eve, content)

	asEve := e.with(t, func(l *crosssigning.LocalDevice) { l.Curve25519 = b.local.Curve25519 })
	content, err = events.SealOlm(a.session(t, b), a.keys, asEve, outgoing(t, "m.test", object{"a": marker}))
	require.NoError(t, err)
	b.openRefused(t, events.ErrRecipient, knows(a.keys), alice, content)

	// The same with a device of Bob's own user id: the Ed25519 key tells.
	asBob := e.with(t, func(l *crosssigning.LocalDevice) { l.UserID, l.Curve25519 = bob, b.local.Curve25519 })
	content, err = events.SealOlm(a.session(t, b), a.keys, asBob, outgoing(t, "m.test", object{"a": marker}))
	require.NoError(t, err)
	b.openRefused(t, events.ErrRecipientKey, knows(a.keys), alice, content)
}

// C31: the type of the message is the number 0 or 1.
func TestAttack_C31_MessageType(t *testing.T) {
	t.Parallel()
	a, b := newDevice(t, alice, "ALICE"), newDevice(t, bob, "BOB")
	m, err := a.session(t, b).Encrypt(marshal(t, payload(t, a, b, events.NewDummy())))
	require.NoError(t, err)
	r := b.receiver(t, knows(a.keys))
	refused := func(r *events.Receiver, text []byte) error {
		t.Helper()
		return failtest.Refused(t, func() error {
			content, err := events.ParseOlm(text)
			if err == nil {
				_, err = r.Open(alice, content)
			}
			return err
		}, moves{a.account, b.account}, failtest.Input(text))
	}
	for _, typ := range []string{`"0"`, `2`, `-1`, `null`, `0.0`, `-0`, `00`, `true`, `[0]`, `1e0`, `256`, `4294967296`, ``} {
		message := `{"type":` + typ + `,"body":"` + m.Body() + `"}`
		if typ == "" {
			message = `{"body":"` + m.Body() + `"}`
		}
		refused(r, fmt.Appendf(nil, `{"algorithm":%q,"sender_key":%q,"ciphertext":{%q:%s}}`, olmV1, a.keys.Curve25519(), b.keys.Curve25519(), message))
	}
	for _, message := range []any{nil, 1, "text", []any{m}, object{}, object{"type": 0}, object{"Type": 0, "Body": m.Body()}, object{"type": 1, "body": m.Body()}} {
		refused(r, marshal(t, olmContent(a, b, message)))
	}
	// Others' ciphertexts are not looked into, ours must be under our key.
	content := olmContent(a, b, m)
	content["ciphertext"].(object)[a.keys.Curve25519().String()] = "anything"
	require.ErrorIs(t, refused(a.receiver(t, nil), marshal(t, olmContent(a, b, m))), events.ErrNotForUs)
	_, err = b.receiver(t, nil).Open(alice, parseOlm(t, olmContent(a, b, m)))
	require.NoError(t, err)
}
