// Package errs holds the error types that several rooms report, so that one
// errors.As works wherever the input came from.
package errs

import (
	"errors"
	"strconv"
)

// ErrAbsent says that a zero value stands where a key is needed.
var ErrAbsent = errors.New("the zero value, which stands for an absent key")

// MalformedError says that input is not of the form that it must have. It is
// decided before any secret is used, so it may speak. Neither member holds
// bytes of the input.
type MalformedError struct {
	What string // what was read, beginning with the package: "olm: pre-key message"
	Why  string // what is wrong with it
}

func (e *MalformedError) Error() string { return e.What + ": " + e.Why }

// VersionError says that input carries a version that this module does not
// read.
type VersionError struct {
	What string // what was read, beginning with the package
	Got  uint32 // the version that stands in the input
}

func (e *VersionError) Error() string {
	return e.What + ": version " + strconv.FormatUint(uint64(e.Got), 10) + " is not supported"
}
