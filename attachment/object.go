package attachment

import (
	"encoding/json"
	"errors"
	"unicode/utf8"

	"github.com/chappe-e2ee/chappe/internal/b64"
	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
)

var errLength = errors.New("wrong length")

// object is a JSON object that was taken apart. encoding/json alone would take
// "Clean" for "clean", and the last of two.
type object struct {
	what    string            // for errors
	members map[string][]byte // parts of the text, by name; the known ones only
	others  []byte            // a copy of the rest, each as `,"name":value`
}

// readObject takes text apart. Members other than the known ones are kept byte
// for byte: they are of no canonical form and may have fractions.
func readObject(what string, text []byte, maxSize int, known ...string) (*object, error) {
	switch {
	case len(text) > maxSize:
		return nil, malformed(what, "too long")
	case !utf8.Valid(text):
		return nil, malformed(what, "not valid UTF-8")
	case !json.Valid(text):
		return nil, malformed(what, "not valid JSON")
	}
	return splitObject(what, text, known...)
}

// splitObject is readObject for text that is known to be valid JSON.
func splitObject(what string, text []byte, known ...string) (*object, error) {
	list, err := canonicaljson.Split(text)
	if err != nil {
		return nil, malformed(what, "not an object")
	}
	o := &object{what: what, members: make(map[string][]byte, len(known))}
	for _, name := range known {
		o.members[name] = nil
	}
	var rest []canonicaljson.RawMember
	size := 0
	for _, m := range list {
		if m.Err != nil {
			return nil, malformed(what, m.Err.Error())
		}
		if _, ok := o.members[m.Name]; ok {
			o.members[m.Name] = m.Value
			continue
		}
		rest = append(rest, m)
		size += len(`,"":`) + 6*len(m.Name) + len(m.Value) // an escape has up to 6 characters
	}
	o.others = make([]byte, 0, size) // never grows, which would leave a copy
	for _, m := range rest {
		o.others = append(o.others, ',')
		o.others = canonicaljson.Text(m.Name).AppendTo(o.others)
		o.others = append(o.others, ':')
		o.others = append(o.others, m.Value...)
	}
	return o, nil
}

// value returns a member, absent also when it is of no canonical form.
func (o *object) value(name string) canonicaljson.Value {
	v, _ := canonicaljson.Parse(o.members[name])
	return v
}

// text returns a member that must be a string.
func (o *object) text(name string) (string, error) {
	if o.members[name] == nil {
		return "", malformed(o.what, name+": missing")
	}
	s, ok := o.value(name).Text()
	if !ok {
		return "", malformed(o.what, name+": not a string")
	}
	return s, nil
}

// bytes reads a member that must be base64 of exactly as many bytes as dst has.
func (o *object) bytes(name string, dst []byte) error {
	text, err := o.text(name)
	if err != nil {
		return err
	}
	switch b64.DecodedLen(text) {
	case len(dst):
	case -1:
		return malformed(o.what, name+": "+b64.ErrBase64.Error())
	default:
		return malformed(o.what, name+": "+errLength.Error())
	}
	if err := b64.Decode(dst, []byte(text)); err != nil {
		return malformed(o.what, name+": "+err.Error())
	}
	return nil
}

// object returns a member that must be an object.
func (o *object) object(name string, known ...string) (*object, error) {
	if o.members[name] == nil {
		return nil, malformed(o.what, name+": missing")
	}
	return splitObject(o.what+": "+name, o.members[name], known...)
}
