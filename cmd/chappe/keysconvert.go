package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/chappe-e2ee/chappe/backup"
)

func (t *tool) convertCommand() *cobra.Command {
	var out keyOutput
	var passphrase, to string
	var plain bool
	c := &cobra.Command{
		Use:   "convert KEYS -o OUTPUT",
		Short: "Change the passphrase or the form of a file of room keys",
		Long: `Write the room keys of a file again: as a key file with a new passphrase and new
rounds, or with --to json as the plain JSON array of sessions that a key file
holds encrypted.

Whoever has the plain JSON can read the rooms: --write-plaintext-keys says that
this is meant. The file can then be read by its owner only. "-o -" writes it to
standard output, if that is no terminal. Nothing authenticates it: when it is
read again, nobody can tell whether it was altered meanwhile.

Memory does not grow with the file.`,
		Example: `  chappe keys convert keys.txt -o new-passphrase.txt
  chappe keys convert keys.txt --to json --write-plaintext-keys -o keys.json`,
		Args: cobra.ExactArgs(1), ValidArgsFunction: fileArgs("txt", "json"),
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case to == "key-file" && plain:
				return failf(exitUsage, "--write-plaintext-keys is for --to json")
			case to == "key-file":
				return t.copyKeys(c.Context(), args[0], passphrase, &out, true, func(backup.Entry) bool { return true })
			case to != "json":
				return failf(exitUsage, "--to is key-file or json")
			case !plain:
				return failf(exitUsage, "the keys would be readable by whoever sees them: add --write-plaintext-keys if that is meant")
			}
			return t.writePlain(c.Context(), args[0], passphrase, &out)
		},
	}
	f := c.Flags()
	f.StringVar(&to, "to", "key-file", "form of the output: key-file or json")
	f.BoolVar(&plain, "write-plaintext-keys", false, "yes, write secret keys without encryption")
	f.StringVar(&passphrase, "passphrase-file", "", "file whose first line is the passphrase of the input")
	out.flags(c, "new-passphrase-file", "file whose first line is the passphrase of the new file")
	hintFiles(c, "passphrase-file")
	must(c.RegisterFlagCompletionFunc("to", cobra.FixedCompletions([]string{"key-file", "json"}, cobra.ShellCompDirectiveNoFileComp)))
	return c
}

func (t *tool) writePlain(ctx context.Context, in, passphrase string, out *keyOutput) error {
	toStdout := out.path == "-"
	if toStdout {
		if _, terminal := terminalOf(t.stdout); terminal {
			return failf(exitUsage, "standard output is a terminal: secret keys are not shown there")
		}
	} else if err := checkOutput(out.path, out.force); err != nil {
		return err
	}
	k, err := t.openKeys(ctx, in, func() ([]byte, error) { return t.secret(ctx, passphraseOf(in, passphrase)) })
	if err != nil {
		return err
	}
	defer k.close()
	to := t.stdout
	var file *output
	if !toStdout {
		if file, err = createOutput(out.path, out.force); err != nil {
			return err
		}
		defer file.abandon()
		to = file
	}
	r := &report{t: t}
	read, written, err := copyPlain(k, to, r)
	if err != nil {
		return err
	}
	if err := cancelled(ctx); err != nil {
		return err
	}
	if toStdout {
		return partial(r.count, "of the entries were bad")
	}
	if err := file.commit(); err != nil {
		return err
	}
	return t.wrote(writing{Output: out.path, Form: "json", Read: read, Written: written, Bad: r.count})
}

func copyPlain(k *keySource, to io.Writer, r *report) (read, written int, err error) {
	w := &plainWriter{w: to}
	for e, err := range k.entries(r) {
		if err != nil {
			return 0, 0, err
		}
		read++
		if err := w.write(e, k.name, r); err != nil {
			return 0, 0, err
		}
		e.Close()
	}
	r.end()
	return read, w.count, w.finish()
}
