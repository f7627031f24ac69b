package archtest

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// source makes a package of one file. A path that starts with @ is of this
// module.
func source(dir string, imported ...string) pkg {
	f := file{name: "x.go", imports: slices.Clone(imported)}
	for i, p := range f.imports {
		if rest, ok := strings.CutPrefix(p, "@"); ok {
			f.imports[i] = module + "/" + rest
		}
	}
	return pkg{dir: dir, files: []file{f}}
}

func program(dir string, imported ...string) pkg {
	p := source(dir, imported...)
	p.main = true
	return p
}

func asTest(p pkg) pkg {
	p.files[0].name, p.files[0].test = "x_test.go", true
	return p
}

func with(p pkg, change func(f *file)) pkg {
	change(&p.files[0])
	return p
}

// whole is a module that uses everything it may.
func whole() []pkg {
	return []pkg{
		source(curve, edwards, edwards+"/field", "crypto/ecdh", "crypto/ed25519", "@internal/secret"),
		source("internal/b64", "encoding/base64"),
		source("internal/aessha2", "crypto/aes", "crypto/cipher", "golang.org/x/crypto/hkdf"),
		source("internal/vectortest", "testing", "os", "github.com/google/go-cmp/cmp", "@testvectors"),
		program("internal/benchtable", "os", "testing", "crypto/ecdh", "encoding/base64", "@olm", "@megolm"),
		source("keys", "fmt", "log/slog", "@internal/b64", "golang.org/x/sys/cpu"),
		source("olm", "@keys", "@internal/curve"),
		source("megolm", "@keys"),
		source("pk", "@keys"),
		source("crossSigning", "@keys"),
		source("secretstorage", "@keys"),
		source("attachment", "@keys", "@pk"),
		source("backup", "@keys", "@megolm", "@pk", "@secretstorage", "@crossSigning"),
		source("events", "@keys", "@olm", "@megolm", "@crossSigning"),
		source("verification", "@keys", "@crossSigning"),
		source("sas", "@keys", "@verification"),
		source("testvectors", "embed"),
		asTest(source("testvectors", "encoding/base64", "os", "@olm", "@internal/vectortest")),
		asTest(source("olm", "@megolm", "os", "math/rand/v2", "crypto/ecdh", "encoding/base64", "github.com/stretchr/testify/require")),
		with(asTest(source("olm")), func(f *file) { f.inits, f.aes = 1, true }),
		program("testvectors/generate/olm", "os", "encoding/base64", "@olm"),
		program("cmd/chappe", "os", "net/http", "github.com/spf13/cobra", "golang.org/x/term", "github.com/cheggaaa/pb/v3", "@internal/b64", "@testvectors"),
		asTest(program("cmd/chappe", "github.com/creack/pty", "golang.org/x/sys/unix")),
		with(program("cmd/other"), func(f *file) { f.inits, f.foreign = 1, true }),
		program("examples/quickstart", "log", "os", "@olm", "@megolm"),
	}
}

func TestRulesAcceptTheWholeModule(t *testing.T) {
	t.Parallel()
	for name, found := range check(whole()) {
		t.Errorf("%s: %q", name, found)
	}
}

// breaks lists, for each rule, graphs that break it and no other.
var breaks = map[string][][]pkg{
	"every package is in the table of rooms": {
		{source("machine")}, {source(".")}, {source("olm/ratchet")}, {source("internal")}, {source("testvectors/suite")}, {program("machine")},
	},
	"rooms import along the table's edges": {
		{source("olm", "@megolm")},
		{source("megolm", "@olm")},
		{source("keys", "@olm")},
		{source("internal/wire", "@keys")},
		{source("attachment", "@keys", "@megolm")},
		{source("crossSigning", "@olm")},
		{source("sas", "@crossSigning")},
		{source("olm", "@testvectors")},
		{source("olm", "@machine")},
		{source("olm", "@internal/vectortest")},
		{source("internal/wire", "@internal/archtest")},
		{program("internal/benchtable"), source("olm", "@internal/benchtable")},
		{program("cmd/chappe"), source("olm", "@cmd/chappe")},
		{source("examples/bot"), source("olm", "@examples/bot")},
	},
	"one package imports the Edwards curve": {
		{source(curve, "fmt")},
		{source(curve, edwards), program("internal/benchtable", edwards)},
		{source(curve), asTest(source("olm", edwards))},
	},
	"what is confined stays in its package": {
		{source("internal/kdf", edwards)},
		{source("olm", "crypto/ecdh")},
		{source("keys", "crypto/ed25519")},
		{source("olm", "golang.org/x/crypto/curve25519")},
		{source("olm", "golang.org/x/crypto/nacl/box")},
		{source("internal/ct64", "encoding/base64")},
		{source("keys", "encoding/base64")},
		{source("olm", "golang.org/x/sys/cpu")},
		{program("examples/bot", "encoding/base64")},
		{program("cmd/chappe", "encoding/base64")},
	},
	"no shipped package imports what is forbidden": {
		{source("olm", "os")}, {source("olm", "os/exec")}, {source("olm", "net")}, {source("olm", "net/url")},
		{source("olm", "log")}, {source("olm", "log/syslog")}, {source("internal/secret", "unsafe")},
		{source("internal/secret", "C")}, {source("olm", "math/rand")}, {source("olm", "math/rand/v2")},
		{source("backup", "database/sql")}, {source("internal/wire", "testing")}, {source("olm", "syscall")},
	},
	"shipped packages use the allowed modules only": {
		{source("olm", "golang.org/x/sys/unix")}, {source("internal/wire", "google.golang.org/protobuf/proto")},
		{source("olm", "golang.org/x/cryptography")}, {source("olm", module+"-fork/olm")},
	},
	"test libraries are for tests": {
		{program("cmd/chappe", "github.com/google/go-cmp/cmp")},
		{program("internal/benchtable", "github.com/stretchr/testify/require")},
		{program("examples/bot", "github.com/stretchr/testify/require")},
		{program("cmd/chappe", "github.com/creack/pty")},
	},
	"command lines are for cmd and examples": {
		{program("internal/benchtable", "github.com/spf13/cobra")},
		{asTest(source("olm", "golang.org/x/term"))},
		{source("internal/vectortest", "golang.org/x/term")},
		{asTest(source("internal/wire", "github.com/creack/pty"))},
	},
	"testvectors imports embed and nothing else": {
		{source("testvectors", "embed", "io/fs")}, {source("testvectors", "encoding/json")},
		{source("testvectors", "@internal/b64")},
	},
	"examples import what a user can import": {
		{program("examples/bot", "@internal/b64")},
	},
	"no init function": {
		{with(source("olm"), func(f *file) { f.inits = 1 })},
		{with(source("internal/wire"), func(f *file) { f.inits = 2 })},
	},
	"pure Go": {
		{with(source("internal/ct64"), func(f *file) { f.name, f.foreign = "x_amd64.s", true })},
	},
	"AES is crypto/aes": {
		{with(source("internal/aessha2"), func(f *file) { f.aes = true })},
	},
}

// TestRulesRefuse proves of every rule that it can fail, and on its own.
func TestRulesRefuse(t *testing.T) {
	t.Parallel()
	for _, r := range rules {
		if len(breaks[r.name]) == 0 {
			t.Errorf("%s: no graph breaks this rule", r.name)
		}
		for i, graph := range breaks[r.name] {
			if got := slices.Sorted(maps.Keys(check(graph))); !slices.Equal(got, []string{r.name}) {
				t.Errorf("%s, graph %d: broke %q", r.name, i, got)
			}
		}
	}
	if found := findForbidden([]pkg{source("machine", "os")}); len(found) != 1 {
		t.Errorf("a package outside the table escapes the other rules: %q", found)
	}
	if len(breaks) != len(rules) {
		t.Errorf("graphs for %d rules, there are %d", len(breaks), len(rules))
	}
}

// directions is the table of rooms once more, as the arrows it was drawn from:
// what is on the left may be imported by what is on the right.
const directions = `
keys -> olm megolm pk crossSigning secretstorage attachment backup events verification sas
pk -> attachment backup
megolm -> backup events
secretstorage -> backup
crossSigning -> backup events verification
olm -> events
verification -> sas
testvectors -> testvectors/conformance
testvectors/conformance/vector -> testvectors/conformance
testvectors/conformance -> testvectors/conformance/chappe
keys -> testvectors/conformance/chappe
olm -> testvectors/conformance/chappe
megolm -> testvectors/conformance/chappe
pk -> testvectors/conformance/chappe
sas -> testvectors/conformance/chappe`

// TestEveryEdge tries every pair of rooms.
func TestEveryEdge(t *testing.T) {
	t.Parallel()
	allowed := map[[2]string]bool{}
	for line := range strings.Lines(strings.TrimSpace(directions)) {
		from, to, _ := strings.Cut(strings.TrimSpace(line), " -> ")
		for _, importer := range strings.Fields(to) {
			allowed[[2]string{importer, from}] = true
		}
	}
	for importer := range rooms {
		for imported := range rooms {
			if importer == imported || importer == "testvectors" {
				continue
			}
			found := findEdges([]pkg{source(importer, "@"+imported), source(imported)})
			if want := allowed[[2]string{importer, imported}]; want != (len(found) == 0) {
				t.Errorf("%s imports %s: allowed is %v, found %q", importer, imported, want, found)
			}
		}
	}
	for _, entry := range slices.Sorted(maps.Keys(forbidden)) {
		if found := findForbidden([]pkg{source("olm", entry)}); len(found) != 1 {
			t.Errorf("%s is not refused: %q", entry, found)
		}
	}
	for _, entry := range commandLine {
		for dir := range rooms {
			if found := findCommandLine([]pkg{source(dir, entry+"/v9")}); len(found) != 1 {
				t.Errorf("%s is not refused in %s: %q", entry, dir, found)
			}
		}
	}
	for what, where := range confined {
		if found := findConfined([]pkg{source("olm", what), source(where, what)}); len(found) != 1 {
			t.Errorf("%s outside %s: %q", what, where, found)
		}
	}
}
