package testvectors_test

import (
	"bytes"
	"encoding/json"
	"path"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/chappe-e2ee/chappe/testvectors"
	"github.com/chappe-e2ee/chappe/testvectors/conformance/vector"
)

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	b, err := testvectors.FS.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestFiles holds how many files there are, and that each is where its area and
// id say, and in canonical form.
func TestFiles(t *testing.T) {
	ids := make(map[string]bool)
	for root, want := range map[string]int{"libolm": 92, "sealed": 11, "keys": 56, "vodozemac": 22} {
		list := files(t, root)
		if len(list) != want {
			t.Errorf("%d vectors in %s, should be %d", len(list), root, want)
		}
		for _, name := range list {
			data := readFile(t, name)
			v, err := vector.Parse(data)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			folder := path.Join(root, v.Area)
			if root == v.Area {
				folder = root
			}
			if name != path.Join(folder, v.ID+".json") || ids[v.ID] {
				t.Errorf("%s: area %q and id %q do not fit, or stand twice", name, v.Area, v.ID)
			}
			ids[v.ID] = true
			if again, err := vector.Canonical(data); err != nil || !bytes.Equal(again, data) || !utf8.Valid(data) {
				t.Errorf("%s: not in canonical form: %v", name, err)
			}
			checkNames(t, v)
		}
	}
}

// checkNames holds that every member ends in the form that its value has.
func checkNames(t *testing.T, v *vector.Vector) {
	all := append(slots("inputs", "", v.Inputs), slots("expected", "", v.Expected)...)
	for _, s := range all {
		switch value := s.value.(type) {
		case string:
			if _, ok := decodeForm(s.name, value); !ok && s.name != "error" {
				t.Errorf("%s: %s does not say its form", v.ID, s.path)
			}
		case json.Number:
			vector.Number(s.path, value)
		case nil, float64:
			t.Errorf("%s: %s is %v", v.ID, s.path, value)
		}
	}
}

// TestSchema holds that schema.json takes every vector, and none with a member
// more or less.
func TestSchema(t *testing.T) {
	var root any
	if err := vector.Unmarshal(readFile(t, "schema.json"), &root); err != nil {
		t.Fatal(err)
	}
	s := schema{root.(map[string]any)}
	for _, v := range load(t, roots...) {
		if err := s.check(root, v.File, "vector"); err != nil {
			t.Errorf("%s: %v", v.ID, err)
		}
		for _, place := range append(slots("", "", v.File), slot{value: v.File}) {
			object, ok := place.value.(map[string]any)
			if !ok {
				continue
			}
			object["more_hex"] = "00"
			if s.check(root, v.File, "vector") == nil {
				t.Errorf("%s: the schema takes %s.more_hex", v.ID, place.path)
			}
			delete(object, "more_hex")
		}
		for _, place := range slots("", "", v.File) {
			if place.remove == nil || optional(v, place.path) {
				continue
			}
			place.remove()
			if s.check(root, v.File, "vector") == nil {
				t.Errorf("%s: the schema does not miss %s", v.ID, place.path)
			}
			place.set(place.value)
		}
	}
}

// optional says which members a schema cannot demand.
func optional(v *vector.Vector, path string) bool {
	switch path {
	case ".differs", ".expected.trailing_chain_index":
		return true
	}
	return v.Operation == "limits" && strings.HasPrefix(path, ".expected.") ||
		strings.Contains(path, "fields[") || strings.HasPrefix(path, ".expected.session_")
}
