package conformance

import (
	"os"
	"testing"

	"github.com/chappe-e2ee/chappe/interop/tally"
	"github.com/chappe-e2ee/chappe/testvectors/conformance"
	"github.com/chappe-e2ee/chappe/testvectors/conformance/chappe"
)

func TestMain(m *testing.M) { os.Exit(tally.Run(m, "conformance")) }

func TestChappe(t *testing.T) { run(t, "chappe", new(chappe.Replaying)) }

func TestLibolm(t *testing.T) { run(t, "libolm", new(Libolm), LibolmExceptions...) }

func TestGoolm(t *testing.T) { run(t, "goolm", new(Goolm), GoolmExceptions...) }

func TestVodozemac(t *testing.T) { run(t, "vodozemac", new(Vodozemac), VodozemacExceptions...) }

func run(t *testing.T, name string, i conformance.Implementation, exceptions ...conformance.Exception) {
	n := conformance.Run(t, i, exceptions...)
	tally.AddAll(name, map[string]int{"cases passed": n.Passed, "reviewed exceptions": n.Excepted, "not run": n.NotRun})
}
