// Package peer puts implementations of Olm and Megolm behind one interface, so
// that any of them can play any party.
//
// Keys, messages and session keys are the base64 texts of Matrix, pickles are
// libolm's, or vodozemac's where [Traits] say so. A method that fails returns an error and leaves the object as it
// was; after a failed constructor, the object is not used.
package peer

import "errors"

// ErrUnknownIndex is wrapped by what [InboundGroup] returns for a message, or
// an export, before the first known index.
var ErrUnknownIndex = errors.New("unknown message index")

// ErrPickleForm is returned by an implementation that reads libolm's pickles and
// does not write them.
var ErrPickleForm = errors.New("no pickle of libolm's form")

// The message types of Olm.
const (
	PreKey = 0
	Normal = 1
)

// Implementation is a library that plays parties.
type Implementation interface {
	Name() string
	Traits() Traits

	NewAccount() (Account, error)
	UnpickleAccount(pickle, key []byte) (Account, error)
	UnpickleSession(pickle, key []byte) (Session, error)

	NewOutboundGroup() (OutboundGroup, error)
	UnpickleOutboundGroup(pickle, key []byte) (OutboundGroup, error)
	NewInboundGroup(sessionKey string) (InboundGroup, error)
	ImportInboundGroup(export string) (InboundGroup, error)
	UnpickleInboundGroup(pickle, key []byte) (InboundGroup, error)
}

// Traits are the documented properties in which implementations differ and
// which a script must respect.
type Traits struct {
	NoEmpty        bool // does not encrypt or sign empty plaintexts, nor takes empty pickle keys
	OldestFirst    bool // keeps skipped message keys oldest first, so that order and eviction change with each move
	SharedKeyIDs   bool // numbers the first key after a move like the last one before it
	ForgetsOrphans bool // keeps no message keys of dropped chains
	Reorders       bool // removing a one-time key changes the order of the others

	OwnPickles        bool // pickles are vodozemac's, under keys of 32 bytes, without the order of skipped keys of different chains
	TwoIDSpaces       bool // numbers one-time and fallback keys apart, from 0
	EarlyRatchet      bool // draws its next ratchet key before it sends
	IndexByDefault    bool // takes a missing message index for 0, and authenticates what it would have written itself
	VerifiesByKeyOnly bool // takes no decrypted message as a proof of the signing key
	MergesVerified    bool // a merged session's signing key is verified when that of any of the two was
	AnyKey            bool // takes public keys of low order
}

// Account is a device's identity.
type Account interface {
	IdentityKeys() (curve25519, ed25519 string, err error)
	Sign(message []byte) (string, error)
	GenerateOneTimeKeys(n int) error
	OneTimeKeys() (map[string]string, error) // unpublished, by id
	GenerateFallbackKey() error
	FallbackKey() (map[string]string, error) // unpublished, by id
	ForgetFallbackKey() error                // the previous one
	MarkPublished() error
	Outbound(identityKey, oneTimeKey string) (Session, error)
	// Inbound makes the session of a pre-key message, decrypts the message
	// and consumes the one-time key, or does nothing of these.
	Inbound(identityKey, body string) (Session, []byte, error)
	Pickle(key []byte) ([]byte, error)
}

// Session is an Olm session.
type Session interface {
	ID() (string, error)
	HasReceived() bool
	Describe() string
	Matches(identityKey, body string) (bool, error)
	Encrypt(plaintext []byte) (messageType int, body string, err error)
	Decrypt(messageType int, body string) ([]byte, error)
	Pickle(key []byte) ([]byte, error)
}

// OutboundGroup is the sending side of a Megolm session.
type OutboundGroup interface {
	ID() (string, error)
	Index() uint32
	SessionKey() (string, error)
	Encrypt(plaintext []byte) (string, error)
	Pickle(key []byte) ([]byte, error)
}

// InboundGroup is a receiving side of a Megolm session.
type InboundGroup interface {
	ID() (string, error)
	FirstKnownIndex() uint32
	Verified() bool
	Export(index uint32) (string, error)
	Decrypt(message string) ([]byte, uint32, error)
	Pickle(key []byte) ([]byte, error)
}

// All returns the implementations, chappe first.
func All() []Implementation { return []Implementation{Chappe{}, Goolm{}, Libolm{}, Vodozemac{}} }

// beside returns chappe, with pickles that another implementation reads.
func beside(other Implementation) Implementation {
	if other.Traits().OwnPickles {
		return ChappeToVodozemac{}
	}
	return Chappe{}
}

// Pairs returns the ordered pairs in which chappe takes part.
func Pairs() [][2]Implementation {
	pairs := [][2]Implementation{{Chappe{}, Chappe{}}}
	for _, other := range All()[1:] {
		ours := beside(other)
		pairs = append(pairs, [2]Implementation{ours, other}, [2]Implementation{other, ours})
	}
	return pairs
}
