package vector

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// Canonical returns the one form in which a file is written: members in the
// order in which they stand, indented by two spaces, no escape that JSON does
// not demand, and a line end. It refuses members that stand twice.
func Canonical(data []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var out bytes.Buffer
	if err := writeValue(&out, d, "\n"); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("data after the JSON value")
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

func writeValue(out *bytes.Buffer, d *json.Decoder, indent string) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	switch token {
	case json.Delim('{'):
		return writeList(out, d, indent, "{}", true)
	case json.Delim('['):
		return writeList(out, d, indent, "[]", false)
	}
	return writeScalar(out, token)
}

func writeList(out *bytes.Buffer, d *json.Decoder, indent, brackets string, named bool) error {
	out.WriteByte(brackets[0])
	names := make(map[json.Token]bool)
	first := true
	for ; d.More(); first = false {
		if !first {
			out.WriteByte(',')
		}
		out.WriteString(indent + "  ")
		if named {
			name, err := d.Token()
			if err != nil {
				return err
			}
			if names[name] {
				return fmt.Errorf("member %q stands twice", name)
			}
			names[name] = true
			if err := writeScalar(out, name); err != nil {
				return err
			}
			out.WriteString(": ")
		}
		if err := writeValue(out, d, indent+"  "); err != nil {
			return err
		}
	}
	if !first {
		out.WriteString(indent)
	}
	out.WriteByte(brackets[1])
	_, err := d.Token()
	return err
}

func writeScalar(out *bytes.Buffer, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := out.WriteString(strings.TrimSuffix(b.String(), "\n"))
	return err
}
