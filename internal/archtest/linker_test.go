package archtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// dependencies returns what a program that imports only the given package is
// linked from, by the go command.
func dependencies(t *testing.T, root, imported string) []string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "main.go")
	source := "package main\n\nimport _ \"" + imported + "\"\n\nfunc main() {}\n"
	if err := os.WriteFile(program, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "list", "-deps", program)
	cmd.Dir = root
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	return strings.Fields(string(out))
}

// reach returns the rooms that the table lets a room have in its program.
func reach(from string) []string {
	found := []string{from}
	for i := 0; i < len(found); i++ {
		for _, next := range rooms[found[i]] {
			if !slices.Contains(found, next) {
				found = append(found, next)
			}
		}
	}
	return found
}

// unwanted returns the dependencies that a program should not get from a room.
func unwanted(from string, deps []string) []string {
	var found []string
	for _, dep := range deps {
		dir, ours := own(dep)
		switch {
		case slices.Contains(unlinked, dep),
			belowAny(dep, testOnly), belowAny(dep, commandLine),
			ours && !below(dir, "internal") && !slices.Contains(reach(from), dir):
			found = append(found, dep)
		}
	}
	return found
}

// TestLinker proves that a program gets from a room what it asked for: with
// megolm alone, no network stack and no Olm.
func TestLinker(t *testing.T) {
	switch runtime.GOOS {
	case "js", "wasip1", "android", "ios":
		t.Skip("no go command to run here")
	}
	root := moduleRoot(t)

	t.Run("control", func(t *testing.T) {
		t.Parallel()
		found := unwanted("megolm", dependencies(t, root, "net/http"))
		for _, want := range []string{"net", "net/http", "crypto/tls", "crypto/x509"} {
			if !slices.Contains(found, want) {
				t.Errorf("net/http is linked without %s: the test is blind", want)
			}
		}
	})

	pkgs, err := load(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pkgs {
		if kindOf(p) != room {
			continue
		}
		t.Run(p.dir, func(t *testing.T) {
			t.Parallel()
			deps := dependencies(t, root, module+"/"+p.dir)
			if !slices.Contains(deps, module+"/"+p.dir) {
				t.Fatalf("the room is not in its own program: %q", deps)
			}
			for _, dep := range unwanted(p.dir, deps) {
				t.Errorf("a program that imports %s is linked with %s", p.dir, dep)
			}
		})
	}
}

// TestToolIsOffline proves that the command-line tool has no network stack, and
// nothing that would make its binary depend on another program.
func TestToolIsOffline(t *testing.T) {
	switch runtime.GOOS {
	case "js", "wasip1", "android", "ios":
		t.Skip("no go command to run here")
	}
	cmd := exec.Command("go", "list", "-deps", "./cmd/chappe")
	cmd.Dir = moduleRoot(t)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(out))
	if !slices.Contains(deps, commandLine[0]+"/cobra") {
		t.Fatal("the tool has no command line: the test is blind")
	}
	for _, dep := range deps {
		if belowAny(dep, offline) {
			t.Errorf("the tool is linked with %s", dep)
		}
	}
}

func TestUnwanted(t *testing.T) {
	t.Parallel()
	clean := []string{
		"fmt", "os", "log/slog", "crypto/aes", "embed",
		module + "/internal/curve", module + "/keys", module + "/megolm",
	}
	if found := unwanted("megolm", clean); found != nil {
		t.Errorf("refused %q", found)
	}
	bad := append(slices.Clone(unlinked),
		module+"/olm", module+"/testvectors", module+"/pk", "github.com/stretchr/testify/require",
		"github.com/spf13/cobra", "golang.org/x/term")
	for _, dep := range bad {
		if found := unwanted("megolm", append(slices.Clone(clean), dep)); !slices.Equal(found, []string{dep}) {
			t.Errorf("with %s, found %q", dep, found)
		}
	}
	if got := reach("sas"); !slices.Equal(got, []string{"sas", "keys", "verification", "crossSigning"}) {
		t.Errorf("reach of sas is %q", got)
	}
}
