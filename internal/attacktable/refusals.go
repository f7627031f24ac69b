package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// The functions of package failtest whose names begin so hold a failed call to
// the four invariants: no panic, no change, bounded memory, no secret in the
// error. The others of that package look for one thing only.
const (
	failtest = "failtest"
	refused  = "Refused"
)

// demand is the name in a callGraph of what matches demandsError.
const demand = "require.Error"

// packagesFile lists the packages of which not only the tests of attacks are
// judged.
const packagesFile = "internal/mutants/packages.txt"

// demandsError matches what tests ask of an error with: require.ErrorIs and the
// like.
var demandsError = regexp.MustCompile(`^(EqualError|Error(As|Contains|Is)?)f?$`)

// held demands that every test of an attack, and every test of the packages of
// packagesFile that demands an error, refuses something by way of failtest,
// itself or through a function of its package's tests, or stands in
// showings.json with what it shows instead. It returns how many tests of
// attacks do the first.
func held(root string, rows []*row) (int, error) {
	text, err := os.ReadFile(filepath.Join(root, home, "showings.json"))
	if err != nil {
		return 0, err
	}
	showings := make(map[string]string)
	if err := json.Unmarshal(text, &showings); err != nil {
		return 0, fmt.Errorf("showings.json: %w", err)
	}
	calls, err := testCalls(root)
	if err != nil {
		return 0, err
	}
	packages, err := os.ReadFile(filepath.Join(root, packagesFile))
	if err != nil {
		return 0, err
	}
	var wrong []error
	refuses := func(dir, test string) bool {
		name := dir + "." + test
		shows, listed := showings[name]
		delete(showings, name)
		does := calls[dir].reaches(test, failtest+"."+refused)
		switch {
		case does && listed:
			wrong = append(wrong, fmt.Errorf("showings.json: %s does use %s.%s", name, failtest, refused))
		case !does && shows == "":
			wrong = append(wrong, fmt.Errorf("%s does not use %s.%s, and showings.json does not say why", name, failtest, refused))
		}
		return does
	}
	count := 0
	done := make(map[string]bool)
	for _, r := range rows {
		for _, t := range r.tests {
			done[t.dir+"."+t.name] = true
			if refuses(t.dir, t.name) {
				count++
			}
		}
	}
	for _, dir := range strings.Fields(string(packages)) {
		for test := range calls[dir] {
			if strings.HasPrefix(test, "Test") && !done[dir+"."+test] && calls[dir].reaches(test, demand) {
				refuses(dir, test)
			}
		}
	}
	for name := range showings {
		wrong = append(wrong, fmt.Errorf("showings.json: there is no %s", name))
	}
	slices.SortFunc(wrong, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return count, errors.Join(wrong...)
}

// callGraph says for each function and method of a folder's tests, by name
// alone, what names it uses; the functions of failtest that hold a call are one
// name.
type callGraph map[string]map[string]bool

// testCalls returns the call graphs of the module's tests, by folder.
func testCalls(root string) (map[string]callGraph, error) {
	list, err := files(root)
	if err != nil {
		return nil, err
	}
	graphs := make(map[string]callGraph)
	for _, name := range list {
		if !strings.HasSuffix(name, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		dir := path.Dir(name)
		if graphs[dir] == nil {
			graphs[dir] = make(callGraph)
		}
		for _, d := range tree.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
				graphs[dir].add(f)
			}
		}
	}
	return graphs, nil
}

func (g callGraph) add(f *ast.FuncDecl) {
	used := g[f.Name.Name]
	if used == nil {
		used = make(map[string]bool)
		g[f.Name.Name] = used
	}
	ast.Inspect(f.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			used[n.Name] = true
		case *ast.SelectorExpr:
			switch x, _ := n.X.(*ast.Ident); {
			case x == nil:
			case x.Name == failtest && strings.HasPrefix(n.Sel.Name, refused):
				used[failtest+"."+refused] = true
			case x.Name == "require" && demandsError.MatchString(n.Sel.Name):
				used[demand] = true
			}
		}
		return true
	})
}

// reaches reports whether a function uses a name, itself or through others of
// the graph.
func (g callGraph) reaches(from, name string) bool {
	seen := map[string]bool{from: true}
	for todo := []string{from}; len(todo) > 0; {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for used := range g[at] {
			if used == name {
				return true
			}
			if g[used] != nil && !seen[used] {
				seen[used] = true
				todo = append(todo, used)
			}
		}
	}
	return false
}
