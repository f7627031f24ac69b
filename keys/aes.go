package keys

import (
	"runtime"

	"golang.org/x/sys/cpu"
)

// HardwareAES reports whether crypto/aes runs on the processor's AES
// instructions, and so in time that does not depend on keys and data. Every room
// encrypts with crypto/aes, and so does the sealing of stored values.
//
// Where it is false, crypto/aes looks up tables at indexes that depend on key and
// data, as its documentation says: whoever shares the processor's caches with the
// program, such as another process or virtual machine, may find keys by
// measuring, however careful this library is. The results are the same. A program
// may warn, or refuse to run beside others; there is no other implementation to
// switch to.
//
// It is true on amd64 with AES-NI, SSE4.1 and SSSE3, on arm64 with the AES
// extension, on s390x with the message-security assist, and always on ppc64 and
// ppc64le; it is false on all other processors, and where GODEBUG holds
// cpu.aes=off or another option that takes one of these away. A program that is
// built with the tag purego has the tables everywhere, which HardwareAES does not
// see.
func HardwareAES() bool {
	// crypto/aes's own condition (Go 1.26, crypto/internal/fips140/aes), which no
	// package exports.
	switch runtime.GOARCH {
	case "amd64":
		return cpu.X86.HasAES && cpu.X86.HasSSE41 && cpu.X86.HasSSSE3
	case "arm64":
		return cpu.ARM64.HasAES
	case "s390x":
		return cpu.S390X.HasAES && cpu.S390X.HasAESCBC
	case "ppc64", "ppc64le":
		return true // POWER8, the oldest that Go runs on, has them
	}
	return false
}
