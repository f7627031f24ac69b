package conformance

// Randomness is an implementation that takes the random bytes it is given.
// CryptoRand has it for libraries in Go.
type Randomness interface {
	// BeginRandom makes the next calls take these bytes, in their order.
	BeginRandom(random []byte) error
	// EndRandom goes back to true randomness. It fails when not exactly these
	// bytes were taken.
	EndRandom() error
}

// Resetter is an implementation that is told when a case begins. No object from
// before is used any more.
type Resetter interface {
	Reset() error
}

// Pickles is an implementation that reads libolm's pickles.
type Pickles interface {
	UnpickleAccount(pickle, key []byte) (Account, error)
	UnpickleSession(pickle, key []byte) (Session, error)
	UnpickleOutboundGroup(pickle, key []byte) (OutboundGroup, error)
	UnpickleInboundGroup(pickle, key []byte) (InboundGroup, error)
}

// Pickler is an account, session or group session that writes libolm's pickle.
// With it, failed calls are seen to change nothing.
type Pickler interface {
	Pickle(key []byte) ([]byte, error)
}

// Saver is an object that is stored in a form of its own, and Loads is the
// implementation that reads this. Nothing looks into the form. Saving twice
// without a change between must give the same bytes. Where there are pickles,
// these are used.
type Saver interface {
	Save() ([]byte, error)
}

// Loads is described at [Saver].
type Loads interface {
	LoadAccount(saved []byte) (Account, error)
	LoadSession(saved []byte) (Session, error)
	LoadOutboundGroup(saved []byte) (OutboundGroup, error)
	LoadInboundGroup(saved []byte) (InboundGroup, error)
}

// Describer is a session that has libolm's text about itself.
type Describer interface {
	Describe() (string, error)
}

// TwoSteps is an account with libolm's calls: a session is made of a pre-key
// message that is neither decrypted nor uses up the one-time key, which is
// removed later.
type TwoSteps interface {
	CreateInboundSession(identityKey, body string) (Session, error)
	RemoveOneTimeKey(used Session) error
}

// Signatures is an implementation that verifies Ed25519 signatures.
type Signatures interface {
	Verify(key string, message []byte, signature string) error
}

// PublicKeys is an implementation that judges public keys before it uses them,
// each as 32 bytes in base64.
type PublicKeys interface {
	CheckCurve25519(key string) error
	CheckEd25519(key string) error
}

// PK is an implementation of libolm's public-key box and of signing with a seed.
// Private keys and seeds are 32 bytes.
type PK interface {
	// PKKey returns the keys of a decryption key that was made from a private
	// key, and its pickle.
	PKKey(private, pickleKey []byte) (public string, same, pickle []byte, err error)
	// PKUnpickle returns the private key in a pickle.
	PKUnpickle(pickle, pickleKey []byte) (private []byte, err error)
	PKEncrypt(public string, plaintext []byte) (ciphertext, mac, ephemeral string, err error)
	PKDecrypt(private []byte, ciphertext, mac, ephemeral string) ([]byte, error)
	PKSign(seed, message []byte) (public, signature string, err error)
}

// The three MACs of SAS, by the names that the specification gives them.
const (
	MACv2     = "hkdf-hmac-sha256.v2"
	MACLegacy = "hkdf-hmac-sha256"
	MACLong   = "hmac-sha256"
)

// SAS is an implementation of the calculations of emoji verification. A side is
// its private key of 32 bytes, and the public key of the other.
type SAS interface {
	SASKey(private []byte) (public string, err error)
	SASBytes(private []byte, theirs string, info []byte, n int) ([]byte, error)
	SASMAC(method string, private []byte, theirs string, input, info []byte) (string, error)
}

// KeyLimit is an implementation that keeps another number of one-time keys than
// 5000.
type KeyLimit interface {
	OneTimeKeyLimit() (int, error)
}

// Base64 is an implementation whose base64 can be called.
type Base64 interface {
	EncodeBase64(b []byte) (string, error)
	DecodeBase64(text string) ([]byte, error)
}

// Primitives is an implementation whose primitives can be called.
type Primitives interface {
	X25519(private []byte) (public []byte, err error)
	Agree(private, public []byte) ([]byte, error)
	// Ed25519 returns the keys of a seed, the private one in the expanded form
	// of 64 bytes, and a signature.
	Ed25519(seed, message []byte) (public, expanded, signature []byte, err error)
	SHA256(input []byte) ([]byte, error)
	HMACSHA256(key, input []byte) ([]byte, error)
	HKDFSHA256(ikm, salt, info []byte, n int) ([]byte, error)
	// AES256CBC encrypts with PKCS#7, and decrypts if decrypt is set.
	AES256CBC(key, iv, input []byte, decrypt bool) ([]byte, error)
}

// Field is a field of a message: a number of 32 bits, or bytes.
type Field struct {
	Number  uint32
	IsBytes bool
	Varint  uint32
	Bytes   []byte
}

// Codec is an implementation whose encoding of messages can be called.
type Codec interface {
	EncodeMessage(version byte, fields []Field) ([]byte, error)
	// DecodeMessage takes a message without MAC and signature, and returns the
	// fields in the order in which they stand.
	DecodeMessage(message []byte) (version byte, fields []Field, err error)
}

// Numbers is an implementation whose errors carry numbers: under
// "first_known_index" and "requested_index" for the class unknown-index, under
// "index" for message-key-gone, under "gap" for message-gap. Those that are
// there are compared.
type Numbers interface {
	ErrorNumbers(err error) map[string]uint32
}
