package archtest

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// named returns the modules that go.mod requires, and the lines in it that say
// anything but module, go and require: a replacement would be another module
// under the name in the table.
func named(mod string) (required map[string]bool, strange []string) {
	required = map[string]bool{}
	block := false
	for line := range strings.Lines(mod) {
		line, _, _ = strings.Cut(line, "//")
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
		case block && words[0] == ")":
			block = false
		case block && len(words) == 2:
			required[words[0]] = true
		case len(words) == 2 && words[0] == "require" && words[1] == "(":
			block = true
		case len(words) == 3 && words[0] == "require":
			required[words[1]] = true
		case !block && len(words) == 2 && (words[0] == "module" || words[0] == "go"):
		default:
			strange = append(strange, strings.TrimSpace(line))
		}
	}
	return required, strange
}

// compareModules says what a set of modules has beyond the table's, up to a use,
// and what the table has beyond it.
func compareModules(got map[string]bool, upTo use) []string {
	var found []string
	for _, m := range slices.Sorted(maps.Keys(got)) {
		if entry, ok := modules[m]; !ok {
			found = append(found, m+" is not in the table of modules")
		} else if entry.use > upTo {
			found = append(found, fmt.Sprintf("%s, %s, comes too far", m, entry.why))
		}
	}
	for _, m := range slices.Sorted(maps.Keys(modules)) {
		if modules[m].use <= upTo && !got[m] {
			found = append(found, m+" is in the table of modules, and not used")
		}
	}
	return found
}

// systems are those whose dependencies are asked for. What one of them is built
// from beyond the others' counts too.
var systems = []string{"linux/amd64", "windows/amd64", "darwin/arm64", "js/wasm"}

// linkedModules returns the modules that packages are built from, on any system.
func linkedModules(t *testing.T, root string, args ...string) map[string]bool {
	t.Helper()
	linked := map[string]bool{}
	for _, system := range systems {
		goos, goarch, _ := strings.Cut(system, "/")
		cmd := exec.Command("go", slices.Concat([]string{"list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}"}, args)...)
		cmd.Dir = root
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+goarch)
		var stderr strings.Builder
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("go list for %s: %v\n%s", system, err, stderr.String())
		}
		for m := range strings.FieldsSeq(string(out)) {
			linked[m] = true
		}
	}
	if !linked[module] {
		t.Fatal("not even this module is linked: the test is blind")
	}
	delete(linked, module)
	return linked
}

// TestModulesNamed holds go.mod to the table, indirect modules included.
func TestModulesNamed(t *testing.T) {
	t.Parallel()
	mod, err := os.ReadFile(filepath.Join(moduleRoot(t), "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	required, strange := named(string(mod))
	for _, line := range strange {
		t.Errorf("go.mod says %q", line)
	}
	for _, found := range compareModules(required, byTests) {
		t.Error(found)
	}
}

// TestModulesLinked holds what programs are built from to the table: one that
// imports the library, and the tool.
func TestModulesLinked(t *testing.T) {
	switch runtime.GOOS {
	case "js", "wasip1", "android", "ios":
		t.Skip("no go command to run here")
	}
	root := moduleRoot(t)
	pkgs, err := load(root)
	if err != nil {
		t.Fatal(err)
	}
	var library []string
	for _, p := range pkgs {
		if k := kindOf(p); k == room || k == vectors {
			library = append(library, "./"+p.dir)
		}
	}
	for name, c := range map[string]struct {
		upTo use
		args []string
	}{
		"library": {byRooms, library},
		"tool":    {byTool, []string{"./cmd/...", "./examples/..."}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, found := range compareModules(linkedModules(t, root, c.args...), c.upTo) {
				t.Error(found)
			}
		})
	}
}

func TestNamed(t *testing.T) {
	t.Parallel()
	required, strange := named("module m // x\n\ngo 1.26.0\n\nrequire a.org/a v1\n\nrequire (\n\tb.org/b/v2 v2.0.0\n\tc.org/c v0.1.0 // indirect\n)\n")
	if want := map[string]bool{"a.org/a": true, "b.org/b/v2": true, "c.org/c": true}; !maps.Equal(required, want) || strange != nil {
		t.Errorf("found %v and %q", required, strange)
	}
	for _, line := range []string{
		"replace a.org/a => b.org/b v1", "replace (", "exclude a.org/a v1", "toolchain go1.26.8", "tool a.org/a/cmd/x", "godebug x=1", "ignore ./x",
	} {
		if _, strange := named("module m\n\n" + line + "\n"); len(strange) != 1 {
			t.Errorf("%q: found %q", line, strange)
		}
	}
}

func TestCompareModules(t *testing.T) {
	t.Parallel()
	for upTo := byRooms; upTo <= byTests; upTo++ {
		good := map[string]bool{}
		for m, entry := range modules {
			if entry.use <= upTo {
				good[m] = true
			}
		}
		if found := compareModules(good, upTo); found != nil {
			t.Errorf("up to %d: refused %q", upTo, found)
		}
		for m, entry := range modules {
			other := maps.Clone(good)
			if entry.use <= upTo {
				delete(other, m)
			} else {
				other[m] = true
			}
			if found := compareModules(other, upTo); len(found) != 1 {
				t.Errorf("up to %d, with another use of %s: found %q", upTo, m, found)
			}
		}
		good["example.org/new"] = true
		if found := compareModules(good, upTo); len(found) != 1 {
			t.Errorf("up to %d, with a new module: found %q", upTo, found)
		}
	}
	for m, entry := range modules {
		if entry.why == "" {
			t.Errorf("%s is for nothing", m)
		}
	}
}
