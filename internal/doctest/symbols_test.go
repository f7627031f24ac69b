package doctest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// symbol is an exported name of Go in a code span: Name, Type.Method, or
// package.Name, with or without what it is called with.
var symbol = regexp.MustCompile("`(?:([a-z]\\w*)\\.)?([A-Z]\\w*[a-z]\\w*)(?:\\.([A-Z]\\w*))?(?:\\([^`]*\\))?`")

// declared adds what a source declares to names: package.Name and Name, and
// Type.Name and Name for methods and fields.
func declared(names map[string]bool, source string) error {
	file, err := parser.ParseFile(token.NewFileSet(), "", source, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	add := func(name string) { names[name], names[file.Name.Name+"."+name] = true, true }
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			add(decl.Name.Name)
			if decl.Recv != nil {
				receiver := decl.Recv.List[0].Type
				if star, ok := receiver.(*ast.StarExpr); ok {
					receiver = star.X
				}
				if name, ok := receiver.(*ast.Ident); ok {
					names[name.Name+"."+decl.Name.Name] = true
				}
			}
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					add(spec.Name.Name)
					if st, ok := spec.Type.(*ast.StructType); ok {
						for _, field := range st.Fields.List {
							for _, name := range field.Names {
								names[name.Name], names[spec.Name.Name+"."+name.Name] = true, true
							}
						}
					}
				case *ast.ValueSpec:
					for _, name := range spec.Names {
						add(name.Name)
					}
				}
			}
		}
	}
	return nil
}

// symbols returns the names in a document of the dossier that the rooms do not
// declare.
func (w world) symbols(name string, names map[string]bool) []string {
	var found []string
	// The names of performance.md are those of measurements.
	if !strings.HasPrefix(name, "docs/") && name != "SECURITY.md" || name == "docs/performance.md" {
		return nil
	}
	for _, match := range symbol.FindAllStringSubmatch(w.documents[name], -1) {
		pkg, first, method := match[1], match[2], match[3]
		ok := testName.MatchString(first) // has a rule of its own
		switch {
		case pkg != "" && !names["package "+pkg]:
			ok = true // the standard library's
		case pkg != "" && method != "":
			ok = names[pkg+"."+first] && names[first+"."+method]
		case pkg != "":
			ok = names[pkg+"."+first]
		case method != "":
			ok = names[first+"."+method]
		default:
			ok = ok || names[first]
		}
		if !ok {
			found = append(found, fmt.Sprintf("%s: the rooms have no %s", name, match[0]))
		}
	}
	return found
}

// declarations returns what the rooms declare, and their labels.
func declarations(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for dir, sources := range shipped(t, rooms...) {
		for _, source := range sources {
			require.NoError(t, declared(names, source), dir)
		}
		for _, label := range labelsOf(dir, sources...) { // a label may look like a name
			_, label, _ = strings.Cut(label, ": ")
			names[label] = true
		}
		for _, line := range strings.SplitAfter(strings.Join(sources, "\n"), "\n") {
			if own, ok := strings.CutPrefix(line, "package "); ok {
				names["package "+strings.TrimSpace(own)] = true
			}
		}
	}
	return names
}

func TestSymbols(t *testing.T) {
	t.Parallel()
	names := map[string]bool{"package olm": true}
	require.NoError(t, declared(names, "package olm\n\nconst MaxGap = 1\n\ntype Account struct{ Open bool }\n\nfunc (a *Account) Seal() {}\n\nfunc NewAccount() {}\n\nvar ErrX error\n"))
	symbols := func(text string) []string {
		return world{documents: map[string]string{"docs/x.md": text}}.symbols("docs/x.md", names)
	}
	for _, good := range []string{
		"`olm.NewAccount`", "`MaxGap`", "`Account.Seal`", "`Seal`", "`olm.Account.Seal`", "`Seal(key)`", "`olm.ErrX`", "`rand.Read`", "`Account.Open`", "`Open`",
		"NewSession", "`TestAttack_X`", "`OLM_ROOT`", "`go test`", "`C`",
	} {
		require.Empty(t, symbols(good), good)
	}
	for _, bad := range []string{
		"`olm.NewSession`", "`MinGap`", "`Account.Close`", "`Session.Seal`", "`olm.Account.Close`", "`Close(key)`", "`Session.Open`",
	} {
		require.Len(t, symbols(bad), 1, bad)
	}
	require.Error(t, declared(names, "nonsense"))
}
