//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/backup"
)

// asProgram makes the test binary be the command.
const asProgram = "CHAPPE_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// program returns the command as a process of its own.
func program(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	c := exec.Command(self, args...)
	c.Env = append(os.Environ(), asProgram+"=1")
	return c
}

func exitCode(err error) int {
	if e, ok := err.(*exec.ExitError); ok {
		return e.ExitCode()
	}
	if err != nil {
		return -1
	}
	return 0
}

// bigKeys writes a key file that takes a while to read.
func bigKeys(t testing.TB, name string, n, rounds int) {
	t.Helper()
	fixRandom(t, 4)
	var b bytes.Buffer
	w, err := backup.NewKeyFileWriter(&b, []byte(passphrase), rounds)
	require.NoError(t, err)
	e := newSender(t).entry(room, 0)
	for i := range n {
		e.RoomID = fmt.Sprintf("!room%d:example.org", i%10)
		require.NoError(t, w.WriteEntry(e))
	}
	require.NoError(t, w.Finish())
	write(t, name, b.String())
}

// temporaries returns the temporary files in the working directory.
func temporaries(t testing.TB) []string {
	t.Helper()
	list, err := filepath.Glob(".*.tmp")
	require.NoError(t, err)
	return list
}

// TestSignals holds that a signal half-way removes the temporary file, leaves no
// output, and is the exit code.
func TestSignals(t *testing.T) {
	inTestdata(t)
	bigKeys(t, "big.txt", 10_000, backup.MinNewRounds)
	for _, one := range []struct {
		signal os.Signal
		code   int
		text   string
		args   []string
	}{
		{os.Interrupt, exitInterrupted, "interrupted", []string{"keys", "convert", "big.txt", withPassphrase, "--new-passphrase-file=passphrase.txt", "-o", "new.txt"}},
		{syscall.SIGTERM, exitTerminated, "terminated", []string{"keys", "filter", "big.txt", withPassphrase, "--room=x", "-o", "new.txt"}},
		{os.Interrupt, exitInterrupted, "interrupted", []string{"decrypt", "export.json", "--keys=big.txt", withPassphrase, "-o", "new.txt", "--attachments=media", "--save-attachments=new"}},
	} {
		c := program(t, one.args...)
		var stderr bytes.Buffer
		c.Stderr = &stderr
		before := names(t)
		require.NoError(t, c.Start())
		require.Eventually(t, func() bool { return len(temporaries(t)) > 0 }, 10*time.Second, time.Millisecond)
		require.NoError(t, c.Process.Signal(one.signal))
		require.Equal(t, one.code, exitCode(c.Wait()), stderr.String())
		require.Equal(t, "chappe: "+one.text+"\n", stderr.String())
		require.Equal(t, before, names(t))
	}
}
