package megolm_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/b64"
	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/megolm"
)

// A fault of a message's length is told as what it is, at its very bound.
func TestMessageLengths(t *testing.T) {
	const most = megolm.MaxPlaintextSize + 256
	long := make([]byte, most+1)
	long[0] = 3
	for why, b := range map[string][]byte{"empty": {}, "bad field tag": long[:most], "too long": long} {
		text := b64.Encode(b)
		for _, parse := range []func() error{
			func() error { _, err := megolm.NewMessage(b); return err },
			func() error { _, err := megolm.ParseMessage(text); return err },
			func() error { return new(megolm.Message).UnmarshalText([]byte(text)) },
		} {
			malformed := failtest.RefusedAs[*megolm.MalformedError](t, parse, failtest.Input(b))
			require.Equal(t, why, malformed.Why, "%d bytes", len(b))
		}
	}
}
