// Command chappe works on the files that end-to-end encryption in Matrix leaves
// with people: key files, room-key backups, recovery keys, exported room
// histories and libolm's pickles. README.md beside this file is its manual.
//
// It opens no connection. Passphrases and keys come from a prompt or a file,
// never from the command line or the environment.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := interruptible(context.Background())
	code := run(ctx, os.Stdin, os.Stdout, os.Stderr, os.Args[1:])
	stop()
	os.Exit(code)
}

// run runs the command line and returns the exit code.
func run(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer, args []string) int {
	t := &tool{stdin: stdin, stdout: stdout, stderr: stderr}
	root := t.rootCommand()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	t.secrets.wipe()
	code, text := t.judge(ctx, err)
	if text != "" {
		fmt.Fprintln(stderr, "chappe: "+text)
	}
	return code
}

// An interruption is the signal that ended a run.
type interruption struct{ signal os.Signal }

func (i *interruption) Error() string { return "interrupted" }

// interruptible returns a context that the first Ctrl-C or SIGTERM ends, with an
// *interruption as its cause. A second one kills the process.
func interruptible(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case s := <-signals:
			signal.Stop(signals)
			cancel(&interruption{s})
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel(nil)
	}
}
