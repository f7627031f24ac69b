//go:build libolm

package mautrixolm_test

import "maunium.net/go/mautrix/crypto/libolm"

// peer is the other implementation: the C library, through mautrix's cgo.
var peer = driver{"libolm", libolm.Register}
