package crosssigning_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/keys"
)

const (
	alice = "@alice:example.org"
	bob   = "@bob:example.org"

	olmV1    = "m.olm.v1.curve25519-aes-sha2"
	megolmV1 = "m.megolm.v1.aes-sha2"
)

// seed returns a seed that is another one for each pair of arguments.
func seed(who, what byte) []byte {
	return bytes.Repeat([]byte{what + 1, who}, crosssigning.SeedSize/2)
}

// signer is an Ed25519 key that counts what it signs.
type signer struct {
	key   *curve.SigningKey
	count int
	err   error
}

func newSigner(seed []byte) *signer {
	return &signer{key: curve.SigningKeyFromSeed((*[crosssigning.SeedSize]byte)(seed))}
}

func (s *signer) Sign(message []byte) (keys.Signature, error) {
	if s.err != nil {
		return keys.Signature{}, s.err
	}
	s.count++
	var b [keys.SignatureSize]byte
	s.key.Sign(&b, message)
	return keys.NewSignature(b[:])
}

// State changes when the signer signs.
func (s *signer) State() []byte     { return append(s.key.Expanded()[:], byte(s.count)) }
func (s *signer) Secrets() [][]byte { return [][]byte{s.key.Expanded()[:], s.key.Seed()[:]} }

func (s *signer) public() keys.Ed25519 {
	b := s.key.PublicKey()
	k, err := keys.NewEd25519(b[:])
	if err != nil {
		panic(err)
	}
	return k
}

// curveKey returns a Curve25519 public key.
func curveKey(_ testing.TB, seed []byte) keys.Curve25519 {
	b := curve.PublicFromPrivate((*[crosssigning.SeedSize]byte)(seed))
	k, err := keys.NewCurve25519(b[:])
	if err != nil {
		panic(err)
	}
	return k
}

// localDevice returns a device of ours. number makes its keys.
func localDevice(t testing.TB, userID, deviceID string, number byte) crosssigning.LocalDevice {
	s := newSigner(seed(number, 100))
	return crosssigning.LocalDevice{
		UserID: userID, DeviceID: deviceID, Algorithms: []string{olmV1, megolmV1},
		Ed25519: s.public(), Curve25519: curveKey(t, seed(number, 101)), Signer: s,
	}
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
	p, err := crosssigning.NewPrivateKeys(userID, crosssigning.Seeds{}.With(crosssigning.Master, seed(number, 1)).With(crosssigning.SelfSigning, seed(number, 2)).With(crosssigning.UserSigning, seed(number, 3)))
	require.NoError(t, err)
	return p
}

func identity(t testing.TB, p *crosssigning.PrivateKeys) *crosssigning.Identity {
	t.Helper()
	i, err := p.Identity()
	require.NoError(t, err)
	return i
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return b
}

func unmarshal(t testing.TB, b []byte, v any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(b, v))
}

// object is a JSON object that a test takes apart and changes.
type object = map[string]any

func decode(t testing.TB, v any) object {
	t.Helper()
	var o object
	text, ok := v.([]byte)
	if !ok {
		text = marshal(t, v)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	require.NoError(t, d.Decode(&o))
	return o
}

// merge adds what is in another object, in depth.
func merge(into, from object) object {
	for name, value := range from {
		old, ok := into[name].(object)
		if more, is := value.(object); ok && is {
			merge(old, more)
		} else {
			into[name] = value
		}
	}
	return into
}

// signDevice returns a device with the signature of its user's keys.
func signDevice(t testing.TB, p *crosssigning.PrivateKeys, d *crosssigning.DeviceKeys) *crosssigning.DeviceKeys {
	t.Helper()
	signature, err := p.SignDevice(d, d.Ed25519())
	require.NoError(t, err)
	signed, err := crosssigning.ParseDeviceKeys(marshal(t, merge(decode(t, d), decode(t, signature.Object()))))
	require.NoError(t, err)
	return signed
}

// withSignature returns an identity whose master key has one signature more.
func withSignature(t testing.TB, i *crosssigning.Identity, signature crosssigning.KeySignature) *crosssigning.Identity {
	t.Helper()
	master, err := crosssigning.ParsePublicKey(
		marshal(t, merge(decode(t, i.Key(crosssigning.Master)), decode(t, signature.Object()))), i.UserID(), crosssigning.Master)
	require.NoError(t, err)
	with, err := crosssigning.NewIdentity(master, i.Key(crosssigning.SelfSigning), i.Key(crosssigning.UserSigning))
	require.NoError(t, err)
	return with
}

func newUser(t testing.TB, userID string, i *crosssigning.Identity, devices ...*crosssigning.DeviceKeys) *crosssigning.User {
	t.Helper()
	u, err := crosssigning.NewUser(userID, i, devices...)
	require.NoError(t, err)
	return u
}

// response is what a server answers to a keys query.
type response struct {
	devices, master, selfSigning, userSigning object
	failures                                  object
}

func newResponse() *response {
	return &response{devices: object{}, master: object{}, selfSigning: object{}, userSigning: object{}}
}

func (r *response) add(userID string, i *crosssigning.Identity, devices ...*crosssigning.DeviceKeys) *response {
	list := object{}
	for _, d := range devices {
		list[d.DeviceID()] = d
	}
	r.devices[userID] = list
	if i != nil {
		r.master[userID] = i.Key(crosssigning.Master)
		if k := i.Key(crosssigning.SelfSigning); k != nil {
			r.selfSigning[userID] = k
		}
		if k := i.Key(crosssigning.UserSigning); k != nil {
			r.userSigning[userID] = k
		}
	}
	return r
}

func (r *response) text(t testing.TB) []byte {
	return marshal(t, object{
		"device_keys": r.devices, "master_keys": r.master, "self_signing_keys": r.selfSigning,
		"user_signing_keys": r.userSigning, "failures": r.failures,
	})
}

func deviceIDs(u *crosssigning.User) []string {
	ids := []string{}
	for _, d := range u.Devices() {
		ids = append(ids, d.DeviceID())
	}
	return ids
}

// backupKey returns the public_key of an auth_data.
func backupKey(t testing.TB, authData crosssigning.Object) keys.Curve25519 {
	t.Helper()
	text, _ := decode(t, authData)["public_key"].(string)
	k, err := keys.ParseCurve25519(text)
	require.NoError(t, err)
	return k
}
