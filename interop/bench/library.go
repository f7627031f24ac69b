package main

// library is an implementation in this process. Its objects take and give what
// a program has in its hands: base64 texts, and libolm's pickles. Nothing here
// fails: an error is a panic.
type library interface {
	name() string

	newAccount() account
	readAccount(pickle []byte) account
	readSession(pickle []byte) session
	newOutbound() outbound
	readOutbound(pickle []byte) outbound
	newInbound(key []byte) inbound
	importInbound(export []byte) inbound
	readInbound(pickle []byte) inbound

	verify(key, signature string, message []byte)
	// verification makes a key pair of SAS, agrees with another key, gives the
	// code and the MAC of input, and verifies that MAC as the other side does.
	verification(theirs string, info, macInfo, input []byte) (code []byte, mac string)
	// boxEncrypt returns ciphertext, MAC and ephemeral key.
	boxEncrypt(recipient string, plaintext []byte) [3]string
	// boxKey returns the decryption of a private key.
	boxKey(private []byte) func(box [3]string) []byte
}

type account interface {
	identity() (curve25519, ed25519 string)
	sign(message []byte) string
	addOneTimeKeys(n int)
	oneTimeKeys() []string
	outbound(identity, oneTime string) session
	// inbound makes the session of a pre-key message, decrypts it and removes
	// the one-time key.
	inbound(identity, body string) (session, []byte)
	pickle() []byte
}

type session interface {
	encrypt(plaintext []byte) (messageType int, body []byte)
	decrypt(messageType int, body string) []byte
	pickle() []byte
}

type outbound interface {
	key() []byte
	encrypt(plaintext []byte) []byte
	pickle() []byte
}

type inbound interface {
	decrypt(m message) []byte
	export(index uint32) []byte
	pickle() []byte
}

// message is a Megolm message, in both of the types that the libraries ask for,
// so that none of them pays for a conversion.
type message struct {
	text  string
	bytes []byte
}

func messageOf(b []byte) message { return message{string(b), b} }

// pickleKey is the key of all pickles here. vodozemac's own have 32 bytes.
var pickleKey = []byte("a pickle key of the usual length")

// The message types of Olm.
const (
	preKey = 0
	normal = 1
)

// libraries returns those in this process, chappe first.
func libraries() []library { return []library{chappe{}, newGoolm(), newLibolm()} }

func must[T any](v T, err error) T {
	check(err)
	return v
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
