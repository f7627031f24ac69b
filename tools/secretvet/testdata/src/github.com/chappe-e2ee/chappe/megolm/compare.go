// Package megolm compares secrets in all ways.
package megolm

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/subtle"
	"reflect"
	"slices"
	"strings"

	"github.com/chappe-e2ee/chappe/internal/aessha2"
	"github.com/chappe-e2ee/chappe/internal/ct64"
	"github.com/chappe-e2ee/chappe/internal/kdf"
	"github.com/chappe-e2ee/chappe/internal/secret"
)

type ratchet struct {
	parts  [128]byte
	public [32]byte
	index  uint32
}

func (r *ratchet) wipe() { secret.Wipe(r.parts[:]) }

// SessionKey is a secret value.
type SessionKey struct {
	secret.Redacted
	p **ratchet
}

func (k SessionKey) SecretText() []byte { return nil }

func (k SessionKey) RecoveryKey() (string, error) { return "", nil }

func wiped(a, b *ratchet) bool {
	switch {
	case a == nil, a == b, a.parts == b.parts: // want `in megolm.wiped: comparison by == of a secret, a.parts, takes a time`
	case *a != *b: // want `comparison by != of a secret, \*a`
	case a.parts[0] == 1: // want `comparison by == of a secret`
	case a.parts[0] < b.parts[0]: // want `comparison by < of a secret`
	case 3 >= a.parts[0]: // want `comparison by >= of a secret`
	case string(a.parts[:]) == "x": // want `comparison by == of a secret, string\(a.parts\[:\]\)`
	case [2]ratchet{} == [2]ratchet{*a}: // want `comparison by == of a secret`
	case a.index == b.index, len(a.parts) == 3, a.public == b.public, a.parts[:] == nil:
	case subtle.ConstantTimeCompare(a.parts[:], b.parts[:]) == 1, hmac.Equal(a.parts[:], b.parts[:]):
	}
	switch a.parts[1] { // want `switch of a secret`
	}
	switch a.index {
	}
	return a.public == [32]byte{} // want `comparison of bytes with zeros .* use secret.IsZero`
}

func called(a *ratchet, public []byte) {
	p := a.parts[:]
	_ = bytes.Equal(p, public)             // want `comparison by bytes.Equal of a secret, p`
	_ = bytes.Compare(public, a.parts[:])  // want `comparison by bytes.Compare`
	_ = bytes.HasPrefix(p, public)         // want `comparison by bytes.HasPrefix`
	_ = bytes.IndexByte(p, 3)              // want `comparison by bytes.IndexByte`
	_ = slices.Equal(p, public)            // want `comparison by slices.Equal`
	_ = slices.Compare(p, public)          // want `comparison by slices.Compare`
	_ = strings.Compare(string(p), "")     // want `comparison by strings.Compare`
	_ = cmp.Compare(p[0], p[1])            // want `comparison by cmp.Compare` `comparison by cmp.Compare`
	_ = reflect.DeepEqual(a.parts, public) // want `comparison by reflect.DeepEqual`
	_ = map[string]int{}[string(p)]        // want `use as the key of a map of a secret`
	_ = bytes.Equal(a.public[:], public)
	_ = map[string]int{}[string(public)]
	_ = len(p) == len(public)
	_ = bytes.Equal
}

func values(a, b SessionKey, seen map[SessionKey]bool) bool { // want `use as the key of a map of a secret`
	return a == b || a.p == nil // want `comparison by == of a secret, a`
}

func marked(text []byte, k SessionKey, c *aessha2.Cipher, peer [8]byte) {
	var decoded, derived, stepped, copied [32]byte
	_ = ct64.Decode(decoded[:], text)
	kdf.HKDF(derived[:], nil, nil, "")
	kdf.Step(&stepped, &stepped, 1)
	copy(copied[:], decoded[:])
	grown := append([]byte("x"), derived[:]...)
	cloned := bytes.Clone(grown)
	_ = decoded == copied // want `of a secret, decoded`
	_ = derived[0] == 3   // want `of a secret, derived\[0\]`
	_ = stepped[0] == 3   // want `of a secret, stepped\[0\]`
	_ = copied[1] == 3    // want `of a secret, copied\[1\]`
	_ = cloned[1] == 3    // want `of a secret, cloned\[1\]`
	for _, c := range grown {
		if c == 'x' { // want `of a secret, c`
			break
		}
	}
	secret := k.SecretText()
	_ = bytes.Equal(secret, text) // want `comparison by bytes.Equal of a secret, secret`
	key, err := k.RecoveryKey()
	_ = key == "x" || err == nil // want `of a secret, key`
	_ = c.MAC(text) == peer      // want `comparison by == of a secret, c.MAC\(text\)`
	encoded := text[1:]
	_ = ct64.AppendEncode(nil, encoded)
	_ = encoded[0] == 1 // want `of a secret`
	parameter(derived[:], text)
	gathered := derived[0] ^ derived[1]
	_ = gathered == 0 // the sum of differences may be looked at
}

func pointers(a, b *ratchet) bool {
	p, q := &a.parts, &b.parts
	return p == q || p == nil
}

func parameter(p, other []byte) bool {
	if other[0] == 3 {
		return true
	}
	return p[0] == 3 // want `in megolm.parameter: comparison by == of a secret, p\[0\]`
}
