package chappe

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"errors"

	"github.com/chappe-e2ee/chappe/internal/aessha2"
	"github.com/chappe-e2ee/chappe/internal/b64"
	"github.com/chappe-e2ee/chappe/internal/ct64"
	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/internal/kdf"
	"github.com/chappe-e2ee/chappe/keys"
)

// Where the module has two ways to do a thing, they are compared, and a
// difference is an error of no class.
var errTwoWays = errors.New("chappe: two ways to do it, two results")

// EncodeBase64 implements [conformance.Base64] with both encoders.
func (Implementation) EncodeBase64(b []byte) (string, error) {
	text := b64.Encode(b)
	if string(ct64.AppendEncode(nil, b)) != text {
		return "", errTwoWays
	}
	return text, nil
}

// DecodeBase64 implements [conformance.Base64] with both decoders.
func (Implementation) DecodeBase64(text string) ([]byte, error) { return decode64(text) }

func decode64(text string) ([]byte, error) {
	n := b64.DecodedLen(text)
	if n < 0 {
		return nil, keys.ErrBase64
	}
	b, c := make([]byte, n), make([]byte, n)
	err, other := b64.DecodeString(b, text), ct64.Decode(c, text)
	if (err == nil) != (other == nil) || err == nil && !bytes.Equal(b, c) {
		return nil, errTwoWays
	}
	return b, err
}

func array32(b []byte) (*[32]byte, error) {
	if len(b) != 32 {
		return nil, errors.New("chappe: a key is not 32 bytes long")
	}
	return (*[32]byte)(b), nil
}

// X25519 implements [conformance.Primitives].
func (Implementation) X25519(private []byte) ([]byte, error) {
	b, err := array32(private)
	if err != nil {
		return nil, err
	}
	k, err := curve.ParsePrivateKey(b)
	if err != nil {
		return nil, err
	}
	public := k.PublicKey()
	if public != curve.PublicFromPrivate(b) {
		return nil, errTwoWays
	}
	return public[:], nil
}

// Agree implements [conformance.Primitives].
func (Implementation) Agree(private, public []byte) ([]byte, error) {
	b, err := array32(private)
	if err != nil {
		return nil, err
	}
	k, err := curve.ParsePrivateKey(b)
	if err != nil {
		return nil, err
	}
	peer, err := keys.NewCurve25519(public)
	if err != nil {
		return nil, err
	}
	theirs, shared := peer.Array(), make([]byte, curve.Size)
	return shared, k.Agree(shared, &theirs)
}

// Ed25519 implements [conformance.Primitives].
func (Implementation) Ed25519(seed, message []byte) (public, expanded, signature []byte, err error) {
	b, err := array32(seed)
	if err != nil {
		return nil, nil, nil, err
	}
	k := curve.SigningKeyFromSeed(b)
	p := k.PublicKey()
	other, err := curve.SigningKeyFromExpanded(k.Expanded(), &p)
	if err != nil {
		return nil, nil, nil, err
	}
	var s, again [curve.SignatureSize]byte
	k.Sign(&s, message)
	other.Sign(&again, message)
	if s != again {
		return nil, nil, nil, errTwoWays
	}
	return p[:], k.Expanded()[:], s[:], nil
}

// SHA256 implements [conformance.Primitives].
func (Implementation) SHA256(input []byte) ([]byte, error) {
	digest := sha256.Sum256(input)
	return digest[:], nil
}

// HMACSHA256 implements [conformance.Primitives].
func (Implementation) HMACSHA256(key, input []byte) ([]byte, error) {
	var mac [kdf.Size]byte
	kdf.HMAC(&mac, key, input)
	return mac[:], nil
}

// HKDFSHA256 implements [conformance.Primitives].
func (Implementation) HKDFSHA256(ikm, salt, info []byte, n int) ([]byte, error) {
	if n < 0 || n > 255*kdf.Size || len(info) > 32 {
		return nil, errors.New("chappe: longer than package kdf allows")
	}
	okm := make([]byte, n)
	kdf.HKDF(okm, ikm, salt, string(info))
	return okm, nil
}

// AES256CBC implements [conformance.Primitives]. Package aessha2 takes no key
// but what HKDF makes. So the vectors judge a CBC of a few lines, and this CBC,
// under keys that HKDF can make, judges the package.
func (Implementation) AES256CBC(key, iv, input []byte, decrypt bool) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	if len(iv) != aes.BlockSize {
		return nil, errors.New("chappe: an IV is not 16 bytes long")
	}
	if decrypt {
		return openCBC(block, iv, input)
	}
	const label = "OLM_KEYS"
	var okm [80]byte
	kdf.HKDF(okm[:], key, nil, label)
	derived, err := aes.NewCipher(okm[:32])
	if err != nil {
		return nil, err
	}
	var ours aessha2.Cipher
	ours.Derive(key, label)
	ciphertext := ours.AppendEncrypt(nil, input)
	back, good := ours.Decrypt(bytes.Clone(ciphertext))
	if !bytes.Equal(ciphertext, sealCBC(derived, okm[64:], input)) || !good || !bytes.Equal(back, input) {
		return nil, errTwoWays
	}
	return sealCBC(block, iv, input), nil
}

func sealCBC(block cipher.Block, iv, plaintext []byte) []byte {
	pad := aes.BlockSize - len(plaintext)%aes.BlockSize
	b := append(bytes.Clone(plaintext), bytes.Repeat([]byte{byte(pad)}, pad)...)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(b, b)
	return b
}

func openCBC(block cipher.Block, iv, ciphertext []byte) ([]byte, error) {
	if len(ciphertext) == 0 || len(ciphertext)%aes.BlockSize != 0 {
		return nil, errors.New("chappe: a ciphertext is no blocks")
	}
	b := bytes.Clone(ciphertext)
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(b, b)
	pad := int(b[len(b)-1])
	if pad == 0 || pad > aes.BlockSize || !bytes.Equal(b[len(b)-pad:], bytes.Repeat([]byte{byte(pad)}, pad)) {
		return nil, errors.New("chappe: wrong padding")
	}
	return b[:len(b)-pad], nil
}
