package testvectors_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/chappe-e2ee/chappe/testvectors"
)

// vector is one file.
type vector struct {
	ID          string         `json:"id"`
	Area        string         `json:"area"`
	Operation   string         `json:"operation"`
	Description string         `json:"description"`
	Source      string         `json:"source"`
	Kind        string         `json:"kind"`
	Applies     bool           `json:"applies"`
	Reason      string         `json:"reason"`
	Result      string         `json:"result"`
	Error       string         `json:"error"`
	LibolmError string         `json:"libolm_error"`
	Differs     string         `json:"differs"`
	Inputs      map[string]any `json:"inputs"`
	Expected    map[string]any `json:"expected"`

	members map[string]any // the whole file, as it was read
}

// header lists the members that a file may have, in the order in which they
// stand; those with true must be there.
var header = []struct {
	name   string
	always bool
}{
	{"id", true}, {"area", true}, {"operation", true}, {"description", true}, {"source", true},
	{"kind", true}, {"applies", true}, {"reason", false}, {"result", true}, {"error", false},
	{"libolm_error", false}, {"differs", false}, {"inputs", true}, {"expected", true},
}

// parseVector reads a file. Unknown, repeated and missing members of the header
// are errors; those of inputs and expected are found by running the vector.
func parseVector(data []byte) (*vector, error) {
	if _, err := canonical(data); err != nil {
		return nil, err
	}
	v := new(vector)
	if err := unmarshal(data, &v.members); err != nil {
		return nil, err
	}
	// encoding/json would take "ID" for "id".
	for name := range v.members {
		if !slices.ContainsFunc(header, func(h struct {
			name   string
			always bool
		}) bool {
			return h.name == name
		}) {
			return nil, fmt.Errorf("unknown member %q", name)
		}
	}
	for _, h := range header {
		if _, ok := v.members[h.name]; h.always && !ok {
			return nil, fmt.Errorf("member %q is missing", h.name)
		}
	}
	return v, unmarshal(data, v)
}

func unmarshal(data []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	return d.Decode(to)
}

// files returns the paths of all vectors below one of the three roots, in
// order.
func files(t testing.TB, root string) []string {
	t.Helper()
	var list []string
	err := fs.WalkDir(testvectors.FS, root, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && path.Ext(p) == ".json" {
			list = append(list, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// load returns all vectors below the given roots.
func load(t testing.TB, roots ...string) []*vector {
	t.Helper()
	var list []*vector
	for _, root := range roots {
		for _, p := range files(t, root) {
			data, err := testvectors.FS.ReadFile(p)
			if err != nil {
				t.Fatal(err)
			}
			v, err := parseVector(data)
			if err != nil {
				t.Fatalf("%s: %v", p, err)
			}
			list = append(list, v)
		}
	}
	return list
}

// roots are the folders that hold vectors.
var roots = []string{"libolm", "sealed", "keys", "vodozemac"}

// canonical returns the one form in which a file is written: members in the
// order in which they stand, indented by two spaces, no escape that JSON does
// not demand, and a line end. It refuses members that stand twice.
func canonical(data []byte) ([]byte, error) {
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
