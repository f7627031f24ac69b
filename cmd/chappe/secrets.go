package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"github.com/chappe-e2ee/chappe/internal/secret"
)

// maxSecret is the length in bytes of the longest passphrase or key that is read.
const maxSecret = 64 << 10

// secrets are what was read, to be wiped when the command ends.
type secrets [][]byte

func (s *secrets) keep(b []byte) []byte {
	*s = append(*s, b)
	return b
}

func (s *secrets) wipe() {
	for _, b := range *s {
		secret.Wipe(b)
	}
	*s = nil
}

// terminalOf returns the descriptor of a stream that is a terminal.
func terminalOf(stream any) (int, bool) {
	f, ok := stream.(interface{ Fd() uintptr })
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	return int(f.Fd()), true
}

// A secretSource says where a passphrase or key comes from: a file, or else a
// prompt.
type secretSource struct {
	file  string // "-" is the next line of standard input
	flag  string // that would name the file, for the error
	what  string // for the prompt: "Passphrase of keys.txt"
	twice bool   // it is a new one, to be typed twice
}

// secret returns the secret, which is not empty.
func (t *tool) secret(ctx context.Context, s secretSource) ([]byte, error) {
	var b []byte
	var err error
	if s.file != "" {
		b, err = t.secretLine(s.file)
	} else {
		b, err = t.ask(ctx, s)
	}
	if err != nil {
		return nil, err
	}
	t.secrets.keep(b)
	if len(b) == 0 {
		if s.file != "" {
			return nil, failf(exitUsage, "%s: the first line is empty", s.file)
		}
		return nil, failf(exitUsage, "nothing was typed")
	}
	return b, nil
}

// secretLine returns the first line of a file, or the next one of standard input.
func (t *tool) secretLine(path string) ([]byte, error) {
	lines := t.lines
	if path == "-" {
		if lines == nil {
			lines = bufio.NewReaderSize(t.stdin, maxSecret)
			t.lines = lines
		}
	} else {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		lines = bufio.NewReaderSize(f, maxSecret)
	}
	line, err := lines.ReadSlice('\n')
	defer secret.Wipe(line)
	if errors.Is(err, bufio.ErrBufferFull) {
		return nil, failf(exitUsage, "%s: the first line is too long", path)
	}
	if err != nil && err != io.EOF {
		return nil, err
	}
	return bytes.Clone(bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))), nil
}

// ask asks for the secret on the terminal.
func (t *tool) ask(ctx context.Context, s secretSource) ([]byte, error) {
	fd, ok := terminalOf(t.stdin)
	if !ok {
		return nil, failf(exitUsage, "no terminal to ask at: give %s", s.flag)
	}
	first, err := t.typed(ctx, fd, s.what)
	if err != nil || !s.twice {
		return first, err
	}
	t.secrets.keep(first)
	second, err := t.typed(ctx, fd, s.what+", once more")
	if err != nil {
		return nil, err
	}
	t.secrets.keep(second)
	if subtle.ConstantTimeCompare(first, second) != 1 {
		return nil, failf(exitUsage, "the two are not the same")
	}
	return bytes.Clone(first), nil
}

// typed returns what is typed, without echo. Ctrl-C ends the wait, and the
// terminal is as before.
func (t *tool) typed(ctx context.Context, fd int, what string) ([]byte, error) {
	state, err := term.GetState(fd)
	if err != nil {
		return nil, err
	}
	fmt.Fprint(t.stderr, printable(what)+": ")
	defer fmt.Fprintln(t.stderr)
	type answer struct {
		b   []byte
		err error
	}
	answers := make(chan answer, 1)
	go func() {
		b, err := term.ReadPassword(fd)
		answers <- answer{b, err}
	}()
	select {
	case a := <-answers:
		if a.err == io.EOF {
			return nil, failf(exitUsage, "nothing was typed")
		}
		return a.b, a.err
	case <-ctx.Done(): // the read goes on until the process ends
		_ = term.Restore(fd, state)
		return nil, context.Cause(ctx)
	}
}
