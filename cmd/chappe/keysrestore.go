package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/chappe-e2ee/chappe/backup"
	"github.com/chappe-e2ee/chappe/pk"
)

func (t *tool) restoreCommand() *cobra.Command {
	var out keyOutput
	var key backupKeyFlags
	c := &cobra.Command{
		Use:   "restore DUMP -o OUTPUT",
		Short: "Decrypt a dump of the server's backup into a key file",
		Long: `Decrypt a room-key backup with its recovery key, and write the keys into a key
file that clients import. DUMP is the answer to GET
/_matrix/client/v3/room_keys/keys, saved in a file; "-" is standard input.

With --auth-data, the key is checked before anything is decrypted. The file is
the answer to GET /_matrix/client/v3/room_keys/version, or its auth_data.

Today most accounts have secret storage, whose recovery key is not the backup's:
it opens the backup's key, which lies in the account data of type
m.megolm_backup.v1. --secret is the content of that account data, and
--description that of m.secret_storage.key.ID, whose ID the former names.
Both need --auth-data.

What the server has may have been written by the server: a backup does not show
who wrote a key into it.

Memory does not grow with the dump.`,
		Args: cobra.ExactArgs(1), ValidArgsFunction: fileArgs("json"),
		RunE: func(c *cobra.Command, args []string) error {
			return t.restore(c.Context(), args[0], key, &out)
		},
	}
	key.flags(c)
	out.flags(c, "passphrase-file", "file whose first line is the passphrase of the new key file")
	return c
}

func (t *tool) restore(ctx context.Context, path string, flags backupKeyFlags, out *keyOutput) error {
	if err := out.check(); err != nil {
		return err
	}
	if err := flags.check(); err != nil {
		return err
	}
	if path == "-" && (flags.recoveryKey == "-" || out.passphrase == "-") {
		return failf(exitUsage, "standard input is the dump, or has the secrets: not both")
	}
	dump, size, closeDump, err := t.openDump(ctx, path)
	if err != nil {
		return err
	}
	defer closeDump()
	key, err := t.backupKey(ctx, flags)
	if err != nil {
		return err
	}
	defer key.Close()
	passphrase, err := t.newPassphrase(ctx, out, "--passphrase-file")
	if err != nil {
		return err
	}
	w, err := out.create(passphrase)
	if err != nil {
		return err
	}
	defer w.abandon()
	p := t.progress("Decrypting "+path, size)
	defer p.finish()
	r := &report{t: t}
	read, err := t.decryptDump(key, &watched{ctx: ctx, file: dump, p: p}, path, w, r)
	if err != nil {
		return err
	}
	r.end()
	if err := cancelled(ctx); err != nil {
		return err
	}
	if err := w.commit(); err != nil {
		return err
	}
	p.finish()
	return t.wrote(writing{Output: out.path, Form: "key-file", Read: read, Written: w.count, Bad: r.count})
}

// decryptDump writes the keys of the dump. When none decrypts, the key is another
// one, and the error says so.
func (t *tool) decryptDump(key *pk.DecryptionKey, dump io.Reader, path string, w *keyWriter, r *report) (read int, err error) {
	right, wrong := 0, 0 // entries that decrypt, and before the first of them, that do not
	for e, err := range backup.DecryptDump(key, dump, workers()) {
		if spoilt, ok := asEntryError(err); ok {
			if read++; right == 0 && errors.Is(err, backup.ErrDecrypt) {
				wrong++ // told when it is known that the key is right
				continue
			}
			r.entry(path, spoilt)
			continue
		}
		if err != nil {
			return read, fmt.Errorf("%s: %w", path, err)
		}
		read++
		right++
		if err := w.write(e, path, r); err != nil {
			return read, err
		}
		e.Close()
	}
	switch {
	case right == 0 && wrong > 0:
		return read, failf(exitKey, "%s: not one of %s decrypts: this is the key of another backup, or of secret storage (see --secret)", path, plural(read, "key"))
	case right == 0 && read > 0:
		return read, failf(exitDamaged, "%s: not one of %s can be read", path, plural(read, "key"))
	case wrong > 0:
		r.bad("%s: the first %s: %s", path, plural(wrong, "entry"), sentence(backup.ErrDecrypt))
		r.count += wrong - 1
	}
	return read, nil
}

// openDump opens the dump, which is read once. Its size is not known on standard
// input.
func (t *tool) openDump(ctx context.Context, path string) (dump io.Reader, size int64, closer func(), err error) {
	if path == "-" {
		return newPatient(ctx, t.stdin), 0, func() {}, nil
	}
	f, size, err := inputFile(path)
	if err != nil {
		return nil, 0, nil, err
	}
	return f, size, func() { f.Close() }, nil
}
