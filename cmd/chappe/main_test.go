package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/keys"
)

// A result is what a run of the command left.
type result struct {
	code           int
	stdout, stderr string
}

// chappe runs the command in this process.
func chappe(t testing.TB, args ...string) result {
	t.Helper()
	return chappeWith(t, "", args...)
}

func chappeWith(t testing.TB, stdin string, args ...string) result {
	t.Helper()
	if !strings.Contains(strings.Join(args, " "), "--rounds") && len(args) > 1 && args[0] == "keys" && args[1] != "inspect" && !slices.Contains(args, "--help") {
		args = append(args, "--rounds=100000") // tests need not wait
	}
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), strings.NewReader(stdin), &stdout, &stderr, args)
	return result{code, stdout.String(), stderr.String()}
}

// good demands success and returns what was printed.
func good(t testing.TB, args ...string) string {
	t.Helper()
	r := chappe(t, args...)
	require.Zero(t, r.code, "%v: %s", args, r.stderr)
	require.Empty(t, r.stderr)
	return r.stdout
}

// refused demands an exit code with one sentence, and that no file came or went.
func refused(t testing.TB, code int, sentence string, args ...string) {
	t.Helper()
	before := tree(t)
	r := chappe(t, args...)
	require.Equal(t, code, r.code, "%v: %s", args, r.stderr)
	require.Equal(t, "chappe: "+sentence+"\n", r.stderr)
	require.Empty(t, r.stdout)
	require.Equal(t, before, tree(t))
}

// tree returns the files below the working directory, with their content.
func tree(t testing.TB) map[string]string {
	t.Helper()
	found := map[string]string{}
	require.NoError(t, filepath.WalkDir(".", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			found[path] = "folder"
			return err
		}
		b, err := os.ReadFile(path)
		found[path] = string(b)
		return err
	}))
	return found
}

// inTestdata makes a copy of testdata the working directory.
func inTestdata(t testing.TB) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS("testdata")))
	t.Chdir(dir)
}

// names returns the names in the working directory.
func names(t testing.TB) []string {
	t.Helper()
	var list []string
	for name := range tree(t) {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

func read(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(b)
}

func write(t testing.TB, name, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(name, []byte(content), 0o600))
}

// as reads JSON into a value that has all its members and no others.
func as[T any](t testing.TB, text string) (v T) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(&v), text)
	require.False(t, d.More())
	return v
}

func TestHelp(t *testing.T) {
	for _, args := range [][]string{
		{}, {"keys"}, {"keys", "inspect"}, {"keys", "filter"}, {"keys", "merge"}, {"keys", "convert"}, {"keys", "restore"},
		{"decrypt"}, {"recovery-key"}, {"recovery-key", "new"}, {"recovery-key", "check"}, {"pickle"}, {"pickle", "inspect"},
		{"vectors"}, {"vectors", "list"}, {"vectors", "show"}, {"version"}, {"completion"},
	} {
		text := good(t, append(args, "--help")...)
		require.Contains(t, text, "Usage:", args)
		for line := range strings.Lines(text) {
			if !strings.HasPrefix(line, "  ") && !strings.HasPrefix(line, "Generate") {
				require.LessOrEqual(t, len([]rune(line)), 82, "%v: %s", args, line)
			}
		}
	}
	require.Contains(t, good(t, "--help"), exitHelp)
}

func TestWrongUse(t *testing.T) {
	inTestdata(t)
	for _, one := range []struct {
		sentence string
		args     []string
	}{
		{`unknown command "bogus" for "chappe"`, []string{"bogus"}},
		{`unknown flag: --passphrase`, []string{"keys", "inspect", "keys.txt", "--passphrase", "secret"}},
		{`accepts 1 arg(s), received 0`, []string{"keys", "inspect"}},
		{`requires at least 2 arg(s), only received 1`, []string{"keys", "merge", "keys.txt", "-o", "new.txt"}},
		{`required flag(s) "output" not set`, []string{"keys", "filter", "keys.txt", "--room", room}},
		{`required flag(s) "keys", "output" not set`, []string{"decrypt", "export.json"}},
		{`give --room or --session`, []string{"keys", "filter", "keys.txt", "-o", "new.txt"}},
		{`no terminal to ask at: give --passphrase-file`, []string{"keys", "inspect", "keys.txt"}},
		{`no terminal to ask at: give --recovery-key-file`, []string{"recovery-key", "check"}},
		{`--rounds is 100000 to 10000000`, []string{"keys", "filter", "keys.txt", "--room", room, "-o", "new.txt", "--rounds", "99999"}},
		{`give --passphrase-file once, or once for each of the 3 inputs`, []string{"keys", "merge", "keys.txt", "keys.txt", "keys.txt", "-o", "new.txt", "--passphrase-file", "a", "--passphrase-file", "b"}},
		{`--to is key-file or json`, []string{"keys", "convert", "keys.txt", "-o", "new.txt", "--to", "xml"}},
		{`--secret needs --auth-data: the key that lies there is checked against it`, []string{"keys", "restore", "dump.json", "-o", "new.txt", "--secret", "secret.json"}},
		{`--description is for --secret`, []string{"keys", "restore", "dump.json", "-o", "new.txt", "--description", "description.json"}},
		{`no vector bogus.json; see vectors list`, []string{"vectors", "show", "bogus.json"}},
		{`no vector has bogus in its file name or operation`, []string{"vectors", "list", "bogus"}},
		{`--kind is one of account, session, inbound-group-session, outbound-group-session, decryption-key`, []string{"pickle", "inspect", "account.pickle", "--kind", "bogus"}},
	} {
		refused(t, exitUsage, one.sentence, one.args...)
	}
	r := chappe(t, "keys")
	require.Equal(t, exitUsage, r.code)
	require.Contains(t, r.stdout, "Available Commands:")
	require.Equal(t, "chappe: chappe keys needs one of its commands\n", r.stderr)
}

func TestVersion(t *testing.T) {
	require.Contains(t, good(t, "version"), "chappe ")
	v := as[versionInfo](t, good(t, "version", "--json"))
	require.Equal(t, keys.HardwareAES(), v.HardwareAES)
	require.NotEmpty(t, v.Version)
	require.NotEmpty(t, v.Go)
	require.NotEmpty(t, v.Platform)
}

func TestPrintable(t *testing.T) {
	require.Equal(t, "été 🚀 !a:b", printable("été 🚀 !a:b"))
	require.Equal(t, `\x1b[2J`, printable("\x1b[2J"))
	require.Equal(t, `a\nb`, printable("a\nb"))
	require.Equal(t, `\u202e`, printable("\u202e"))
	require.Equal(t, `\xff`, printable("\xff"))
	require.Equal(t, `"é\u009b\u202e"`, string(escapeControls([]byte("\"é\u009b\u202e\""))))
}

// TestCompletion holds that shells get the scripts, and the right kind of files.
func TestCompletion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		require.Contains(t, good(t, "completion", shell), "chappe")
	}
	for want, args := range map[string][]string{
		"txt\njson\n:8\n":           {"keys", "inspect", ""},
		"json\nndjson\njsonl\n:8\n": {"decrypt", "--keys=k", "-o", "o", ""},
		"json\n:8\n":                {"keys", "restore", "d", "--auth-data", ""},
		":16\n":                     {"decrypt", "x", "--attachments", ""},
		"key-file\njson\n:4\n":      {"keys", "convert", "x", "--to", ""},
		"list\tList the vectors, or those with a text in their file name or operation\n:4\n": {"vectors", "l"},
	} {
		r := chappe(t, append([]string{"__complete"}, args...)...)
		require.Equal(t, want, r.stdout, args)
	}
}
