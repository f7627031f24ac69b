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
	"golang.org/x/sys/cpu":           "keys",         // what the processor can do is asked once
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
var external = []string{edwards, "golang.org/x/crypto", "golang.org/x/sys/cpu"}

// A use says how far a module may come. Each may also have what stands before it.
type use int

const (
	byRooms use = iota // what a program gets that imports the library
	byTool             // what cmd and examples have beside it
	byTests            // what only the module's own tests have
)

// modules lists every module that go.mod may name, indirect ones too, with what
// it is for. A new one is argued for in the commit that adds it.
var modules = map[string]struct {
	use use
	why string
}{
	edwards:               {byRooms, "signatures with the expanded keys of libolm, and a strict verification"},
	"golang.org/x/crypto": {byRooms, "ChaCha20-Poly1305 of dehydrated devices"},
	"golang.org/x/sys":    {byRooms, "for keys and x/crypto: what the processor can do; for x/term: terminals"},

	"github.com/spf13/cobra":               {byTool, "commands and flags"},
	"github.com/spf13/pflag":               {byTool, "for cobra: flags"},
	"github.com/inconshreveable/mousetrap": {byTool, "for cobra: whether Windows Explorer started the program"},
	"golang.org/x/term":                    {byTool, "passphrases without an echo"},
	"github.com/cheggaaa/pb/v3":            {byTool, "progress of long work"},
	"github.com/VividCortex/ewma":          {byTool, "for pb: average speed"},
	"github.com/clipperhouse/uax29/v2":     {byTool, "for pb: width of text"},
	"github.com/fatih/color":               {byTool, "for pb: colour"},
	"github.com/mattn/go-colorable":        {byTool, "for pb: colour on Windows"},
	"github.com/mattn/go-isatty":           {byTool, "for pb: whether a file is a terminal"},
	"github.com/mattn/go-runewidth":        {byTool, "for pb: width of text"},

	"github.com/creack/pty":       {byTests, "a terminal for the tests of cmd/chappe"},
	"github.com/google/go-cmp":    {byTests, "differences between values"},
	"github.com/stretchr/testify": {byTests, "assertions"},
	"go.yaml.in/yaml/v3":          {byTests, "for testify"},
}

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
