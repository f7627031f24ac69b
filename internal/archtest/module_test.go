package archtest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestModule holds the module itself to the rules.
func TestModule(t *testing.T) {
	root := moduleRoot(t)
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if line, _, _ := strings.Cut(string(mod), "\n"); strings.TrimSpace(line) != "module "+module {
		t.Fatalf("go.mod starts with %q, the tables are for %s", line, module)
	}
	pkgs, err := load(root)
	if err != nil {
		t.Fatal(err)
	}
	read := map[string]bool{}
	for _, p := range pkgs {
		read[p.dir] = true
	}
	if !read["internal/archtest"] {
		t.Fatalf("load did not find this package among %d packages", len(pkgs))
	}
	broken := check(pkgs)
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			for _, found := range broken[r.name] {
				t.Error(found)
			}
		})
	}
}
