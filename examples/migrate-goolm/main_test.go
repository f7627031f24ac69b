package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
)

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

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := fs.ReadFile(files, name)
	require.NoError(t, err)
	return b
}

func tables(t *testing.T) map[string][]map[string]string {
	t.Helper()
	var tables map[string][]map[string]string
	require.NoError(t, json.Unmarshal(read(t, "dump.json"), &tables))
	return tables
}

const hello = `m.room.message: {"body":"Hello again","msgtype":"m.text"}` + "\n"

func TestMoved(t *testing.T) {
	t.Parallel()
	stdout, stderr, code := program(t, "embedded")
	require.Zero(t, code, stderr)
	require.Empty(t, stderr)
	require.Regexp(t, `^device [A-Za-z0-9+/]{43} with 4 one-time keys: 5 values sealed\n`, stdout)
	require.True(t, strings.HasSuffix(stdout, hello), stdout)
}

// TestGoesOn uses the sessions that the program only moves: the Olm session
// reads what goolm sent last, and the room's own session is where goolm left it.
func TestGoesOn(t *testing.T) {
	key, tables := read(t, "pickle-key.txt"), tables(t)
	move("olm", tables["crypto_olm_session"], olm.ImportLibolmSession, key)
	move("outbound", tables["crypto_megolm_outbound_session"], megolm.ImportLibolmOutboundSession, key)
	move("inbound", tables["crypto_megolm_inbound_session"], megolm.ImportLibolmInboundSession, key)
	require.Zero(t, leftOut)

	row := tables["crypto_olm_session"][0]
	session := open(t, olm.OpenSession, "olm  "+row["session_id"])
	require.Equal(t, row["session_id"], session.ID())
	var message olm.Message
	require.NoError(t, json.Unmarshal(read(t, "olm-message.json"), &message))
	plaintext, err := session.Decrypt(message)
	require.NoError(t, err)
	require.Equal(t, "See you after the migration", string(plaintext))

	row = tables["crypto_megolm_outbound_session"][0]
	place := " " + row["room_id"] + " " + row["session_id"]
	out := open(t, megolm.OpenOutboundSession, "outbound"+place)
	require.EqualValues(t, 1, out.Index())
	next, err := out.Encrypt([]byte("and on"))
	require.NoError(t, err)
	decrypted, err := open(t, megolm.OpenInboundSession, "inbound"+place).Decrypt(next)
	require.NoError(t, err)
	require.Equal(t, "and on", string(decrypted.Plaintext))
}

func open[V any](t *testing.T, load func([]byte, keys.SealKey, []byte) (V, error), place string) V {
	t.Helper()
	require.Contains(t, sealed, place)
	value, err := load(sealed[place], sealKey, []byte(place))
	require.NoError(t, err)
	return value
}

func TestWrongPickleKey(t *testing.T) {
	t.Parallel()
	stdout, stderr, code := program(t, with(t, "pickle-key.txt", []byte("another")))
	require.Equal(t, 1, code)
	require.Empty(t, stdout)
	require.Equal(t, "migrate-goolm: olm: libolm account pickle: wrong pickle key, or damaged\n", stderr)
}

// TestBadRow damages one pickle after the other. Without the account or the
// session of the event, there is no happy end; without another, there is.
func TestBadRow(t *testing.T) {
	t.Parallel()
	read := 0
	for table, rows := range tables(t) {
		for i := range rows {
			damaged := tables(t)
			row := damaged[table][i]
			for _, column := range []string{"account", "session"} {
				if row[column] != "" {
					row[column] = "AAAA" + row[column][4:]
				}
			}
			dump, err := json.Marshal(damaged)
			require.NoError(t, err)
			stdout, stderr, code := program(t, with(t, "dump.json", dump))
			require.Equal(t, 1, code)
			if table == "crypto_account" {
				require.Empty(t, stdout)
				require.Equal(t, 1, strings.Count(stderr, "\n"))
				continue
			}
			require.Contains(t, stderr, "left out: ")
			require.Contains(t, stderr, row["session_id"])
			require.Contains(t, stdout, ": 4 values sealed\n")
			if strings.HasSuffix(stdout, hello) {
				read++
			}
		}
	}
	require.Equal(t, 3, read)
}
