package conformance_test

import (
	"crypto/rand"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/testvectors/conformance"
)

// TestCryptoRand holds that exactly the given bytes must be taken, and that the
// true source is back afterwards.
func TestCryptoRand(t *testing.T) {
	before := rand.Reader
	for take, good := range map[int]bool{0: false, 3: false, 4: true, 5: false} {
		var r conformance.CryptoRand
		require.NoError(t, r.BeginRandom([]byte{1, 2, 3, 4}))
		require.Error(t, r.BeginRandom(nil), "twice")
		b := make([]byte, take)
		_, err := rand.Read(b)
		require.NoError(t, err)
		require.Equal(t, []byte{1, 2, 3, 4}[:min(take, 4)], b[:min(take, 4)])
		err = r.EndRandom()
		require.Equal(t, good, err == nil, "%d bytes taken: %v", take, err)
		require.Error(t, r.EndRandom(), "twice")
		require.Equal(t, before, rand.Reader)
	}
}
