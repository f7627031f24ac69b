package megolm_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/b64"
	"github.com/chappe-e2ee/chappe/internal/errs"
	"github.com/chappe-e2ee/chappe/megolm"
)

// A fault of a message's length is told as what it is, at its very bound.
func TestMessageLengths(t *testing.T) {
	const most = megolm.MaxPlaintextSize + 256
	long := make([]byte, most+1)
	long[0] = 3
	for why, b := range map[string][]byte{"empty": {}, "bad field tag": long[:most], "too long": long} {
		_, raw := megolm.NewMessage(b)
		_, text := megolm.ParseMessage(b64.Encode(b))
		for _, err := range []error{raw, text} {
			var malformed *errs.MalformedError
			require.ErrorAs(t, err, &malformed)
			require.Equal(t, why, malformed.Why, "%d bytes", len(b))
		}
	}
}
