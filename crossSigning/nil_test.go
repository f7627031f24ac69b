package crosssigning_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/keys"
)

// What a server leaves out is nil further on. It yields zero values and errors:
// a response must not end the program.
func TestNil(t *testing.T) {
	none, device := new(crosssigning.Identity), deviceKeys(t, localDevice(t, alice, "DEV", 1))
	object := device.Object()
	for _, i := range []*crosssigning.Identity{nil, none} {
		require.Empty(t, i.UserID())
		require.True(t, i.MasterKey().IsZero())
		for usage := crosssigning.Master; usage <= crosssigning.UserSigning; usage++ {
			require.Nil(t, i.Key(usage))
			require.True(t, i.Key(usage).Key().IsZero())
		}
		for _, call := range []func() error{
			func() error { return i.VerifyObject(object) },
			func() error { return i.VerifyBackup(object) },
			func() error { return i.VerifyDevice(nil) },
			func() error { return i.VerifyDevice(device) },
			func() error { return i.VerifyUser(nil) },
			func() error { return i.VerifyUser(identity(t, privateKeys(t, bob, 2))) },
			func() error { return errorOf(i.DeviceSigningUpload(nil)) },
		} {
			refused(t, call, i, device)
		}
	}

	var k *crosssigning.PublicKey
	require.Empty(t, k.UserID())
	require.Zero(t, k.Usage())
	require.True(t, k.Object().IsZero())
	refusedWith(t, keys.ErrAbsent, func() error { return errorOf(k.MarshalJSON()) })

	var d *crosssigning.DeviceKeys
	require.Empty(t, d.UserID()+d.DeviceID()+d.DisplayName())
	require.True(t, d.Ed25519().IsZero())
	require.True(t, d.Curve25519().IsZero())
	require.False(t, d.Dehydrated())
	require.False(t, d.Supports("m.olm.v1.curve25519-aes-sha2"))
	require.False(t, d.SameKeys(device))
	require.False(t, d.SameKeys(nil))
	refusedWith(t, keys.ErrAbsent, func() error { return errorOf(d.MarshalJSON()) })
	refused(t, func() error { return d.VerifyObject(object) }, object)
	refused(t, func() error { return d.VerifyBackup(object) }, object)

	private, err := crosssigning.GeneratePrivateKeys(alice)
	require.NoError(t, err)
	refusedWith(t, keys.ErrAbsent, func() error { return errorOf(private.SignDevice(nil, d.Ed25519())) }, private)
	refusedWith(t, keys.ErrAbsent, func() error { return errorOf(private.SignUser(nil, k.Key())) }, private)
	local := localDevice(t, alice, "DEV", 1)
	refused(t, func() error { return errorOf(local.SignMaster(nil, k.Key())) }, local)
}
