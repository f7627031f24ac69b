package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/attachment"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/pk"
)

var update = flag.Bool("update", false, "write testdata anew")

// TestMain makes the test's own binary the program, when a test starts it as that.
func TestMain(m *testing.M) {
	if dir, ok := os.LookupEnv("EXAMPLE_FILES"); ok {
		if dir != "embedded" {
			files = os.DirFS(dir)
		}
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// program runs the program as a process of its own, with the files of a
// directory or those that are embedded.
func program(t *testing.T, dir string) (stdout, stderr string, code int) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "EXAMPLE_FILES="+dir)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		require.ErrorAs(t, err, new(*exec.ExitError))
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// with returns a directory with a copy of testdata, but for one file.
func with(t *testing.T, name string, content []byte) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, files))
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	return dir
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	stdout, stderr, code := program(t, "embedded")
	require.Zero(t, code, stderr)
	require.Empty(t, stderr)
	require.Equal(t, "harmless: clean: true\ninfected: clean: false\naltered: not scanned: MCS_BAD_DECRYPTION\n", stdout)
}

// TestAnotherScanner encrypts to a key that is not the scanner's: no file is
// taken for clean.
func TestAnotherScanner(t *testing.T) {
	t.Parallel()
	stdout, stderr, code := program(t, with(t, "public-key.json", publicKey(t, newKey(t))))
	require.Zero(t, code, stderr)
	require.Equal(t, "harmless: not scanned: MCS_BAD_DECRYPTION\n"+
		"infected: not scanned: MCS_BAD_DECRYPTION\naltered: not scanned: MCS_BAD_DECRYPTION\n", stdout)
}

func TestNoScannerKey(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{"{}", `{"public_key":""}`, "<html>502 Bad Gateway</html>"} {
		stdout, stderr, code := program(t, with(t, "public-key.json", []byte(answer)))
		require.Equal(t, 1, code)
		require.Empty(t, stdout)
		require.Contains(t, stderr, "scan-attachment: attachment: ")
	}
}

// TestAnswersAlike holds that the scanner's answer does not tell what was wrong.
func TestAnswersAlike(t *testing.T) {
	t.Parallel()
	scanner, err := fs.ReadFile(files, "public-key.json")
	require.NoError(t, err)
	public, err := attachment.ParseScannerKey(scanner)
	require.NoError(t, err)
	const ciphertext = "uploaded"
	file := func() attachment.File {
		r := attachment.NewEncryptReader(bytes.NewReader([]byte(ciphertext)), maxSize)
		_, err := bytes.NewBuffer(nil).ReadFrom(r)
		require.NoError(t, err)
		f, err := r.Finish("mxc://example.org/file")
		require.NoError(t, err)
		return f
	}
	request := func(to keys.Curve25519) []byte {
		body, err := attachment.EncryptScanRequest(file(), to)
		require.NoError(t, err)
		return body
	}
	for name, body := range map[string][]byte{
		"hash":         request(public),
		"another key":  request(newKey(t).PublicKey()),
		"not JSON":     []byte("{"),
		"no body":      []byte(`{"encrypted_body":{}}`),
		"in the clear": []byte(`{"file":{}}`),
	} {
		status, answer := scan(body, []byte(ciphertext))
		require.Equal(t, 403, status, name)
		require.JSONEq(t, `{"reason":"MCS_BAD_DECRYPTION","info":""}`, string(answer), name)
	}
}

func newKey(t *testing.T) *pk.DecryptionKey {
	t.Helper()
	key, err := pk.GenerateDecryptionKey()
	require.NoError(t, err)
	return key
}

func publicKey(t *testing.T, key *pk.DecryptionKey) []byte {
	t.Helper()
	answer, err := json.Marshal(map[string]any{"public_key": key.PublicKey()})
	require.NoError(t, err)
	return append(answer, '\n')
}

// TestUpdate makes the files of testdata that a scanner has, with -update.
func TestUpdate(t *testing.T) {
	if !*update {
		return
	}
	key := newKey(t)
	private, err := key.SecretText()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join("testdata", "scanner-key.txt"), private, 0o644))
	require.NoError(t, os.WriteFile(filepath.Join("testdata", "public-key.json"), publicKey(t, key), 0o644))
}
