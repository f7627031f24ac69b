package keys

import (
	"encoding/binary"
	"fmt"

	"github.com/chappe-e2ee/chappe/internal/b64"
)

const idName = "keys: key id"

// ID names a one-time or fallback key of an account, in the part behind
// "signed_curve25519:". It is a 32-bit number whose text form is the unpadded
// base64 of its big-endian bytes, as libolm writes it: "AAAAAQ". The
// specification leaves the form open. It is comparable. The zero value means
// "absent" and is not the number 0.
type ID struct{ n uint64 } // the number plus one

// NewID returns the id of a number.
func NewID(number uint32) ID { return ID{uint64(number) + 1} }

// ParseID returns the id of a text of 6 characters of base64, or 8 with
// padding. It returns [ErrBase64] or [ErrLength].
func ParseID(text string) (ID, error) {
	var id ID
	err := id.UnmarshalText([]byte(text))
	return id, err
}

// IsZero says whether id is absent.
func (id ID) IsZero() bool { return id.n == 0 }

// Number returns the number of the id, 0 when it is absent.
func (id ID) Number() uint32 { return uint32(max(id.n, 1) - 1) }

func (id ID) bytes() []byte { return binary.BigEndian.AppendUint32(nil, id.Number()) }

// String returns the text form, 6 characters, or nothing when id is absent.
func (id ID) String() string {
	if id.IsZero() {
		return ""
	}
	return b64.Encode(id.bytes())
}

// MarshalText returns the text form, or [ErrAbsent].
func (id ID) MarshalText() ([]byte, error) {
	if id.IsZero() {
		return nil, fmt.Errorf("%s: %w", idName, ErrAbsent)
	}
	return b64.AppendEncode(nil, id.bytes()), nil
}

// UnmarshalText sets id as [ParseID] does. When it fails, id is as before.
func (id *ID) UnmarshalText(text []byte) error {
	var b [4]byte
	if err := decodeText(idName, b[:], text); err != nil {
		return err
	}
	*id = NewID(binary.BigEndian.Uint32(b[:]))
	return nil
}
