package canonicaljson

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Member is a member of an object that is built.
type Member struct {
	Name  string
	Value Value
}

// Text returns a string, or an absent value when s is not valid UTF-8.
func Text(s string) Value {
	if !utf8.ValidString(s) {
		return Value{}
	}
	return Value{string(appendText(make([]byte, 0, len(s)+2), s))}
}

// Int returns an integer, or an absent value when it is beyond 2^53-1.
func Int(n int64) Value {
	if n < -maxInteger || n > maxInteger {
		return Value{}
	}
	return Value{strconv.FormatInt(n, 10)}
}

// Bool returns true or false.
func Bool(b bool) Value { return Value{strconv.FormatBool(b)} }

// Array returns an array, or an absent value when an item is absent.
func Array(items ...Value) Value {
	b := []byte{'['}
	for i, item := range items {
		if item.IsZero() {
			return Value{}
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = item.AppendTo(b)
	}
	return Value{string(append(b, ']'))}
}

// Object returns an object. It is absent when a value is absent, a name is not
// valid UTF-8, or a name stands twice: whoever builds from names and texts of
// others checks the outcome once, at the end.
func Object(members ...Member) Value {
	members = slices.Clone(members)
	slices.SortFunc(members, func(a, b Member) int { return strings.Compare(a.Name, b.Name) })
	b := []byte{'{'}
	for i, m := range members {
		if m.Value.IsZero() || !utf8.ValidString(m.Name) || i > 0 && members[i-1].Name == m.Name {
			return Value{}
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(b, m.Name)
		b = append(b, ':')
		b = m.Value.AppendTo(b)
	}
	return Value{string(append(b, '}'))}
}

// With returns a copy of an object in which the member with a name has a value.
// An absent value takes the member away. A copy of another value is absent.
func (v Value) With(name string, value Value) Value {
	if !v.IsObject() {
		return Value{}
	}
	var list []Member
	for n, old := range v.Members() {
		if n != name {
			list = append(list, Member{n, old})
		}
	}
	if !value.IsZero() {
		list = append(list, Member{name, value})
	}
	return Object(list...)
}
