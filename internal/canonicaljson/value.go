package canonicaljson

import (
	"iter"
	"strconv"
	"strings"
)

// Value is a JSON value in canonical form. It is immutable and comparable, and
// two values are equal when they mean the same. The zero value means "absent";
// reading from it gives absent values.
type Value struct{ text string }

// IsZero says whether v is absent.
func (v Value) IsZero() bool { return v.text == "" }

// String returns the canonical form, nothing when v is absent.
func (v Value) String() string { return v.text }

// AppendTo appends the canonical form to dst.
func (v Value) AppendTo(dst []byte) []byte { return append(dst, v.text...) }

// IsObject says whether v is an object.
func (v Value) IsObject() bool { return v.text != "" && v.text[0] == '{' }

// IsArray says whether v is an array.
func (v Value) IsArray() bool { return v.text != "" && v.text[0] == '[' }

// Text returns what a string says, and whether v is a string.
func (v Value) Text() (string, bool) {
	if v.text == "" || v.text[0] != '"' {
		return "", false
	}
	return unquote(v.text), true
}

// Bool returns true or false, and whether v is one of them.
func (v Value) Bool() (value, ok bool) {
	return v.text == "true", v.text == "true" || v.text == "false"
}

// Int returns an integer, and whether v is one.
func (v Value) Int() (int64, bool) {
	if v.text == "" || v.text[0] != '-' && (v.text[0] < '0' || '9' < v.text[0]) {
		return 0, false
	}
	n, err := strconv.ParseInt(v.text, 10, 64)
	return n, err == nil
}

// Get returns the member of an object with a name, or an absent value.
func (v Value) Get(name string) Value {
	var buf [64]byte
	quoted := appendText(buf[:0], name)
	for m := range v.members() {
		if v.text[m.start:m.nameEnd] == string(quoted) {
			return Value{v.text[m.nameEnd+1 : m.end]}
		}
	}
	return Value{}
}

// Members returns the members of an object, in the order of their names. There
// are none when v is something else.
func (v Value) Members() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		for m := range v.members() {
			if !yield(unquote(v.text[m.start:m.nameEnd]), Value{v.text[m.nameEnd+1 : m.end]}) {
				return
			}
		}
	}
}

// Items returns the items of an array. There are none when v is something else.
func (v Value) Items() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if !v.IsArray() {
			return
		}
		for i := 1; v.text[i-1] != ']' && v.text[i] != ']'; {
			end := skip(v.text, i)
			if !yield(Value{v.text[i:end]}) {
				return
			}
			i = end + 1
		}
	}
}

// AppendWithout appends the canonical form of an object, as it is without the
// members with the given names, which need no escapes. Of another value, it
// appends all.
func (v Value) AppendWithout(dst []byte, names ...string) []byte {
	if !v.IsObject() {
		return v.AppendTo(dst)
	}
	dst = append(dst, '{')
	first := true
next:
	for m := range v.members() {
		for _, name := range names {
			if v.text[m.start+1:m.nameEnd-1] == name {
				continue next
			}
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(dst, v.text[m.start:m.end]...)
	}
	return append(dst, '}')
}

// members returns where the members of an object stand in its text.
func (v Value) members() iter.Seq[member] {
	return func(yield func(member) bool) {
		if !v.IsObject() {
			return
		}
		for i := 1; v.text[i-1] != '}' && v.text[i] != '}'; {
			m := member{start: i, nameEnd: skipText(v.text, i)}
			m.end = skip(v.text, m.nameEnd+1)
			if !yield(m) {
				return
			}
			i = m.end + 1
		}
	}
}

// unquote returns what a canonical string says.
func unquote(s string) string {
	s = s[1 : len(s)-1]
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	return string(appendUnescaped(nil, s))
}

// skip returns the end of the value at s[i]. s holds canonical JSON.
func skip(s string, i int) int {
	for depth := 0; i < len(s); {
		switch s[i] {
		case '"':
			i = skipText(s, i)
		case '{', '[':
			depth++
			i++
			continue
		case '}', ']':
			depth--
			i++
		case ',', ':':
			i++
			continue
		default:
			for i < len(s) && s[i] != ',' && s[i] != '}' && s[i] != ']' {
				i++
			}
		}
		if depth == 0 {
			return i
		}
	}
	return i
}

// skipText returns the end of the string at s[i].
func skipText(s string, i int) int {
	i++
	n := strings.IndexByte(s[i:], '"')
	if strings.IndexByte(s[i:i+n], '\\') < 0 {
		return i + n + 1
	}
	for s[i] != '"' {
		if s[i] == '\\' {
			i++
		}
		i++
	}
	return i + 1
}
