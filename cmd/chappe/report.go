package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/chappe-e2ee/chappe/backup"
)

// maxReported is how many bad entries are told one by one.
const maxReported = 20

// A report tells of what is bad on standard error, some lines of it, and counts
// the rest.
type report struct {
	t     *tool
	count int
}

func (r *report) bad(format string, a ...any) {
	if r.count++; r.count <= maxReported {
		r.t.note(format, a...)
	}
}

// entry tells of a bad entry of a file.
func (r *report) entry(name string, e *backup.EntryError) {
	var where []string
	if e.SessionID != "" {
		where = append(where, "session "+e.SessionID)
	}
	if e.RoomID != "" {
		where = append(where, "room "+e.RoomID)
	}
	place := ""
	if len(where) > 0 {
		place = " (" + strings.Join(where, ", ") + ")"
	}
	r.bad("%s: entry %d%s: %s", name, e.Index+1, place, sentence(errors.Unwrap(e)))
}

// end tells how many were not told.
func (r *report) end() {
	if r.count > maxReported {
		r.t.note("… and %d more", r.count-maxReported)
	}
}

// note writes a line to standard error, beside a progress bar if there is one.
func (t *tool) note(format string, a ...any) {
	line := printable(fmt.Sprintf(format, a...))
	if t.bar != nil {
		t.bar.above(line)
		return
	}
	fmt.Fprintln(t.stderr, "chappe: "+line)
}
