package doctest

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	testName = regexp.MustCompile(`\b(?:Test|Fuzz|Benchmark|Example)[A-Z]\w*…?`)
	rowName  = regexp.MustCompile(`\b[PVGC]\d\d\b`)
	pattern  = regexp.MustCompile(`-(?:run|fuzz|bench)[ =]\S+`) // commands looks at these
	folder   = regexp.MustCompile("in the folder `(\\w+)`")
	source   = regexp.MustCompile("(?ms)^ *```go\n.*?^ *``` *$")
	fenced   = regexp.MustCompile("(?ms)^ *(?:```|~~~)[^\n]*\n(.*?)^ *(?:```|~~~) *$")
)

// names returns the tests and the rows of a document that do not exist. A name
// that ends in … is a beginning; ROW in it stands for any row. Go source in a
// document is the reader's.
func (w world) names(name string) []string {
	var found []string
	text := pattern.ReplaceAllString(source.ReplaceAllString(w.documents[name], ""), "")
	for _, want := range testName.FindAllString(text, -1) {
		begins, isPrefix := strings.CutSuffix(want, "…")
		begins, _, _ = strings.Cut(begins, "ROW")
		if !w.anyTest(w.allTests(), func(have string) bool {
			return have == want || isPrefix && strings.HasPrefix(have, begins)
		}) {
			found = append(found, fmt.Sprintf("%s: there is no %s", name, want))
		}
	}
	// The rows of traceability.md are its own.
	if strings.HasPrefix(name, "docs/") && name != "docs/traceability.md" || name == "SECURITY.md" {
		for _, want := range rowName.FindAllString(text, -1) {
			if !slices.Contains(w.rows, want) {
				found = append(found, fmt.Sprintf("%s: there is no row %s", name, want))
			}
		}
	}
	return found
}

func (w world) allTests() []string {
	var dirs []string
	for dir := range w.tests {
		dirs = append(dirs, dir)
	}
	return dirs
}

func (w world) anyTest(dirs []string, fits func(name string) bool) bool {
	return slices.ContainsFunc(dirs, func(dir string) bool { return slices.ContainsFunc(w.tests[dir], fits) })
}

// commands returns what is wrong with the commands of a document: folders and
// scripts that are not there, steps that .ci/run has not, and patterns after -run
// of which a part matches no test.
func (w world) commands(name string) []string {
	var found []string
	for _, words := range commands(w.documents[name]) {
		bad := func(format string, args ...any) {
			found = append(found, fmt.Sprintf("%s: %q: ", name, strings.Join(words, " "))+fmt.Sprintf(format, args...))
		}
		var dirs []string
		for _, word := range words {
			if word == "./..." {
				dirs = w.allTests()
				continue
			}
			if target, ok := strings.CutPrefix(word, "./"); ok || strings.HasPrefix(word, ".ci/") {
				dir := w.resolve(name, strings.TrimSuffix(target, "/..."))
				if dir == "" {
					bad("%s is not there", word)
				}
				dirs = append(dirs, dir)
			}
		}
		if words[0] == ".ci/run" {
			for _, step := range words[1:] {
				if !slices.Contains(w.steps, step) {
					bad("there is no step %s", step)
				}
			}
		}
		if i := slices.Index(words, "-run"); i > 0 && i+1 < len(words) && words[1] == "test" {
			for part := range strings.SplitSeq(words[i+1], "|") {
				first, _, _ := strings.Cut(part, "/")
				if pattern, err := regexp.Compile(first); err != nil || !w.anyTest(dirs, pattern.MatchString) {
					bad("%s matches no test", part)
				}
			}
		}
	}
	return found
}

// resolve returns what a document means by a path: from a folder that it says its
// commands are for, the root, its own folder, or one between; nothing when it is
// in none of them.
func (w world) resolve(name, target string) string {
	for _, match := range folder.FindAllStringSubmatch(w.documents[name], -1) {
		if found := path.Join(match[1], target); w.exists(found) {
			return found
		}
	}
	for dir := path.Dir(name); ; dir = path.Dir(dir) {
		if found := path.Join(dir, target); w.exists(found) {
			return found
		}
		if dir == "." {
			return ""
		}
	}
}

var (
	word   = regexp.MustCompile(`'[^']*'|[^\s']+`)
	starts = regexp.MustCompile(`^(?:go|\.ci/\S+|interop/run)$`)
)

// commands returns the commands in code blocks and code spans, as words.
func commands(text string) [][]string {
	var lines []string
	for _, match := range fenced.FindAllStringSubmatch(text, -1) {
		lines = append(lines, strings.Split(match[1], "\n")...)
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "    ") { // an indented block
			lines = append(lines, line)
		}
	}
	for _, code := range span.FindAllString(fence.ReplaceAllString(text, ""), -1) {
		lines = append(lines, strings.ReplaceAll(strings.Trim(code, "`"), `\|`, "|"))
	}
	var all [][]string
	for _, line := range lines {
		line, _, _ = strings.Cut(line, " #")
		words := word.FindAllString(line, -1)
		for i := range words {
			words[i] = strings.Trim(words[i], "'")
		}
		for len(words) > 0 && strings.Contains(words[0], "=") {
			words = words[1:] // the environment
		}
		if len(words) > 0 && starts.MatchString(words[0]) {
			all = append(all, words)
		}
	}
	return all
}

func TestNames(t *testing.T) {
	t.Parallel()
	w := world{tests: map[string][]string{"a": {"TestOne", "TestAttack_P01_X", "FuzzTwo"}}, rows: []string{"P01"}}
	names := func(text string) []string {
		w.documents = map[string]string{"docs/x.md": text}
		return w.names("docs/x.md")
	}
	require.Empty(t, names("TestOne, `FuzzTwo`, TestAttack_P01_…, `TestAttack_ROW_…`, `go test -run TestAtt`, P01. Testing. Examples.\n\n```go\nfunc TestMine\n```\n"))
	for _, bad := range []string{"TestTwo", "`TestOn`", "FuzzOne", "TestAttack_P02_…", "TestOther_ROW_…", "P02", "ExampleThree", "BenchmarkX"} {
		require.NotEmpty(t, names(bad), bad)
	}
}

func TestCommands(t *testing.T) {
	t.Parallel()
	w := world{
		tests: map[string][]string{"a": {"TestOne"}, "b": {"TestTwo"}, "docs/in/deep": {"TestDeep"}},
		steps: []string{"race"},
		exists: func(name string) bool {
			return slices.Contains([]string{"a", "b", ".ci/run", "docs/in/own", "docs/in/deep", "docs/up", "a/sub"}, name)
		},
	}
	check := func(text string) []string {
		w.documents = map[string]string{"docs/in/x.md": text}
		return w.commands("docs/in/x.md")
	}
	for _, good := range []string{
		"`go test ./a -run One`", "`go test ./... -run 'One\\|Two'`", "`go test ./a ./b -run 'One|Two'`", "`go run ./own`",
		"`.ci/run race`", "```\nX=1 go test ./a -run One/sub # gone\n```", "`go list -deps ./a/...`", "`go.mod`", "`interop/run`",
		"| `go test ./a -run One` |", "    .ci/run race\n",
		"`go run ./up`", "`go test ./deep -run Deep`", "`go run ./sub` in the folder `a`",
	} {
		require.Empty(t, check(good), good)
	}
	for _, bad := range []string{
		"`go test ./gone`", "`go run ./gone`", "`go run ./sub`", "`go run ./gone` in the folder `a`", "`go test ./a -run Two`", "`go test ./a -run 'One|Two'`", "`go test ./... -run Three`",
		"`go test ./a -run '('`", "`.ci/run gone`", "`.ci/gone`", "```\ngo test ./gone\n```", "    .ci/run vet\n", "| `go test ./a -run 'One\\|Two'` |",
	} {
		require.Len(t, check(bad), 1, bad)
	}
	require.Len(t, commands("`go version`\n\n```\ngo vet\n\nnothing\n```\n\n    go fmt\n"), 3)
}
