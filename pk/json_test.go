package pk_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/pk"
)

// The JSON of a message is written into an array of just its length.
func TestMessageJSONFits(t *testing.T) {
	key, err := keys.NewCurve25519([]byte("a key of 32 bytes, for a test..."))
	require.NoError(t, err)
	for n := 16; n <= 160; n += 16 {
		b, err := pk.Message{Ciphertext: make([]byte, n), Ephemeral: key}.MarshalJSON()
		require.NoError(t, err)
		require.Equal(t, len(b), cap(b))
	}
}
