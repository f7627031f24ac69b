package secretstorage

import (
	"encoding/json"
	"unicode/utf8"

	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
)

// object is a JSON object that keeps its members as they were received, in their
// order: those that this package does not know must survive. It is immutable.
type object []member

type member struct{ name, text string }

// parseObject takes an object apart. No name may stand twice. Values are looked
// into when they are asked for, so that one that nobody reads spoils nothing.
func parseObject(what string, text []byte) (object, error) {
	malformed := func(why string) (object, error) {
		return nil, &MalformedError{What: what, Why: why}
	}
	if !utf8.Valid(text) || !json.Valid(text) {
		return malformed("not valid JSON")
	}
	list, err := canonicaljson.Split(text)
	if err != nil {
		return malformed("not a JSON object")
	}
	o := make(object, len(list))
	for i, m := range list {
		if m.Err != nil {
			return malformed(m.Err.Error())
		}
		o[i] = member{m.Name, string(m.Value)}
	}
	return o, nil
}

// text returns the JSON text of a member, and whether there is one.
func (o object) text(name string) (string, bool) {
	for _, m := range o {
		if m.name == name {
			return m.text, true
		}
	}
	return "", false
}

func (o object) has(name string) bool {
	_, ok := o.text(name)
	return ok
}

// value returns a member, absent when there is none or when it is not of
// canonical JSON.
func (o object) value(name string) canonicaljson.Value {
	text, _ := o.text(name)
	v, _ := canonicaljson.Parse([]byte(text))
	return v
}

// with returns a copy in which the member with a name has a JSON text. It stands
// where it stood, or last.
func (o object) with(name, text string) object {
	c := make(object, len(o), len(o)+1)
	copy(c, o)
	for i := range c {
		if c[i].name == name {
			c[i].text = text
			return c
		}
	}
	return append(c, member{name, text})
}

// without returns a copy that has no member with a name.
func (o object) without(name string) object {
	c := make(object, 0, len(o))
	for _, m := range o {
		if m.name != name {
			c = append(c, m)
		}
	}
	return c
}

// appendTo appends the JSON text. Names were checked when they came in.
func (o object) appendTo(dst []byte) []byte {
	dst = append(dst, '{')
	for i, m := range o {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = canonicaljson.Text(m.name).AppendTo(dst)
		dst = append(dst, ':')
		dst = append(dst, m.text...)
	}
	return append(dst, '}')
}
