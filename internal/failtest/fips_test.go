//go:build linux && !purego

package failtest_test

import (
	"crypto/fips140"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
)

func TestUnderFIPS(t *testing.T) {
	failtest.UnderFIPS(t, func() { require.True(t, fips140.Enforced()) })
}

func TestUnderFIPSNoticesFailure(t *testing.T) {
	require.Contains(t, complaint(t, func(t testing.TB) {
		failtest.UnderFIPS(t, func() { panic("in the other process") })
	}), "with GODEBUG=fips140=only: exit status 2")
}
