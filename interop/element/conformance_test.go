package element

import (
	"testing"

	"github.com/chappe-e2ee/chappe/interop/tally"
	"github.com/chappe-e2ee/chappe/testvectors/conformance"
)

func TestConformance(t *testing.T) {
	n := conformance.Run(t, new(Crypto), CryptoExceptions...)
	tally.AddAll("matrix-sdk-crypto", map[string]int{
		"cases passed": n.Passed, "reviewed exceptions": n.Excepted, "not run": n.NotRun,
	})
}
