package doctest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// open says of packages whose labels are not constants what they are: string
// literals that match, or words of the table in docs/mechanisms.md.
var open = map[string]struct {
	literals *regexp.Regexp
	words    string
}{
	"internal/aessha2": {}, // its callers are looked at
	"internal/seal":    {literals: regexp.MustCompile(`^chappe seal 1 `)},
	"sas":              {literals: regexp.MustCompile(`^MATRIX_KEY_VERIFICATION_[A-Z]+\|?$`)},
	"secretstorage":    {words: "the secret's name"},
}

// labelsOf returns the labels of HKDF in a package, each with the folder before
// it, and whatever it cannot read.
func labelsOf(dir string, sources ...string) []string {
	constants, literals := map[string]string{}, []string{}
	var infos []ast.Expr
	for _, source := range sources {
		file, err := parser.ParseFile(token.NewFileSet(), "", source, parser.SkipObjectResolution)
		if err != nil {
			return []string{dir + ": " + err.Error()}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				for i, value := range n.Values {
					if text, ok := literal(value); ok && i < len(n.Names) {
						constants[n.Names[i].Name] = text
					}
				}
			case *ast.BasicLit:
				if text, ok := literal(n); ok {
					literals = append(literals, text)
				}
			case *ast.CallExpr:
				if info := infoOf(n); info != nil {
					infos = append(infos, info)
				}
			}
			return true
		})
	}
	var found []string
	for _, info := range infos {
		text, known := literal(info)
		if name, ok := info.(*ast.Ident); ok && !known {
			text, known = constants[name.Name]
		}
		entry, isOpen := open[dir]
		switch {
		case known:
			found = append(found, dir+": "+text)
		case !isOpen:
			found = append(found, dir+": a label that is no constant")
		case entry.literals != nil:
			for _, text := range literals {
				if entry.literals.MatchString(text) {
					found = append(found, dir+": "+text)
				}
			}
		case entry.words != "":
			found = append(found, dir+": "+entry.words)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}

// infoOf returns the argument for the label of a call that derives keys, or nil.
func infoOf(call *ast.CallExpr) ast.Expr {
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	on, _ := f.X.(*ast.Ident)
	switch {
	case on != nil && on.Name == "kdf" && f.Sel.Name == "HKDF" && len(call.Args) == 4,
		on != nil && on.Name == "hkdf" && f.Sel.Name == "Key" && len(call.Args) == 5:
		return call.Args[3]
	case on != nil && on.Name == "hkdf":
		return call // no constant: it is reported
	case f.Sel.Name == "Derive" && len(call.Args) == 2:
		return call.Args[1]
	}
	return nil
}

var code = regexp.MustCompile("`([^`]*)`")

// listed returns the labels that the table of mechanisms has, each with the
// folder of its source before it.
func listed(text string) []string {
	var found []string
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.ReplaceAll(line, `\|`, "\x00"), "|")
		if len(cells) < 7 || !strings.HasPrefix(strings.TrimSpace(cells[1]), "HKDF") {
			continue
		}
		var labels []string
		for _, match := range code.FindAllStringSubmatch(cells[4], -1) {
			labels = append(labels, strings.ReplaceAll(match[1], "\x00", "|"))
		}
		if words := strings.TrimSpace(cells[4]); len(labels) == 0 {
			labels = []string{strings.TrimPrefix(words, "none")}
		}
		for _, source := range link.FindAllStringSubmatch(cells[6], -1) {
			dir := path.Join("docs", source[1])
			if path.Ext(dir) != "" {
				dir = path.Dir(dir)
			}
			for _, label := range labels {
				found = append(found, dir+": "+label)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// rooms are those that import all others.
var rooms = []string{"attachment", "backup", "events", "sas"}

// shipped returns the sources, without tests, of the packages that a program gets
// which imports the rooms, by folder.
func shipped(t *testing.T, rooms ...string) map[string][]string {
	t.Helper()
	root := moduleRoot(t)
	found := map[string][]string{}
	for queue := rooms; len(queue) > 0; queue = queue[1:] {
		dir := queue[0]
		if found[dir] != nil {
			continue
		}
		names, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(dir), "*.go"))
		require.NoError(t, err)
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := os.ReadFile(name)
			require.NoError(t, err)
			found[dir] = append(found[dir], string(text))
			file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly)
			require.NoError(t, err)
			for _, spec := range file.Imports {
				if own, ok := strings.CutPrefix(strings.Trim(spec.Path.Value, `"`), "github.com/chappe-e2ee/chappe/"); ok {
					queue = append(queue, own)
				}
			}
		}
	}
	return found
}

// TestLabels holds the labels in docs/mechanisms.md to those in the code.
func TestLabels(t *testing.T) {
	t.Parallel()
	var want []string
	for dir, sources := range shipped(t, rooms...) {
		want = append(want, labelsOf(dir, sources...)...)
	}
	slices.Sort(want)
	require.Contains(t, want, "olm: OLM_ROOT")
	require.Empty(t, cmp.Diff(want, listed(load(t).documents["docs/mechanisms.md"])))
	require.Empty(t, prefixes(want))
}

// prefixes returns the labels that begin another one of their package.
func prefixes(sorted []string) []string {
	var found []string
	for i := range len(sorted) - 1 {
		if strings.HasPrefix(sorted[i+1], sorted[i]) {
			found = append(found, sorted[i])
		}
	}
	return found
}

func TestLabelsOf(t *testing.T) {
	t.Parallel()
	const head = "package x\n\nconst label, other = \"A\", \"B\"\n\nfunc f() { "
	for body, want := range map[string][]string{
		"kdf.HKDF(a, b, c, label)":                           {"x: A"},
		"kdf.HKDF(a, b, c, label); c.Derive(k, \"C\")":       {"x: A", "x: C"},
		"hkdf.Key(h, a, b, other, n); kdf.HKDF(a, b, c, ``)": {"x: ", "x: B"},
		"kdf.HKDF(a, b, c, unknown)":                         {"x: a label that is no constant"},
		"kdf.HKDF(a, b, c, label+other)":                     {"x: a label that is no constant"},
		"hkdf.Expand(h, a, label, n)":                        {"x: a label that is no constant"},
		"hmac.New(h, label)":                                 nil,
	} {
		require.Equal(t, want, labelsOf("x", head+body+" }"), body)
	}
	require.Equal(t, []string{"internal/seal: chappe seal 1 a", "internal/seal: chappe seal 1 b"},
		labelsOf("internal/seal", "package x\n\nfunc f() { kdf.HKDF(a, b, c, label) }\n\nvar _, _, _ = \"chappe seal 1 b\", \"chappe seal 1 a\", \"B\""))
	require.Len(t, labelsOf("x", "nonsense"), 1)
}

func TestPrefixes(t *testing.T) {
	t.Parallel()
	require.Empty(t, prefixes([]string{"a: ", "b: X", "b: Y"}))
	require.Equal(t, []string{"a: ", "b: X"}, prefixes([]string{"a: ", "a: X", "b: X", "b: XY", "c: X"}))
}

func TestListed(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"a/b: X", "c: ", "c: Y|", "d: the words"}, listed(
		"| Mechanism | Standard | Sizes | Label | Used for | Source | Vectors |\n|---|---|---|---|---|---|---|\n"+
			"| HKDF-SHA-256 | R | s | `X` | u | [x](../a/b/c.go) | v |\n| HKDF-SHA-256, HMAC | R | s | `Y\\|` and more | u | [c](../c) | v |\n"+
			"| HKDF-SHA-256 | R | s | none | u | [c](../c) | v |\n| HKDF-SHA-256 | R | s | the words | u | [c](../d) | v |\n"+
			"| HMAC | R | s | `Z` | u | [c](../c) | v |\n"))
}
