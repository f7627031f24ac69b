package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/chappe-e2ee/chappe/backup"
)

// A keySource is a file of room keys: a key file of Element, whose passphrase was
// right, or a plain JSON array of exported sessions.
type keySource struct {
	t       *tool
	name    string
	file    *os.File
	size    int64
	watched *watched
	keyFile *backup.KeyFile // nil for plain JSON
}

// inputFile opens a regular file that is not empty.
func inputFile(path string) (*os.File, int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	switch {
	case err != nil:
	case info.IsDir():
		err = failf(exitFailed, "%s is a directory", path)
	case !info.Mode().IsRegular():
		err = failf(exitFailed, "%s is not a regular file", path)
	case info.Size() == 0:
		err = failf(exitDamaged, "%s is empty", path)
	}
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

// openKeys opens a file of room keys. passphrase is asked for only where the file
// has one.
func (t *tool) openKeys(ctx context.Context, path string, passphrase func() ([]byte, error)) (*keySource, error) {
	f, size, err := inputFile(path)
	if err != nil {
		return nil, err
	}
	k := &keySource{t: t, name: path, file: f, size: size, watched: &watched{ctx: ctx, file: f}}
	if err := k.open(passphrase); err != nil {
		f.Close()
		return nil, err
	}
	return k, nil
}

func (k *keySource) open(passphrase func() ([]byte, error)) error {
	plain, err := startsWith(k.file, '[')
	if err != nil || plain {
		return err
	}
	armored, err := startsWith(k.file, '-')
	if err != nil {
		return err
	}
	if !armored { // seen before a passphrase is asked for
		return failf(exitDamaged, "%s: neither a key file nor a JSON array", k.name)
	}
	secret, err := passphrase()
	if err != nil {
		return err
	}
	p := k.t.progress("Checking "+k.name, k.size)
	defer p.finish()
	k.watched.p = p
	if k.keyFile, err = backup.OpenKeyFile(k.watched, secret); err != nil {
		return fmt.Errorf("%s: %w", k.name, err)
	}
	return nil
}

// startsWith says whether the first character of a file, behind white space and a
// byte order mark, is c.
func startsWith(f io.ReadSeeker, c byte) (bool, error) {
	b := make([]byte, 512)
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return false, err
	}
	n, err := io.ReadFull(f, b)
	if err != nil && err != io.ErrUnexpectedEOF {
		return false, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return false, err
	}
	b = skipBlank(b[:n])
	return len(b) > 0 && b[0] == c, nil
}

// entries returns the room keys, reporting those that are bad. What ends it early
// is its one error. It can be called again.
func (k *keySource) entries(r *report) iter.Seq2[backup.Entry, error] {
	return func(yield func(backup.Entry, error) bool) {
		p := k.t.progress("Reading "+k.name, k.size)
		defer p.finish()
		k.watched.p = p
		for e, err := range k.sequence() {
			if spoilt, ok := asEntryError(err); ok {
				if r != nil {
					r.entry(k.name, spoilt)
				}
				continue
			}
			if err != nil {
				yield(backup.Entry{}, fmt.Errorf("%s: %w", k.name, err))
				return
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

func (k *keySource) sequence() iter.Seq2[backup.Entry, error] {
	if k.keyFile != nil {
		return k.keyFile.Entries()
	}
	return plainEntries(k.watched)
}

// form is what kind of file it is, for people and machines.
func (k *keySource) form() string {
	if k.keyFile != nil {
		return "key-file"
	}
	return "json"
}

func (k *keySource) rounds() int {
	if k.keyFile != nil {
		return k.keyFile.Rounds()
	}
	return 0
}

func (k *keySource) close() {
	if k.keyFile != nil {
		k.keyFile.Close()
	}
	k.file.Close()
}

func asEntryError(err error) (*backup.EntryError, bool) {
	return errors.AsType[*backup.EntryError](err)
}
