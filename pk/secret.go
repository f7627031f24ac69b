package pk

import (
	"fmt"

	"github.com/chappe-e2ee/chappe/internal/ct64"
	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
)

// Sizes in bytes of what [DecryptionKey] and [SigningKey] are made from.
const (
	PrivateKeySize = curve.Size
	SeedSize       = curve.Size
)

// newSecret returns a copy of b, which must be 32 bytes and not all zero: that
// is what a buffer holds that nobody filled.
func newSecret(what string, b []byte) (*[curve.Size]byte, error) {
	if len(b) != curve.Size {
		return nil, fmt.Errorf("%s: %w", what, keys.ErrLength)
	}
	s := new([curve.Size]byte)
	copy(s[:], b)
	if secret.IsZero(s[:]) {
		return nil, fmt.Errorf("%s: %w", what, keys.ErrAbsent)
	}
	return s, nil
}

// parseSecret is newSecret for the base64 form.
func parseSecret(what string, text []byte) (*[curve.Size]byte, error) {
	switch ct64.DecodedLen(text) {
	case curve.Size:
	case -1:
		return nil, fmt.Errorf("%s: %w", what, keys.ErrBase64)
	default:
		return nil, fmt.Errorf("%s: %w", what, keys.ErrLength)
	}
	var b [curve.Size]byte
	defer secret.Wipe(b[:])
	if err := ct64.Decode(b[:], text); err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return newSecret(what, b[:])
}
