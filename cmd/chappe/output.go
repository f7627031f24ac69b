package main

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// An output is a file that gets its name when it is whole. Until then it is a
// temporary file beside it, which only the user can read.
type output struct {
	*bufio.Writer
	file  *os.File
	path  string
	force bool
}

// checkOutput returns an error when a file must not be written under path.
func checkOutput(path string, force bool) error {
	if path == "" {
		return failf(exitUsage, "the name of the output is empty")
	}
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return failf(exitUsage, "%s exists and is not a regular file", path)
	case !force:
		return failf(exitUsage, "%s exists; --force overwrites it", path)
	}
	return nil
}

// createOutput begins a file that is to have the name path.
func createOutput(path string, force bool) (*output, error) {
	if err := checkOutput(path, force); err != nil {
		return nil, err
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp") // mode 0600
	if err != nil {
		if p, ok := errors.AsType[*fs.PathError](err); ok {
			p.Path = path
		}
		return nil, err
	}
	return &output{Writer: bufio.NewWriterSize(file, 64<<10), file: file, path: path, force: force}, nil
}

// commit gives the file its name. What was written is then on the disk.
func (o *output) commit() error {
	err := o.Flush()
	if err == nil {
		err = o.file.Sync()
	}
	err = errors.Join(err, o.file.Close())
	if err == nil {
		err = o.name()
	}
	if err != nil {
		return errors.Join(err, os.Remove(o.file.Name()))
	}
	o.file = nil
	return nil
}

// name renames the temporary file. Without force, a file that came to be there
// meanwhile is left alone.
func (o *output) name() error {
	temporary := o.file.Name()
	if !o.force {
		err := os.Link(temporary, o.path)
		if err == nil {
			syncDirectory(filepath.Dir(o.path))
			return os.Remove(temporary)
		}
		if err := checkOutput(o.path, false); err != nil {
			return err
		}
		// The file system has no links: rename, as good as it gets.
	}
	if err := os.Rename(temporary, o.path); err != nil {
		return err
	}
	syncDirectory(filepath.Dir(o.path))
	return nil
}

// abandon removes the temporary file, unless commit was called.
func (o *output) abandon() {
	if o.file == nil {
		return
	}
	o.file.Close()
	os.Remove(o.file.Name())
	o.file = nil
}

// syncDirectory brings a new name to the disk, where the system can do that: not
// all can, and the file itself is safe.
func syncDirectory(path string) {
	if d, err := os.Open(path); err == nil {
		_ = d.Sync()
		d.Close()
	}
}
