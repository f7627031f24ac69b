// Package sas does nothing that is forbidden.
package sas

import (
	"bytes"
	"crypto/hmac"

	"github.com/chappe-e2ee/chappe/internal/secret"
)

func check(a, b, public []byte) bool {
	defer secret.Wipe(a)
	return hmac.Equal(a, b) && bytes.Equal(b, public) && a != nil
}
