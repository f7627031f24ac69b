package conformance_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/testvectors/conformance"
	"github.com/chappe-e2ee/chappe/testvectors/conformance/chappe"
)

// behindLines returns an implementation behind lines of JSON, served by a
// goroutine that ends with the test.
func behindLines(t *testing.T, i conformance.Implementation) *conformance.Lines {
	t.Helper()
	requests, toProgram := io.Pipe()
	fromProgram, responses := io.Pipe()
	served := make(chan error, 1)
	go func() { served <- conformance.Serve(requests, responses, i) }()
	l, err := conformance.NewLines(fromProgram, toProgram)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, toProgram.Close())
		require.NoError(t, <-served)
	})
	return l
}

// TestLines holds that everything passes behind lines that passes before them,
// and that nothing is left out on the way.
func TestLines(t *testing.T) {
	require.Equal(t, all, conformance.Run(t, behindLines(t, new(chappe.Replaying))))
}

// answers is a program that answers each request with the next of these lines.
func answers(t *testing.T, lines ...string) (*conformance.Lines, error) {
	t.Helper()
	all := `{"id":1,"result":{"name":"a program"}}` + "\n" + strings.Join(lines, "\n")
	return conformance.NewLines(strings.NewReader(all), io.Discard)
}

// TestLinesBadProgram holds that what a program should not answer is an error,
// of no class and not a missing capability, and that nothing is believed after
// a line that makes no sense.
func TestLinesBadProgram(t *testing.T) {
	for name, line := range map[string]string{
		"nothing":         "",
		"no JSON":         "Hello",
		"another id":      `{"id":3,"result":{"object":1}}`,
		"two answers":     `{"id":2,"result":{"object":1},"error":{"text":"x"}}`,
		"refusal and not": `{"id":2,"unsupported":"x","error":{"text":"x"}}`,
		"a list":          `[]`,
	} {
		l, err := answers(t, line, `{"id":3,"result":{"object":1}}`)
		require.NoError(t, err)
		_, err = l.NewAccount()
		require.Error(t, err, name)
		require.NotErrorIs(t, err, errors.ErrUnsupported, name)
		require.Empty(t, l.Classes(err), name)
		_, again := l.NewAccount()
		require.Equal(t, err, again, name)
	}
	for name, line := range map[string]string{
		"no object":      `{"id":2,"result":{}}`,
		"no result":      `{"id":2}`,
		"another type":   `{"id":2,"result":{"object":"1"}}`,
		"beyond 32 bits": `{"id":2,"result":{"object":4294967296}}`,
	} {
		l, err := answers(t, line)
		require.NoError(t, err)
		_, err = l.NewAccount()
		require.Error(t, err, name)
		require.NotErrorIs(t, err, errors.ErrUnsupported, name)
	}
	_, err := conformance.NewLines(strings.NewReader(""), io.Discard)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

// TestServeBadRequests holds that a server survives what it does not know.
func TestServeBadRequests(t *testing.T) {
	requests := strings.Join([]string{
		`Hello`,
		`{"id":2,"call":"fly"}`,
		`{"id":3,"call":"session.id","object":9}`,
		`{"id":4,"call":"new-account"}`,
		`{"id":5,"call":"session.id","object":1}`,
		`{"id":6,"call":"account.sign","object":1,"args":{"message_hex":"0"}}`,
		`{"id":7,"call":"reset"}`,
		`{"id":8,"call":"account.mark-published","object":1}`,
	}, "\n")
	var out strings.Builder
	require.NoError(t, conformance.Serve(strings.NewReader(requests), &out, new(chappe.Replaying)))
	got := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, got, 8)
	for i, want := range []string{
		"not a request", `unsupported operation: no call \"fly\"`, "no object 9", `"result":{"object":1}`,
		"unsupported", "not lower-case hexadecimal", `{"id":7}`, "no object 1",
	} {
		require.Contains(t, got[i], want)
	}
}

// FuzzServe holds that no line makes a server end, and that it answers each with
// one line.
func FuzzServe(f *testing.F) {
	for _, call := range conformance.Calls() {
		f.Add(`{"id":1,"call":"` + call + `","object":1,"args":{"key_hex":"00","body":"AwogGPif"}}`)
	}
	f.Add(`{"id":1,"call":"session.decrypt","object":1,"args":{"message_type":7,"body_hex":"ff"}}`)
	f.Fuzz(func(t *testing.T, line string) {
		if strings.ContainsAny(line, "\r\n") || line == "" || strings.Contains(line, "random") {
			return
		}
		var out strings.Builder
		in := strings.NewReader(`{"id":1,"call":"new-account"}` + "\n" + line + "\n")
		require.NoError(t, conformance.Serve(in, &out, new(chappe.Replaying)))
		require.Equal(t, 2, strings.Count(out.String(), "\n"))
	})
}
