//go:build !libolm

package mautrixolm_test

import "maunium.net/go/mautrix/crypto/goolm"

// peer is the other implementation: goolm, or with the tag libolm the C library.
var peer = driver{"goolm", goolm.Register}
