package main

import (
	"io"
	"iter"

	"github.com/chappe-e2ee/chappe/backup"
	"github.com/chappe-e2ee/chappe/internal/secret"
)

// plainEntries returns the entries of a plain JSON array, from its start.
func plainEntries(r io.ReadSeeker) iter.Seq2[backup.Entry, error] {
	return func(yield func(backup.Entry, error) bool) {
		if _, err := r.Seek(0, io.SeekStart); err != nil {
			yield(backup.Entry{}, err)
			return
		}
		backup.PlainEntries(r)(yield)
	}
}

// A plainWriter writes the JSON array, one entry a line.
type plainWriter struct {
	w     io.Writer
	count int
}

// write adds an entry. One that cannot be written is reported.
func (w *plainWriter) write(e backup.Entry, name string, r *report) error {
	text, err := e.SecretJSON()
	if err != nil {
		spoilt := &backup.EntryError{Index: w.count, RoomID: e.RoomID, SessionID: e.SessionID(), Err: err}
		r.entry(name+": cannot be written", spoilt)
		return nil
	}
	defer secret.Wipe(text)
	before := ",\n"
	if w.count == 0 {
		before = "[\n"
	}
	w.count++
	_, err = io.WriteString(w.w, before)
	if err == nil {
		_, err = w.w.Write(text)
	}
	return err
}

func (w *plainWriter) finish() error {
	end := "\n]\n"
	if w.count == 0 {
		end = "[]\n"
	}
	_, err := io.WriteString(w.w, end)
	return err
}
