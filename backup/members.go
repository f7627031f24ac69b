package backup

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
	"github.com/chappe-e2ee/chappe/internal/secret"
)

// members are those of a JSON object, as they were received. Values are parts of
// the input, which was valid JSON.
type members []canonicaljson.RawMember

// parseMembers takes an object apart. Names are taken to the letter, and none may
// stand twice.
func parseMembers(what string, text []byte) (members, error) {
	list, err := splitMembers(what, text)
	if err != nil {
		return nil, err
	}
	for _, m := range list {
		if !valid(m.Value) {
			return nil, malformed(what, "not valid JSON")
		}
	}
	return list, nil
}

// splitMembers is parseMembers for what is known to be valid JSON, or is nil.
func splitMembers(what string, text []byte) (members, error) {
	list, err := canonicaljson.Split(text)
	if err != nil {
		return nil, malformed(what, "not a JSON object")
	}
	for _, m := range list {
		if m.Err != nil {
			return nil, malformed(what, m.Err.Error())
		}
	}
	return list, nil
}

// valid says whether a value is JSON, in UTF-8. Most are strings that tell at a
// glance.
func valid(value []byte) bool {
	_, ok := unescaped(value)
	return ok || utf8.Valid(value) && json.Valid(value)
}

// get returns the JSON text of a member, nil when there is none or when it is
// null.
func (m members) get(name string) []byte {
	for _, member := range m {
		if member.Name == name && !bytes.Equal(member.Value, []byte("null")) {
			return member.Value
		}
	}
	return nil
}

// text returns a member that is a string, which may be absent.
func (m members) text(what, name string) (string, error) {
	raw := m.get(name)
	if raw == nil {
		return "", nil
	}
	s, ok := unquote(raw)
	if !ok {
		return "", malformed(what, name+" is not a string")
	}
	return s, nil
}

// others returns a copy of the members that have none of the names.
func (m members) others(names ...string) members {
	var list members
next:
	for _, member := range m {
		for _, name := range names {
			if member.Name == name {
				continue next
			}
		}
		member.Value = bytes.Clone(member.Value)
		list = append(list, member)
	}
	return list
}

// size returns at least as many bytes as appendTo appends.
func (m members) size() (n int) {
	for _, member := range m {
		n += 6*len(member.Name) + len(member.Value) + len(`,"":`)
	}
	return n
}

// appendTo appends the members, each behind a comma.
func (m members) appendTo(dst []byte) []byte {
	for _, member := range m {
		dst = append(dst, ',')
		dst = canonicaljson.Text(member.Name).AppendTo(dst)
		dst = append(dst, ':')
		dst = append(dst, member.Value...)
	}
	return dst
}

// unquote returns what a JSON string says, and whether raw is one, of valid
// Unicode.
func unquote(raw []byte) (string, bool) {
	if text, ok := unescaped(raw); ok {
		return string(text), true
	}
	v, err := canonicaljson.Parse(raw)
	if err != nil {
		return "", false
	}
	return v.Text()
}

// unescaped returns the inside of a JSON string, if it is one of printable ASCII
// without escapes.
func unescaped(raw []byte) ([]byte, bool) {
	n := len(raw)
	if n < 2 || raw[0] != '"' || raw[n-1] != '"' {
		return nil, false
	}
	for _, c := range raw[1 : n-1] {
		if c < 0x20 || c >= utf8.RuneSelf || c == '\\' || c == '"' {
			return nil, false
		}
	}
	return raw[1 : n-1], true
}

// unquoteSecret returns the base64 that a JSON string says, in a buffer that the
// caller wipes, or nil. The escapes that others write in base64 are \/ and, for
// + and = too, \u00 and two digits.
func unquoteSecret(raw []byte) []byte {
	if len(raw) < 2 || raw[0] != '"' || raw[len(raw)-1] != '"' {
		return nil
	}
	raw = raw[1 : len(raw)-1]
	b := make([]byte, 0, len(raw))
	for len(raw) > 0 {
		n := bytes.IndexByte(raw, '\\')
		if n < 0 {
			return append(b, raw...)
		}
		b = append(b, raw[:n]...)
		raw = raw[n:]
		switch {
		case len(raw) >= 2 && raw[1] == '/':
			b = append(b, '/')
			raw = raw[2:]
		case len(raw) >= 6 && unicodeEscape(raw[:6]) != 0:
			b = append(b, unicodeEscape(raw[:6]))
			raw = raw[6:]
		default:
			secret.Wipe(b)
			return nil
		}
	}
	return b
}

// unicodeEscape returns the symbol that \u00xx stands for, if it is one of those
// that base64 has beside letters and digits.
func unicodeEscape(escape []byte) byte {
	for _, c := range []byte("+/=") {
		const digits = "0123456789abcdef"
		if strings.EqualFold(string(escape), `\u00`+string([]byte{digits[c>>4], digits[c&15]})) {
			return c
		}
	}
	return 0
}
