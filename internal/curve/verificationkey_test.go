package curve_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/curve"
)

// A verification key is one that was checked, or that belongs to a private key.
func TestVerificationKey(t *testing.T) {
	k := curve.SigningKeyFromSeed(&[curve.Size]byte{1})
	public := k.PublicKey()
	checked, err := curve.NewVerificationKey(public[:])
	require.NoError(t, err)
	require.Equal(t, k.VerificationKey(), checked)
	require.Equal(t, public, checked.Array())

	newKey := func(b []byte) error {
		got, err := curve.NewVerificationKey(b)
		require.Equal(t, err == nil, got != curve.VerificationKey{})
		return err
	}
	canonical, others := smallOrderEncodings(t)
	for _, b := range append(canonical, others...) {
		require.Equal(t, checkFails(t, curve.CheckEd25519, b), checkFails(t, newKey, b))
	}
	for _, b := range [][]byte{nil, public[:31], append(public[:], 0)} {
		require.Equal(t, curve.ErrLength, checkFails(t, newKey, b))
	}
}
