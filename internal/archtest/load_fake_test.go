package archtest

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// tree is a module with everything that could hide an import.
var tree = map[string]string{
	"go.mod":                   "module example.org/m\n",
	"doc.go":                   "package m\n",
	"olm/a.go":                 "package olm\n\nimport (\n\t\"fmt\"\n\tx \"os\"\n)\n\nfunc init() { fmt.Print(x.Args) }\n\nfunc (t) init() {}\n\ntype t int\n",
	"olm/a_windows.go":         "package olm\n\nimport _ \"net\"\n",
	"olm/tagged.go":            "//go:build never\n\npackage olm\n\nimport _ \"unsafe\"\n",
	"olm/gen.go":               "//go:build ignore\n\npackage main\n\nimport _ \"os/exec\"\n\nfunc main() {}\n",
	"olm/hidden.go":            "//go:build ignore\n\npackage olm\n\nimport _ \"plugin\"\n",
	"olm/partly.go":            "//go:build ignore || linux\n\npackage olm\n\nimport _ \"log\"\n",
	"olm/a_test.go":            "package olm_test\n\nimport _ \"testing\"\n",
	"olm/_old.go":              "package nonsense nonsense",
	"olm/testdata/x.go":        "package nonsense nonsense",
	"olm/ct_arm64.s":           "TEXT x(SB)\n",
	"cmd/tool/main.go":         "package main\n\nfunc main() {}\n",
	"adapter/go.mod":           "module example.org/adapter\n",
	"adapter/a.go":             "package nonsense nonsense",
	"adapter/deep/a.go":        "package nonsense nonsense",
	".hidden/a.go":             "package nonsense nonsense",
	"docs/README.md":           "nothing\n",
	"aes/sbox.go":              "package aes\n\nvar s = [256]byte{0x63, 124, 0x77, 0x7b, 0xf2}\n",
	"aes/string/sbox.go":       "package aes\n\nconst s = \"\\x52\\x09\\x6a\\xd5\\x30\"\n",
	"aes/table/sbox.go":        "package aes\n\nvar s = [2]uint32{0: 0xc66363a5, 1: 0xf87c7c84}\n",
	"aes/inside/a.go":          "package aes\n\nfunc f() []uint32 { return []uint32{0x51f4a750, 0x7e416553} }\n",
	"innocent/a.go":            "package innocent\n\nvar s = []int{0x63, 0x7c, 1}\nvar m = []any{\"x\", 0x63}\nconst t = `c|`\n",
	"interop/testdata/.keep":   "",
	"interop/vectors/list.txt": "",
}

func TestLoad(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for name, text := range tree {
		name = filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pkgs, err := load(root)
	if err != nil {
		t.Fatal(err)
	}
	var dirs, imported []string
	inits, hasForeign := 0, false
	for _, p := range pkgs {
		dirs = append(dirs, p.dir)
		if p.main != (p.dir == "cmd/tool") {
			t.Errorf("%s: main is %v", p.dir, p.main)
		}
		for _, f := range p.files {
			if (f.name == "a_test.go") != f.test {
				t.Errorf("%s: test is %v", f.name, f.test)
			}
			if below(p.dir, "aes") != f.aes {
				t.Errorf("%s: AES is %v", p.dir, f.aes)
			}
			imported = append(imported, f.imports...)
			inits += f.inits
			hasForeign = hasForeign || f.foreign
		}
	}
	if want := []string{".", "aes", "aes/inside", "aes/string", "aes/table", "cmd/tool", "innocent", "olm"}; !slices.Equal(dirs, want) {
		t.Errorf("packages %q, want %q", dirs, want)
	}
	slices.Sort(imported)
	if want := []string{"fmt", "log", "net", "os", "plugin", "testing", "unsafe"}; !slices.Equal(imported, want) {
		t.Errorf("imports %q, want %q", imported, want)
	}
	if inits != 1 || !hasForeign {
		t.Errorf("%d init functions, foreign source %v", inits, hasForeign)
	}
}

func TestLoadReportsBadSource(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "a.go"), []byte("package"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := load(root); err == nil {
		t.Error("a file that cannot be parsed was passed over")
	}
}
