package olm

import (
	"errors"
	"fmt"

	"github.com/chappe-e2ee/chappe/internal/errs"
	"github.com/chappe-e2ee/chappe/internal/libolm"
	"github.com/chappe-e2ee/chappe/internal/seal"
	"github.com/chappe-e2ee/chappe/keys"
)

// Errors of this package, for errors.Is.
var (
	// ErrDecrypt says that a message's MAC or padding is wrong. Which of
	// them is not told.
	ErrDecrypt = errors.New("olm: message does not decrypt")

	// ErrMessageType says that a normal message stands where a pre-key
	// message is needed, or that a type is neither.
	ErrMessageType = errors.New("wrong message type")

	// ErrIdentityKey says that a pre-key message carries another identity
	// key than the sender's.
	ErrIdentityKey = errors.New("olm: pre-key message with a foreign identity key")

	// ErrWrongSession says that a pre-key message belongs to another session.
	ErrWrongSession = errors.New("olm: pre-key message of another session")

	// ErrUnknownChain says that a message has an unknown ratchet key while we
	// have not sent since the peer's newest one: the peer cannot have made a
	// new one. Its chain was dropped for newer ones, or the peer violates the
	// protocol. (When we have sent since, a message of a dropped chain looks
	// like one of a new chain, and ends in [ErrDecrypt] or a
	// [*MessageGapError].)
	ErrUnknownChain = errors.New("olm: message of an unknown or dropped chain")

	// ErrIndexExhausted says that a chain is at message index 2^32-1, which
	// is not used.
	ErrIndexExhausted = errors.New("olm: message index exhausted")

	// ErrTooLong says that a plaintext has more than [MaxPlaintextSize]
	// bytes.
	ErrTooLong = errors.New("olm: plaintext too long")

	// ErrKeyCount says that a number of one-time keys is negative or above
	// [MaxOneTimeKeys], or that the 2^32 key ids of the account are used up.
	ErrKeyCount = errors.New("olm: that many one-time keys cannot be made")

	// ErrKeyMismatch says that a stored private key does not belong to the
	// public key beside it.
	ErrKeyMismatch = errors.New("olm: stored private and public key do not match")

	// ErrClosed says that the account or session was closed.
	ErrClosed = errors.New("olm: closed")

	// ErrPickleKey says that the MAC of a pickle, or of a dehydrated device,
	// does not fit the key: the key is another one, perhaps of the wrong
	// length, or there is damage.
	ErrPickleKey = libolm.ErrKey

	// ErrLegacyPickle says that a libolm account pickle has version 1. Its
	// Ed25519 key was used in a way that gives it away; libolm refuses it
	// too.
	ErrLegacyPickle = errors.New("olm: libolm account pickle of version 1, whose signing key is compromised")

	// ErrOpen says that a sealed value does not open: another seal key,
	// another context, or damage.
	ErrOpen = seal.ErrOpen
)

// MalformedError says that a message, pickle or sealed value is not of the form
// that it must have.
type MalformedError = errs.MalformedError

// VersionError says that a message, pickle or sealed value has a version that
// is not supported.
type VersionError = errs.VersionError

// MessageGapError says that a message is more than [MaxMessageGap] messages
// ahead of its chain.
type MessageGapError struct {
	Next uint32 // the chain's next index
	Got  uint32 // the message's index
}

func (e *MessageGapError) Error() string {
	return fmt.Sprintf("olm: message index %d is more than %d ahead of %d", e.Got, MaxMessageGap, e.Next)
}

// MessageKeyGoneError says that a message's key is no longer there: the message
// was decrypted before, or its key was dropped because more than
// [MaxSkippedKeys] were waiting in its chain. Nothing stores which.
type MessageKeyGoneError struct {
	Index uint32 // the message's index in its chain
}

func (e *MessageKeyGoneError) Error() string {
	return fmt.Sprintf("olm: the key of message %d is gone: used before, or dropped", e.Index)
}

// UnknownOneTimeKeyError says that a pre-key message was made for a one-time or
// fallback key that the account does not have: used before, forgotten, evicted,
// or never its own.
type UnknownOneTimeKeyError struct {
	Key keys.Curve25519
}

func (e *UnknownOneTimeKeyError) Error() string {
	return "olm: unknown one-time key " + e.Key.String()
}

// LossyPickleError says that libolm's form cannot hold all of an account or a
// session, by counts of what it cannot hold. ExportLibolmLossy drops these.
type LossyPickleError struct {
	SkippedKeys int // message keys beyond libolm's 40 of a session
	OneTimeKeys int // one-time keys beyond libolm's 100 of an account
	Orphans     int // message keys of dropped chains, which libolm keeps without use and this package does not
}

func (e *LossyPickleError) Error() string {
	return fmt.Sprintf("olm: libolm's form loses %d message keys and %d one-time keys, and lacks %d unusable message keys",
		e.SkippedKeys, e.OneTimeKeys, e.Orphans)
}
