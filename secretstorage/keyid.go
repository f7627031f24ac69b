package secretstorage

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
	"github.com/chappe-e2ee/chappe/keys"
)

// Types of account data.
const (
	DefaultKeyType        = "m.secret_storage.default_key"
	DescriptionTypePrefix = "m.secret_storage.key."
)

// MaxKeyIDSize is the length in bytes of the longest id of a key.
const MaxKeyIDSize = MaxNameSize - len(DescriptionTypePrefix)

const defaultKeyName = "secretstorage: default key"

// GenerateKeyID returns a new id for a key, 32 characters. It takes 16 bytes from
// crypto/rand.
func GenerateKeyID() string { return randomText() }

// DescriptionType returns the type of the account data that describes the key
// with an id: UTF-8, of 1 to [MaxKeyIDSize] bytes. It returns [ErrName].
func DescriptionType(keyID string) (string, error) {
	if !validKeyID(keyID) {
		return "", ErrName
	}
	return DescriptionTypePrefix + keyID, nil
}

// ParseDescriptionType returns the id of the key that account data of a type
// describes, and whether it describes one.
func ParseDescriptionType(eventType string) (keyID string, ok bool) {
	keyID, ok = strings.CutPrefix(eventType, DescriptionTypePrefix)
	if !ok || !validKeyID(keyID) {
		return "", false
	}
	return keyID, true
}

func validKeyID(id string) bool {
	return id != "" && len(id) <= MaxKeyIDSize && utf8.ValidString(id)
}

// DefaultKey names the key that secrets are stored under unless the user wants
// otherwise, in account data of [DefaultKeyType].
type DefaultKey struct {
	KeyID string
}

// MarshalJSON returns the content of the account data event, {"key":"…"}, or
// [ErrName].
func (d DefaultKey) MarshalJSON() ([]byte, error) {
	if !validKeyID(d.KeyID) {
		return nil, ErrName
	}
	return object{}.with("key", canonicaljson.Text(d.KeyID).String()).appendTo(nil), nil
}

// UnmarshalJSON reads that content. The name is taken to the letter and must
// stand once; other members are ignored. It returns [keys.ErrAbsent] when there
// is no default key, as after it was taken away, which should be treated as if
// there was no key at all; and a [*MalformedError]. When it fails, d is as
// before.
func (d *DefaultKey) UnmarshalJSON(content []byte) error {
	o, err := parseObject(defaultKeyName, content)
	if err != nil {
		return err
	}
	if !o.has("key") {
		return fmt.Errorf("%s: %w", defaultKeyName, keys.ErrAbsent)
	}
	id, ok := o.value("key").Text()
	if !ok || !validKeyID(id) {
		return &MalformedError{What: defaultKeyName, Why: "key is not one id of a key"}
	}
	d.KeyID = id
	return nil
}
