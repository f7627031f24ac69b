package pk

import (
	"crypto/rand"
	"fmt"

	"github.com/chappe-e2ee/chappe/internal/aessha2"
	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
)

// cipherLabel is the info of HKDF: none.
const cipherLabel = ""

// Encrypt encrypts plaintext, of at most [MaxPlaintextSize] bytes, to the holder
// of recipient's private key. It takes the 32 bytes of the ephemeral private key
// from crypto/rand.
//
// It returns [keys.ErrAbsent] or [ErrTooLong], and fails otherwise only where
// the Go runtime forbids X25519 (GODEBUG=fips140=only).
func Encrypt(recipient keys.Curve25519, plaintext []byte) (Message, error) {
	return secret.Call(func() (Message, error) { return doEncrypt(recipient, plaintext) })
}

func doEncrypt(recipient keys.Curve25519, plaintext []byte) (Message, error) {
	switch {
	case recipient.IsZero():
		return Message{}, fmt.Errorf("pk: recipient: %w", keys.ErrAbsent)
	case len(plaintext) > MaxPlaintextSize:
		return Message{}, ErrTooLong
	}
	var private [curve.Size]byte
	defer secret.Wipe(private[:])
	rand.Read(private[:])
	ephemeral, err := curve.ParsePrivateKey(&private)
	if err != nil {
		return Message{}, err
	}
	b := ephemeral.PublicKey()
	public, err := keys.NewCurve25519(b[:])
	if err != nil {
		return Message{}, err
	}
	var c aessha2.Cipher
	defer c.Wipe()
	if err := derive(&c, ephemeral, recipient); err != nil {
		return Message{}, err
	}
	ciphertext := make([]byte, 0, aessha2.CiphertextLen(len(plaintext)))
	return Message{
		Ciphertext: c.AppendEncrypt(ciphertext, plaintext),
		MAC:        c.MAC(nil), // libolm's mistake, and the format's since
		Ephemeral:  public,
	}, nil
}

// derive sets c to the keys that follow from the shared secret of private and
// public.
func derive(c *aessha2.Cipher, private *curve.PrivateKey, public keys.Curve25519) error {
	var shared [curve.Size]byte
	defer secret.Wipe(shared[:])
	b := public.Array()
	if err := private.Agree(shared[:], &b); err != nil {
		return err
	}
	c.Derive(shared[:], cipherLabel)
	return nil
}
