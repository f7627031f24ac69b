//go:build (amd64 || arm64) && !purego

package keys_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/keys"
)

// With the instructions switched off, crypto/aes takes its tables, and
// HardwareAES says so.
func TestHardwareAESSwitchedOff(t *testing.T) {
	const inner = "CHAPPE_TEST_AES_OFF"
	if os.Getenv(inner) != "" {
		require.False(t, usesInstructions(t))
		require.False(t, keys.HardwareAES())
		return
	}
	for _, option := range []string{"cpu.aes=off", "cpu.all=off"} {
		cmd := exec.Command(os.Args[0], "-test.run=^TestHardwareAESSwitchedOff$", "-test.v")
		cmd.Env = append(os.Environ(), inner+"=1", "GODEBUG="+option)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s: %s", option, out)
		require.Contains(t, string(out), "--- PASS: TestHardwareAESSwitchedOff")
	}
}
