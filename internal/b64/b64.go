// Package b64 is standard base64 (RFC 4648, section 4) for what is public:
// messages, public keys, signatures, encrypted pickles. It is the fast
// counterpart of ct64 and accepts and refuses exactly the same.
//
// The Matrix specification (appendices, "Unpadded Base64") asks for unpadded
// output and for input to be taken padded or unpadded. encoding/base64 alone
// would also take line ends anywhere, which makes two texts of one value.
package b64

import (
	"bytes"
	"encoding/base64"
	"strings"

	"github.com/chappe-e2ee/chappe/internal/ct64"
)

var strict = base64.RawStdEncoding.Strict()

// ErrBase64 says that text is not base64 in the accepted form.
var ErrBase64 = ct64.ErrBase64

// EncodedLen returns the length of n bytes in unpadded base64.
func EncodedLen(n int) int { return ct64.EncodedLen(n) }

// AppendEncode appends the unpadded base64 form of src to dst.
func AppendEncode(dst, src []byte) []byte { return strict.AppendEncode(dst, src) }

// Encode returns the unpadded base64 form of src.
func Encode(src []byte) string { return strict.EncodeToString(src) }

// EncodeInPlace returns the unpadded base64 form of b in b's own memory, whose
// capacity must be [EncodedLen] or more. It goes from the end, so that each piece
// has room behind those that are not encoded yet.
func EncodeInPlace(b []byte) []byte {
	var piece [768]byte // whole groups of three
	text := b[:EncodedLen(len(b))]
	for end := len(b); end > 0; {
		start := (end - 1) / len(piece) * len(piece)
		n := copy(piece[:], b[start:end])
		strict.Encode(text[start/3*4:], piece[:n])
		end = start
	}
	return text
}

// DecodedLen returns the number of bytes that src decodes to, or -1 when no
// base64 text has this length.
func DecodedLen[T string | []byte](src T) int { return ct64.DecodedLen(src) }

// Decode decodes src, padded or unpadded, into dst, which must be exactly
// [DecodedLen] bytes long. When it fails, what dst holds is meaningless.
func Decode(dst, src []byte) error {
	if bytes.IndexByte(src, '\n') >= 0 || bytes.IndexByte(src, '\r') >= 0 {
		return ErrBase64
	}
	return decode(dst, src)
}

// DecodeString is Decode of a string, which is not copied: the compiler sees that
// nothing writes to it or keeps it. (bytes.IndexByte would hide that from it.)
func DecodeString(dst []byte, src string) error {
	if strings.IndexByte(src, '\n') >= 0 || strings.IndexByte(src, '\r') >= 0 {
		return ErrBase64
	}
	return decode(dst, []byte(src))
}

// decode is Decode of text without line ends.
func decode(dst, src []byte) error {
	n := ct64.DecodedLen(src)
	if n < 0 || n != len(dst) {
		return ErrBase64
	}
	if _, err := strict.Decode(dst, src[:ct64.EncodedLen(n)]); err != nil {
		return ErrBase64
	}
	return nil
}
