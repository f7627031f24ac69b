package chappe

import (
	"bytes"
	"fmt"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/pk"
	"github.com/chappe-e2ee/chappe/sas"
	"github.com/chappe-e2ee/chappe/testvectors/conformance"
)

// PKKey implements [conformance.PK].
func (Implementation) PKKey(private, pickleKey []byte) (public string, same, pickle []byte, err error) {
	k, err := pk.NewDecryptionKey(private)
	if err != nil {
		return "", nil, nil, err
	}
	b, err := k.Secret()
	if err != nil {
		return "", nil, nil, err
	}
	pickle, err = k.ExportLibolm(pickleKey)
	return k.PublicKey().String(), b[:], pickle, err
}

// PKUnpickle implements [conformance.PK].
func (Implementation) PKUnpickle(pickle, pickleKey []byte) ([]byte, error) {
	k, err := pk.ImportLibolmDecryptionKey(pickle, pickleKey)
	if err != nil {
		return nil, err
	}
	private, err := k.Secret()
	return private[:], err
}

// PKEncrypt implements [conformance.PK].
func (Implementation) PKEncrypt(public string, plaintext []byte) (ciphertext, mac, ephemeral string, err error) {
	recipient, err := keys.ParseCurve25519(public)
	if err != nil {
		return "", "", "", err
	}
	m, err := pk.Encrypt(recipient, plaintext)
	if err != nil {
		return "", "", "", err
	}
	ciphertext, mac, ephemeral = m.Text()
	return ciphertext, mac, ephemeral, nil
}

// PKDecrypt implements [conformance.PK].
func (Implementation) PKDecrypt(private []byte, ciphertext, mac, ephemeral string) ([]byte, error) {
	k, err := pk.NewDecryptionKey(private)
	if err != nil {
		return nil, err
	}
	m, err := pk.ParseMessage(ciphertext, mac, ephemeral)
	if err != nil {
		return nil, err
	}
	return k.Decrypt(m)
}

// PKSign implements [conformance.PK].
func (Implementation) PKSign(seed, message []byte) (public, signature string, err error) {
	k, err := pk.NewSigningKey(seed)
	if err != nil {
		return "", "", err
	}
	s, err := k.Sign(message)
	return k.PublicKey().String(), s.String(), err
}

// Verify implements [conformance.Signatures].
func (Implementation) Verify(key string, message []byte, signature string) error {
	k, err := keys.ParseEd25519(key)
	if err != nil {
		return err
	}
	s, err := keys.ParseSignature(signature)
	if err != nil {
		return err
	}
	return k.Verify(message, s)
}

// CheckCurve25519 implements [conformance.PublicKeys].
func (Implementation) CheckCurve25519(key string) error {
	k, err := keys.ParseCurve25519(key)
	return same(key, k.Bytes(), err)
}

// CheckEd25519 implements [conformance.PublicKeys].
func (Implementation) CheckEd25519(key string) error {
	k, err := keys.ParseEd25519(key)
	return same(key, k.Bytes(), err)
}

// same demands that a key that was accepted is what was read.
func same(text string, b []byte, err error) error {
	if err != nil {
		return err
	}
	read, err := decode64(text)
	if err == nil && !bytes.Equal(read, b) {
		err = fmt.Errorf("chappe: %q is read as another key", text)
	}
	return err
}

// sasPair returns the key pair of a private key. Package sas makes its own only,
// so its random bytes are given.
func sasPair(private []byte) (*sas.KeyPair, error) {
	var random conformance.CryptoRand
	if err := random.BeginRandom(private); err != nil {
		return nil, err
	}
	k, err := sas.Generate()
	if end := random.EndRandom(); err == nil {
		err = end
	}
	return k, err
}

// establish returns one side of a verification.
func establish(private []byte, theirs string) (*sas.Established, error) {
	key, err := keys.ParseCurve25519(theirs)
	if err != nil {
		return nil, err
	}
	k, err := sasPair(private)
	if err != nil {
		return nil, err
	}
	return k.Agree(key)
}

// SASKey implements [conformance.SAS].
func (r *Replaying) SASKey(private []byte) (string, error) {
	k, err := sasPair(private)
	if err != nil {
		return "", err
	}
	return k.PublicKey().String(), nil
}

// SASBytes implements [conformance.SAS].
func (r *Replaying) SASBytes(private []byte, theirs string, info []byte, n int) ([]byte, error) {
	e, err := establish(private, theirs)
	if err != nil {
		return nil, err
	}
	return e.Bytes(info, n)
}

// sasMACs are the three MACs, with what makes and what verifies them.
var sasMACs = map[string]struct {
	mac    func(e *sas.Established, input, info []byte) (string, error)
	verify func(e *sas.Established, input, info []byte, mac string) error
}{
	conformance.MACv2:     {(*sas.Established).MAC, (*sas.Established).VerifyMAC},
	conformance.MACLegacy: {(*sas.Established).LegacyMAC, (*sas.Established).VerifyLegacyMAC},
	conformance.MACLong:   {(*sas.Established).LegacyLongMAC, (*sas.Established).VerifyLegacyLongMAC},
}

// SASMAC implements [conformance.SAS]. The MAC that is made must verify.
func (r *Replaying) SASMAC(method string, private []byte, theirs string, input, info []byte) (string, error) {
	m, known := sasMACs[method]
	if !known {
		return "", fmt.Errorf("chappe: unknown MAC %q", method)
	}
	e, err := establish(private, theirs)
	if err != nil {
		return "", err
	}
	mac, err := m.mac(e, input, info)
	if err != nil {
		return "", err
	}
	return mac, m.verify(e, input, info, mac)
}
