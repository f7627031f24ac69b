package mautrixolm

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestConvert: an error is both, whatever it stands in, and what has no name
// at mautrix stays as it is.
func TestConvert(t *testing.T) {
	for _, pair := range sentinels {
		for _, in := range []input{ofPickle, ofMessage, ofKey} {
			got := in.convert(errors.Join(errors.New("in a list"), pair.chappe))
			require.ErrorIs(t, got, pair.mautrix)
			require.ErrorIs(t, got, pair.chappe)
		}
	}
	require.NoError(t, ofPickle.convert(nil))
	other := errors.New("other")
	require.Equal(t, other, ofMessage.convert(other))
}
