package attachment

import (
	"errors"
	"fmt"

	"github.com/chappe-e2ee/chappe/internal/errs"
)

// Errors of this package, for errors.Is.
var (
	// ErrHash says that a ciphertext does not have the hash that its [File]
	// names: it was altered, cut off or extended, or belongs to another file.
	ErrHash = errors.New("attachment: ciphertext has another hash than the file")

	// ErrChanged says that a ciphertext changed after its hash was verified,
	// while a [DecryptReader] read it. It is an ErrHash.
	ErrChanged = fmt.Errorf("attachment: changed while it was decrypted: %w", ErrHash)

	// ErrTooLarge says that a file has more bytes than the caller allows.
	ErrTooLarge = errors.New("attachment: file too large")

	// ErrUnfinished says that [EncryptReader.Finish] was called before the
	// reader returned io.EOF.
	ErrUnfinished = errors.New("attachment: not encrypted to the end")

	// ErrDecrypt says that an encrypted scan request does not decrypt to a
	// scan request. What is wrong with it is not told.
	ErrDecrypt = errors.New("attachment: scan request does not decrypt")

	// ErrUnencrypted says that a scan request is of the form without
	// encryption, which [ParseScanRequest] reads.
	ErrUnencrypted = errors.New("attachment: scan request is not encrypted")

	// ErrClosed says that the key was closed or, in an [EncryptReader], has
	// left with the File; or that a reader is the zero value.
	ErrClosed = errors.New("attachment: closed")
)

// MalformedError says that JSON or a value in it is not of the form that it must
// have.
type MalformedError = errs.MalformedError

// VersionError says that a file is of a version that is not supported. The
// version before v1 had no name; it counts as 0.
type VersionError = errs.VersionError

func malformed(what, why string) error { return &MalformedError{What: what, Why: why} }
