package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/cheggaaa/pb/v3"
)

// barDelay is how long a command works before it shows progress bars.
const barDelay = 200 * time.Millisecond

const barTemplate = `{{string . "what"}} {{bar . }} {{percent . }} {{rtime . "%s left" "%s" "?"}}`

// A progress is a bar on standard error, if that is a terminal.
type progress struct {
	t     *tool
	what  string
	total int64
	bar   *pb.ProgressBar
	shown bool // a bar may be shown
}

// progress begins a piece of work of total bytes. One at a time has a bar.
func (t *tool) progress(what string, total int64) *progress {
	_, terminal := terminalOf(t.stderr)
	p := &progress{t: t, what: what, total: total, shown: terminal && !t.quiet}
	if t.began.IsZero() {
		t.began = time.Now()
	}
	t.bar = p
	return p
}

func (p *progress) set(done int64) {
	if !p.shown || p.t.bar != p {
		return
	}
	if p.bar == nil {
		if time.Since(p.t.began) < barDelay {
			return
		}
		p.bar = pb.New64(p.total).SetTemplateString(barTemplate).SetWriter(p.t.stderr).Set("what", printable(p.what)).Set(pb.CleanOnFinish, true)
		p.bar.Start()
	}
	p.bar.SetCurrent(min(done, p.total))
}

// above writes a line where the bar is, which comes again below.
func (p *progress) above(line string) {
	start := ""
	if p.bar != nil {
		start = "\r\x1b[K"
	}
	fmt.Fprintln(p.t.stderr, start+"chappe: "+line)
}

func (p *progress) finish() {
	if p.bar != nil {
		p.bar.Finish()
		p.bar = nil
	}
	if p.t.bar == p {
		p.t.bar = nil
	}
}

// A watched file tells a progress how far it was read, and ends when the context
// does.
type watched struct {
	ctx  context.Context
	file io.Reader // for Seek, an io.Seeker
	p    *progress
	at   int64
}

func (w *watched) Read(b []byte) (int, error) {
	if w.ctx.Err() != nil {
		return 0, context.Cause(w.ctx)
	}
	n, err := w.file.Read(b)
	w.at += int64(n)
	if w.p != nil {
		w.p.set(w.at)
	}
	return n, err
}

func (w *watched) Seek(offset int64, whence int) (int64, error) {
	at, err := w.file.(io.Seeker).Seek(offset, whence)
	w.at = at
	return at, err
}
