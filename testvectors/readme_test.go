package testvectors_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chappe-e2ee/chappe/testvectors/conformance"
	"github.com/chappe-e2ee/chappe/testvectors/conformance/vector"
)

// readmes returns the text that describes the vectors.
func readmes(t *testing.T) string {
	var all strings.Builder
	for _, name := range []string{"README.md", "sealed/README.md", "keys/README.md", "vodozemac/README.md"} {
		all.Write(readFile(t, name))
	}
	return all.String()
}

// TestOperations holds that the runner knows every operation of a vector that
// applies, that README.md describes each operation and each member, and that
// the schema lists the same.
func TestOperations(t *testing.T) {
	text := readmes(t)
	used, run := make(map[string]bool), make(map[string]bool)
	for _, v := range load(t, roots...) {
		used[v.Operation] = true
		if v.Applies {
			run[v.Operation] = true
		}
		if !strings.Contains(text, "**"+v.Operation+"**") {
			t.Errorf("no README describes the operation %s", v.Operation)
		}
		all := append(slots("inputs", "", v.Inputs), slots("expected", "", v.Expected)...)
		for _, s := range all {
			if !strings.Contains(text, "`"+s.name+"`") && !strings.Contains(text, "`"+s.name+"[") {
				t.Errorf("no README names %s of %s", s.name, v.ID)
			}
		}
	}
	known := maps.Clone(conforming)
	for name := range operations {
		known[name] = true
	}
	sameNames(t, "operations of the runner", known, run)
	sameNames(t, "operations in schema.json", schemaNames(t, "operation"), used)
	sameNames(t, "classes in schema.json", schemaNames(t, "error"), classes)
}

// classes are the error classes, by name.
var classes = func() map[string]bool {
	names := make(map[string]bool)
	for _, name := range conformance.Classes {
		names[name] = true
	}
	return names
}()

func sameNames[A, B any](t *testing.T, what string, got map[string]A, want map[string]B) {
	t.Helper()
	a, b := slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want))
	if !slices.Equal(a, b) {
		t.Errorf("%s: %v, should be %v", what, a, b)
	}
}

// schemaNames returns the values that the schema lists for a member.
func schemaNames(t *testing.T, member string) map[string]bool {
	var s struct {
		Properties map[string]struct{ Enum []string }
		Defs       map[string]struct{ Enum []string } `json:"$defs"`
	}
	if err := vector.Unmarshal(readFile(t, "schema.json"), &s); err != nil {
		t.Fatal(err)
	}
	list := s.Properties[member].Enum
	if list == nil {
		list = s.Defs[member].Enum
	}
	names := make(map[string]bool)
	for _, name := range list {
		names[name] = true
	}
	return names
}

// TestClassTable holds that README.md lists every class, and that libolm's code
// is in the row of the vector's class, or the vector says why not.
func TestClassTable(t *testing.T) {
	rows := make(map[string]string)
	row := regexp.MustCompile("(?m)^\\| `([a-z0-9-]+)` \\| .* \\| (.*) \\|$")
	for _, m := range row.FindAllStringSubmatch(string(readFile(t, "README.md")), -1) {
		if classes[m[1]] {
			rows[m[1]] = m[2]
		}
	}
	sameNames(t, "rows of the table", rows, classes)
	seen := make(map[string]bool)
	for _, v := range load(t, roots...) {
		for _, s := range slots("expected", "", v.Expected) {
			if s.name == "error" {
				seen[s.value.(string)] = true
			}
		}
		if v.Result != "invalid" {
			continue
		}
		seen[v.Error] = true
		if !strings.Contains(rows[v.Error], "`"+v.LibolmError+"`") && v.Differs == "" {
			t.Errorf("%s: %s is not in the row of %s, and nothing says why", v.ID, v.LibolmError, v.Error)
		}
	}
	sameNames(t, "classes that a vector has", seen, classes)
}
