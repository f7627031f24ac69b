package peer

import (
	"encoding/base64"

	goolm "maunium.net/go/mautrix/crypto/goolm/pk"

	"github.com/chappe-e2ee/chappe/interop/libolm"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/pk"
)

// Boxer is an implementation that has libolm's public-key box. goolm has not.
type Boxer interface {
	Implementation
	NewBoxKey(private []byte) (BoxKey, error)
	UnpickleBoxKey(pickle, key []byte) (BoxKey, error)
	SealBox(public string, plaintext []byte) (Box, error)
}

// Box is a ciphertext, its MAC and an ephemeral key, in base64.
type Box struct{ Ciphertext, MAC, Ephemeral string }

// BoxKey opens boxes. Its pickles are libolm's, of all implementations.
type BoxKey interface {
	PublicKey() string
	Open(Box) ([]byte, error)
	Pickle(key []byte) ([]byte, error)
}

// Signer is an implementation that signs with a seed of 32 bytes.
type Signer interface {
	Implementation
	SignBySeed(seed, message []byte) (public, signature string, err error)
}

// NewBoxKey implements [Boxer].
func (Chappe) NewBoxKey(private []byte) (BoxKey, error) {
	k, err := pk.NewDecryptionKey(private)
	return chappeBoxKey{k}, err
}

// UnpickleBoxKey implements [Boxer].
func (Chappe) UnpickleBoxKey(pickle, key []byte) (BoxKey, error) {
	k, err := pk.ImportLibolmDecryptionKey(pickle, key)
	return chappeBoxKey{k}, err
}

// SealBox implements [Boxer].
func (Chappe) SealBox(public string, plaintext []byte) (b Box, err error) {
	k, err := keys.ParseCurve25519(public)
	if err != nil {
		return b, err
	}
	m, err := pk.Encrypt(k, plaintext)
	if err != nil {
		return b, err
	}
	b.Ciphertext, b.MAC, b.Ephemeral = m.Text()
	return b, nil
}

type chappeBoxKey struct{ k *pk.DecryptionKey }

func (c chappeBoxKey) PublicKey() string { return c.k.PublicKey().String() }

func (c chappeBoxKey) Open(b Box) ([]byte, error) {
	m, err := pk.ParseMessage(b.Ciphertext, b.MAC, b.Ephemeral)
	if err != nil {
		return nil, err
	}
	return c.k.Decrypt(m)
}

func (c chappeBoxKey) Pickle(key []byte) ([]byte, error) { return c.k.ExportLibolm(key) }

// SignBySeed implements [Signer].
func (Chappe) SignBySeed(seed, message []byte) (public, signature string, err error) {
	k, err := pk.NewSigningKey(seed)
	if err != nil {
		return "", "", err
	}
	s, err := k.Sign(message)
	return k.PublicKey().String(), s.String(), err
}

// NewBoxKey implements [Boxer].
func (Libolm) NewBoxKey(private []byte) (BoxKey, error) {
	k, public, err := libolm.PkKeyFromPrivate(private)
	return libolmBoxKey{k, public}, err
}

// UnpickleBoxKey implements [Boxer].
func (Libolm) UnpickleBoxKey(pickle, key []byte) (BoxKey, error) {
	k, public, err := libolm.UnpicklePkDecryption(pickle, key)
	return libolmBoxKey{k, public}, err
}

// SealBox implements [Boxer].
func (Libolm) SealBox(public string, plaintext []byte) (b Box, err error) {
	b.Ciphertext, b.MAC, b.Ephemeral, err = libolm.PkEncrypt(public, plaintext)
	return b, err
}

type libolmBoxKey struct {
	*libolm.PkDecryption
	public string
}

func (l libolmBoxKey) PublicKey() string { return l.public }

func (l libolmBoxKey) Open(b Box) ([]byte, error) {
	return l.Decrypt(b.Ciphertext, b.MAC, b.Ephemeral)
}

// SignBySeed implements [Signer].
func (Libolm) SignBySeed(seed, message []byte) (public, signature string, err error) {
	return libolm.PkSign(seed, message)
}

// NewBoxKey implements [Boxer].
func (Vodozemac) NewBoxKey(private []byte) (BoxKey, error) {
	return vodozemacBoxKeyOf(call(nil, "pk.new", request{"key": binary(private)}))
}

// UnpickleBoxKey implements [Boxer].
func (Vodozemac) UnpickleBoxKey(pickle, key []byte) (BoxKey, error) {
	return vodozemacBoxKeyOf(unpickle("pk", pickle, key))
}

// SealBox implements [Boxer].
func (Vodozemac) SealBox(public string, plaintext []byte) (b Box, err error) {
	a, err := random(nil, "pk.encrypt", request{"identity": public, "message": binary(plaintext)})
	if err != nil {
		return b, err
	}
	return Box{a.Box[0], a.Box[1], a.Box[2]}, nil
}

type vodozemacBoxKey struct {
	*object
	public string
}

func vodozemacBoxKeyOf(a *answer, err error) (BoxKey, error) {
	if err != nil {
		return nil, err
	}
	return vodozemacBoxKey{newObject(a), a.Curve25519}, nil
}

func (v vodozemacBoxKey) PublicKey() string { return v.public }

func (v vodozemacBoxKey) Open(b Box) ([]byte, error) {
	a, err := call(v.object, "pk.decrypt", request{"ciphertext": b.Ciphertext, "mac": b.MAC, "ephemeral": b.Ephemeral})
	if err != nil {
		return nil, err
	}
	return base64.RawStdEncoding.DecodeString(a.Bytes)
}

func (v vodozemacBoxKey) Pickle(key []byte) ([]byte, error) {
	a, err := call(v.object, "pk.pickle", request{"key": binary(key)})
	if err != nil {
		return nil, err
	}
	return []byte(a.Text), nil
}

// SignBySeed implements [Signer].
func (Vodozemac) SignBySeed(seed, message []byte) (public, signature string, err error) {
	a, err := call(nil, "pk.sign", request{"key": binary(seed), "message": binary(message)})
	if err != nil {
		return "", "", err
	}
	return a.Ed25519, a.Text, nil
}

// SignBySeed implements [Signer].
func (Goolm) SignBySeed(seed, message []byte) (public, signature string, err error) {
	k, err := goolm.NewSigningFromSeed(seed)
	if err != nil {
		return "", "", err
	}
	s, err := k.Sign(message)
	return k.PublicKey().String(), string(s), err
}
