package secretstorage

import (
	"fmt"

	"github.com/chappe-e2ee/chappe/internal/b64"
	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
)

const (
	noName      = "" // of the self-check, as HKDF's info
	longCheckIV = 2 * IVSize
)

// checkPlaintext is what the self-check encrypts.
var checkPlaintext [32]byte

// Check returns nil when k is the key that d describes, and confirms it thereby.
// It returns [ErrWrongKey] when k is another one.
//
// It returns [ErrCannotCheck] when d does not allow to tell, since iv and mac are
// missing. The specification has clients go on with such a key. Go on, then, to
// open secrets, which shows whether it is right; change nothing before.
//
// It returns a [*MalformedError] when iv and mac are not of the form that they
// must have, [keys.ErrAbsent] when d is absent, or [ErrClosed]. An iv of 32 bytes
// is taken, although it should have 16: nheko wrote such ones, and the first 16
// count.
func (d Description) Check(k *Key) (err error) {
	secret.Do(func() { err = d.doCheck(k) })
	return err
}

func (d Description) doCheck(k *Key) error {
	if d.IsZero() {
		return fmt.Errorf("%s: %w", descriptionName, keys.ErrAbsent)
	}
	s, err := k.derive(noName)
	if err != nil {
		return err
	}
	defer s.wipe()
	if !d.content.has("iv") && !d.content.has("mac") {
		return ErrCannotCheck
	}
	var iv [IVSize]byte
	if err := decodeCheckIV(&iv, d.content); err != nil {
		return err
	}
	var mac [MACSize]byte
	if err := decodeExactly(mac[:], descriptionName, "mac", d.content); err != nil {
		return err
	}
	ciphertext := checkPlaintext
	s.crypt(ciphertext[:], ciphertext[:], &iv)
	if !s.verify(ciphertext[:], &mac) {
		return ErrWrongKey
	}
	k.confirm()
	return nil
}

func decodeCheckIV(iv *[IVSize]byte, o object) error {
	var long [longCheckIV]byte
	b := long[:IVSize]
	if text, _ := o.value("iv").Text(); b64.DecodedLen(text) == longCheckIV {
		b = long[:]
	}
	if err := decodeExactly(b, descriptionName, "iv", o); err != nil {
		return err
	}
	copy(iv[:], b)
	return nil
}

// WithCheck returns a copy of d that k can be checked with: for a key that has
// shown to be right although it could not be checked. Where d has iv or mac
// already, k must pass [Description.Check] before they are replaced: the
// description of one key is not made that of another. It takes 16 bytes from
// crypto/rand. It returns [ErrUnconfirmed], [keys.ErrAbsent], [ErrClosed], or
// [ErrWrongKey] or a [*MalformedError] as Check does.
func (d Description) WithCheck(k *Key) (Description, error) {
	return secret.Call(func() (Description, error) { return d.doWithCheck(k) })
}

func (d Description) doWithCheck(k *Key) (Description, error) {
	if d.IsZero() {
		return Description{}, fmt.Errorf("%s: %w", descriptionName, keys.ErrAbsent)
	}
	s, err := k.derive(noName)
	if err != nil {
		return Description{}, err
	}
	defer s.wipe()
	if err := k.requireConfirmed(); err != nil {
		return Description{}, err
	}
	if err := d.Check(k); err != nil && err != ErrCannotCheck {
		return Description{}, err
	}
	iv := newIV()
	ciphertext := checkPlaintext
	s.crypt(ciphertext[:], ciphertext[:], &iv)
	mac := s.mac(ciphertext[:])
	o := d.content.with("iv", canonicaljson.Text(b64.Encode(iv[:])).String())
	return Description{o.with("mac", canonicaljson.Text(b64.Encode(mac[:])).String())}, nil
}
