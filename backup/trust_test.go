package backup_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/backup"
	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/pk"
)

const alice = "@alice:example.org"

func local(t testing.TB, userID, deviceID string, n byte) crosssigning.LocalDevice {
	t.Helper()
	signer, err := pk.NewSigningKey(bytes.Repeat([]byte{n}, 32))
	require.NoError(t, err)
	return crosssigning.LocalDevice{
		UserID: userID, DeviceID: deviceID, Algorithms: []string{backup.MegolmAlgorithm},
		Ed25519: signer.PublicKey(), Curve25519: curveKey(t, n), Signer: signer,
	}
}

func deviceKeys(t testing.TB, d crosssigning.LocalDevice) *crosssigning.DeviceKeys {
	t.Helper()
	k, err := d.Keys()
	require.NoError(t, err)
	return k
}

func privateKeys(t testing.TB, n byte) (*crosssigning.PrivateKeys, *crosssigning.Identity) {
	t.Helper()
	p, err := crosssigning.NewPrivateKeys(alice, crosssigning.Seeds{}.
		With(crosssigning.Master, bytes.Repeat([]byte{n}, 32)).
		With(crosssigning.SelfSigning, bytes.Repeat([]byte{n + 1}, 32)).
		With(crosssigning.UserSigning, bytes.Repeat([]byte{n + 2}, 32)))
	require.NoError(t, err)
	i, err := p.Identity()
	require.NoError(t, err)
	return p, i
}

func user(t testing.TB, i *crosssigning.Identity, devices ...*crosssigning.DeviceKeys) *crosssigning.User {
	t.Helper()
	u, err := crosssigning.NewUser(alice, i, devices...)
	require.NoError(t, err)
	return u
}

// crossSign returns a device with the signature of a self-signing key beside its
// own.
func crossSign(t testing.TB, p *crosssigning.PrivateKeys, d crosssigning.LocalDevice) *crosssigning.DeviceKeys {
	t.Helper()
	signature, err := p.SignDevice(deviceKeys(t, d), d.Ed25519)
	require.NoError(t, err)
	var object, signed map[string]any
	for to, from := range map[*map[string]any]json.Marshaler{&object: deviceKeys(t, d), &signed: signature.Object()} {
		text, err := from.MarshalJSON()
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, to))
	}
	for user, list := range signed["signatures"].(map[string]any) {
		maps.Copy(object["signatures"].(map[string]any)[user].(map[string]any), list.(map[string]any))
	}
	text, err := json.Marshal(object)
	require.NoError(t, err)
	k, err := crosssigning.ParseDeviceKeys(text)
	require.NoError(t, err)
	return k
}

// TestAttack_V20_WhoseSignature: which signatures make a backup one's own.
func TestAttack_V20_WhoseSignature(t *testing.T) {
	key := backupKey(t, 1)
	bare := authData(t, key)
	p, i := privateKeys(t, 20)
	evil, evilIdentity := privateKeys(t, 30)
	compared := local(t, alice, "COMPARED", 40)
	unverified := local(t, alice, "UNVERIFIED", 41)
	clash := local(t, alice, i.MasterKey().String(), 42)

	own := user(t, i, deviceKeys(t, compared), deviceKeys(t, unverified))
	proven := crosssigning.NewSelf(own, crosssigning.Pin{}, crosssigning.Proof{Private: p})
	unproven := crosssigning.NewSelf(own, crosssigning.Pin{}, crosssigning.Proof{})
	marks := func(id string) crosssigning.Mark {
		if id == "COMPARED" {
			return crosssigning.Mark{Compared: compared.Ed25519}
		}
		return crosssigning.Mark{}
	}
	evidence := backup.Evidence{Own: own, Self: proven, Marks: marks}
	signed := local(t, alice, "SIGNED", 43)
	withSigned := user(t, i, crossSign(t, p, signed))
	knowsSigned := backup.Evidence{Own: withSigned, Self: crosssigning.NewSelf(withSigned, crosssigning.Pin{}, crosssigning.Proof{Private: p})}

	master, err := bare.Sign(p, key.PublicKey())
	require.NoError(t, err)
	byEvil, err := bare.Sign(evil, key.PublicKey())
	require.NoError(t, err)
	sign := func(a backup.AuthData, d crosssigning.LocalDevice) backup.AuthData {
		signed, err := a.SignDevice(deviceKeys(t, d), d.Signer)
		require.NoError(t, err)
		return signed
	}
	parse := func(text string) backup.AuthData {
		a, err := backup.ParseAuthData([]byte(text))
		require.NoError(t, err)
		return a
	}
	text := func(a backup.AuthData) string {
		b, err := a.MarshalJSON()
		require.NoError(t, err)
		return string(b)
	}
	otherKey := strings.Replace(text(master), bare.PublicKey().String(), curveKey(t, 2).String(), 1)

	for name, c := range map[string]struct {
		auth     backup.AuthData
		evidence backup.Evidence
		want     backup.Trust
	}{
		"no signature":                   {bare, evidence, backup.Untrusted},
		"absent":                         {backup.AuthData{}, evidence, backup.Untrusted},
		"master":                         {master, evidence, backup.SignedByMaster},
		"master, nothing known":          {master, backup.Evidence{}, backup.Untrusted},
		"master, identity unproven":      {master, backup.Evidence{Own: own, Self: unproven}, backup.Untrusted},
		"master, no self":                {master, backup.Evidence{Own: own}, backup.Untrusted},
		"master, no user":                {master, backup.Evidence{Self: proven}, backup.Untrusted},
		"another identity's master":      {byEvil, evidence, backup.Untrusted},
		"server's own identity":          {byEvil, backup.Evidence{Own: user(t, evilIdentity), Self: crosssigning.NewSelf(user(t, evilIdentity), crosssigning.Pin{Master: i.MasterKey(), Verified: true}, crosssigning.Proof{})}, backup.Untrusted},
		"compared device":                {sign(bare, compared), evidence, backup.SignedByDevice},
		"compared device, no marks":      {sign(bare, compared), backup.Evidence{Own: own, Self: proven}, backup.Untrusted},
		"cross-signed device":            {sign(bare, signed), knowsSigned, backup.SignedByDevice},
		"cross-signed, not proven":       {sign(bare, signed), backup.Evidence{Own: withSigned, Self: crosssigning.NewSelf(withSigned, crosssigning.Pin{}, crosssigning.Proof{})}, backup.Untrusted},
		"cross-signed, Self knows not":   {sign(bare, signed), backup.Evidence{Own: withSigned, Self: proven}, backup.Untrusted},
		"cross-signed and blocked":       {sign(bare, signed), backup.Evidence{Own: withSigned, Self: knowsSigned.Self, Marks: func(string) crosssigning.Mark { return crosssigning.Mark{Blocked: true} }}, backup.Untrusted},
		"unverified device":              {sign(bare, unverified), evidence, backup.Untrusted},
		"device with the master's id":    {sign(bare, clash), evidence, backup.Untrusted},
		"device of that id is listed":    {sign(bare, clash), backup.Evidence{Own: user(t, i, deviceKeys(t, clash)), Self: proven, Marks: marks}, backup.Untrusted},
		"master, but such a device":      {master, backup.Evidence{Own: user(t, i, deviceKeys(t, clash)), Self: proven}, backup.Untrusted},
		"same id, other keys":            {sign(bare, local(t, alice, "COMPARED", 50)), evidence, backup.Untrusted},
		"other user's device":            {sign(bare, local(t, "@bob:example.org", "COMPARED", 40)), evidence, backup.Untrusted},
		"both":                           {sign(master, compared), evidence, backup.SignedByMaster},
		"good beside bad":                {sign(sign(bare, unverified), compared), evidence, backup.SignedByDevice},
		"signature over another key":     {parse(otherKey), evidence, backup.Untrusted},
		"member added":                   {parse(strings.Replace(text(master), "{", `{"a":1,`, 1)), evidence, backup.Untrusted},
		"this device":                    {sign(bare, compared), backup.Evidence{Device: deviceKeys(t, compared)}, backup.SignedByDevice},
		"this device, not signed":        {bare, backup.Evidence{Device: deviceKeys(t, compared)}, backup.Untrusted},
		"private key":                    {bare, backup.Evidence{PrivateKey: key}, backup.FromPrivateKey},
		"another private key":            {bare, backup.Evidence{PrivateKey: backupKey(t, 2)}, backup.Untrusted},
		"private key of another backup":  {parse(otherKey), backup.Evidence{PrivateKey: key}, backup.Untrusted},
		"private key and bad signatures": {byEvil, backup.Evidence{Own: own, Self: proven, PrivateKey: key}, backup.FromPrivateKey},
	} {
		verdict := c.auth.Judge(c.evidence)
		require.Equal(t, c.want, verdict.Trust(), name)
		if c.want == backup.Untrusted {
			requireUntrusted(t, verdict)
		} else {
			r, err := verdict.Recipient()
			require.NoError(t, err, name)
			require.Equal(t, c.auth.PublicKey(), r.PublicKey())
		}
		require.Equal(t, c.want == backup.FromPrivateKey, verdict.MatchesPrivateKey())
		require.Equal(t, c.want == backup.SignedByMaster, verdict.SignedByMaster())
		require.NotEmpty(t, verdict.Trust().String())
	}
	require.Equal(t, []string{"COMPARED"}, sign(master, compared).Judge(evidence).SignedBy())
	both := evidence
	both.Device = deviceKeys(t, compared)
	require.Equal(t, []string{"COMPARED"}, sign(bare, compared).Judge(both).SignedBy(), "once")
	require.Equal(t, backup.Untrusted, backup.Verdict{}.Trust())
}

// requireUntrusted asserts that nothing can be encrypted under a verdict.
func requireUntrusted(t testing.TB, v backup.Verdict) {
	t.Helper()
	err := mustFail(t, func() error {
		r, err := v.Recipient()
		require.True(t, r.PublicKey().IsZero())
		return err
	})
	require.ErrorIs(t, err, backup.ErrUntrusted)
}

// versionFails parses a version, which must fail.
func versionFails(t testing.TB, text string) error {
	t.Helper()
	return mustFail(t, func() error { _, err := backup.ParseVersion([]byte(text)); return err }, failtest.Input(text))
}

// TestAttack_V20_AlgorithmChanged: a version of another algorithm is none.
func TestAttack_V20_AlgorithmChanged(t *testing.T) {
	a := authData(t, backupKey(t, 1))
	body, err := a.VersionBody()
	require.NoError(t, err)
	good := strings.Replace(string(body), "{", `{"version":"7","etag":"x","count":42,`, 1)
	v, err := backup.ParseVersion([]byte(good))
	require.NoError(t, err)
	require.Equal(t, backup.Version{ID: "7", ETag: "x", Count: 42, AuthData: a}, v)
	for _, algorithm := range []string{"", "m.megolm_backup.v1.curve25519-aes-sha2 ", "m.megolm_backup.v1", "org.example"} {
		require.ErrorIs(t, versionFails(t, strings.Replace(good, backup.Algorithm, algorithm, 1)), backup.ErrAlgorithm)
	}
	var malformed *backup.MalformedError
	for _, bad := range []string{
		"", "[]", strings.Replace(good, `"7"`, `7`, 1), strings.Replace(good, `"version"`, `"Version"`, 1), strings.Replace(good, "42", "-1", 1),
		strings.Replace(good, `"x"`, `[]`, 1), strings.Replace(good, "auth_data", "a", 1), strings.Replace(good, `"etag"`, `"version":"8","etag"`, 1),
		strings.Replace(good, `"`+backup.Algorithm+`"`, "1", 1),
	} {
		require.ErrorAs(t, versionFails(t, bad), &malformed, bad)
	}
}

// TestAttack_V19_NewBackup: nothing can be encrypted to a backup that is not
// trusted: there is no other way to a Recipient than a verdict.
func TestAttack_V19_NewBackup(t *testing.T) {
	attackers := authData(t, backupKey(t, 66))
	verdict := attackers.Judge(backup.Evidence{PrivateKey: backupKey(t, 1)})
	requireUntrusted(t, verdict)
	r, _ := verdict.Recipient()
	e := entry(t, 1)
	require.ErrorIs(t, mustFail(t, func() error { _, err := r.Encrypt(e, true); return err }), keys.ErrAbsent)
}

// TestAttack_P35_KeyIsChecked: a private key is compared with the public key.
func TestAttack_P35_KeyIsChecked(t *testing.T) {
	key := backupKey(t, 1)
	a := authData(t, key)
	require.NoError(t, a.CheckKey(key))
	// As secret storage and other devices have it (m.megolm_backup.v1).
	text, err := key.SecretText()
	require.NoError(t, err)
	for _, text := range []string{string(text), string(text) + "="} {
		stored, err := pk.ParseDecryptionKey([]byte(text))
		require.NoError(t, err)
		require.NoError(t, a.CheckKey(stored))
	}
	b, err := key.Secret()
	require.NoError(t, err)
	for i := range len(b) * 8 {
		if i < 3 || i >= 31*8+6 {
			continue // bits that X25519 does not look at
		}
		c := b
		c[i/8] ^= 1 << (i % 8)
		other, err := pk.NewDecryptionKey(c[:])
		require.NoError(t, err)
		require.ErrorIs(t, mustFail(t, func() error { return a.CheckKey(other) }, failtest.Secret(c[:])), backup.ErrWrongKey)
	}
	err = mustFail(t, func() error { return backup.AuthData{}.CheckKey(key) }, failtest.Secret(b[:]))
	require.ErrorIs(t, err, backup.ErrWrongKey)
}

// TestAttack_G10_RecoveryKey: the text form of a backup decryption key.
func TestAttack_G10_RecoveryKey(t *testing.T) {
	key := backupKey(t, 1)
	text, err := backup.RecoveryKey(key)
	require.NoError(t, err)
	require.Len(t, strings.Fields(string(text)), 12)
	got, err := backup.ParseRecoveryKey([]byte("\n" + strings.ReplaceAll(string(text), " ", "\t")))
	require.NoError(t, err)
	require.Equal(t, key.PublicKey(), got.PublicKey())
	text[3]++
	mustFail(t, func() error { _, err := backup.ParseRecoveryKey(text); return err }, failtest.Secret(text))
	key.Close()
	err = mustFail(t, func() error { _, err := backup.RecoveryKey(key); return err }, failtest.Secret(text))
	require.ErrorIs(t, err, pk.ErrClosed)
}

// TestAttack_V20_KeyIsNoBackup: another object that our device or master key
// signed, which a server can have made look like a backup's, makes none.
func TestAttack_V20_KeyIsNoBackup(t *testing.T) {
	key := backupKey(t, 1)
	p, i := privateKeys(t, 20)
	device := local(t, alice, "COMPARED", 40)
	own := user(t, i, deviceKeys(t, device))
	evidence := backup.Evidence{
		Own: own, Self: crosssigning.NewSelf(own, crosssigning.Pin{}, crosssigning.Proof{Private: p}),
		Marks:  func(string) crosssigning.Mark { return crosssigning.Mark{Compared: device.Ed25519} },
		Device: deviceKeys(t, device),
	}
	for _, member := range []string{`"usage":["master"],`, `"user_id":"@alice:example.org",`, `"device_id":"X",`, `"keys":{},`, `"key":"x",`, ``} {
		object, err := crosssigning.ParseObject([]byte(`{` + member + `"public_key":"` + key.PublicKey().String() + `"}`))
		require.NoError(t, err)
		signed, err := object.Sign(alice, crosssigning.DeviceKeyID("COMPARED"), device.Signer)
		require.NoError(t, err)
		text, err := signed.MarshalJSON()
		require.NoError(t, err)
		a, err := backup.ParseAuthData(text)
		require.NoError(t, err)
		want := backup.Untrusted
		if member == "" {
			want = backup.SignedByDevice
		}
		verdict := a.Judge(evidence)
		require.Equal(t, want, verdict.Trust(), "with %s", member)
		if want == backup.Untrusted {
			requireUntrusted(t, verdict)
		}
	}
}

// TestAttack_V20_OtherAnswer: Self is of an answer that was right, and Own of
// one in which the server has put keys of its own.
func TestAttack_V20_OtherAnswer(t *testing.T) {
	key := backupKey(t, 66)
	bare := authData(t, key)
	p, i := privateKeys(t, 20)
	evil, evilIdentity := privateKeys(t, 30)
	good := local(t, alice, "COMPARED", 40)
	bad := local(t, alice, "COMPARED", 50)
	own := user(t, i, crossSign(t, p, good))
	self := crosssigning.NewSelf(own, crosssigning.Pin{}, crosssigning.Proof{Private: p})
	marks := func(string) crosssigning.Mark { return crosssigning.Mark{Compared: good.Ed25519} }

	byMaster, err := bare.Sign(evil, key.PublicKey())
	require.NoError(t, err)
	byDevice, err := bare.SignDevice(deviceKeys(t, bad), bad.Signer)
	require.NoError(t, err)
	for name, now := range map[string]*crosssigning.User{
		"identity": user(t, evilIdentity), "device": user(t, i, deviceKeys(t, bad)),
		"both": user(t, evilIdentity, deviceKeys(t, bad)), "cross-signed": user(t, evilIdentity, crossSign(t, evil, bad)), "no identity": user(t, nil, deviceKeys(t, bad)),
	} {
		for _, a := range []backup.AuthData{byMaster, byDevice} {
			for _, marks := range []func(string) crosssigning.Mark{marks, nil} {
				v := a.Judge(backup.Evidence{Own: now, Self: self, Marks: marks})
				require.Equal(t, backup.Untrusted, v.Trust(), name)
				requireUntrusted(t, v)
			}
		}
	}
}
