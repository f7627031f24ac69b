package attachment

import (
	"crypto/subtle"
	"errors"

	"github.com/chappe-e2ee/chappe/internal/ct64"
	"github.com/chappe-e2ee/chappe/internal/secret"
)

var errNotString = errors.New("missing, or not a string")

// keyTextMax is the length of a key in URL-safe base64 with padding.
const keyTextMax = 44

// decodeURLSafe decodes the "k" of a JSON Web Key: a JSON string of URL-safe
// base64 (RFC 4648, section 5), padded or not. Its time depends on lengths only.
// An escape in the string is not base64. When it fails, what dst holds is
// meaningless.
func decodeURLSafe(dst *[KeySize]byte, raw []byte) error {
	if len(raw) < 2 || raw[0] != '"' {
		return errNotString
	}
	raw = raw[1 : len(raw)-1]
	switch ct64.DecodedLen(raw) {
	case len(dst):
	case -1:
		return ct64.ErrBase64
	default:
		return errLength
	}
	var text [keyTextMax]byte
	defer secret.Wipe(text[:])
	standard := text[:copy(text[:], raw)]
	bad := 0
	for i, c := range standard {
		bad |= equal(c, '+') | equal(c, '/')
		standard[i] = replace(replace(c, '-', '+'), '_', '/')
	}
	if err := ct64.Decode(dst[:], standard); err != nil || bad != 0 {
		return ct64.ErrBase64
	}
	return nil
}

// appendURLSafe appends the unpadded URL-safe base64 form of key to dst.
func appendURLSafe(dst []byte, key *[KeySize]byte) []byte {
	start := len(dst)
	dst = ct64.AppendEncode(dst, key[:])
	for i, c := range dst[start:] {
		dst[start+i] = replace(replace(c, '+', '-'), '/', '_')
	}
	return dst
}

func equal(a, b byte) int { return subtle.ConstantTimeByteEq(a, b) }

// replace returns to if c is from, else c.
func replace(c, from, to byte) byte { return c ^ byte(-equal(c, from))&(from^to) }
