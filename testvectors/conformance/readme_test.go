package conformance_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/testvectors/conformance"
	"github.com/chappe-e2ee/chappe/testvectors/conformance/chappe"
)

// go test -update writes what README.md has from the program.
var update = flag.Bool("update", false, "write the made parts of README.md")

func scenarioTable() string {
	var b strings.Builder
	b.WriteString("| Scenario | |\n|---|---|\n")
	for _, c := range conformance.Cases() {
		if id, is := strings.CutPrefix(c.ID, "scenario/"); is && !strings.HasSuffix(id, "-restarted") {
			fmt.Fprintf(&b, "| `%s` | %s |\n", id, c.Description)
		}
	}
	return b.String()
}

// exchange returns what a program and the suite say to each other in a few
// calls, from fixed random bytes.
func exchange(t *testing.T) string {
	t.Helper()
	requests, toProgram := io.Pipe()
	fromProgram, responses := io.Pipe()
	var said bytes.Buffer // the two write in turns
	served := make(chan error, 1)
	go func() { served <- conformance.Serve(requests, responses, new(chappe.Replaying)) }()
	l, err := conformance.NewLines(io.TeeReader(fromProgram, &said), io.MultiWriter(&said, toProgram))
	require.NoError(t, err)

	require.NoError(t, l.BeginRandom(bytes.Repeat([]byte{7}, 160)))
	out, err := l.NewOutboundGroup()
	require.NoError(t, err)
	require.NoError(t, l.EndRandom())
	m, err := out.Encrypt([]byte("Hello"))
	require.NoError(t, err)
	key, err := out.SessionKey()
	require.NoError(t, err)
	in, err := l.NewInboundGroup(key)
	require.NoError(t, err)
	_, _, err = in.Decrypt(m)
	require.Equal(t, []string{"unknown-index"}, l.Classes(err))
	_, err = l.OneTimeKeyLimit()
	require.ErrorIs(t, err, errors.ErrUnsupported)
	require.NoError(t, toProgram.Close())
	require.NoError(t, <-served)
	long := regexp.MustCompile(`[A-Za-z0-9+/]{41,}`)
	text := long.ReplaceAllStringFunc(said.String(), func(s string) string { return s[:32] + "…" })
	return "```\n" + text + "```\n"
}

// TestREADME holds that README.md lists the scenarios and shows an exchange as
// they are, and names each call.
func TestREADME(t *testing.T) {
	b, err := os.ReadFile("README.md")
	require.NoError(t, err)
	text := string(b)
	for name, made := range map[string]string{"scenarios": scenarioTable(), "exchange": exchange(t)} {
		first, last := "<!-- "+name+": made by the tests -->\n", "<!-- end of "+name+" -->"
		i, j := strings.Index(text, first), strings.Index(text, last)
		require.True(t, i >= 0 && j > i, name)
		i += len(first)
		if *update {
			text = text[:i] + made + text[j:]
			continue
		}
		require.Equal(t, made, text[i:j], "%s: run the test with -update", name)
	}
	if *update {
		require.NoError(t, os.WriteFile("README.md", []byte(text), 0o644))
	}
	for _, call := range conformance.Calls() {
		require.Contains(t, text, "`"+call+"`")
	}
}
