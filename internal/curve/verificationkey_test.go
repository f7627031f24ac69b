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

	canonical, others := smallOrderEncodings(t)
	for _, b := range append(canonical, others...) {
		want := curve.CheckEd25519(b)
		require.Error(t, want)
		got, err := curve.NewVerificationKey(b)
		require.Equal(t, want, err)
		require.Equal(t, curve.VerificationKey{}, got)
	}
	for _, b := range [][]byte{nil, public[:31], append(public[:], 0)} {
		_, err := curve.NewVerificationKey(b)
		require.Error(t, err)
	}
}
