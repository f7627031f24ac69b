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
var ErrOpen = errors.New("does not open: wrong seal key, wrong context, or damaged")

// Kind is what is sealed. The numbers are part of the format.
type Kind byte

// The kinds.
const (
	OlmAccount Kind = iota + 1
	OlmSession
	MegolmOutbound
	MegolmInbound
	ReplayGuard
)

// names returns the label of HKDF, and what the sealed value is called in errors.
func (k Kind) names() (label, what string) {
	switch k {
	case OlmAccount:
		return "chappe seal 1 olm account", "olm: sealed account"
	case OlmSession:
		return "chappe seal 1 olm session", "olm: sealed session"
	case MegolmOutbound:
		return "chappe seal 1 megolm outbound", "megolm: sealed outbound session"
	case MegolmInbound:
		return "chappe seal 1 megolm inbound", "megolm: sealed inbound session"
	case ReplayGuard:
		return "chappe seal 1 replay guard", "events: sealed replay guard"
	}
	panic("seal: internal error: unknown kind")
}

// Append appends the sealed form of what write writes, exactly size bytes, to
// dst. The plaintext is written into dst's own array and encrypted in place.
// It fails when key is all zero, or when the Go runtime forbids AES-GCM with a
// nonce of our own (GODEBUG=fips140=only); it returns dst then.
func Append(dst []byte, kind Kind, key *[KeySize]byte, context []byte, size int, write func(*layout.Writer)) ([]byte, error) {
	var header [headerSize]byte
	copy(header[:], magic)
	header[len(magic)], header[len(magic)+1] = version, byte(kind)
	rand.Read(header[len(magic)+2:])
	var nonce [nonceSize]byte
	rand.Read(nonce[:])
	gcm, err := aead(key, header[:])
	if err != nil {
		return dst, err
	}
	// The context may lie in dst's spare room: it is copied before that is
	// written to.
	associated := associated(header[:], context)

	need := len(dst) + Overhead + size
	if cap(dst) < need {
		dst = append(make([]byte, 0, need), dst...)
	}
	dst = append(dst, header[:]...)
	dst = append(dst, nonce[:]...)
	w := layout.NewWriter(dst[: len(dst) : need-tagSize])
	write(w)
	if len(w.Result()) != need-tagSize {
		panic("seal: internal error: shorter than planned")
	}
	body := dst[len(dst) : need-tagSize : need]
	gcm.Seal(body[:0], nonce[:], body, associated)
	return dst[:need], nil
}

// Open returns the plaintext of a sealed value, which the caller wipes.
func Open(sealed []byte, kind Kind, key *[KeySize]byte, context []byte) ([]byte, error) {
	_, what := kind.names()
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
	gcm, err := aead(key, header)
	if err != nil {
		return nil, err
	}
	plaintext, err := gcm.Open(nil, nonce, body, associated(header, context))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, ErrOpen)
	}
	return plaintext, nil
}

func associated(header, context []byte) []byte {
	ad := make([]byte, 0, headerSize+8+len(context))
	ad = append(ad, header...)
	ad = binary.BigEndian.AppendUint64(ad, uint64(len(context)))
	return append(ad, context...)
}

func aead(key *[KeySize]byte, header []byte) (cipher.AEAD, error) {
	kind, salt := Kind(header[len(magic)+1]), header[len(magic)+2:]
	label, what := kind.names()
	if secret.IsZero(key[:]) {
		return nil, fmt.Errorf("%s: seal key: %w", what, errs.ErrAbsent)
	}
	var derived [KeySize]byte
	defer secret.Wipe(derived[:])
	kdf.HKDF(derived[:], key[:], salt, label)
	block, err := aes.NewCipher(derived[:])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return gcm, nil
}
