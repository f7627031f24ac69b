package conformance

// Implementation is a library under test.
//
// Keys, signatures, messages, session keys and exports are the base64 texts of
// Matrix, as strings. A method that fails returns an error and leaves the object
// as it was. A method that the library has nothing for returns an error that
// wraps [errors.ErrUnsupported]: what needs it is then not run. Capabilities
// beyond this interface are small interfaces, for the implementation or its
// objects to have or not: [Randomness], [Pickles], [Pickler], [Describer],
// [TwoSteps], [Signatures], [PublicKeys], [PK], [SAS], [KeyLimit], [Base64],
// [Primitives], [Codec], [Numbers].
type Implementation interface {
	// Name is the name of the library, for texts.
	Name() string

	// Classes returns the error classes of testvectors/README.md that an error
	// of this implementation may stand for: one, or several where the library
	// does not tell them apart, and none for any other error.
	Classes(err error) []string

	NewAccount() (Account, error)
	NewOutboundGroup() (OutboundGroup, error)
	// NewInboundGroup takes a session key, ImportInboundGroup an export.
	NewInboundGroup(sessionKey string) (InboundGroup, error)
	ImportInboundGroup(export string) (InboundGroup, error)
}

// Account is the identity of a device.
type Account interface {
	IdentityKeys() (curve25519, ed25519 string, err error)
	Sign(message []byte) (signature string, err error)
	GenerateOneTimeKeys(n int) error
	// OneTimeKeys returns those that are not published, by id. An id is
	// unpadded base64 of a number, big-endian; later keys have larger ids.
	OneTimeKeys() (map[string]string, error)
	GenerateFallbackKey() error
	// FallbackKey returns the current one by its id, and none if it is
	// published.
	FallbackKey() (map[string]string, error)
	// ForgetFallbackKey forgets the previous one, if there is one.
	ForgetFallbackKey() error
	MarkPublished() error
	NewOutboundSession(identityKey, oneTimeKey string) (Session, error)
	// NewInboundSession makes the session of a pre-key message from the device
	// with this identity key, decrypts the message, and consumes the one-time
	// key; or does nothing of these.
	NewInboundSession(identityKey, body string) (Session, []byte, error)
}

// The message types of Olm.
const (
	PreKey = 0
	Normal = 1
)

// Session is an Olm session.
type Session interface {
	ID() (string, error)
	HasReceived() (bool, error)
	// Matches says whether a pre-key message belongs to the session, and comes
	// from the device with this identity key, or from anyone if it is "".
	Matches(identityKey, body string) (bool, error)
	Encrypt(plaintext []byte) (messageType int, body string, err error)
	Decrypt(messageType int, body string) ([]byte, error)
}

// OutboundGroup is the sending side of a Megolm session.
type OutboundGroup interface {
	ID() (string, error)
	// Index is that of the next message.
	Index() (uint32, error)
	SessionKey() (string, error)
	Encrypt(plaintext []byte) (string, error)
}

// InboundGroup is a receiving side of a Megolm session.
type InboundGroup interface {
	ID() (string, error)
	FirstKnownIndex() (uint32, error)
	// Verified says whether a signature has shown that the session is its
	// maker's.
	Verified() (bool, error)
	Export(index uint32) (string, error)
	Decrypt(message string) (plaintext []byte, index uint32, err error)
}
