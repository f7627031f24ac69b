package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const bill = `{
	"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
	"metadata": {"component": {"type": "application", "name": "example.org/tool", "version": "v1.0.0"}},
	"components": [
		{"type": "library", "name": "std", "version": "go1.26.8"},
		{"type": "library", "name": "example.org/a", "version": "v0.1.0"}
	]
}`

// schemas returns the folder with CycloneDX's own.
func schemas(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/CycloneDX/cyclonedx-go").Output()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "schema")
}

func check(t *testing.T, schemas, text string) (string, error) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "bill.json")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	err := run(&out, schemas, name)
	return out.String(), err
}

func TestRun(t *testing.T) {
	got, err := check(t, schemas(t), bill)
	if err != nil {
		t.Fatal(err)
	}
	if want := "example.org/tool@v1.0.0\nexample.org/a@v0.1.0\nstd@go1.26.8\n"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
}

func TestRunRefuses(t *testing.T) {
	official := schemas(t)
	for _, c := range []struct{ old, new, want string }{
		{`"library"`, `"libray"`, "validation failed"},
		{`"name": "std", `, "", "validation failed"},
		{`"CycloneDX"`, `"SPDX"`, "validation failed"},
		{`"version": 1,`, `"version": 1, "license": {},`, "validation failed"},
		{`"components": [`, `"services": [], "annotations": [`, "validation failed"},
		{`"metadata": {"component": {"type": "application", "name": "example.org/tool", "version": "v1.0.0"}},`, "", "no subject"},
		{"]\n}", "]", "EOF"},
	} {
		text := strings.Replace(bill, c.old, c.new, 1)
		if text == bill {
			t.Errorf("%q is not in the bill", c.old)
		}
		if out, err := check(t, official, text); err == nil || !strings.Contains(err.Error(), c.want) || out != "" {
			t.Errorf("%q for %q: %v, want %q; printed %q", c.new, c.old, err, c.want, out)
		}
	}
	if _, err := check(t, t.TempDir(), bill); err == nil {
		t.Error("a bill was valid without a schema")
	}
	if _, err := folder(official).Load("file:///etc/passwd"); err == nil {
		t.Error("a file that is no schema was loaded")
	}
	if _, err := folder(official).Load(home + "../go.mod"); err == nil {
		t.Error("a file outside of the folder was loaded")
	}
}
