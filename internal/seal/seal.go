// Package seal is this module's own storage format: AES-256-GCM under a key
// that is derived anew for each sealing.
//
//	magic    6 bytes  "chappe"
//	version  1 byte   1
//	kind     1 byte   what is sealed, see Kind
//	salt    32 bytes  random
//	nonce   12 bytes  random
//	ciphertext, followed by the 16-byte tag
//
// The key is HKDF-SHA-256(key, salt, "chappe seal 1 " and the kind's name).
// Associated data is the first 40 bytes, the length of the caller's context as
// 8 bytes big-endian, and the context. A sealed value opens only as the kind
// and under the context that it was sealed for. An older one opens as well as
// the newest: to notice a rollback is the caller's.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/chappe-e2ee/chappe/internal/errs"
	"github.com/chappe-e2ee/chappe/internal/kdf"
	"github.com/chappe-e2ee/chappe/internal/layout"
	"github.com/chappe-e2ee/chappe/internal/secret"
)

// Sizes in bytes.
const (
	KeySize = 32

	magic      = "chappe"
	version    = 1
	saltSize   = 32
	headerSize = len(magic) + 2 + saltSize
	nonceSize  = 12
	tagSize    = 16

	// Overhead is what sealing adds to the plaintext.
	Overhead = headerSize + nonceSize + tagSize
)

// ErrOpen says that a sealed value does not open: another key, another
// context, or damage. Which of them cannot be told.
var ErrOpen = errors.New("sealed value does not open: wrong key, wrong context, or damaged")

// Kind is what is sealed. The numbers are part of the format.
type Kind byte

// The kinds.
const (
	OlmAccount Kind = iota + 1
	OlmSession
	MegolmOutbound
	MegolmInbound
)

func (k Kind) label() string {
	switch k {
	case OlmAccount:
		return "chappe seal 1 olm account"
	case OlmSession:
		return "chappe seal 1 olm session"
	case MegolmOutbound:
		return "chappe seal 1 megolm outbound"
	case MegolmInbound:
		return "chappe seal 1 megolm inbound"
	}
	panic("seal: internal error: unknown kind")
}

// Append appends the sealed form of what write writes, exactly size bytes, to
// dst. The plaintext is written into dst's own array and encrypted in place.
func Append(dst []byte, kind Kind, key *[KeySize]byte, context []byte, size int, write func(*layout.Writer)) ([]byte, error) {
	if *key == [KeySize]byte{} {
		return nil, fmt.Errorf("seal key: %w", errs.ErrAbsent)
	}
	start, need := len(dst), len(dst)+Overhead+size
	if cap(dst) < need {
		dst = append(make([]byte, 0, need), dst...)
	}
	dst = append(dst, magic...)
	dst = append(dst, version, byte(kind))
	dst = dst[:start+headerSize+nonceSize]
	rand.Read(dst[start+len(magic)+2:])
	w := layout.NewWriter(dst[: len(dst) : need-tagSize])
	write(w)
	if len(w.Result()) != need-tagSize {
		panic("seal: internal error: shorter than planned")
	}
	v := dst[start:need]
	header, nonce, body := v[:headerSize], v[headerSize:headerSize+nonceSize], v[headerSize+nonceSize:size+headerSize+nonceSize]
	aead(key, header).Seal(body[:0], nonce, body, associated(header, context))
	return dst[:need], nil
}

// Open returns the plaintext of a sealed value, which the caller wipes. what
// names it in errors.
func Open(what string, sealed []byte, kind Kind, key *[KeySize]byte, context []byte) ([]byte, error) {
	if *key == [KeySize]byte{} {
		return nil, fmt.Errorf("%s: seal key: %w", what, errs.ErrAbsent)
	}
	malformed := func(why string) error { return &errs.MalformedError{What: what, Why: why} }
	if len(sealed) < Overhead {
		return nil, malformed("shorter than any sealed value")
	}
	if string(sealed[:len(magic)]) != magic {
		return nil, malformed("does not begin as a sealed value")
	}
	if v := sealed[len(magic)]; v != version {
		return nil, &errs.VersionError{What: what, Got: uint32(v)}
	}
	if Kind(sealed[len(magic)+1]) != kind {
		return nil, malformed("another kind of value is sealed here")
	}
	header, nonce, body := sealed[:headerSize], sealed[headerSize:headerSize+nonceSize], sealed[headerSize+nonceSize:]
	plaintext, err := aead(key, header).Open(nil, nonce, body, associated(header, context))
	if err != nil {
		return nil, ErrOpen
	}
	return plaintext, nil
}

func associated(header, context []byte) []byte {
	ad := make([]byte, 0, headerSize+8+len(context))
	ad = append(ad, header...)
	ad = binary.BigEndian.AppendUint64(ad, uint64(len(context)))
	return append(ad, context...)
}

// aead cannot fail: key and nonce have the lengths that AES-GCM takes.
func aead(key *[KeySize]byte, header []byte) cipher.AEAD {
	kind, salt := Kind(header[len(magic)+1]), header[len(magic)+2:]
	var derived [KeySize]byte
	defer secret.Wipe(derived[:])
	kdf.HKDF(derived[:], key[:], salt, kind.label())
	block, err := aes.NewCipher(derived[:])
	if err != nil {
		panic("seal: internal error: " + err.Error())
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic("seal: internal error: " + err.Error())
	}
	return gcm
}
