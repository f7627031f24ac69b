package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/testvectors"
)

func TestRun(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, run(&out, testvectors.FS))
	for _, sentence := range []string{
		"its signature is Bob's",
		`Bob has the session, and reads "Hello Bob, number 1"`,
		"the fallback key AAAAAw stays",
		"olm: unknown one-time key",
		"its key does not print: [redacted]",
		"Bob can read the session from message 0 on",
		"megolm: message index 1 is unknown: the session begins at 4",
		"in another place, the session does not open",
		`Alice reads "Back again"`,
		"it has libolm's identity keys, and 42 one-time keys",
		`she reads Bob's answer, which libolm encrypted: "Hello, World"`,
		"the outbound session makes the same message as libolm, byte for byte",
		`they go on: message 1 is "We have moved, too"`,
	} {
		require.Contains(t, out.String(), sentence)
	}
	checks := strings.Count(out.String(), "[ok]")
	require.GreaterOrEqual(t, checks, 40)
	require.Contains(t, out.String(), fmt.Sprintf("All %d checks passed.", checks))
}

// TestRunFails damages what libolm made: the step that reads it must say so.
func TestRunFails(t *testing.T) {
	t.Parallel()
	const (
		account = "libolm/pickles/account-pickle-v4-42-otks.json"
		session = "libolm/session/loopback.json"
		group   = "libolm/group-session/send-receive.json"
	)
	tests := []struct {
		name, file, old, new, want string
	}{
		{"no vector", account, "", "", "step 9"},
		{"not JSON", account, "{", "[", "step 9"},
		{"another account", account, `{\"curve25519\":\"O`, `{\"curve25519\":\"P`, "step 9"},
		{"damaged account", account, `"pickle_b64": "b3jG`, `"pickle_b64": "c3jG`, "step 9"},
		{"another pickle key", session, `"secret_key"`, `"another_key"`, "step 10"},
		{"another plaintext", session, `"plaintext_utf8": "Hello`, `"plaintext_utf8": "Hullo`, "step 10"},
		{"damaged answer", session, "QQACIQ3toh8", "QQACIQ3toh9", "step 10"},
		{"damaged room message", group, "AwgAEhAcbh6UpbByoyZx", "AwgAEhAcbh6UpbByoyZy", "step 11"},
		{"another pickle afterwards", group, `"outbound_pickle_after_b64": "q`, `"outbound_pickle_after_b64": "r`, "step 11"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			vectors := fstest.MapFS{}
			for _, name := range []string{account, session, group} {
				data, err := fs.ReadFile(testvectors.FS, name)
				require.NoError(t, err)
				vectors[name] = &fstest.MapFile{Data: data}
			}
			if test.old == "" {
				delete(vectors, test.file)
			} else {
				data := string(vectors[test.file].Data)
				require.Contains(t, data, test.old)
				vectors[test.file].Data = []byte(strings.ReplaceAll(data, test.old, test.new))
			}
			var out bytes.Buffer
			require.ErrorContains(t, run(&out, vectors), test.want)
			require.NotContains(t, out.String(), "All")
		})
	}
}

type brokenPipe struct{}

var errPipe = errors.New("broken pipe")

func (brokenPipe) Write([]byte) (int, error) { return 0, errPipe }

// TestRunSilenced holds that a tour that nobody can see is not a success.
func TestRunSilenced(t *testing.T) {
	t.Parallel()
	require.ErrorIs(t, run(brokenPipe{}, testvectors.FS), errPipe)
}
