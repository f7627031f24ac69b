package secretstorage

import (
	"fmt"

	"github.com/chappe-e2ee/chappe/keys"
)

const (
	storedName = "secretstorage: stored secret"
	encrypted  = "encrypted"
)

// StoredSecret is a secret as account data holds it, in an event whose type is
// the secret's name: sealed under one key or several. Entries of other keys and
// members that this package does not know are kept as they are. It is immutable.
// The zero value is a secret that is stored under no key yet.
type StoredSecret struct {
	content object // as it was read
	entries object // of its member encrypted, by key id; these count
}

// ParseStoredSecret returns the secret that is the content of an account data
// event. An empty object, which is what is left of a deleted one, is stored under
// no key. It returns a [*MalformedError]. Entries are looked into when they are
// asked for: what is wrong in one leaves the others usable.
func ParseStoredSecret(content []byte) (StoredSecret, error) {
	o, err := parseObject(storedName, content)
	if err != nil {
		return StoredSecret{}, err
	}
	s := StoredSecret{content: o}
	if text, ok := o.text(encrypted); ok {
		if s.entries, err = parseObject(storedName, []byte(text)); err != nil {
			return StoredSecret{}, err
		}
	}
	return s, nil
}

// KeyIDs returns the ids of the keys that the secret is stored under, in the
// order of the event.
func (s StoredSecret) KeyIDs() []string {
	ids := make([]string, len(s.entries))
	for i, m := range s.entries {
		ids[i] = m.name
	}
	return ids
}

// Under returns the secret as it was sealed under the key with an id. It returns
// [ErrNotStored] or a [*MalformedError].
func (s StoredSecret) Under(keyID string) (Sealed, error) {
	text, ok := s.entries.text(keyID)
	if !ok {
		return Sealed{}, ErrNotStored
	}
	var sealed Sealed
	err := sealed.UnmarshalJSON([]byte(text))
	return sealed, err
}

// With returns a copy that is stored under the key with an id too, in place of
// what stood there. It returns [ErrName] when the id is not of the form that
// [DescriptionType] asks for, [keys.ErrAbsent] or [ErrTooLong].
func (s StoredSecret) With(keyID string, sealed Sealed) (StoredSecret, error) {
	if !validKeyID(keyID) {
		return StoredSecret{}, ErrName
	}
	text, err := sealed.MarshalJSON()
	if err != nil {
		return StoredSecret{}, err
	}
	return StoredSecret{s.content, s.entries.with(keyID, string(text))}, nil
}

// Without returns a copy that is not stored under the key with an id.
func (s StoredSecret) Without(keyID string) StoredSecret {
	return StoredSecret{s.content, s.entries.without(keyID)}
}

// MarshalJSON returns the content of the account data event. It returns
// [keys.ErrAbsent] when the secret is stored under no key.
func (s StoredSecret) MarshalJSON() ([]byte, error) {
	if len(s.entries) == 0 {
		return nil, fmt.Errorf("%s: %w", storedName, keys.ErrAbsent)
	}
	return s.content.with(encrypted, string(s.entries.appendTo(nil))).appendTo(nil), nil
}

// UnmarshalJSON sets s as [ParseStoredSecret] does. When it fails, s is as before.
func (s *StoredSecret) UnmarshalJSON(content []byte) error {
	parsed, err := ParseStoredSecret(content)
	if err != nil {
		return err
	}
	*s = parsed
	return nil
}
