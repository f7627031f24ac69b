// Package keys is the vocabulary that the rooms of chappe share: Curve25519
// and Ed25519 public keys, Ed25519 signatures, key ids, and the key that seals
// stored values.
//
// Public keys and signatures are comparable values, made only by constructors
// that check: [ParseCurve25519], [NewCurve25519], [ParseEd25519],
// [NewEd25519], [ParseSignature], [NewSignature]. Their zero value means
// "absent", and is refused wherever a key is needed. They implement
// encoding.TextMarshaler and TextUnmarshaler in the Matrix text form, unpadded
// base64, so JSON structs hold keys, not strings.
//
// # Interoperability
//
// The checks are stricter than RFC 7748 and RFC 8032 ask: keys that are not
// canonically encoded, or whose point has low order, are refused. No honest
// implementation makes such a key. Text is accepted with and without padding
// (Matrix specification, appendices, "Unpadded Base64").
package keys

import (
	"errors"
	"fmt"

	"github.com/chappe-e2ee/chappe/internal/b64"
	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/internal/errs"
)

// Errors of this package. All are wrapped with what was read.
var (
	ErrBase64     = b64.ErrBase64
	ErrLength     = errors.New("wrong length")
	ErrInvalidKey = errors.New("not a canonical encoding, or a point of low order")
	ErrAbsent     = errs.ErrAbsent
	ErrSignature  = errors.New("keys: signature does not verify")
)

// decodeText decodes base64 text into dst, whose length must fit exactly.
func decodeText(what string, dst, text []byte) error {
	switch b64.DecodedLen(text) {
	case len(dst):
	case -1:
		return fmt.Errorf("%s: %w", what, ErrBase64)
	default:
		return fmt.Errorf("%s: %w", what, ErrLength)
	}
	if b64.Decode(dst, text) != nil {
		return fmt.Errorf("%s: %w", what, ErrBase64)
	}
	return nil
}

// invalid maps the reasons of package curve to the errors of this one.
func invalid(what string, err error) error {
	if errors.Is(err, curve.ErrLength) {
		return fmt.Errorf("%s: %w", what, ErrLength)
	}
	return fmt.Errorf("%s: %w", what, ErrInvalidKey)
}
