package sas

import (
	"bytes"

	"github.com/chappe-e2ee/chappe/internal/secret"
)

func same(a, b []byte) bool {
	defer secret.Wipe(a)
	return bytes.Equal(a, b)
}
