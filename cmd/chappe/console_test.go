//go:build linux

package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/chappe-e2ee/chappe/backup"
)

const endMark = "<end>"

// echoes says whether a terminal shows what is typed.
func echoes(t testing.TB, f *os.File) bool {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	require.NoError(t, err)
	return state.Lflag&unix.ECHO != 0
}

// A console is a terminal in which the command runs.
type console struct {
	t      testing.TB
	c      *exec.Cmd
	master *os.File
	// terminal is the command's end, held open so that its state can be seen.
	terminal *os.File
	mutex    sync.Mutex
	shown    strings.Builder
}

func newConsole(t testing.TB, args ...string) *console {
	t.Helper()
	o := &console{t: t, c: program(t, args...)}
	var err error
	o.master, o.terminal, err = pty.Open()
	require.NoError(t, err)
	t.Cleanup(func() {
		o.terminal.Close()
		o.master.Close()
	})
	require.NoError(t, pty.Setsize(o.master, &pty.Winsize{Rows: 25, Cols: 100}))
	o.c.Stdin, o.c.Stdout, o.c.Stderr = o.terminal, o.terminal, o.terminal
	o.c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	require.NoError(t, o.c.Start())
	go func() {
		b := make([]byte, 4096)
		for {
			n, err := o.master.Read(b)
			o.mutex.Lock()
			o.shown.Write(b[:n])
			o.mutex.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return o
}

func (o *console) text() string {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.shown.String()
}

// answer waits for a question and types.
func (o *console) answer(question, typed string) {
	o.t.Helper()
	require.Eventually(o.t, func() bool {
		return strings.HasSuffix(o.text(), question+": ") && !echoes(o.t, o.master)
	}, 10*time.Second, time.Millisecond, question)
	_, err := io.WriteString(o.master, typed)
	require.NoError(o.t, err)
}

// end waits for the end and returns the exit code and all that was shown.
func (o *console) end() (int, string) {
	o.t.Helper()
	code := exitCode(o.c.Wait())
	_, err := io.WriteString(o.terminal, endMark) // behind all that the command wrote
	require.NoError(o.t, err)
	require.Eventually(o.t, func() bool { return strings.HasSuffix(o.text(), endMark) }, 10*time.Second, time.Millisecond)
	return code, strings.ReplaceAll(strings.TrimSuffix(o.text(), endMark), "\r\n", "\n")
}

// TestPrompt holds that a passphrase is asked for without echo.
func TestPrompt(t *testing.T) {
	inTestdata(t)
	o := newConsole(t, "keys", "inspect", "keys.txt", "--quiet")
	o.answer("Passphrase of keys.txt", passphrase+"\n")
	code, text := o.end()
	require.Zero(t, code, text)
	require.True(t, strings.HasPrefix(text, "Passphrase of keys.txt: \nkeys.txt: 3 keys in 2 rooms"), text)
	require.NotContains(t, text, "horse")

	o = newConsole(t, "keys", "inspect", "keys.txt", "--quiet")
	o.answer("Passphrase of keys.txt", "wrong\n")
	code, text = o.end()
	require.Equal(t, exitKey, code)
	require.Equal(t, "Passphrase of keys.txt: \nchappe: keys.txt: wrong passphrase, or the key file is damaged\n", text)

	o = newConsole(t, "keys", "inspect", "keys.txt", "--quiet")
	o.answer("Passphrase of keys.txt", "\n")
	code, text = o.end()
	require.Equal(t, exitUsage, code)
	require.Equal(t, "Passphrase of keys.txt: \nchappe: nothing was typed\n", text)

	o = newConsole(t, "keys", "restore", "--quiet", "dump.json", "-o", "new.txt")
	o.answer("Recovery key", read(t, "recovery-key.txt"))
	o.answer("New passphrase of new.txt", "one\n")
	o.answer("New passphrase of new.txt, once more", "two\n")
	code, text = o.end()
	require.Equal(t, exitUsage, code)
	require.True(t, strings.HasSuffix(text, "chappe: the two are not the same\n"), text)
	require.NotContains(t, names(t), "new.txt")

	o = newConsole(t, "keys", "restore", "--quiet", "dump.json", "-o", "new.txt", "--rounds=100000")
	o.answer("Recovery key", read(t, "recovery-key.txt"))
	o.answer("New passphrase of new.txt", "new\n")
	o.answer("New passphrase of new.txt, once more", "new\n")
	code, text = o.end()
	require.Zero(t, code, text)
	require.Len(t, entriesOf(t, "new.txt", "new"), 3)
}

// TestPromptInterrupted holds that Ctrl-C at the prompt ends the command, with the
// terminal as before.
func TestPromptInterrupted(t *testing.T) {
	inTestdata(t)
	before := names(t)
	o := newConsole(t, "keys", "filter", "--quiet", "keys.txt", "--room", room, "-o", "new.txt")
	o.answer("Passphrase of keys.txt", "half of it\x03")
	code, text := o.end()
	require.Equal(t, exitInterrupted, code)
	require.True(t, strings.HasSuffix(text, "chappe: interrupted\n"), text)
	require.NotContains(t, text, "half")
	require.True(t, echoes(t, o.terminal), "the terminal is left without echo")
	require.Equal(t, before, names(t))
}

// TestSecretsStayOffTerminals holds that keys without encryption are not shown.
func TestSecretsStayOffTerminals(t *testing.T) {
	inTestdata(t)
	o := newConsole(t, "keys", "convert", "keys.txt", withPassphrase, "--to=json", "--write-plaintext-keys", "-o", "-")
	code, text := o.end()
	require.Equal(t, exitUsage, code)
	require.Equal(t, "chappe: standard output is a terminal: secret keys are not shown there\n", text)
}

// TestProgress holds that long work shows how far it is, on terminals only.
func TestProgress(t *testing.T) {
	inTestdata(t)
	bigKeys(t, "big.txt", 40_000, backup.MinNewRounds)
	o := newConsole(t, "keys", "inspect", "big.txt", withPassphrase, "--json")
	code, text := o.end()
	require.Zero(t, code)
	require.Contains(t, text, "Reading big.txt")
	require.Contains(t, text, "%")
	o = newConsole(t, "keys", "inspect", "big.txt", withPassphrase, "--json", "--quiet")
	code, text = o.end()
	require.Zero(t, code)
	require.NotContains(t, text, "%")
	var stderr bytes.Buffer
	c := program(t, "keys", "inspect", "big.txt", withPassphrase, "--json")
	c.Stderr = &stderr
	require.NoError(t, c.Run())
	require.Empty(t, stderr.String())
}
