package main

import (
	"context"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/chappe-e2ee/chappe/backup"
)

func (t *tool) keysCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "keys",
		Short: "Room keys in Element's key files and in backups",
		Long: `Work on room keys: the files that Element writes under "Export E2E room keys",
plain JSON arrays of exported sessions, and dumps of the server's backup.

Which of the first two an input is, is seen from its first character.`,
		Args: cobra.NoArgs,
		RunE: needSubcommand,
	}
	c.AddCommand(t.inspectCommand(), t.filterCommand(), t.mergeCommand(), t.convertCommand(), t.restoreCommand())
	return c
}

// A keyOutput is where a command writes room keys, and under which passphrase.
type keyOutput struct {
	path       string
	force      bool
	passphrase string // the file with it
	rounds     int
}

// flags adds the flags of a command that writes a key file. passphrase is the
// flag that names the file of its passphrase.
func (o *keyOutput) flags(c *cobra.Command, passphrase, usage string) {
	f := c.Flags()
	f.StringVarP(&o.path, "output", "o", "", "the key file to write")
	f.BoolVar(&o.force, "force", false, "overwrite the output if it exists")
	f.StringVar(&o.passphrase, passphrase, "", usage)
	f.IntVar(&o.rounds, "rounds", backup.DefaultRounds, "rounds of PBKDF2 that protect the new file")
	must(c.MarkFlagRequired("output"))
	hintFiles(c, "output", "txt")
	hintFiles(c, passphrase)
}

func (o *keyOutput) check() error {
	if o.rounds < backup.MinNewRounds || o.rounds > backup.MaxRounds {
		return failf(exitUsage, "--rounds is %d to %d", backup.MinNewRounds, backup.MaxRounds)
	}
	return checkOutput(o.path, o.force)
}

// A keyWriter writes a key file that gets its name when it is whole.
type keyWriter struct {
	out   *output
	file  *backup.KeyFileWriter
	count int
}

func (o *keyOutput) create(passphrase []byte) (*keyWriter, error) {
	out, err := createOutput(o.path, o.force)
	if err != nil {
		return nil, err
	}
	file, err := backup.NewKeyFileWriter(out, passphrase, o.rounds)
	if err != nil {
		out.abandon()
		return nil, err
	}
	return &keyWriter{out: out, file: file}, nil
}

// write adds an entry. One that cannot be written is reported.
func (w *keyWriter) write(e backup.Entry, name string, r *report) error {
	err := w.file.WriteEntry(e)
	if spoilt, ok := asEntryError(err); ok {
		spoilt.RoomID, spoilt.SessionID = e.RoomID, e.SessionID()
		r.entry(name+": cannot be written", spoilt)
		return nil
	}
	if err == nil {
		w.count++
	}
	return err
}

func (w *keyWriter) commit() error {
	if err := w.file.Finish(); err != nil {
		return err
	}
	return w.out.commit()
}

func (w *keyWriter) abandon() {
	w.file.Close()
	w.out.abandon()
}

// hintFiles makes the shell complete file names for a flag, of the extensions
// first that it usually has.
func hintFiles(c *cobra.Command, flag string, extensions ...string) {
	must(c.MarkFlagFilename(flag, extensions...))
}

// fileArgs completes arguments as files with one of the extensions.
func fileArgs(extensions ...string) cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return extensions, cobra.ShellCompDirectiveFilterFileExt
	}
}

// must is for errors of a command's own making, which every run would show.
func must(err error) {
	if err != nil {
		panic("chappe: internal error: " + err.Error())
	}
}

// workers is how many goroutines decrypt.
func workers() int { return runtime.GOMAXPROCS(0) }

// passphraseOf is the source of the passphrase of an input.
func passphraseOf(name, file string) secretSource {
	return secretSource{file: file, flag: "--passphrase-file", what: "Passphrase of " + name}
}

// cancelled returns the reason for which the command was ended, if it was.
func cancelled(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}
