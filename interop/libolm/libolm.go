// Package libolm binds libolm 3.2.13, the C library, for comparisons: it hands
// every argument on as it is and every error code back.
//
// Where libolm takes random bytes from its caller, they come from crypto/rand,
// so that a replaced crypto/rand.Reader decides them. libolm overwrites some of
// its inputs; it gets copies.
package libolm

/*
#cgo LDFLAGS: -lolm
#if !__has_include(<olm/olm.h>)
#error "libolm is missing: install its header and library (Debian: apt-get install libolm-dev)"
#endif
#include <stdlib.h>
#include <olm/olm.h>
*/
import "C"

import (
	"crypto/rand"
	"fmt"
	"runtime"
	"unsafe"
)

// Error is a libolm error code with its name.
type Error struct {
	Code int
	Name string
}

func (e *Error) Error() string { return "libolm: " + e.Name }

// The codes that tests tell apart.
const (
	BadMessageMAC       = 5
	UnknownMessageIndex = 12
)

// Version returns the version of the library that is linked.
func Version() string {
	var major, minor, patch C.uint8_t
	C.olm_get_library_version(&major, &minor, &patch)
	return fmt.Sprintf("%d.%d.%d", major, minor, patch)
}

var failed = C.olm_error()

func failure(code C.enum_OlmErrorCode) error {
	return &Error{int(code), C.GoString(C._olm_error_to_string(code))}
}

// allocate returns size bytes of C memory for owner, freed when owner is.
func allocate[T any](owner *T, size C.size_t) unsafe.Pointer {
	memory := C.malloc(size)
	runtime.AddCleanup(owner, func(p unsafe.Pointer) { C.free(p) }, memory)
	return memory
}

func pointer(b []byte) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(b)) }

func bytePointer(b []byte) *C.uint8_t { return (*C.uint8_t)(pointer(b)) }

func length(b []byte) C.size_t { return C.size_t(len(b)) }

// margin is the room on both sides of a buffer that libolm writes to. Go bounds
// nothing that C does, and hostile input must not make it write to Go's heap.
const margin = 64

// buffer returns n bytes that libolm may overwrite. It is never nil.
func buffer[T C.size_t | int](n T) []byte {
	return make([]byte, margin+n+margin)[margin : margin+n : margin+n]
}

// scratch returns a copy of b that libolm may overwrite. It is never nil.
func scratch[T string | []byte](b T) []byte {
	c := buffer(len(b))
	copy(c, b)
	return c
}

func random(n C.size_t) []byte {
	b := buffer(n)
	if n > 0 {
		rand.Read(b)
	}
	return b
}
