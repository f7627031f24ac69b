package events

import (
	"bytes"

	"github.com/chappe-e2ee/chappe/internal/secret"
)

// hidden keeps bytes behind a second pointer: for some verbs, fmt goes past the
// first one in a caller's struct, and never past two.
type hidden struct{ p *[]byte }

func hide(b []byte) hidden { return hidden{&b} }

// bytes returns the bytes themselves.
func (h hidden) bytes() []byte { return *h.p }

// clone returns a copy for the caller.
func (h hidden) clone() []byte { return bytes.Clone(h.bytes()) }

func (h hidden) wipe() { secret.Wipe(h.bytes()) }
