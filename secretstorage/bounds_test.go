package secretstorage_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/secretstorage"
)

// The rounds are 1 to 10000000, whatever remains of them in an int of 32 bits.
func TestRounds(t *testing.T) {
	for rounds, taken := range map[int64]bool{
		1: true, 10_000_000: true, 0: false, -1: false, 10_000_001: false, 1<<32 + 1000: false, -(1 << 32) + 1000: false, 1<<33 + 1: false,
	} {
		d := description(t, fmt.Sprintf(`,"passphrase":{"algorithm":"m.pbkdf2","salt":"x","iterations":%d}`, rounds))
		p, err := d.Passphrase()
		require.Equal(t, taken, err == nil, "%d", rounds)
		if taken {
			require.EqualValues(t, rounds, p.Iterations)
		}
	}
}

// The JSON of the longest secret is read, and every one is written into an array
// of just its length.
func TestSealedJSONFits(t *testing.T) {
	for _, n := range []int{1, 2, 3, 100, secretstorage.MaxSecretSize} {
		sealed := secretstorage.Sealed{Ciphertext: make([]byte, n)}
		b, err := sealed.MarshalJSON()
		require.NoError(t, err)
		require.Equal(t, len(b), cap(b))
		var got secretstorage.Sealed
		require.NoError(t, json.Unmarshal(b, &got))
		require.Equal(t, sealed, got)
	}
}
