package testvectors_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/chappe-e2ee/chappe/internal/b64"
)

// An operation runs a vector: it takes every input, makes the calls, and
// compares every expected member. It ends early by calling fail.
type operation func(c *call)

// call is one run of one vector.
type call struct {
	in, out *members
	class   string // the vector's error
	asked   bool   // whether class was used
}

// errorClass returns the class of the vector's own error.
func (c *call) errorClass() string {
	c.asked = true
	return c.class
}

// run runs a vector and returns what is wrong: a value that differs, a call that
// failed or did not fail, a member that is missing or that nothing looks at. A
// panic is returned as a *defect.
func run(v *vector) (err error) {
	stop := keepRandom()
	defer stop()
	defer func() {
		switch p := recover().(type) {
		case nil:
		case failure:
			err = p.error
		default:
			err = &defect{p, string(debug.Stack())}
		}
	}()
	op, ok := operations[v.Operation]
	if !ok {
		return fmt.Errorf("unknown operation %q", v.Operation)
	}
	if v.Result != "valid" && v.Result != "invalid" {
		return fmt.Errorf("unknown result %q", v.Result)
	}
	c := &call{in: newMembers("inputs", v.Inputs), out: newMembers("expected", v.Expected), class: v.Error}
	op(c)
	c.in.end()
	c.out.end()
	if c.asked != (v.Result == "invalid") || c.asked != (v.Error != "") {
		return fmt.Errorf("result %q and error %q do not fit the operation", v.Result, v.Error)
	}
	return nil
}

// failure is how an operation ends when something is wrong.
type failure struct{ error }

// defect is a panic of the library or of the runner.
type defect struct {
	value any
	stack string
}

func (d *defect) Error() string { return fmt.Sprintf("panic: %v\n%s", d.value, d.stack) }

func fail(format string, a ...any) { panic(failure{fmt.Errorf(format, a...)}) }

func check(ok bool, format string, a ...any) {
	if !ok {
		fail(format, a...)
	}
}

// must returns the result of a call that must succeed.
func must[T any](v T, err error) T {
	ok(err)
	return v
}

func ok(err error) {
	if err != nil {
		fail("unexpected error: %w", err)
	}
}

// members are the members of an object. It notes which were looked at.
type members struct {
	path string
	m    map[string]any
	seen map[string]bool
	kids []*members

	making bool     // expected values are taken, not compared
	order  []string // in which they were taken
}

func newMembers(path string, m map[string]any) *members {
	return &members{path: path, m: m, seen: make(map[string]bool)}
}

// end demands that all members were looked at, here and below.
func (o *members) end() {
	for name := range o.m {
		check(o.seen[name], "%s.%s: unknown member, or one that was not looked at", o.path, name)
	}
	for _, kid := range o.kids {
		kid.end()
	}
}

func (o *members) has(name string) bool {
	_, ok := o.m[name]
	return ok
}

func get[T any](o *members, name string) T {
	v, ok := o.m[name].(T)
	check(ok, "%s.%s: missing, or of another type", o.path, name)
	o.seen[name] = true
	return v
}

func (o *members) boolean(name string) bool { return get[bool](o, name) }

func (o *members) number(name string) uint32 {
	return number(o.path+"."+name, get[json.Number](o, name))
}

func number(path string, text json.Number) uint32 {
	n, err := strconv.ParseUint(string(text), 10, 32)
	check(err == nil && strconv.FormatUint(n, 10) == string(text), "%s: not a number of 32 bits", path)
	return uint32(n)
}

// text returns a string as it stands.
func (o *members) text(name string) string { return get[string](o, name) }

// bytes returns the bytes that a string stands for.
func (o *members) bytes(name string) []byte { return decode(o.path+"."+name, name, o.text(name)) }

// list returns the bytes of each string of a list.
func (o *members) list(name string) [][]byte {
	var list [][]byte
	for i, v := range get[[]any](o, name) {
		path := fmt.Sprintf("%s.%s[%d]", o.path, name, i)
		text, ok := v.(string)
		check(ok, "%s: not a string", path)
		list = append(list, decode(path, name, text))
	}
	return list
}

// numbers returns a list of numbers.
func (o *members) numbers(name string) []uint32 {
	var list []uint32
	for i, v := range get[[]any](o, name) {
		path := fmt.Sprintf("%s.%s[%d]", o.path, name, i)
		text, ok := v.(json.Number)
		check(ok, "%s: not a number", path)
		list = append(list, number(path, text))
	}
	return list
}

func (o *members) object(name string) *members {
	return o.kid(o.path+"."+name, get[map[string]any](o, name))
}

// objects returns a list of objects.
func (o *members) objects(name string) []*members {
	var list []*members
	for i, v := range get[[]any](o, name) {
		path := fmt.Sprintf("%s.%s[%d]", o.path, name, i)
		m, ok := v.(map[string]any)
		check(ok, "%s: not an object", path)
		list = append(list, o.kid(path, m))
	}
	return list
}

func (o *members) kid(path string, m map[string]any) *members {
	kid := newMembers(path, m)
	o.kids = append(o.kids, kid)
	return kid
}

// is demands that a member is got. Bytes are compared in the form that the
// member's name says, texts as they stand, and their form is checked. While a
// vector is being made, the member becomes got instead.
func (o *members) is(name string, got any) {
	value := jsonValue(name, got)
	if _, there := o.m[name]; o.making && !there {
		o.m[name] = value
		o.order = append(o.order, name)
	}
	want, there := o.m[name]
	o.seen[name] = true
	check(there && reflect.DeepEqual(want, value), "%s.%s: is %v, should be %v", o.path, name, value, want)
}

// jsonValue returns a value as it stands in a file under a name.
func jsonValue(name string, v any) any {
	switch v := v.(type) {
	case bool:
		return v
	case uint32, int, uint64:
		return json.Number(fmt.Sprint(v))
	case string:
		decode(name, name, v)
		return v
	case []byte:
		return encode(name, v)
	case []uint32:
		list := []any{}
		for _, n := range v {
			list = append(list, json.Number(fmt.Sprint(n)))
		}
		return list
	case [][]byte:
		list := []any{}
		for _, b := range v {
			list = append(list, encode(name, b))
		}
		return list
	}
	panic(fmt.Sprintf("cannot compare %T", v))
}

func decode(path, name, text string) []byte {
	switch suffix(name) {
	case "_hex":
		b, err := hex.DecodeString(text)
		check(err == nil && hex.EncodeToString(b) == text, "%s: not lower-case hexadecimal", path)
		return b
	case "_b64":
		b := make([]byte, max(b64.DecodedLen(text), 0))
		check(b64.Decode(b, []byte(text)) == nil && b64.Encode(b) == text, "%s: not unpadded base64", path)
		return b
	case "_utf8":
		return []byte(text)
	}
	panic(path + ": a name that does not end in a form")
}

func encode(name string, b []byte) string {
	switch suffix(name) {
	case "_hex":
		return hex.EncodeToString(b)
	case "_b64":
		return b64.Encode(b)
	case "_utf8":
		return string(b)
	}
	panic(name + ": a name that does not end in a form")
}

func suffix(name string) string { return name[max(strings.LastIndexByte(name, '_'), 0):] }

// tamper replaces one character of a text.
func (c *call) tamper(text string) string {
	t := c.in.object("tamper")
	n, r := t.number("offset"), t.text("replacement_utf8")
	check(uint64(n) < uint64(len(text)) && len(r) == 1, "%s: does not fit the text", t.path)
	return text[:n] + r + text[n+1:]
}
