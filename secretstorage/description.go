package secretstorage

import (
	"fmt"

	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
)

// Algorithm is the one algorithm of secret storage.
const Algorithm = "m.secret_storage.v1.aes-hmac-sha2"

const descriptionName = "secretstorage: key description"

// Description describes a key in the user's account data, where its type is
// [DescriptionType]. It is public and the server can change it. Members that
// this package does not know are kept. It is immutable. The zero value is
// absent.
type Description struct{ content object }

// ParseDescription returns the description that is the content of an account
// data event. It returns a [*MalformedError], or [ErrAlgorithm] when the key is
// for another algorithm. How the key is checked and derived, is looked into when
// it is asked for: what is wrong there leaves the rest usable.
func ParseDescription(content []byte) (Description, error) {
	o, err := parseObject(descriptionName, content)
	if err != nil {
		return Description{}, err
	}
	algorithm, ok := o.value("algorithm").Text()
	if !ok {
		return Description{}, &MalformedError{What: descriptionName, Why: "algorithm is not one string"}
	}
	if algorithm != Algorithm {
		return Description{}, fmt.Errorf("%s: %w", descriptionName, ErrAlgorithm)
	}
	return Description{o}, nil
}

// Describe returns a description of the key, with a name for the person that may
// be empty, what it can be checked with, and the parameters of its passphrase
// when it was derived from one. It takes 16 bytes from crypto/rand. It returns [ErrName] when the
// name is not UTF-8, [ErrUnconfirmed] or [ErrClosed].
func (k *Key) Describe(name string) (Description, error) {
	return secret.Call(func() (Description, error) { return k.doDescribe(name) })
}

func (k *Key) doDescribe(name string) (Description, error) {
	var o object
	if name != "" {
		text := canonicaljson.Text(name)
		if text.IsZero() {
			return Description{}, ErrName
		}
		o = o.with("name", text.String())
	}
	o = o.with("algorithm", canonicaljson.Text(Algorithm).String())
	if k.pbkdf2 != (PBKDF2{}) {
		o = o.with("passphrase", k.pbkdf2.value().String())
	}
	return Description{o}.WithCheck(k)
}

// IsZero says whether d is absent.
func (d Description) IsZero() bool { return d.content == nil }

// Name returns the name of the key, empty when it has none.
func (d Description) Name() string {
	name, _ := d.content.value("name").Text()
	return name
}

// Passphrase says how the key is derived from a passphrase. It returns
// [ErrNoPassphrase] when it is not, [ErrAlgorithm] when it is in a way that is
// not known, and a [*MalformedError], also for parameters that are out of bounds.
func (d Description) Passphrase() (PBKDF2, error) {
	text, ok := d.content.text("passphrase")
	if !ok {
		return PBKDF2{}, ErrNoPassphrase
	}
	return parsePBKDF2(text)
}

// MarshalJSON returns the content of the account data event, or
// [keys.ErrAbsent].
func (d Description) MarshalJSON() ([]byte, error) {
	if d.IsZero() {
		return nil, fmt.Errorf("%s: %w", descriptionName, keys.ErrAbsent)
	}
	return d.content.appendTo(nil), nil
}

// UnmarshalJSON sets d as [ParseDescription] does. When it fails, d is as before.
func (d *Description) UnmarshalJSON(content []byte) error {
	parsed, err := ParseDescription(content)
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}
