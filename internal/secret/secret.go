// Package secret holds what every secret of this module shares: wiping, and
// the refusal to be printed or marshalled.
package secret

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
)

// Wipe overwrites b with zeros. It is not inlined, so that the compiler cannot
// see that the buffer dies afterwards and drop the stores. Copies that the
// runtime made earlier (a grown stack, a moved slice) are out of its reach.
//
//go:noinline
func Wipe(b []byte) {
	clear(b)
	runtime.KeepAlive(b)
}

// IsZero says whether all bytes of b are 0, in a time that depends on its length
// only.
func IsZero(b []byte) bool {
	var all byte
	for _, c := range b {
		all |= c
	}
	return subtle.ConstantTimeByteEq(all, 0) == 1
}

// ErrMarshal is returned by every marshalling method of a secret value. The
// value's own export method is the one way out.
var ErrMarshal = errors.New("secret: value refuses to be marshalled; use its export method")

const redacted = "[redacted]"

// Redacted is embedded in every type that holds a secret. It answers all
// printing with a placeholder and all marshalling with [ErrMarshal], for the
// value and for pointers to it.
type Redacted struct{}

// Format writes a placeholder for every verb.
func (Redacted) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) }

// String returns a placeholder.
func (Redacted) String() string { return redacted }

// GoString returns a placeholder.
func (Redacted) GoString() string { return redacted }

// LogValue returns a placeholder.
func (Redacted) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns an error.
func (Redacted) MarshalText() ([]byte, error) { return nil, ErrMarshal }

// MarshalBinary returns an error.
func (Redacted) MarshalBinary() ([]byte, error) { return nil, ErrMarshal }

// MarshalJSON returns an error.
func (Redacted) MarshalJSON() ([]byte, error) { return nil, ErrMarshal }

// GobEncode returns an error.
func (Redacted) GobEncode() ([]byte, error) { return nil, ErrMarshal }
