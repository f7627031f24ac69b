package wire_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/errs"
	"github.com/chappe-e2ee/chappe/internal/wire"
)

// A length that a Spec demands is demanded, however short: Any is none of them.
func TestEveryLengthIsExact(t *testing.T) {
	for want := range 4 {
		for n := range 4 {
			data := wire.AppendBytes(nil, 1, make([]byte, n))
			err := wire.Decode("test: message", data, []wire.Spec{{Number: 1, Type: wire.Bytes, Len: want}}, make([]wire.Value, 1))
			require.Equal(t, n == want, err == nil, "%d bytes for %d", n, want)
		}
	}
}

// The greatest tag of 32 bits is a tag, of a type that there is not.
func TestGreatestTag(t *testing.T) {
	err := wire.Decode("test: message", []byte("\xff\xff\xff\xff\x0f"), nil, nil)
	require.Equal(t, &errs.MalformedError{What: "test: message", Why: "field 536870911 has wire type 7"}, err)
}
