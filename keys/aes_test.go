//go:build !ppc64 && !purego

package keys_test

import (
	"crypto/aes"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/keys"
)

// usesInstructions looks at what crypto/aes made of a key. The key schedule for
// the tables holds the key's words in the order of FIPS 197, big-endian; that for
// the instructions holds the key as they load it; and s390x has a schedule for the
// tables only. (On ppc64, big-endian itself, the schedules would be the same.)
func usesInstructions(t *testing.T) bool {
	t.Helper()
	block, err := aes.NewCipher([]byte("0123456789abcdef"))
	require.NoError(t, err)
	v := reflect.ValueOf(block).Elem()
	if fallback := v.FieldByName("fallback"); fallback.IsValid() {
		return fallback.IsNil()
	}
	schedule := v.FieldByName("enc")
	require.True(t, schedule.IsValid(), "crypto/aes has changed: see what it does now, and HardwareAES")
	first := uint32(schedule.Index(0).Uint())
	require.Contains(t, []uint32{'0'<<24 | '1'<<16 | '2'<<8 | '3', '3'<<24 | '2'<<16 | '1'<<8 | '0', '4'<<24 | '5'<<16 | '6'<<8 | '7'},
		first, "crypto/aes has changed: see what it does now, and HardwareAES")
	return first != '0'<<24|'1'<<16|'2'<<8|'3'
}

func TestHardwareAES(t *testing.T) {
	require.Equal(t, usesInstructions(t), keys.HardwareAES())
}
