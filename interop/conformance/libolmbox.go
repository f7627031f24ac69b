package conformance

import (
	"encoding/base64"
	"errors"

	"github.com/chappe-e2ee/chappe/interop/libolm"
	"github.com/chappe-e2ee/chappe/interop/pickle"
	"github.com/chappe-e2ee/chappe/testvectors/conformance"
)

// senderOf returns the identity key that a pre-key message names: after the
// version, fields of 32 bytes, the one numbered 3.
func senderOf(body string) (string, error) {
	b, err := base64.RawStdEncoding.DecodeString(body)
	if err != nil {
		return "", err
	}
	for i := 1; i+34 <= len(b) && b[i+1] == 32; i += 34 {
		if b[i] == 3<<3|2 {
			return base64.RawStdEncoding.EncodeToString(b[i+2 : i+34]), nil
		}
	}
	return "", errors.New("not a pre-key message")
}

// Verify implements [conformance.Signatures].
func (*Libolm) Verify(key string, message []byte, signature string) error {
	return libolm.Verify(key, message, signature)
}

// PKKey implements [conformance.PK].
func (l *Libolm) PKKey(private, pickleKey []byte) (public string, same, pickled []byte, err error) {
	d, public, err := libolm.PkKeyFromPrivate(private)
	if err != nil {
		return "", nil, nil, err
	}
	pickled, err = d.Pickle(pickleKey)
	if err != nil {
		return "", nil, nil, err
	}
	same, err = l.PKUnpickle(pickled, pickleKey)
	return public, same, pickled, err
}

// PKUnpickle implements [conformance.PK]: libolm reads the pickle and writes it
// again, and the private key is the end of that.
func (*Libolm) PKUnpickle(text, pickleKey []byte) ([]byte, error) {
	d, _, err := libolm.UnpicklePkDecryption(text, pickleKey)
	if err != nil {
		return nil, err
	}
	again, err := d.Pickle(pickleKey)
	if err != nil {
		return nil, err
	}
	raw, err := pickle.Open(again, pickleKey)
	if err != nil {
		return nil, err
	}
	if len(raw) != 4+32+32 {
		return nil, errors.New("a pickle of another length")
	}
	return raw[36:], nil
}

// PKEncrypt implements [conformance.PK].
func (*Libolm) PKEncrypt(public string, plaintext []byte) (ciphertext, mac, ephemeral string, err error) {
	return libolm.PkEncrypt(public, plaintext)
}

// PKDecrypt implements [conformance.PK].
func (*Libolm) PKDecrypt(private []byte, ciphertext, mac, ephemeral string) ([]byte, error) {
	d, _, err := libolm.PkKeyFromPrivate(private)
	if err != nil {
		return nil, err
	}
	return d.Decrypt(ciphertext, mac, ephemeral)
}

// PKSign implements [conformance.PK].
func (*Libolm) PKSign(seed, message []byte) (public, signature string, err error) {
	return libolm.PkSign(seed, message)
}

// sasOf returns the SAS of a private key, which libolm takes as random bytes.
func sasOf(private []byte) (*libolm.SAS, error) {
	var random conformance.CryptoRand
	if err := random.BeginRandom(private); err != nil {
		return nil, err
	}
	s, err := libolm.NewSAS()
	return s, errors.Join(err, random.EndRandom())
}

func sasWith(private []byte, theirs string) (*libolm.SAS, error) {
	s, err := sasOf(private)
	if err != nil {
		return nil, err
	}
	return s, s.SetTheirKey(theirs)
}

// SASKey implements [conformance.SAS].
func (*Libolm) SASKey(private []byte) (string, error) {
	s, err := sasOf(private)
	if err != nil {
		return "", err
	}
	return s.PublicKey()
}

// SASBytes implements [conformance.SAS].
func (*Libolm) SASBytes(private []byte, theirs string, info []byte, n int) ([]byte, error) {
	s, err := sasWith(private, theirs)
	if err != nil {
		return nil, err
	}
	return s.Bytes(info, n)
}

// SASMAC implements [conformance.SAS].
func (*Libolm) SASMAC(method string, private []byte, theirs string, input, info []byte) (string, error) {
	s, err := sasWith(private, theirs)
	if err != nil {
		return "", err
	}
	switch method {
	case conformance.MACv2:
		return s.MAC(input, info)
	case conformance.MACLegacy:
		return s.LegacyMAC(input, info)
	case conformance.MACLong:
		return s.LongMAC(input, info)
	}
	return "", errors.ErrUnsupported
}
