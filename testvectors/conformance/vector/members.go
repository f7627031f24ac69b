package vector

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/chappe-e2ee/chappe/internal/b64"
)

// Members are the members of an object. It notes which were looked at.
type Members struct {
	path string
	m    map[string]any
	seen map[string]bool
	kids []*Members

	making bool     // expected values are taken, not compared
	order  []string // in which they were taken
}

// NewMembers returns the members of m. The path names it in what fails.
func NewMembers(path string, m map[string]any) *Members {
	return &Members{path: path, m: m, seen: make(map[string]bool)}
}

// end demands that all members were looked at, here and below.
func (o *Members) end() {
	for name := range o.m {
		Check(o.seen[name], "%s.%s: unknown member, or one that was not looked at", o.path, name)
	}
	for _, kid := range o.kids {
		kid.end()
	}
}

// Path names the object, for texts of failures.
func (o *Members) Path() string { return o.path }

// Has says whether there is a member with this name.
func (o *Members) Has(name string) bool {
	_, ok := o.m[name]
	return ok
}

func get[T any](o *Members, name string) T {
	v, ok := o.m[name].(T)
	Check(ok, "%s.%s: missing, or of another type", o.path, name)
	o.seen[name] = true
	return v
}

// Boolean returns a truth value.
func (o *Members) Boolean(name string) bool { return get[bool](o, name) }

// Number returns an integer from 0 to 2^32 - 1.
func (o *Members) Number(name string) uint32 {
	return Number(o.path+"."+name, get[json.Number](o, name))
}

// Number returns the value of a number; path names it in what fails.
func Number(path string, text json.Number) uint32 {
	n, err := strconv.ParseUint(string(text), 10, 32)
	Check(err == nil && strconv.FormatUint(n, 10) == string(text), "%s: not a number of 32 bits", path)
	return uint32(n)
}

// Text returns a string as it stands.
func (o *Members) Text(name string) string { return get[string](o, name) }

// Bytes returns the bytes that a string stands for.
func (o *Members) Bytes(name string) []byte { return Decode(o.path+"."+name, name, o.Text(name)) }

// List returns the bytes of each string of a list.
func (o *Members) List(name string) [][]byte {
	var list [][]byte
	for i, v := range get[[]any](o, name) {
		path := fmt.Sprintf("%s.%s[%d]", o.path, name, i)
		text, ok := v.(string)
		Check(ok, "%s: not a string", path)
		list = append(list, Decode(path, name, text))
	}
	return list
}

// Numbers returns a list of numbers.
func (o *Members) Numbers(name string) []uint32 {
	var list []uint32
	for i, v := range get[[]any](o, name) {
		path := fmt.Sprintf("%s.%s[%d]", o.path, name, i)
		text, ok := v.(json.Number)
		Check(ok, "%s: not a number", path)
		list = append(list, Number(path, text))
	}
	return list
}

// Object returns the members of an object.
func (o *Members) Object(name string) *Members {
	return o.kid(o.path+"."+name, get[map[string]any](o, name))
}

// Texts returns all members of an object that has texts only.
func (o *Members) Texts() map[string]string {
	texts := make(map[string]string)
	for name := range o.m {
		texts[name] = o.Text(name)
	}
	return texts
}

// Objects returns a list of objects.
func (o *Members) Objects(name string) []*Members {
	var list []*Members
	for i, v := range get[[]any](o, name) {
		path := fmt.Sprintf("%s.%s[%d]", o.path, name, i)
		m, ok := v.(map[string]any)
		Check(ok, "%s: not an object", path)
		list = append(list, o.kid(path, m))
	}
	return list
}

func (o *Members) kid(path string, m map[string]any) *Members {
	kid := NewMembers(path, m)
	o.kids = append(o.kids, kid)
	return kid
}

// Ignore notes members as looked at. They must be there.
func (o *Members) Ignore(names ...string) {
	for _, name := range names {
		get[any](o, name)
	}
}

// Make runs an operation on inputs and returns what it would expect, with the
// names in the order in which they are compared.
func Make(inputs map[string]any, op Operation) (order []string, expected map[string]any) {
	c := &Call{In: NewMembers("inputs", inputs), Out: NewMembers("expected", map[string]any{})}
	c.Out.making = true
	op(c)
	return c.Out.order, c.Out.m
}

// Is demands that a member is got. Bytes are compared in the form that the
// member's name says, texts as they stand, and their form is checked. While a
// vector is being made, the member becomes got instead.
func (o *Members) Is(name string, got any) {
	value := JSONValue(name, got)
	if _, there := o.m[name]; o.making && !there {
		o.m[name] = value
		o.order = append(o.order, name)
	}
	want, there := o.m[name]
	o.seen[name] = true
	Check(there && reflect.DeepEqual(want, value), "%s.%s: is %v, should be %v", o.path, name, value, want)
}

// JSONValue returns a value as it stands in a file under a name.
func JSONValue(name string, v any) any {
	switch v := v.(type) {
	case bool:
		return v
	case uint32, int, uint64:
		return json.Number(fmt.Sprint(v))
	case string:
		Decode(name, name, v)
		return v
	case []byte:
		return Encode(name, v)
	case []uint32:
		list := []any{}
		for _, n := range v {
			list = append(list, json.Number(fmt.Sprint(n)))
		}
		return list
	case [][]byte:
		list := []any{}
		for _, b := range v {
			list = append(list, Encode(name, b))
		}
		return list
	}
	panic(fmt.Sprintf("internal error: cannot compare %T", v))
}

// Decode returns the bytes that a text stands for, in the form that the name
// ends in; path names it in what fails.
func Decode(path, name, text string) []byte {
	switch Suffix(name) {
	case "_hex":
		b, err := hex.DecodeString(text)
		Check(err == nil && hex.EncodeToString(b) == text, "%s: not lower-case hexadecimal", path)
		return b
	case "_b64":
		b := make([]byte, max(b64.DecodedLen(text), 0))
		Check(b64.Decode(b, []byte(text)) == nil && b64.Encode(b) == text, "%s: not unpadded base64", path)
		return b
	case "_utf8":
		return []byte(text)
	}
	panic("internal error: " + path + ": a name that does not end in a form")
}

// Encode returns the text of bytes in the form that the name ends in.
func Encode(name string, b []byte) string {
	switch Suffix(name) {
	case "_hex":
		return hex.EncodeToString(b)
	case "_b64":
		return b64.Encode(b)
	case "_utf8":
		return string(b)
	}
	panic("internal error: " + name + ": a name that does not end in a form")
}

// Suffix returns the end of a name that says the form of its value.
func Suffix(name string) string { return name[max(strings.LastIndexByte(name, '_'), 0):] }
