package keys_test

import (
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
)

// mustFail is failtest.Refused for a call on some input, of which an error quotes
// nothing, and on a value, which state returns.
func mustFail(t testing.TB, input []byte, state func() any, call func() error) error {
	t.Helper()
	return failtest.Refused(t, call, failtest.Secret(input), held(state))
}

type held func() any

func (h held) State() []byte { return fmt.Appendf(nil, "%#v", h()) }

func (held) Secrets() [][]byte { return nil }

func nothing() any { return nil }

func fromHex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}
