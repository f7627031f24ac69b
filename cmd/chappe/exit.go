package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"

	"github.com/chappe-e2ee/chappe/attachment"
	"github.com/chappe-e2ee/chappe/backup"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
	"github.com/chappe-e2ee/chappe/secretstorage"
)

// Exit codes. They are part of the interface: exitHelp and README.md say them.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitPartial     = 3
	exitKey         = 4
	exitDamaged     = 5
	exitInterrupted = 130 // 128 + SIGINT
	exitTerminated  = 143 // 128 + SIGTERM
)

const exitHelp = `Exit codes:
  0    done
  1    failed: a file cannot be read or written, or an error of another kind
  2    wrong use: unknown flags or arguments, or an output that exists already
  3    done, but some entries or events were bad; standard error says which
  4    wrong passphrase or key, or a file that was tampered with; nothing was written
  5    damaged input: not a file of the kind, or cut off; nothing was written
  130  interrupted by Ctrl-C, 143 by SIGTERM; nothing was written`

// A failure is an error with the exit code that it ends in.
type failure struct {
	code int
	err  error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func failf(code int, format string, a ...any) error {
	return &failure{code, fmt.Errorf(format, a...)}
}

// partial says that a command did what it could, and that n of the things it
// looked at were bad.
func partial(n int, what string) error {
	if n == 0 {
		return nil
	}
	return failf(exitPartial, "done, but %d %s", n, what)
}

// judge returns the exit code for what a run returned, and one sentence about it.
func (t *tool) judge(ctx context.Context, err error) (int, string) {
	if err == nil {
		return exitDone, ""
	}
	if i, ok := errors.AsType[*interruption](context.Cause(ctx)); ok {
		if i.signal == os.Interrupt {
			return exitInterrupted, "interrupted"
		}
		return exitTerminated, "terminated"
	}
	if f, ok := errors.AsType[*failure](err); ok {
		return f.code, sentence(err)
	}
	if !t.started { // cobra refused the command line
		return exitUsage, sentence(err)
	}
	return codeOf(err), sentence(err)
}

// codeOf says which exit code an error of the rooms is.
func codeOf(err error) int {
	for _, key := range []error{
		backup.ErrPassphrase, backup.ErrWrongKey, secretstorage.ErrWrongKey, secretstorage.ErrOpen,
		olm.ErrPickleKey, megolm.ErrPickleKey,
	} {
		if errors.Is(err, key) {
			return exitKey
		}
	}
	if _, ok := errors.AsType[*secretstorage.MismatchError](err); ok {
		return exitKey
	}
	_, malformed := errors.AsType[*backup.MalformedError](err)
	_, version := errors.AsType[*backup.VersionError](err)
	for _, damage := range []error{
		backup.ErrChanged, backup.ErrTooLarge, backup.ErrAlgorithm, secretstorage.ErrAlgorithm, attachment.ErrHash, io.ErrUnexpectedEOF,
	} {
		malformed = malformed || errors.Is(err, damage)
	}
	if malformed || version {
		return exitDamaged
	}
	return exitFailed
}

// packageName finds the names of packages at the head of errors, which say nothing to who
// uses the tool.
var packageName = regexp.MustCompile(`(^|: )(?:backup|megolm|olm|pk|events|attachment|secretstorage|keys): `)

// sentence returns the text of an error as it is shown.
func sentence(err error) string {
	text := err.Error()
	if p, ok := errors.AsType[*fs.PathError](err); ok && errors.Is(err, p) && text == p.Error() {
		text = p.Path + ": " + p.Err.Error()
	}
	return printable(packageName.ReplaceAllString(text, "$1"))
}
