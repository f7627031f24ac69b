package crosssigning_test

import (
	"strings"
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
	const usage, id, count = "usage is not this one alone", "the key's id is not the key", "not exactly one key"
	for _, test := range map[string]struct {
		why    string
		change func(o object)
	}{
		"no user":       {"user_id is not a string", func(o object) { delete(o, "user_id") }},
		"no usage":      {usage, func(o object) { delete(o, "usage") }},
		"usage is text": {usage, func(o object) { o["usage"] = "self_signing" }},
		"no usages":     {usage, func(o object) { o["usage"] = []any{} }},
		"other usage":   {usage, func(o object) { o["usage"] = []any{"master"} }},
		"two usages":    {usage, func(o object) { o["usage"] = []any{"self_signing", "master"} }},
		"usage twice":   {usage, func(o object) { o["usage"] = []any{"self_signing", "self_signing"} }},
		"no keys":       {count, func(o object) { delete(o, "keys") }},
		"empty keys":    {count, func(o object) { o["keys"] = object{} }},
		"keys is text":  {count, func(o object) { o["keys"] = key }},
		"two keys":      {count, func(o object) { o["keys"] = object{"ed25519:" + key: key, "ed25519:" + other: other} }},
		"one behind":    {count, func(o object) { o["keys"] = object{"ed25519:" + key: key, "x": "?"} }},
		"id of another": {id, func(o object) { o["keys"] = object{"ed25519:" + other: key} }},
		"id without":    {id, func(o object) { o["keys"] = object{key: key} }},
		"padded id":     {id, func(o object) { o["keys"] = object{"ed25519:" + key + "=": key + "="} }},
		"other kind":    {id, func(o object) { o["keys"] = object{"curve25519:" + key: key} }},
		"no string":     {"Ed25519", func(o object) { o["keys"] = object{"ed25519:" + key: 1} }},
		"nothing":       {"Ed25519", func(o object) { o["keys"] = object{"ed25519:": ""} }},
		"small order":   {"Ed25519", func(o object) { o["keys"] = object{"ed25519:AQ": "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"} }},
	} {
		o := decode(t, k)
		test.change(o)
		text := marshal(t, o)
		refusedSaying(t, test.why, func() error { return errorOf(crosssigning.ParsePublicKey(text, alice, crosssigning.SelfSigning)) }, text)
	}
	text := marshal(t, k)
	for bad, why := range map[string]string{`{`: "not valid JSON", `[]`: "not an object"} {
		refusedSaying(t, why, func() error { return errorOf(crosssigning.ParsePublicKey([]byte(bad), alice, crosssigning.Master)) }, bad)
	}
	for _, none := range []crosssigning.Usage{0, 4, 255} {
		for _, text := range [][]byte{text, []byte(strings.Replace(string(text), "self_signing", none.String(), 1))} {
			refusedSaying(t, "no such usage", func() error { return errorOf(crosssigning.ParsePublicKey(text, alice, none)) }, text)
		}
	}
	wrong := refusedAs[*crosssigning.IDError](t, func() error {
		return errorOf(crosssigning.ParsePublicKey(text, bob, crosssigning.SelfSigning))
	}, text)
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
	for _, test := range map[string]struct {
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
		refusedWith(t, test.is, func() error { return errorOf(crosssigning.NewIdentity(test.master, test.ssk, test.usk)) },
			test.master.Object(), test.ssk.Object(), test.usk.Object())
	}
	for _, test := range map[string][3]*crosssigning.PublicKey{
		"no master": {nil, ssk, usk}, "master is another": {ssk, nil, nil}, "swapped": {master, usk, ssk},
		"ssk for usk": {master, nil, ssk}, "usk for ssk": {master, usk, nil}, "master twice": {master, master, nil},
	} {
		refusedAs[*crosssigning.MalformedError](t, func() error { return errorOf(crosssigning.NewIdentity(test[0], test[1], test[2])) },
			test[0].Object(), test[1].Object(), test[2].Object())
	}
	// Another user's key, of the same private key.
	refusedAs[*crosssigning.IDError](t, func() error {
		return errorOf(crosssigning.NewIdentity(master, bobs.Key(crosssigning.SelfSigning), nil))
	}, master.Object(), bobs)

	// One key in two roles could pass what one role signed off as the other's.
	double := func(m, s, u byte) *crosssigning.PrivateKeys {
		p, err := crosssigning.NewPrivateKeys(alice, crosssigning.Seeds{}.With(crosssigning.Master, seed(m, 1)).With(crosssigning.SelfSigning, seed(s, 1)).With(crosssigning.UserSigning, seed(u, 1)))
		require.NoError(t, err)
		return p
	}
	identity(t, double(1, 2, 3))
	for _, equal := range [][3]byte{{1, 1, 2}, {1, 2, 1}, {1, 2, 2}} {
		p := double(equal[0], equal[1], equal[2])
		refusedSaying(t, "the same as the", func() error { return errorOf(p.Identity()) }, p)
	}
}

// Row E3: each link of the chain, and nothing else, carries.
func TestWhatSignsWhat(t *testing.T) {
	t.Parallel()
	a, b := privateKeys(t, alice, 1), privateKeys(t, bob, 2)
	ia, ib := identity(t, a), identity(t, b)
	device := deviceKeys(t, localDevice(t, bob, "DEV", 3))
	notBy := func(i *crosssigning.Identity, d *crosssigning.DeviceKeys) {
		t.Helper()
		refusedWith(t, crosssigning.ErrUnsigned, func() error { return i.VerifyDevice(d) }, i, d)
	}
	notBy(ib, device)
	signed := signDevice(t, b, device)
	require.NoError(t, ib.VerifyDevice(signed))
	refusedAs[*crosssigning.IDError](t, func() error { return ia.VerifyDevice(signed) }, ia, signed)
	notBy(identity(t, privateKeys(t, bob, 4)), signed)
	noSSK, err := crosssigning.NewIdentity(ib.Key(crosssigning.Master), nil, nil)
	require.NoError(t, err)
	notBy(noSSK, signed)

	notVerified := func(by, i *crosssigning.Identity) {
		t.Helper()
		refusedWith(t, crosssigning.ErrUnsigned, func() error { return by.VerifyUser(i) }, by, i)
	}
	notVerified(ia, ib)
	signature, err := a.SignUser(newUser(t, bob, ib), ib.MasterKey())
	require.NoError(t, err)
	known := withSignature(t, ib, signature)
	require.NoError(t, ia.VerifyUser(known))
	notVerified(ib, ia) // trust is not mutual
	notVerified(identity(t, privateKeys(t, alice, 5)), known)
	noUSK, err := crosssigning.NewIdentity(ia.Key(crosssigning.Master), ia.Key(crosssigning.SelfSigning), nil)
	require.NoError(t, err)
	notVerified(noUSK, known)
	refusedAs[*crosssigning.MalformedError](t, func() error { return ia.VerifyUser(ia) }, ia)
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

	refusedAs[*crosssigning.IDError](t, func() error { return errorOf(crosssigning.NewUser(bob, i)) }, i)
	refusedAs[*crosssigning.IDError](t, func() error { return errorOf(crosssigning.NewUser(bob, nil, one)) }, one)
	refusedSaying(t, "stands twice", func() error { return errorOf(crosssigning.NewUser(alice, i, one, two, one)) }, i, one, two)

	// Without an identity there is nothing that a device's id could be.
	named := deviceKeys(t, localDevice(t, alice, i.MasterKey().String(), 3))
	require.NoError(t, newUser(t, alice, nil, named).Err())
}
