package main

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/chappe-e2ee/chappe/backup"
)

// A writing is what keys filter, keys convert and keys restore say in JSON.
type writing struct {
	Output  string `json:"output"`
	Form    string `json:"form"` // "key-file" or "json"
	Read    int    `json:"read"`
	Written int    `json:"written"`
	Bad     int    `json:"bad"`
}

func (t *tool) filterCommand() *cobra.Command {
	var out keyOutput
	var passphrase string
	var rooms, sessions []string
	c := &cobra.Command{
		Use:   "filter KEYS -o OUTPUT",
		Short: "Copy the keys of some rooms or sessions to another key file",
		Long: `Copy the room keys of the given rooms and the given sessions. The new file has
the passphrase of the old one unless --new-passphrase-file says otherwise.

Memory does not grow with the file.`,
		Example: `  chappe keys filter keys.txt --room '!abc:example.org' -o one-room.txt`,
		Args:    cobra.ExactArgs(1), ValidArgsFunction: fileArgs("txt", "json"),
		RunE: func(c *cobra.Command, args []string) error {
			if len(rooms)+len(sessions) == 0 {
				return failf(exitUsage, "give --room or --session")
			}
			return t.copyKeys(c.Context(), args[0], passphrase, &out, false, func(e backup.Entry) bool {
				return slices.Contains(rooms, e.RoomID) || slices.Contains(sessions, e.SessionID())
			})
		},
	}
	f := c.Flags()
	f.StringArrayVar(&rooms, "room", nil, "id of a room to keep; can be given several times")
	f.StringArrayVar(&sessions, "session", nil, "id of a session to keep; can be given several times")
	f.StringVar(&passphrase, "passphrase-file", "", "file whose first line is the passphrase")
	out.flags(c, "new-passphrase-file", "file whose first line is the passphrase of the new file")
	hintFiles(c, "passphrase-file")
	return c
}

// copyKeys copies the entries that keep is true of to a new key file. The new file
// has the passphrase of the old one, unless another is given or ask is set.
func (t *tool) copyKeys(ctx context.Context, in, passphrase string, out *keyOutput, ask bool, keep func(backup.Entry) bool) error {
	if err := out.check(); err != nil {
		return err
	}
	var secret []byte
	k, err := t.openKeys(ctx, in, func() (_ []byte, err error) {
		secret, err = t.secret(ctx, passphraseOf(in, passphrase))
		return secret, err
	})
	if err != nil {
		return err
	}
	defer k.close()
	if ask || out.passphrase != "" || secret == nil {
		if secret, err = t.newPassphrase(ctx, out, "--new-passphrase-file"); err != nil {
			return err
		}
	}
	w, err := out.create(secret)
	if err != nil {
		return err
	}
	defer w.abandon()
	r := &report{t: t}
	read := 0
	for e, err := range k.entries(r) {
		if err != nil {
			return err
		}
		read++
		if keep(e) {
			if err := w.write(e, k.name, r); err != nil {
				return err
			}
		}
		e.Close()
	}
	r.end()
	if err := cancelled(ctx); err != nil {
		return err
	}
	if err := w.commit(); err != nil {
		return err
	}
	return t.wrote(writing{Output: out.path, Form: "key-file", Read: read, Written: w.count, Bad: r.count})
}

// newPassphrase returns the passphrase of a file that is written.
func (t *tool) newPassphrase(ctx context.Context, out *keyOutput, flag string) ([]byte, error) {
	return t.secret(ctx, secretSource{file: out.passphrase, flag: flag, what: "New passphrase of " + out.path, twice: true})
}

// wrote says what was written.
func (t *tool) wrote(w writing) error {
	var err error
	if t.json {
		err = t.printJSON(w)
	} else {
		err = t.print("%s: wrote %d of %s", printable(w.Output), w.Written, plural(w.Read, "key"))
	}
	if err != nil {
		return err
	}
	return partial(w.Bad, "of the entries were bad")
}
