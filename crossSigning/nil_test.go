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
	none := new(crosssigning.Identity)
	for _, i := range []*crosssigning.Identity{nil, none} {
		require.Empty(t, i.UserID())
		require.True(t, i.MasterKey().IsZero())
		for usage := crosssigning.Master; usage <= crosssigning.UserSigning; usage++ {
			require.Nil(t, i.Key(usage))
			require.True(t, i.Key(usage).Key().IsZero())
		}
		object := deviceKeys(t, localDevice(t, alice, "DEV", 1)).Object()
		require.Error(t, i.VerifyObject(object))
		require.Error(t, i.VerifyBackup(object))
		require.Error(t, i.VerifyDevice(nil))
		require.Error(t, i.VerifyDevice(deviceKeys(t, localDevice(t, alice, "DEV", 1))))
		require.Error(t, i.VerifyUser(nil))
		_, err := i.DeviceSigningUpload(nil)
		require.Error(t, err)
	}

	var k *crosssigning.PublicKey
	require.Empty(t, k.UserID())
	require.Zero(t, k.Usage())
	require.True(t, k.Object().IsZero())
	_, err := k.MarshalJSON()
	require.ErrorIs(t, err, keys.ErrAbsent)

	var d *crosssigning.DeviceKeys
	require.Empty(t, d.UserID()+d.DeviceID()+d.DisplayName())
	require.True(t, d.Ed25519().IsZero())
	require.True(t, d.Curve25519().IsZero())
	require.False(t, d.Dehydrated())
	require.False(t, d.Supports("m.olm.v1.curve25519-aes-sha2"))
	require.False(t, d.SameKeys(deviceKeys(t, localDevice(t, alice, "DEV", 1))))
	require.False(t, d.SameKeys(nil))
	_, err = d.MarshalJSON()
	require.ErrorIs(t, err, keys.ErrAbsent)
	object := deviceKeys(t, localDevice(t, alice, "DEV", 1)).Object()
	require.Error(t, d.VerifyObject(object))
	require.Error(t, d.VerifyBackup(object))

	private, err := crosssigning.GeneratePrivateKeys(alice)
	require.NoError(t, err)
	_, err = private.SignDevice(nil, d.Ed25519())
	require.ErrorIs(t, err, keys.ErrAbsent)
	_, err = private.SignUser(nil, k.Key())
	require.ErrorIs(t, err, keys.ErrAbsent)
	_, err = localDevice(t, alice, "DEV", 1).SignMaster(nil, k.Key())
	require.Error(t, err)
}
