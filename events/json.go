package events

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"

	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
	"github.com/chappe-e2ee/chappe/internal/secret"
)

// object is a JSON object of others, taken apart. Its values are looked into one
// by one: those that this package does not know may hold what canonical JSON
// bars, and a secret is never copied into a string.
type object struct {
	what    string
	raw     []byte
	members []canonicaljson.RawMember // whose values are parts of raw
}

// readObject takes raw apart and keeps it. Every name must stand once.
func readObject(what string, raw []byte) (object, error) {
	if !utf8.Valid(raw) || !json.Valid(raw) {
		return object{}, malformed(what, "not valid JSON")
	}
	members, err := canonicaljson.Split(raw)
	if err != nil {
		return object{}, malformed(what, "not an object")
	}
	for _, m := range members {
		if m.Err != nil {
			return object{}, malformed(what, m.Err.Error())
		}
	}
	return object{what, raw, members}, nil
}

// copyObject is readObject on a copy.
func copyObject(what string, text []byte) (object, error) {
	return readObject(what, bytes.Clone(text))
}

// get returns the text of a member, nil when it is missing.
func (o object) get(name string) []byte {
	for _, m := range o.members {
		if m.Name == name {
			return m.Value
		}
	}
	return nil
}

// value returns a member that is not secret. It is absent when the member is
// missing.
func (o object) value(name string) (canonicaljson.Value, error) {
	raw := o.get(name)
	if raw == nil {
		return canonicaljson.Value{}, nil
	}
	v, err := canonicaljson.Parse(raw)
	if err != nil {
		return v, malformed(o.what, name+": "+err.Error())
	}
	return v, nil
}

// text returns a member that must be a string, and not empty.
func (o object) text(name string) (string, error) {
	v, err := o.value(name)
	if err != nil {
		return "", err
	}
	s, ok := v.Text()
	if !ok || s == "" {
		return "", malformed(o.what, name+" is not a string, or empty")
	}
	return s, nil
}

// optional returns a member that must be a string where it is there. null
// stands for nothing.
func (o object) optional(name string) (string, error) {
	v, err := o.value(name)
	if err != nil || v.IsZero() || v.String() == "null" {
		return "", err
	}
	s, ok := v.Text()
	if !ok {
		return "", malformed(o.what, name+" is not a string")
	}
	return s, nil
}

// object returns a member that must be an object.
func (o object) object(name string) (object, error) {
	inner, err := readObject(o.what+": "+name, o.get(name))
	if err != nil {
		return object{}, malformed(o.what, name+" is not an object without double names")
	}
	return inner, nil
}

// secretText returns what a member says that must be a string, and not empty.
// The caller wipes it.
func (o object) secretText(name string) ([]byte, error) {
	b, ok := unquote(o.get(name))
	if !ok || len(b) == 0 {
		secret.Wipe(b)
		return nil, malformed(o.what, name+" is not a string, or empty")
	}
	return b, nil
}

// algorithm returns nil when the object is for an algorithm.
func (o object) algorithm(want string) error {
	got, err := o.text("algorithm")
	if err != nil {
		return err
	}
	if got != want {
		return ErrAlgorithm
	}
	return nil
}

// appendMember returns a copy of an object that was built, with a member whose
// value is JSON. The copy alone holds it.
func appendMember(built canonicaljson.Value, name string, value []byte) []byte {
	text := built.String()
	b := make([]byte, 0, len(text)+len(name)+len(value)+4)
	b = append(b, text[:len(text)-1]...)
	if len(text) > 2 {
		b = append(b, ',')
	}
	b = append(b, '"')
	b = append(b, name...)
	b = append(b, `":`...)
	b = append(b, value...)
	return append(b, '}')
}

// textMember returns a member of an object that is built.
func textMember(name, value string) canonicaljson.Member {
	return canonicaljson.Member{Name: name, Value: canonicaljson.Text(value)}
}
