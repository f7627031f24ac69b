package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
)

// A tool is one run of the command.
type tool struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	lines          *bufio.Reader // of stdin, where secrets are read from it
	secrets        secrets
	started        bool // the command line was understood

	json  bool
	quiet bool
	bar   *progress
	began time.Time // the first piece of work that a bar is for
}

func (t *tool) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "chappe",
		Short: "Work on the files of Matrix end-to-end encryption",
		Long: `chappe works on the files that end-to-end encryption in Matrix leaves with
people: key files, room-key backups, recovery keys, exported room histories and
libolm's pickles. It opens no connection.

Passphrases and keys are asked for without echo, or read from the first line of
a file ("-" is standard input). They are never taken from the command line or
from the environment.

Files are written beside their final name and renamed when they are whole. A
file that exists is overwritten with --force only.

` + exitHelp,
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          needSubcommand,
	}
	root.SetIn(t.stdin)
	root.SetOut(t.stdout)
	root.SetErr(t.stderr)
	root.PersistentFlags().BoolVar(&t.json, "json", false, "print one JSON object for machines instead of text")
	root.PersistentFlags().BoolVarP(&t.quiet, "quiet", "q", false, "show no progress")
	root.AddCommand(t.keysCommand(), t.decryptCommand(), t.recoveryKeyCommand(), t.pickleCommand(), t.vectorsCommand(), t.versionCommand())
	t.noteStart(root)
	return root
}

// noteStart has every command below note that its command line was understood:
// cobra asks for flags and arguments just before RunE.
func (t *tool) noteStart(c *cobra.Command) {
	if run := c.RunE; run != nil {
		c.RunE = func(c *cobra.Command, args []string) error {
			t.started = true
			return run(c, args)
		}
	}
	for _, below := range c.Commands() {
		t.noteStart(below)
	}
}

// needSubcommand is what a command does that only has subcommands.
func needSubcommand(c *cobra.Command, _ []string) error {
	if err := c.Help(); err != nil {
		return err
	}
	return failf(exitUsage, "%s needs one of its commands", c.CommandPath())
}

// printJSON writes a value as one line of JSON, in which nothing can act on a
// terminal.
func (t *tool) printJSON(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = t.stdout.Write(append(escapeControls(text), '\n'))
	return err
}

// print writes text for a person. What others chose in it goes through printable.
func (t *tool) print(format string, a ...any) error {
	_, err := fmt.Fprintf(t.stdout, format+"\n", a...)
	return err
}
