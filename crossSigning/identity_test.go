package crosssigning_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
)

func TestUsage(t *testing.T) {
	t.Parallel()
	require.Equal(t, "m.cross_signing.master", crosssigning.Master.SecretName())
	require.Equal(t, "m.cross_signing.self_signing", crosssigning.SelfSigning.SecretName())
	require.Equal(t, "m.cross_signing.user_signing", crosssigning.UserSigning.SecretName())
	for _, none := range []crosssigning.Usage{0, 4, 255} {
		require.Empty(t, none.String()+none.SecretName())
	}
}

// Row E2.
func TestParsePublicKey(t *testing.T) {
	t.Parallel()
	i := identity(t, privateKeys(t, alice, 1))
	k := i.Key(crosssigning.SelfSigning)
	again, err := crosssigning.ParsePublicKey(marshal(t, k), alice, crosssigning.SelfSigning)
	require.NoError(t, err)
	require.Equal(t, k, again)
	require.Equal(t, alice, k.UserID())
	require.Equal(t, crosssigning.SelfSigning, k.Usage())
	require.Equal(t, k.Object(), again.Object())

	key, other := k.Key().String(), newSigner(seed(9, 9)).public().String()
	var malformed *crosssigning.MalformedError
	for name, change := range map[string]func(o object){
		"no user":       func(o object) { delete(o, "user_id") },
		"no usage":      func(o object) { delete(o, "usage") },
		"usage is text": func(o object) { o["usage"] = "self_signing" },
		"no usages":     func(o object) { o["usage"] = []any{} },
		"other usage":   func(o object) { o["usage"] = []any{"master"} },
		"two usages":    func(o object) { o["usage"] = []any{"self_signing", "master"} },
		"usage twice":   func(o object) { o["usage"] = []any{"self_signing", "self_signing"} },
		"no keys":       func(o object) { delete(o, "keys") },
		"empty keys":    func(o object) { o["keys"] = object{} },
		"keys is text":  func(o object) { o["keys"] = key },
		"two keys":      func(o object) { o["keys"] = object{"ed25519:" + key: key, "ed25519:" + other: other} },
		"id of another": func(o object) { o["keys"] = object{"ed25519:" + other: key} },
		"id without":    func(o object) { o["keys"] = object{key: key} },
		"padded id":     func(o object) { o["keys"] = object{"ed25519:" + key + "=": key + "="} },
		"other kind":    func(o object) { o["keys"] = object{"curve25519:" + key: key} },
		"no string":     func(o object) { o["keys"] = object{"ed25519:" + key: 1} },
		"small order":   func(o object) { o["keys"] = object{"ed25519:AQ": "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"} },
	} {
		o := decode(t, k)
		change(o)
		_, err := crosssigning.ParsePublicKey(marshal(t, o), alice, crosssigning.SelfSigning)
		require.ErrorAs(t, err, &malformed, name)
	}
	_, err = crosssigning.ParsePublicKey([]byte(`[]`), alice, crosssigning.Master)
	require.ErrorAs(t, err, &malformed)
	_, err = crosssigning.ParsePublicKey(marshal(t, k), alice, 0)
	require.ErrorAs(t, err, &malformed)
	_, err = crosssigning.ParsePublicKey(marshal(t, k), bob, crosssigning.SelfSigning)
	var wrong *crosssigning.IDError
	require.ErrorAs(t, err, &wrong)
	require.Equal(t, &crosssigning.IDError{What: "user_id", Want: bob, Got: alice}, wrong)
}

func TestNewIdentity(t *testing.T) {
	t.Parallel()
	p := privateKeys(t, alice, 1)
	i := identity(t, p)
	master, ssk, usk := i.Key(crosssigning.Master), i.Key(crosssigning.SelfSigning), i.Key(crosssigning.UserSigning)
	require.Nil(t, i.Key(0))
	require.Equal(t, alice, i.UserID())
	require.Equal(t, p.PublicKey(crosssigning.Master), i.MasterKey())
	for _, some := range [][2]*crosssigning.PublicKey{{nil, nil}, {ssk, nil}, {nil, usk}, {ssk, usk}} {
		got, err := crosssigning.NewIdentity(master, some[0], some[1])
		require.NoError(t, err)
		require.Equal(t, some[0], got.Key(crosssigning.SelfSigning))
		require.Equal(t, some[1], got.Key(crosssigning.UserSigning))
	}
	edit := func(k *crosssigning.PublicKey, change func(o object)) *crosssigning.PublicKey {
		o := decode(t, k)
		change(o)
		k, err := crosssigning.ParsePublicKey(marshal(t, o), o["user_id"].(string), k.Usage())
		require.NoError(t, err)
		return k
	}
	unsigned := func(k *crosssigning.PublicKey) *crosssigning.PublicKey {
		return edit(k, func(o object) { delete(o, "signatures") })
	}
	changed := func(k *crosssigning.PublicKey) *crosssigning.PublicKey {
		return edit(k, func(o object) { o["x"] = 1 })
	}
	foreign := identity(t, privateKeys(t, alice, 2))
	bobs := identity(t, privateKeys(t, bob, 1))
	for name, test := range map[string]struct {
		master, ssk, usk *crosssigning.PublicKey
		is               error
	}{
		"unsigned ssk": {master, unsigned(ssk), nil, crosssigning.ErrUnsigned},
		"unsigned usk": {master, ssk, unsigned(usk), crosssigning.ErrUnsigned},
		"changed ssk":  {master, changed(ssk), nil, crosssigning.ErrSignature},
		"changed usk":  {master, nil, changed(usk), crosssigning.ErrSignature},
		"foreign ssk":  {master, foreign.Key(crosssigning.SelfSigning), nil, crosssigning.ErrUnsigned},
		"foreign msk":  {foreign.Key(crosssigning.Master), ssk, nil, crosssigning.ErrUnsigned},
	} {
		_, err := crosssigning.NewIdentity(test.master, test.ssk, test.usk)
		require.ErrorIs(t, err, test.is, name)
	}
	var malformed *crosssigning.MalformedError
	for name, test := range map[string][3]*crosssigning.PublicKey{
		"no master": {nil, ssk, usk}, "master is another": {ssk, nil, nil}, "swapped": {master, usk, ssk},
		"ssk for usk": {master, nil, ssk}, "usk for ssk": {master, usk, nil}, "master twice": {master, master, nil},
	} {
		_, err := crosssigning.NewIdentity(test[0], test[1], test[2])
		require.ErrorAs(t, err, &malformed, name)
	}
	var wrong *crosssigning.IDError
	_, err := crosssigning.NewIdentity(master, bobs.Key(crosssigning.SelfSigning), nil)
	require.ErrorAs(t, err, &wrong, "another user's key, of the same private key")

	// One key in two roles could pass what one role signed off as the other's.
	double := func(m, s, u byte) error {
		p, err := crosssigning.NewPrivateKeys(alice, crosssigning.Seeds{}.With(crosssigning.Master, seed(m, 1)).With(crosssigning.SelfSigning, seed(s, 1)).With(crosssigning.UserSigning, seed(u, 1)))
		require.NoError(t, err)
		_, err = p.Identity()
		return err
	}
	require.NoError(t, double(1, 2, 3))
	for _, equal := range [][3]byte{{1, 1, 2}, {1, 2, 1}, {1, 2, 2}} {
		require.ErrorAs(t, double(equal[0], equal[1], equal[2]), &malformed)
	}
}

// Row E3: each link of the chain, and nothing else, carries.
func TestWhatSignsWhat(t *testing.T) {
	t.Parallel()
	a, b := privateKeys(t, alice, 1), privateKeys(t, bob, 2)
	ia, ib := identity(t, a), identity(t, b)
	device := deviceKeys(t, localDevice(t, bob, "DEV", 3))
	require.ErrorIs(t, ib.VerifyDevice(device), crosssigning.ErrUnsigned)
	signed := signDevice(t, b, device)
	require.NoError(t, ib.VerifyDevice(signed))
	var wrong *crosssigning.IDError
	require.ErrorAs(t, ia.VerifyDevice(signed), &wrong)
	require.ErrorIs(t, identity(t, privateKeys(t, bob, 4)).VerifyDevice(signed), crosssigning.ErrUnsigned)
	noSSK, err := crosssigning.NewIdentity(ib.Key(crosssigning.Master), nil, nil)
	require.NoError(t, err)
	require.ErrorIs(t, noSSK.VerifyDevice(signed), crosssigning.ErrUnsigned)

	require.ErrorIs(t, ia.VerifyUser(ib), crosssigning.ErrUnsigned)
	signature, err := a.SignUser(newUser(t, bob, ib), ib.MasterKey())
	require.NoError(t, err)
	known := withSignature(t, ib, signature)
	require.NoError(t, ia.VerifyUser(known))
	require.ErrorIs(t, ib.VerifyUser(ia), crosssigning.ErrUnsigned, "trust is not mutual")
	require.ErrorIs(t, identity(t, privateKeys(t, alice, 5)).VerifyUser(known), crosssigning.ErrUnsigned)
	noUSK, err := crosssigning.NewIdentity(ia.Key(crosssigning.Master), ia.Key(crosssigning.SelfSigning), nil)
	require.NoError(t, err)
	require.ErrorIs(t, noUSK.VerifyUser(known), crosssigning.ErrUnsigned)
	var malformed *crosssigning.MalformedError
	require.ErrorAs(t, ia.VerifyUser(ia), &malformed)
}

func TestNewUser(t *testing.T) {
	t.Parallel()
	p := privateKeys(t, alice, 1)
	i := identity(t, p)
	one := signDevice(t, p, deviceKeys(t, localDevice(t, alice, "ONE", 1)))
	two := deviceKeys(t, localDevice(t, alice, "TWO", 2))
	u := newUser(t, alice, i, two, one)
	require.Equal(t, alice, u.ID())
	require.Equal(t, i, u.Identity())
	require.NoError(t, u.Err())
	require.Equal(t, []string{"ONE", "TWO"}, deviceIDs(u))
	require.Equal(t, one, u.Device("ONE"))
	require.Nil(t, u.Device("one"))
	require.True(t, u.CrossSigned("ONE"))
	require.False(t, u.CrossSigned("TWO") || u.CrossSigned("x"))
	u.Devices()[0] = two
	require.Equal(t, one, u.Devices()[0])
	require.False(t, newUser(t, alice, nil, one).CrossSigned("ONE"))

	var wrong *crosssigning.IDError
	_, err := crosssigning.NewUser(bob, i)
	require.ErrorAs(t, err, &wrong)
	_, err = crosssigning.NewUser(bob, nil, one)
	require.ErrorAs(t, err, &wrong)
	var malformed *crosssigning.MalformedError
	_, err = crosssigning.NewUser(alice, i, one, two, one)
	require.ErrorAs(t, err, &malformed)
}
