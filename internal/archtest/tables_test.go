package archtest

const module = "github.com/chappe-e2ee/chappe"

// rooms says which rooms a room may import directly. Every room but
// testvectors may also import keys and the internal packages, and imports of
// its test files are its own business.
var rooms = map[string][]string{
	"keys":          {},
	"olm":           {"keys"},
	"megolm":        {"keys"},
	"pk":            {"keys"},
	"crossSigning":  {"keys"},
	"secretstorage": {"keys"},
	"attachment":    {"keys", "pk"},
	"backup":        {"keys", "megolm", "pk", "secretstorage", "crossSigning"},
	"events":        {"keys", "olm", "megolm", "crossSigning"},
	"verification":  {"keys", "crossSigning"},
	"sas":           {"keys", "verification"},
	"testvectors":   {},

	"testvectors/conformance/vector": {},
	"testvectors/conformance":        {"testvectors", "testvectors/conformance/vector"},
	"testvectors/conformance/chappe": {"keys", "olm", "megolm", "pk", "sas", "testvectors/conformance"},
}

const (
	edwards = "filippo.io/edwards25519"
	curve   = "internal/curve"
)

// confined says which packages may import what should be in one place only.
// An entry covers the packages below it too.
var confined = map[string]string{
	edwards:                          curve,
	"crypto/ecdh":                    curve,
	"crypto/ed25519":                 curve, // Verify accepts what a strict check refuses
	"golang.org/x/crypto/curve25519": curve,
	"golang.org/x/crypto/ed25519":    curve,
	"golang.org/x/crypto/nacl":       curve,
	"encoding/base64":                "internal/b64", // table lookups: public text only
}

// forbidden lists what no shipped package imports, with the reason. An entry
// covers the packages below it too.
var forbidden = map[string]string{
	"C":             "the module is pure Go",
	"unsafe":        "memory safety is the compiler's",
	"syscall":       "no room reaches for the machine",
	"plugin":        "no room reaches for the machine",
	"os":            "no room reads files or the environment",
	"net":           "no room opens sockets",
	"database":      "storage is the caller's",
	"log":           "no room logs",
	"flag":          "command lines are for cmd",
	"testing":       "test code is for tests",
	"math/rand":     "randomness is crypto/rand",
	"crypto/md5":    "broken",
	"crypto/sha1":   "broken",
	"crypto/des":    "broken",
	"crypto/rc4":    "broken",
	"crypto/tls":    "no room opens sockets",
	"crypto/x509":   "no certificates in this protocol",
	"encoding/gob":  "not for untrusted input",
	"runtime/debug": "the process belongs to the caller",
}

// allowedBelow lists exceptions to forbidden.
var allowedBelow = []string{"log/slog"}

// external lists the modules that shipped packages may use.
var external = []string{edwards, "golang.org/x/crypto"}

// commandLine lists the modules for command lines, terminals and progress. Only
// cmd and examples use them, not even the tests of others.
var commandLine = []string{
	"github.com/spf13", "github.com/cheggaaa/pb", "github.com/creack/pty",
	"golang.org/x/term",
}

// testOnly lists the modules that only tests may use.
var testOnly = []string{"github.com/stretchr/testify", "github.com/google/go-cmp", "github.com/creack/pty"}

// offline lists what the tool's binary does not have: it opens no connection.
var offline = []string{"net/http", "crypto/tls", "crypto/x509", "os/exec", "testing", "runtime/cgo"}

// unlinked lists what no program gets into its binary by importing a room.
var unlinked = []string{
	"net", "net/http", "crypto/tls", "crypto/x509", "database/sql",
	"os/exec", "testing", "flag", "runtime/cgo",
}
