package errs_test

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/errs"
)

func TestErrorTexts(t *testing.T) {
	malformed := &errs.MalformedError{What: "olm: message", Why: "field 1 stands twice"}
	require.EqualError(t, malformed, "olm: message: field 1 stands twice")
	version := &errs.VersionError{What: "olm: message", Got: math.MaxUint32}
	require.EqualError(t, version, "olm: message: version 4294967295 is not supported")

	wrapped := fmt.Errorf("room: %w", errors.Join(malformed, version))
	m, ok := errors.AsType[*errs.MalformedError](wrapped)
	require.True(t, ok)
	require.Same(t, malformed, m)
	v, ok := errors.AsType[*errs.VersionError](wrapped)
	require.True(t, ok)
	require.Same(t, version, v)
}
