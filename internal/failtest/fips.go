package failtest

import (
	"crypto/fips140"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// inside is the variable of the environment that says which process this is.
const inside = "FAILTEST_UNDER_FIPS"

// UnderFIPS runs the test that calls it once more, in a process in which the Go
// runtime forbids what is not of FIPS 140-3 (GODEBUG=fips140=only), and f in
// there. What f needs beforehand, it makes in fips140.WithoutEnforcement.
func UnderFIPS(t testing.TB, f func()) {
	t.Helper()
	if fips140.Enforced() {
		f()
		return
	}
	if os.Getenv(inside) != "" {
		t.Fatal("called in fips140.WithoutEnforcement")
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), "GODEBUG=fips140=only", inside+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Fatalf("with GODEBUG=fips140=only: %v\n%s", err, out)
	}
}
