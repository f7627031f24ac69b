// Package vodozemac reads and writes vodozemac's pickles (vodozemac 0.11.1,
// module utilities and the structs that derive serde's traits): compact JSON,
// in which bytes are arrays of numbers, encrypted like a libolm pickle under a
// key of 32 bytes.
//
// Accepted is what vodozemac writes and has written: members in any order,
// members that are not known are passed over, as vodozemac does. Refused are
// white space, names that stand twice, escapes in names, and numbers that are
// not plain decimals: no writer makes them.
package vodozemac

import (
	"fmt"

	"github.com/chappe-e2ee/chappe/internal/errs"
	"github.com/chappe-e2ee/chappe/internal/libolm"
	"github.com/chappe-e2ee/chappe/internal/secret"
)

// KeySize is the length of a pickle key in bytes.
const KeySize = 32

// Import decrypts a pickle and has its plaintext read. what names the pickle in
// errors. It returns what was wrong: an [*errs.MalformedError], an
// [*errs.VersionError], or [libolm.ErrKey], also for a key that is not 32 bytes
// long.
func Import(what string, pickle, key []byte, read func(*Reader)) error {
	if len(key) != KeySize {
		return fmt.Errorf("%s: %w", what, libolm.ErrKey)
	}
	plaintext, err := libolm.Decrypt(what, pickle, key)
	if err != nil {
		return err
	}
	defer secret.Wipe(plaintext)
	r := &Reader{what: what, b: plaintext}
	read(r)
	if len(r.b) > 0 {
		r.Fail("trailing data")
	}
	return r.err
}

// Export returns the pickle of what write writes. write runs twice, the first
// time to find the size: no half-written copy of a secret is left behind. The
// encryption is deterministic, as in libolm's pickles. It returns
// [libolm.ErrKey] for a key that is not 32 bytes long.
func Export(what string, key []byte, write func(*Writer)) ([]byte, error) {
	if len(key) != KeySize {
		return nil, fmt.Errorf("%s: %w", what, libolm.ErrKey)
	}
	plan := new(Writer)
	write(plan)
	w := &Writer{b: make([]byte, 0, plan.size)}
	write(w)
	defer secret.Wipe(w.b[:cap(w.b)])
	if cap(w.b) != plan.size {
		panic("vodozemac: internal error: longer than planned")
	}
	return libolm.Encrypt(w.b, key), nil
}

// malformed is the error for a fault.
func (r *Reader) malformed(why string) error { return &errs.MalformedError{What: r.what, Why: why} }
